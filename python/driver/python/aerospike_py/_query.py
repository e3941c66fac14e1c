"""Queries and scans as objects that are told what to look for, then run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from . import _plans
from ._native import check_predicate, partition_filter_all
from .types import Operation, Record

# Records of a page, where all are wanted one by one.
_PAGE = 5_000
# What bounds a query as a whole, so that it cannot be cut into pages.
_BOUNDS = frozenset({"max_records", "partition_filter", "total_timeout", "expected_duration"})


def _nowhere() -> tuple[str, int, str]:
    return "", 0, ""


class _Statement:
    """What a query asks for. It holds its client's native half, so that it outlives a ``close()`` of the client."""

    def __init__(self, client: Any, namespace: str, set_name: str) -> None:
        for name, value in (("namespace", namespace), ("set_name", set_name)):
            if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"{name} must be a str, not {type(value).__name__}")
        self._client = client._held()
        self._server = getattr(client, "_server", _nowhere)
        self._namespace = namespace
        self._set_name = set_name
        self._bins: list[str] = []
        self._conditions: list[tuple[Any, ...]] = []
        self._ops: list[Operation] = []
        self._function: tuple[str, str, list[Any]] | None = None

    def select(self, *bins: str) -> None:
        """Returns only these bins; names add up over calls.

        Args:
            bins: bin names. Records that have none of them are left out.
        """
        for name in bins:
            if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"bin names must be str, not {type(name).__name__}")
        self._bins.extend(bins)

    def _arguments(self, policy: Mapping[str, Any] | None) -> tuple[Any, ...]:
        return (self._namespace, self._set_name, self._bins, self._conditions, policy)


class _Conditional(_Statement):
    """What queries have and scans do not."""

    def where(self, predicate: tuple[Any, ...]) -> None:
        """Returns only records that an index finds.

        Args:
            predicate: what one of the builders in :mod:`aerospike_py.predicates` returned.

        Raises:
            TypeError: not a tuple.
            InvalidArgError: not a predicate.
        """
        check_predicate(predicate)
        self._conditions.append(predicate)

    def add_ops(self, ops: list[Operation]) -> None:
        """What a background query does to each record: operations that write."""
        self._ops.extend(ops)

    def apply(self, module: str, function: str, args: list[Any] | None = None) -> None:
        """Which function a background query calls with each record.

        Args:
            module: module name without its extension.
            function: function name.
            args: its arguments behind the record.
        """
        self._function = (module, function, args or [])

    def _background(self, policy: Mapping[str, Any] | None) -> _plans.Plan[int]:
        return _plans.background((self._namespace, self._set_name, self._conditions), self._ops, self._function, policy)


class Scan(_Statement):
    """All records of a set, or of a namespace where the set's name is empty; made by ``client.scan()``."""

    def results(self, policy: Mapping[str, Any] | None = None) -> list[Record]:
        """The records, in no particular order.

        Args:
            policy: see :class:`aerospike_py.types.ScanPolicy`.

        Raises:
            ClusterError: no node serves the namespace.
        """
        return self._client._query(*self._arguments(policy))

    def foreach(self, callback: Callable[[Record], Any], policy: Mapping[str, Any] | None = None) -> None:
        """Calls something with each record as it comes, until it returns False.

        Args:
            callback: is given one ``(key, meta, bins)``. What it raises ends the query and is raised here.
            policy: see :class:`aerospike_py.types.ScanPolicy`.

        Raises:
            ClusterError: no node serves the namespace.
        """
        self._client._query(*self._arguments(policy), callback)


class Query(_Conditional, Scan):
    """Records that an index finds, or all without a condition; made by ``client.query()``."""

    def execute_background(self, policy: Mapping[str, Any] | None = None) -> int:
        """Starts to do something to each record, on the servers, and returns at once.

        What is done is told by :meth:`add_ops` or :meth:`apply`. Failures with single records are not reported.

        Args:
            policy: see :class:`aerospike_py.types.QueryPolicy`; ``ttl`` as in writes.

        Returns:
            The query's number, for ``client.job_wait`` and ``client.job_done``.
        """
        return _plans.run(self._client, self._background(policy))


class AsyncScan(_Statement):
    """All records of a set, or of a namespace where the set's name is empty; what ``AsyncClient.scan`` runs."""

    async def results(self, policy: Mapping[str, Any] | None = None) -> list[Record]:
        """The records, in no particular order."""
        return await self._client._query(*self._arguments(policy))


class AsyncQuery(_Conditional):
    """Records that an index finds, or all without a condition; made by ``client.query()``."""

    async def results(self, policy: Mapping[str, Any] | None = None) -> list[Record]:
        """The records, in no particular order; see :meth:`Query.results`."""
        return await self._client._query(*self._arguments(policy))

    async def foreach(self, callback: Callable[[Record], Any], policy: Mapping[str, Any] | None = None) -> None:
        """Calls something with each record, until it returns False; see :meth:`Query.foreach`.

        The callback runs in the event loop; what it returns is awaited, if it can be. Unless the policy bounds the
        query, records are read in pages, between which the loop goes on.
        """
        pages = None
        if not _BOUNDS & set(policy or {}):
            pages = partition_filter_all()
            policy = {**(policy or {}), "max_records": _PAGE, "partition_filter": pages}
        while True:
            for record in await self._client._query(*self._arguments(policy)):
                outcome = callback(record)
                if inspect.isawaitable(outcome):
                    outcome = await outcome
                if outcome is False:
                    return
            if pages is None or pages.done:
                return

    async def execute_background(self, policy: Mapping[str, Any] | None = None) -> int:
        """Starts to do something to each record, on the servers; see :meth:`Query.execute_background`."""
        return await _plans.run_async(self._client, self._background(policy))


__all__ = ["AsyncQuery", "AsyncScan", "Query", "Scan"]
