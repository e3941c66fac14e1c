"""The native half; use :mod:`aerospike_py`."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, final

from typing_extensions import Self

from ._aio import AwaitableList
from .types import (
    BatchRecord,
    BatchRecords,
    BatchWriteResult,
    ExistsResult,
    Key,
    KeyT,
    OperateOrderedResult,
    Operation,
    Record,
    RecordMetadata,
)

class Client:
    """A connection to a cluster, used from any number of threads; see :class:`aerospike_py.Client`."""

    def __new__(cls, config: Any, *args: Any, **kwargs: Any) -> Self: ...
    def connect(self, username: str | None = None, password: str | None = None) -> Self:
        """Finds the cluster from the configured hosts; the client itself.

        Args:
            username: who connects, instead of the configured ``user``.
            password: required with a user name.

        Raises:
            ClientError: connected already, or a user name without a password.
            ClusterError: nobody answers, or the cluster has another name.
            TypeError, ValueError, OverflowError: the configuration is wrong.
        """

    def close(self) -> None:
        """Closes all connections. Again, or before :meth:`connect`: does nothing."""

    def is_connected(self) -> bool:
        """Whether :meth:`connect` succeeded and :meth:`close` was not called since; asks nobody."""

    def get_node_names(self) -> list[str]:
        """Ids of the cluster's nodes.

        Raises:
            ClientError: the client is not connected.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        _exc_type: type[BaseException] | None = None,
        _exc_value: BaseException | None = None,
        _traceback: TracebackType | None = None,
    ) -> Literal[False]: ...
    def put(
        self,
        key: Key,
        bins: dict[str, Any],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes bins of a record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bins: names of at most 15 bytes, and values: None (removes), bool, int, float, str, bytes, list, dict.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError, OverflowError: an argument that has no form on the wire; nothing was sent.
            RecordExistsError, RecordNotFound, RecordGenerationError: the policy asked for another state of the record.
        """

    def get(self, key: Key, policy: Mapping[str, Any] | None = None) -> Record:
        """Reads a record with all its bins; ``(key, meta, bins)``.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            RecordNotFound: there is no such record.
            FilteredOut: the policy's filter was not true for it.
        """

    def select(self, key: Key, bins: list[str], policy: Mapping[str, Any] | None = None) -> Record:
        """Reads some bins of a record; those that it does not have are missing from the answer.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bins: names; at least one.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            RecordNotFound: there is no such record.
        """

    def exists(self, key: Key, policy: Mapping[str, Any] | None = None) -> ExistsResult:
        """Looks whether there is a record; ``(key, meta)``, with ``meta`` None if there is none.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            FilteredOut: the policy's filter was not true for it.
        """

    def remove(
        self,
        key: Key,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Removes a record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
            RecordGenerationError: it has another generation.
        """

    def touch(
        self,
        key: Key,
        val: int = 0,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Renews a record's time to live and generation.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            val: seconds to live; 0 leaves it to ``policy``, ``meta``, or the namespace.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
            OverflowError: ``val`` is negative.
        """

    def append(
        self,
        key: Key,
        bin: str,
        val: str | bytes | bytearray,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Appends to a bin of text or bytes; record and bin are made if they are missing.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin: bin name.
            val: what to append.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            BinTypeError: the bin has another type.
        """

    def prepend(
        self,
        key: Key,
        bin: str,
        val: str | bytes | bytearray,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Puts something in front of a bin of text or bytes; record and bin are made if they are missing.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin: bin name.
            val: what to put in front.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            BinTypeError: the bin has another type.
        """

    def increment(
        self,
        key: Key,
        bin: str,
        offset: int | float,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds to a bin of a number; record and bin are made if they are missing.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin: bin name.
            offset: int for a bin of an int, float for one of a float. Ints wrap at 64 bits.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            BinTypeError: the bin has another type.
            TypeError: ``offset`` is not a number.
        """

    def remove_bin(
        self,
        key: Key,
        bin_names: list[str],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Removes bins of a record, and with its last bin the record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin_names: names; at least one. Unknown ones are no error.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
        """

    def operate(
        self,
        key: Key,
        ops: list[Operation],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Record:
        """Carries out several operations on a record at once; what they read is in ``bins``.

        Several values of one bin become a list, in the order of the operations.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            ops: dicts with ``op`` (``OPERATOR_*``), ``bin`` and ``val``.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError: not an operation; nothing was sent.
            RecordNotFound: operations that only read, and there is no such record.
        """

    def operate_ordered(
        self,
        key: Key,
        ops: list[Operation],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> OperateOrderedResult:
        """Like :meth:`operate`, with one ``(bin, value)`` per operation that returned a value, in their order.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            ops: see :meth:`operate`.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError: not an operation; nothing was sent.
        """

    def batch_read(
        self,
        keys: list[KeyT],
        bins: Sequence[str] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> BatchRecords:
        """Reads many records: a dict from user key to bins of those found, and ``batch_records`` with everything.

        Args:
            keys: keys, of any namespaces and sets.
            bins: names, or None for all, or ``[]`` to look only whether the records exist.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for, its namespace being unknown, say.
            AerospikeTimeoutError: no answer at all in time.
        """

    def batch_operate(
        self,
        keys: list[KeyT],
        ops: list[Operation],
        policy: Mapping[str, Any] | None = None,
    ) -> BatchWriteResult:
        """Carries out the same operations on many records: a list of ``(key, meta, bins)``, and ``batch_records``.

        Args:
            keys: keys, of any namespaces and sets.
            ops: see :meth:`operate`.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """

    def batch_remove(self, keys: list[Any], policy: Mapping[str, Any] | None = None) -> BatchWriteResult:
        """Removes many records: a list of ``(key, meta, bins)``, and ``batch_records`` with their result codes.

        Args:
            keys: keys, of any namespaces and sets, or tuples of a key and its
                :class:`aerospike_py.types.BatchDeleteMeta`.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """

    def batch_apply(
        self,
        keys: list[Any],
        module: str,
        function: str,
        args: list[Any] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> BatchWriteResult:
        """Calls a function with many records: what it returned is in each one's bin ``SUCCESS``.

        Args:
            keys: keys, or tuples of a key and its :class:`aerospike_py.types.BatchUDFMeta`.
            module: module name without its extension.
            function: function name.
            args: its arguments behind the record.
            policy: see :class:`aerospike_py.types.BatchUDFPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """

    def apply(
        self,
        key: Key,
        module: str,
        function: str,
        args: list[Any] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Any:
        """Calls a function with a record, where the record is; what it returned.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            module: module name without its extension.
            function: function name.
            args: its arguments behind the record.
            policy: see :class:`aerospike_py.types.WritePolicy`.

        Raises:
            UDFError: the function failed, or there is no such function.
            FilteredOut: the policy's filter was not true for the record.
        """

class AsyncClient:
    """A connection to a cluster for ``asyncio``; see :class:`aerospike_py.AsyncClient`.

    Errors of all methods come out of the awaited result, those of arguments included.
    """

    def __new__(cls, config: Any, *args: Any, **kwargs: Any) -> Self: ...
    async def connect(self, username: str | None = None, password: str | None = None) -> Self:
        """Finds the cluster from the configured hosts; the client itself.

        A cancelled attempt leaves the client as it was.

        Args:
            username: who connects, instead of the configured ``user``.
            password: required with a user name.

        Raises:
            ClientError: connected or connecting already, or a user name without a password.
            ClusterError: nobody answers, or the cluster has another name.
            TypeError, ValueError, OverflowError: the configuration is wrong.
        """

    async def close(self) -> None:
        """Closes all connections; commands under way fail. Again, or before :meth:`connect`: does nothing.

        Raises:
            ClientError: an attempt to connect is under way.
        """

    def is_connected(self) -> bool:
        """Whether :meth:`connect` succeeded and :meth:`close` was not called since; asks nobody."""

    def get_node_names(self) -> AwaitableList:
        """Ids of the cluster's nodes: a list that may be awaited, too.

        Raises:
            ClientError: the client is not connected.
        """

    async def __aenter__(self) -> Self: ...
    async def __aexit__(
        self,
        _exc_type: type[BaseException] | None = None,
        _exc_value: BaseException | None = None,
        _traceback: TracebackType | None = None,
    ) -> Literal[False]: ...
    def _attempt(self, username: str | None = None, password: str | None = None) -> Attempt: ...
    def _close(self) -> None: ...
    async def put(
        self,
        key: Key,
        bins: dict[str, Any],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes bins of a record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bins: names of at most 15 bytes, and values: None (removes), bool, int, float, str, bytes, list, dict.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError, OverflowError: an argument that has no form on the wire; nothing was sent.
            RecordExistsError, RecordNotFound, RecordGenerationError: the policy asked for another state of the record.
        """

    async def get(self, key: Key, policy: Mapping[str, Any] | None = None) -> Record:
        """Reads a record with all its bins; ``(key, meta, bins)``.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            RecordNotFound: there is no such record.
            FilteredOut: the policy's filter was not true for it.
        """

    async def select(self, key: Key, bins: list[str], policy: Mapping[str, Any] | None = None) -> Record:
        """Reads some bins of a record; those that it does not have are missing from the answer.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bins: names; at least one.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            RecordNotFound: there is no such record.
        """

    async def exists(self, key: Key, policy: Mapping[str, Any] | None = None) -> ExistsResult:
        """Looks whether there is a record; ``(key, meta)``, with ``meta`` None if there is none.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            FilteredOut: the policy's filter was not true for it.
        """

    async def remove(
        self,
        key: Key,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Removes a record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
            RecordGenerationError: it has another generation.
        """

    async def touch(
        self,
        key: Key,
        val: int = 0,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Renews a record's time to live and generation.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            val: seconds to live; 0 leaves it to ``policy``, ``meta``, or the namespace.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
            OverflowError: ``val`` is negative.
        """

    async def append(
        self,
        key: Key,
        bin: str,
        val: str | bytes | bytearray,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Appends to a bin of text or bytes; record and bin are made if they are missing.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin: bin name.
            val: what to append.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            BinTypeError: the bin has another type.
        """

    async def prepend(
        self,
        key: Key,
        bin: str,
        val: str | bytes | bytearray,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Puts something in front of a bin of text or bytes; record and bin are made if they are missing.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin: bin name.
            val: what to put in front.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            BinTypeError: the bin has another type.
        """

    async def increment(
        self,
        key: Key,
        bin: str,
        offset: int | float,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds to a bin of a number; record and bin are made if they are missing.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin: bin name.
            offset: int for a bin of an int, float for one of a float. Ints wrap at 64 bits.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            BinTypeError: the bin has another type.
            TypeError: ``offset`` is not a number.
        """

    async def remove_bin(
        self,
        key: Key,
        bin_names: list[str],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Removes bins of a record, and with its last bin the record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin_names: names; at least one. Unknown ones are no error.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
        """

    async def operate(
        self,
        key: Key,
        ops: list[Operation],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Record:
        """Carries out several operations on a record at once; what they read is in ``bins``.

        Several values of one bin become a list, in the order of the operations.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            ops: dicts with ``op`` (``OPERATOR_*``), ``bin`` and ``val``.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError: not an operation; nothing was sent.
            RecordNotFound: operations that only read, and there is no such record.
        """

    async def operate_ordered(
        self,
        key: Key,
        ops: list[Operation],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> OperateOrderedResult:
        """Like :meth:`operate`, with one ``(bin, value)`` per operation that returned a value, in their order.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            ops: see :meth:`operate`.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError: not an operation; nothing was sent.
        """

    async def batch_read(
        self,
        keys: list[KeyT],
        bins: Sequence[str] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> BatchRecords:
        """Reads many records: a dict from user key to bins of those found, and ``batch_records`` with everything.

        Args:
            keys: keys, of any namespaces and sets.
            bins: names, or None for all, or ``[]`` to look only whether the records exist.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for, its namespace being unknown, say.
            AerospikeTimeoutError: no answer at all in time.
        """

    async def batch_operate(
        self,
        keys: list[KeyT],
        ops: list[Operation],
        policy: Mapping[str, Any] | None = None,
    ) -> BatchWriteResult:
        """Carries out the same operations on many records: a list of ``(key, meta, bins)``, and ``batch_records``.

        Args:
            keys: keys, of any namespaces and sets.
            ops: see :meth:`operate`.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """

    async def batch_remove(self, keys: list[Any], policy: Mapping[str, Any] | None = None) -> BatchWriteResult:
        """Removes many records: a list of ``(key, meta, bins)``, and ``batch_records`` with their result codes.

        Args:
            keys: keys, of any namespaces and sets, or tuples of a key and its
                :class:`aerospike_py.types.BatchDeleteMeta`.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """

    async def batch_apply(
        self,
        keys: list[Any],
        module: str,
        function: str,
        args: list[Any] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> BatchWriteResult:
        """Calls a function with many records: what it returned is in each one's bin ``SUCCESS``.

        Args:
            keys: keys, or tuples of a key and its :class:`aerospike_py.types.BatchUDFMeta`.
            module: module name without its extension.
            function: function name.
            args: its arguments behind the record.
            policy: see :class:`aerospike_py.types.BatchUDFPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """

    async def apply(
        self,
        key: Key,
        module: str,
        function: str,
        args: list[Any] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Any:
        """Calls a function with a record, where the record is; what it returned.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            module: module name without its extension.
            function: function name.
            args: its arguments behind the record.
            policy: see :class:`aerospike_py.types.WritePolicy`.

        Raises:
            UDFError: the function failed, or there is no such function.
            FilteredOut: the policy's filter was not true for the record.
        """

@final
class Attempt:
    """An attempt to connect."""

    def run(self) -> None:
        """Connects. Blocks, and runs once."""

    def abandon(self) -> None:
        """Gives up: the client may be connected anew."""

@final
class BatchSource:
    """The rows of a batch until somebody asks for them."""

    def records(self) -> list[BatchRecord]:
        """One :class:`BatchRecord` per key, in the order of the request."""

@final
class LaneCallbacks:
    """What an event loop calls."""

    def ready(self) -> None:
        """A socket is ready."""

    def tick(self) -> None:
        """A deadline has come."""

    def shut_down(self) -> None:
        """The client was closed."""

@final
class PartitionFilter:
    """Which partitions a query reads, for its policy's ``partition_filter``.

    With ``max_records`` the query also notes here how far it came, and the next one with the same filter goes on from
    there: pages of a large result.
    """

    @property
    def done(self) -> bool:
        """Whether queries with ``max_records`` have read all that there is."""

    def reset(self) -> None:
        """Starts again from the first record."""

def partition_filter_all() -> PartitionFilter:
    """All 4096 partitions."""

def partition_filter_by_id(partition_id: int) -> PartitionFilter:
    """One partition.

    Raises:
        ValueError: not 0 to 4095.
    """

def partition_filter_by_range(begin: int, count: int) -> PartitionFilter:
    """Partitions ``begin`` to ``begin + count - 1``.

    Raises:
        ValueError: none, or some beyond 4095.
    """

def check_predicate(predicate: Any) -> None: ...
def new_query_id() -> int: ...
def background_request(
    namespace: str,
    set_name: str,
    conditions: list[Any],
    ops: Any,
    function: tuple[str, str, Any] | None,
    query_id: int,
    policy: Mapping[str, Any] | None = None,
) -> bytes: ...
def info_request(commands: Sequence[str]) -> bytes: ...
def hash_password(password: str) -> str: ...
def admin_request(name: str, fields: Mapping[str, Any]) -> bytes: ...
def get_metrics() -> str:
    """All metrics, in the text form of Prometheus."""

def set_metrics_enabled(enabled: bool) -> None:
    """Switches the timing of operations on or off; it is on from the start."""

def is_metrics_enabled() -> bool:
    """Whether operations are timed."""

def set_internal_stage_metrics_enabled(enabled: bool) -> None:
    """Switches the timing of the parts of operations on or off."""

def is_internal_stage_metrics_enabled() -> bool:
    """Whether the parts of operations are timed."""

def record_stage(stage: str, seconds: float) -> None: ...
def clear_metrics() -> None: ...
def keep_logs(level: int) -> None: ...
def take_logs(milliseconds: int) -> list[tuple[int, str, str]]: ...
def dropped_log_count() -> int:
    """How many lines of the log were lost because they came faster than they could be handed on."""

def after_fork_in_child() -> None: ...
