"""The asynchronous client: a class around the native one."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from . import _plans
from ._aio import AwaitableList
from ._client import first_server
from ._limit import limited
from ._native import AsyncClient as _NativeAsyncClient
from ._query import AsyncQuery, AsyncScan
from .numpy_batch import NumpyBatchRecords, records_from_numpy
from .types import (
    BatchRecords,
    BatchWriteResult,
    ExistsResult,
    InfoNodeResult,
    Key,
    KeyT,
    OperateOrderedResult,
    Operation,
    Privilege,
    Record,
    RecordMetadata,
    RoleInfo,
    UserInfo,
)

if TYPE_CHECKING:
    from typing_extensions import Self


class AsyncClient:
    """A connection to a cluster for ``asyncio``, usable from any number of event loops.

    Each loop has connections of its own, ``max_conns_per_node`` counts them all. Errors of all methods come out of the
    awaited result, those of arguments included.

    Args:
        config: see :class:`aerospike_py.types.ClientConfig`; read by :meth:`connect`, not before.
    """

    _inner: _NativeAsyncClient

    def __init__(self, config: Any) -> None:
        self._native = self._inner = _NativeAsyncClient(config)
        self._config = config

    def _held(self) -> Any:
        inner: Any = self._inner
        return inner._held()

    def _server(self) -> tuple[str, int, str]:
        return first_server(self._config)

    async def connect(self, username: str | None = None, password: str | None = None) -> Self:
        """Finds the cluster from the configured hosts; the client itself.

        Args:
            username: who connects, instead of the configured ``user``.
            password: required with a user name.

        Raises:
            ClientError: connected or connecting already, or a user name without a password.
            ClusterError: nobody answers, the cluster has another name, or it refuses the login.
            TypeError, ValueError, OverflowError: the configuration is wrong.
        """
        await self._native.connect(username, password)
        self._inner = limited(self._native, self._config)
        return self

    async def close(self) -> None:
        """Closes all connections. Again, or before :meth:`connect`: does nothing.

        Raises:
            ClientError: a :meth:`connect` is under way.
        """
        await self._inner.close()

    def is_connected(self) -> bool:
        """Whether :meth:`connect` succeeded and :meth:`close` was not called since; asks nobody."""
        return self._inner.is_connected()

    def get_node_names(self) -> AwaitableList:
        """Ids of the cluster's nodes; a list that may be awaited.

        Raises:
            ClientError: the client is not connected.
        """
        return self._inner.get_node_names()

    async def __aenter__(self) -> Self:
        """The client itself; does not connect."""
        return self

    async def __aexit__(
        self,
        _exc_type: type[BaseException] | None = None,
        _exc_value: BaseException | None = None,
        _traceback: TracebackType | None = None,
    ) -> Literal[False]:
        """Closes, through the attribute, so that a subclass's own ``close`` is what runs."""
        await self.close()
        return False

    def query(self, namespace: str, set_name: str) -> AsyncQuery:
        """A query of a set, or of a namespace where ``set_name`` is empty.

        Raises:
            ClientError: the client is not connected.
        """
        return AsyncQuery(self, namespace, set_name)

    async def scan(self, namespace: str, set_name: str, policy: Mapping[str, Any] | None = None) -> list[Record]:
        """All records of a set, or of a namespace where ``set_name`` is empty.

        Args:
            namespace: namespace.
            set_name: set.
            policy: see :class:`aerospike_py.types.ScanPolicy`.

        Raises:
            ClusterError: no node serves the namespace.
        """
        return await AsyncScan(self, namespace, set_name).results(policy)

    def put(
        self,
        key: Key,
        bins: dict[str, Any],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, None]:
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
        return self._inner.put(key, bins, meta, policy)

    def get(self, key: Key, policy: Mapping[str, Any] | None = None) -> Coroutine[Any, Any, Record]:
        """Reads a record with all its bins; ``(key, meta, bins)``.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            RecordNotFound: there is no such record.
            FilteredOut: the policy's filter was not true for it.
        """
        return self._inner.get(key, policy)

    def select(self, key: Key, bins: list[str], policy: Mapping[str, Any] | None = None) -> Coroutine[Any, Any, Record]:
        """Reads some bins of a record; those that it does not have are missing from the answer.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bins: names; at least one.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            RecordNotFound: there is no such record.
        """
        return self._inner.select(key, bins, policy)

    def exists(self, key: Key, policy: Mapping[str, Any] | None = None) -> Coroutine[Any, Any, ExistsResult]:
        """Looks whether there is a record; ``(key, meta)``, with ``meta`` None if there is none.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            policy: see :class:`aerospike_py.types.ReadPolicy`.

        Raises:
            FilteredOut: the policy's filter was not true for it.
        """
        return self._inner.exists(key, policy)

    def remove(
        self, key: Key, meta: Mapping[str, Any] | RecordMetadata | None = None, policy: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, None]:
        """Removes a record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
            RecordGenerationError: it has another generation.
        """
        return self._inner.remove(key, meta, policy)

    def touch(
        self,
        key: Key,
        val: int = 0,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, None]:
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
        return self._inner.touch(key, val, meta, policy)

    def append(
        self,
        key: Key,
        bin: str,
        val: str | bytes | bytearray,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, None]:
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
        return self._inner.append(key, bin, val, meta, policy)

    def prepend(
        self,
        key: Key,
        bin: str,
        val: str | bytes | bytearray,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, None]:
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
        return self._inner.prepend(key, bin, val, meta, policy)

    def increment(
        self,
        key: Key,
        bin: str,
        offset: int | float,
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, None]:
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
        return self._inner.increment(key, bin, offset, meta, policy)

    def remove_bin(
        self,
        key: Key,
        bin_names: list[str],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, None]:
        """Removes bins of a record, and with its last bin the record.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            bin_names: names; at least one. Unknown ones are no error.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            RecordNotFound: there is no such record.
        """
        return self._inner.remove_bin(key, bin_names, meta, policy)

    def operate(
        self,
        key: Key,
        ops: list[Operation],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, Record]:
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
        return self._inner.operate(key, ops, meta, policy)

    def operate_ordered(
        self,
        key: Key,
        ops: list[Operation],
        meta: Mapping[str, Any] | RecordMetadata | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, OperateOrderedResult]:
        """Like :meth:`operate`, with one ``(bin, value)`` per operation that returned a value, in their order.

        Args:
            key: ``(namespace, set, user_key)``, or ``(namespace, set, None, digest)``.
            ops: see :meth:`operate`.
            meta: ``{"gen": int, "ttl": int}``; see :class:`aerospike_py.types.WriteMeta`.
            policy: see :class:`aerospike_py.types.WritePolicy`; a value in it wins over the same value in ``meta``.

        Raises:
            TypeError, ValueError: not an operation; nothing was sent.
        """
        return self._inner.operate_ordered(key, ops, meta, policy)

    def batch_operate(
        self, keys: list[KeyT], ops: list[Operation], policy: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, BatchWriteResult]:
        """Carries out the same operations on many records: a list of ``(key, meta, bins)``, and ``batch_records``.

        Args:
            keys: keys, of any namespaces and sets.
            ops: see :meth:`operate`.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """
        return self._inner.batch_operate(keys, ops, policy)

    def batch_remove(
        self, keys: list[Any], policy: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, BatchWriteResult]:
        """Removes many records: a list of ``(key, meta, bins)``, and ``batch_records`` with their result codes.

        Args:
            keys: keys, of any namespaces and sets, or tuples of a key and its
                :class:`aerospike_py.types.BatchDeleteMeta`.
            policy: see :class:`aerospike_py.types.BatchPolicy`.

        Raises:
            ClusterError: no key can be asked for.
        """
        return self._inner.batch_remove(keys, policy)

    def batch_apply(
        self,
        keys: list[Any],
        module: str,
        function: str,
        args: list[Any] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, BatchWriteResult]:
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
        return self._inner.batch_apply(keys, module, function, args, policy)

    def apply(
        self,
        key: Key,
        module: str,
        function: str,
        args: list[Any] | None = None,
        policy: Mapping[str, Any] | None = None,
    ) -> Coroutine[Any, Any, Any]:
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
        return self._inner.apply(key, module, function, args, policy)

    @overload
    def batch_read(
        self, keys: list[KeyT], bins: Sequence[str] | None = None, policy: Mapping[str, Any] | None = None
    ) -> Coroutine[Any, Any, BatchRecords]: ...
    @overload
    def batch_read(
        self,
        keys: list[KeyT],
        bins: Sequence[str] | None = None,
        policy: Mapping[str, Any] | None = None,
        *,
        _dtype: Any,
    ) -> Coroutine[Any, Any, NumpyBatchRecords]: ...
    def batch_read(
        self,
        keys: Any,
        bins: Any = None,
        policy: Mapping[str, Any] | None = None,
        _dtype: Any = None,
    ) -> Any:
        """Reads many records; see :meth:`Client.batch_read`."""
        if _dtype is None:
            return self._inner.batch_read(keys, bins, policy)
        return self._batch_read_numpy(keys, bins, policy, _dtype)

    async def _batch_read_numpy(self, keys: Any, bins: Any, policy: Any, dtype: Any) -> Any:
        return (await self._inner.batch_read(keys, bins, policy)).to_numpy(dtype)

    async def info_all(self, command: str, policy: Mapping[str, Any] | None = None) -> list[InfoNodeResult]:
        """Sends an info command to every node.

        Args:
            command: its text, as in ``"build"`` or ``"get-config:context=service"``.
            policy: ``{"timeout": milliseconds}``.

        Returns:
            One ``(node_name, error_code, response)`` per node. A refusal is in the response, as the server wrote it.
        """
        return await _plans.run_async(self._inner, _plans.info_all(command, policy))

    async def info_random_node(self, command: str, policy: Mapping[str, Any] | None = None) -> str:
        """Sends an info command to any node; its response.

        Args:
            command: its text.
            policy: ``{"timeout": milliseconds}``.
        """
        return await _plans.run_async(self._inner, _plans.info_any(command, policy))

    async def ping(self) -> bool:
        """Whether a node answers. Never raises: False where the client is not connected."""
        return await _plans.run_async(self._inner, _plans.ping())

    async def index_integer_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the integers in a bin, and waits until it is built.

        Args:
            namespace: namespace.
            set_name: set; empty: the whole namespace.
            bin_name: bin.
            index_name: the index's name, one of its own in the namespace. The same definition again is no error.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            IndexFoundError: there is another index of that name.
            ServerError: the server refused it.
        """
        await _plans.run_async(
            self._inner, _plans.index_create(namespace, set_name, bin_name, index_name, 0, 0, policy)
        )

    async def index_string_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the strings in a bin; see :meth:`index_integer_create`."""
        await _plans.run_async(
            self._inner, _plans.index_create(namespace, set_name, bin_name, index_name, 1, 0, policy)
        )

    async def index_blob_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the bytes in a bin; see :meth:`index_integer_create`."""
        await _plans.run_async(
            self._inner, _plans.index_create(namespace, set_name, bin_name, index_name, 2, 0, policy)
        )

    async def index_geo2dsphere_create(
        self, namespace: str, set_name: str, bin_name: str, index_name: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Creates an index of the places and regions in a bin; see :meth:`index_integer_create`."""
        await _plans.run_async(
            self._inner, _plans.index_create(namespace, set_name, bin_name, index_name, 3, 0, policy)
        )

    async def index_list_create(
        self,
        namespace: str,
        set_name: str,
        bin_name: str,
        index_datatype: int,
        index_name: str,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Creates an index of the elements of the lists in a bin; see :meth:`index_integer_create`.

        Args:
            namespace: namespace.
            set_name: set; empty: the whole namespace.
            bin_name: bin.
            index_datatype: which elements: ``INDEX_NUMERIC``, ``INDEX_STRING``, ``INDEX_BLOB``, ``INDEX_GEO2DSPHERE``.
            index_name: the index's name.
            policy: ``{"timeout": milliseconds}``.
        """
        plan = _plans.index_create(namespace, set_name, bin_name, index_name, index_datatype, 1, policy)
        await _plans.run_async(self._inner, plan)

    async def index_map_keys_create(
        self,
        namespace: str,
        set_name: str,
        bin_name: str,
        index_datatype: int,
        index_name: str,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Creates an index of the keys of the maps in a bin; see :meth:`index_list_create`."""
        plan = _plans.index_create(namespace, set_name, bin_name, index_name, index_datatype, 2, policy)
        await _plans.run_async(self._inner, plan)

    async def index_map_values_create(
        self,
        namespace: str,
        set_name: str,
        bin_name: str,
        index_datatype: int,
        index_name: str,
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """Creates an index of the values of the maps in a bin; see :meth:`index_list_create`."""
        plan = _plans.index_create(namespace, set_name, bin_name, index_name, index_datatype, 3, policy)
        await _plans.run_async(self._inner, plan)

    async def index_remove(self, namespace: str, index_name: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes an index. An unknown one is no error.

        Args:
            namespace: namespace.
            index_name: the index's name.
            policy: ``{"timeout": milliseconds}``.
        """
        await _plans.run_async(self._inner, _plans.index_remove(namespace, index_name, policy))

    async def truncate(
        self, namespace: str, set_name: str, nanos: int = 0, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Removes all records of a set, or of a namespace. An unknown one is no error.

        Args:
            namespace: namespace.
            set_name: set; empty: the whole namespace.
            nanos: only records last written before this time, in nanoseconds since 1970; 0: now.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            ServerError: ``nanos`` lies in the future, or before 2010.
        """
        await _plans.run_async(self._inner, _plans.truncate(namespace, set_name, nanos, policy))

    async def udf_put(self, filename: str, udf_type: int = 0, policy: Mapping[str, Any] | None = None) -> None:
        """Registers a module of functions, and waits until every node has it.

        Args:
            filename: path of a file with Lua source; the module is named after the file.
            udf_type: 0, for Lua.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            ClientError: the file cannot be read, or the server cannot compile it.
        """
        await _plans.run_async(self._inner, _plans.udf_put(filename, udf_type, policy))

    async def udf_remove(self, module: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes a module of functions. An unknown one is no error.

        Args:
            module: its name, with or without ``.lua``.
            policy: ``{"timeout": milliseconds}``.
        """
        await _plans.run_async(self._inner, _plans.udf_remove(module, policy))

    async def udf_list(self, policy: Mapping[str, Any] | None = None) -> list[dict[str, str]]:
        """The registered modules: dicts with ``name``, ``hash`` and ``type``.

        Args:
            policy: ``{"timeout": milliseconds}``.
        """
        return await _plans.run_async(self._inner, _plans.udf_list(policy))

    async def udf_get(self, module: str, policy: Mapping[str, Any] | None = None) -> str:
        """The source of a registered module.

        Args:
            module: its name, with or without ``.lua``.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            ClientError: there is no such module.
        """
        return await _plans.run_async(self._inner, _plans.udf_get(module, policy))

    async def job_done(self, query_id: int, policy: Mapping[str, Any] | None = None) -> bool:
        """Whether a background query has ended on every node.

        Args:
            query_id: what ``execute_background`` returned.
            policy: ``{"timeout": milliseconds}``.
        """
        return await _plans.run_async(self._inner, _plans.job_done(query_id, policy))

    async def job_wait(self, query_id: int, timeout: int = 0) -> None:
        """Waits until a background query has ended on every node.

        Args:
            query_id: what ``execute_background`` returned.
            timeout: milliseconds; 0: as long as it takes.

        Raises:
            AerospikeTimeoutError: it takes longer.
        """
        await _plans.run_async(self._inner, _plans.wait_for_job(query_id, timeout))

    async def admin_create_user(
        self, username: str, password: str, roles: list[str], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Makes a user.

        Args:
            username: at most 63 bytes.
            password: in clear; what travels is its hash.
            roles: names of roles.
            policy: ``{"timeout": milliseconds}``.

        Raises:
            AdminError: the server refused it: 61 there is such a user, 70 no such role, 81 not allowed, ...
        """
        await _plans.run_async(self._inner, _plans.create_user(username, password, roles, policy))

    async def admin_drop_user(self, username: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes a user.

        Raises:
            AdminError: 60 no such user.
        """
        await _plans.run_async(self._inner, _plans.admin("drop_user", policy, user=username))

    async def admin_change_password(
        self, username: str, password: str, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Changes a password: the client's own user's, or as an administrator anybody's.

        Raises:
            AdminError: 60 no such user.
        """
        await _plans.run_async(self._inner, _plans.change_password(username, password, policy))

    async def admin_grant_roles(self, username: str, roles: list[str], policy: Mapping[str, Any] | None = None) -> None:
        """Gives roles to a user.

        Raises:
            AdminError: 60 no such user, 70 no such role.
        """
        await _plans.run_async(self._inner, _plans.admin("grant_roles", policy, user=username, roles=roles))

    async def admin_revoke_roles(
        self, username: str, roles: list[str], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Takes roles from a user.

        Raises:
            AdminError: 60 no such user.
        """
        await _plans.run_async(self._inner, _plans.admin("revoke_roles", policy, user=username, roles=roles))

    async def admin_query_user_info(self, username: str, policy: Mapping[str, Any] | None = None) -> UserInfo:
        """A user: ``user``, ``roles``, ``conns_in_use``, ``read_info``, ``write_info``.

        Raises:
            AdminError: 60 no such user.
        """
        return await _plans.run_async(self._inner, _plans.query_users(username, policy))

    async def admin_query_users_info(self, policy: Mapping[str, Any] | None = None) -> list[UserInfo]:
        """All users; see :meth:`admin_query_user_info`."""
        return await _plans.run_async(self._inner, _plans.query_users(None, policy))

    async def admin_query_user(self, username: str, policy: Mapping[str, Any] | None = None) -> UserInfo:
        """A user; see :meth:`admin_query_user_info`."""
        return await _plans.run_async(self._inner, _plans.query_users(username, policy))

    async def admin_query_users(self, policy: Mapping[str, Any] | None = None) -> list[UserInfo]:
        """All users; see :meth:`admin_query_user_info`."""
        return await _plans.run_async(self._inner, _plans.query_users(None, policy))

    async def admin_create_role(
        self,
        role: str,
        privileges: list[Privilege],
        policy: Mapping[str, Any] | None = None,
        whitelist: list[str] | None = None,
        read_quota: int = 0,
        write_quota: int = 0,
    ) -> None:
        """Makes a role.

        Args:
            role: at most 63 bytes.
            privileges: dicts with ``code`` (``PRIV_*``), and ``ns`` and ``set`` where it is limited to these.
            policy: ``{"timeout": milliseconds}``.
            whitelist: addresses and networks from which its users may connect.
            read_quota: records read in a second on each node; 0: no limit.
            write_quota: records written in a second on each node; 0: no limit.

        Raises:
            InvalidArgError: no such privilege.
            AdminError: the server refused it: 71 there is such a role, 72 a privilege is wrong, ...
        """
        await _plans.run_async(
            self._inner,
            _plans.admin(
                "create_role",
                policy,
                role=role,
                privileges=privileges,
                whitelist=whitelist,
                read_quota=read_quota or None,
                write_quota=write_quota or None,
            ),
        )

    async def admin_drop_role(self, role: str, policy: Mapping[str, Any] | None = None) -> None:
        """Removes a role, from its users too.

        Raises:
            AdminError: 70 no such role.
        """
        await _plans.run_async(self._inner, _plans.admin("drop_role", policy, role=role))

    async def admin_grant_privileges(
        self, role: str, privileges: list[Privilege], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Adds privileges to a role; see :meth:`admin_create_role`."""
        await _plans.run_async(self._inner, _plans.admin("grant_privileges", policy, role=role, privileges=privileges))

    async def admin_revoke_privileges(
        self, role: str, privileges: list[Privilege], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Takes privileges from a role; see :meth:`admin_create_role`."""
        await _plans.run_async(self._inner, _plans.admin("revoke_privileges", policy, role=role, privileges=privileges))

    async def admin_query_role(self, role: str, policy: Mapping[str, Any] | None = None) -> RoleInfo:
        """A role: ``name`` (and ``role``), ``privileges``, ``allowlist``, ``read_quota``, ``write_quota``.

        Raises:
            AdminError: 70 no such role.
        """
        return await _plans.run_async(self._inner, _plans.query_roles(role, policy))

    async def admin_query_roles(self, policy: Mapping[str, Any] | None = None) -> list[RoleInfo]:
        """All roles; see :meth:`admin_query_role`."""
        return await _plans.run_async(self._inner, _plans.query_roles(None, policy))

    async def admin_set_whitelist(
        self, role: str, whitelist: list[str], policy: Mapping[str, Any] | None = None
    ) -> None:
        """Sets the addresses and networks from which a role's users may connect; an empty list: from everywhere."""
        await _plans.run_async(self._inner, _plans.admin("set_whitelist", policy, role=role, whitelist=whitelist))

    async def admin_set_quotas(
        self, role: str, read_quota: int = 0, write_quota: int = 0, policy: Mapping[str, Any] | None = None
    ) -> None:
        """Sets how many records a role's users may read and write in a second on each node; 0: no limit."""
        plan = _plans.admin("set_quotas", policy, role=role, read_quota=read_quota, write_quota=write_quota)
        await _plans.run_async(self._inner, plan)

    async def batch_write(
        self, records: Sequence[Any], policy: Mapping[str, Any] | None = None, retry: int = 0
    ) -> BatchWriteResult:
        """Writes many records, each with bins of its own: a list of ``(key, meta, bins)``, and ``batch_records``.

        Args:
            records: ``(key, bins)`` or ``(key, bins, meta)``; a value in a meta wins over the same value in the policy.
            policy: see :class:`aerospike_py.types.BatchPolicy`.
            retry: how often records that failed for what may pass (a timeout, a busy record) are written again, at most
                until the policy's ``total_timeout``; what came of that is in ``retry`` of the result.

        Raises:
            TypeError, ValueError: not a record; nothing was sent.
            ClusterError: no key can be asked for.
        """
        return await _plans.run_async(self._inner, _plans.batch_write(records, policy, retry))

    async def batch_write_numpy(
        self,
        data: Any,
        namespace: str,
        set_name: str,
        _dtype: Any,
        key_field: str = "_key",
        policy: Mapping[str, Any] | None = None,
        retry: int = 0,
    ) -> BatchWriteResult:
        """Writes the rows of a structured NumPy array as records; see :mod:`aerospike_py.numpy_batch`.

        Args:
            data: the array.
            namespace: namespace.
            set_name: set.
            _dtype: which fields are bins; those that begin with ``_`` are not.
            key_field: the field with the user key.
            policy: see :class:`aerospike_py.types.BatchPolicy`.
            retry: see :meth:`batch_write`.
        """
        records = records_from_numpy(data, namespace, set_name, _dtype, key_field)
        return await _plans.run_async(self._inner, _plans.batch_write(records, policy, retry))


def async_client(config: Any) -> AsyncClient:
    """A client that is not connected yet; see :class:`AsyncClient`."""
    return AsyncClient(config)
