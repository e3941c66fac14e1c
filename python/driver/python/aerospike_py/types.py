"""What the driver returns, and the shapes of the dicts that it takes.

Records, keys and metadata are named tuples. Where a mapping is documented too, the same object answers both:
``meta["gen"]`` and ``meta.gen``, ``meta == {"gen": 1, "ttl": 60}``, ``dict(meta)``.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict, TypeVar, cast

from ._metrics import stage

if TYPE_CHECKING:
    from .numpy_batch import NumpyBatchRecords

UserKey: TypeAlias = str | int | bytes | bytearray
"""The part of a key that the user chooses."""

Bins: TypeAlias = dict[str, Any]
"""Bin names and values of a record."""

Operation: TypeAlias = dict[str, Any]
"""One operation of ``operate()``: ``op``, ``bin``, ``val`` and what the operation needs besides."""

Key: TypeAlias = tuple[str, str, UserKey] | tuple[str, str, UserKey | None, bytes | bytearray | list[int] | None]
"""What methods take as a key: ``(namespace, set, user_key)``, or the same with a digest of 20 bytes."""


KeyT = TypeVar("KeyT", bound=Key)
"""One of those shapes: methods take a list of keys that all have the same."""


class GeoJSON(str):
    """Text of a place or region in GeoJSON, to be written as such and not as a string.

    ``client.put(key, {"place": GeoJSON('{"type": "Point", "coordinates": [10.75, 59.91]}')})``; coordinates are
    longitude and latitude, in degrees. Also inside of lists and maps. Reading answers a plain ``str``.
    """

    __slots__ = ()


class AerospikeKey(NamedTuple):
    """A key as the driver returns it."""

    namespace: str
    set_name: str
    user_key: UserKey | None
    """None where only the digest is known."""
    digest: bytes
    """20 bytes: the hash of set name and user key."""


class _Metadata(NamedTuple):
    gen: int
    ttl: int


class RecordMetadata(_Metadata):
    """Generation and time to live of a record; a tuple ``(gen, ttl)`` that can be read like a dict.

    ``ttl`` is in seconds, rounded down; 4294967295 for a record that never expires.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        """The value of ``"gen"`` or ``"ttl"``, or that of an index or slice."""
        if key == "gen":
            return self.gen
        if key == "ttl":
            return self.ttl
        if isinstance(key, str):
            raise KeyError(key)
        return cast("int | tuple[int, ...]", (self.gen, self.ttl)[key])

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``"gen"`` or ``"ttl"``, else the default."""
        return self[key] if key in self._fields else default

    def keys(self) -> KeysView[str]:
        """``"gen"`` and ``"ttl"``."""
        return self._asdict().keys()

    def values(self) -> ValuesView[int]:
        """Generation and time to live."""
        return self._asdict().values()

    def items(self) -> ItemsView[str, int]:
        """Names and values."""
        return self._asdict().items()

    def __contains__(self, item: object) -> bool:
        return item in self._fields or super().__contains__(item)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Mapping):
            return self._asdict() == other
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__()


class Record(NamedTuple):
    """A record: its key, its metadata, its bins."""

    key: AerospikeKey
    meta: RecordMetadata
    bins: Bins


class ExistsResult(NamedTuple):
    """Answer of ``exists()``; ``meta`` is None when there is no such record."""

    key: AerospikeKey
    meta: RecordMetadata | None


class BinTuple(NamedTuple):
    """One result of ``operate_ordered()``."""

    name: str
    value: Any


class OperateOrderedResult(NamedTuple):
    """Answer of ``operate_ordered()``: one entry per operation that returned a value, in their order."""

    key: AerospikeKey
    meta: RecordMetadata
    ordered_bins: list[BinTuple]


class BatchRecord(NamedTuple):
    """What became of one key of a batch.

    ``result`` is the server's result code (0 found or done, 2 no such record, 27 filtered out, ...), or -1 where
    the client failed. ``record`` is None unless ``result`` is 0.
    """

    key: AerospikeKey
    result: int
    record: Record | None
    in_doubt: bool = False


class BatchRetryInfo(NamedTuple):
    """How often a batch was tried."""

    attempts: int = 1
    max_attempts: int = 1
    truncated_by_timeout: bool = False
    unresolved: int = 0


class InfoNodeResult(NamedTuple):
    """One node's answer to an info command."""

    node_name: str
    error_code: int
    response: str


class BatchRecords(dict[UserKey, Bins]):
    """Answer of ``batch_read()``: a dict from user key to bins of the records found.

    Keys without a user key are missing from the dict, and equal user keys of different sets share an entry;
    :attr:`batch_records` has everything, in the order of the request.
    """

    __slots__ = ("_records", "_source")

    # Elsewhere the name stands for a plain dict; code that looks what is behind it finds one.
    __origin__ = dict

    _source: Any
    _records: list[BatchRecord] | None

    def __init__(self, source: Any = None, records: list[BatchRecord] | None = None) -> None:
        super().__init__()
        self._source = source
        self._records = records

    @property
    def batch_records(self) -> list[BatchRecord]:
        """One :class:`BatchRecord` per key, in the order of the request."""
        if self._records is None:
            records: list[BatchRecord] = [] if self._source is None else self._source.records()
            self._records = records
        return self._records

    def to_dict(self) -> dict[UserKey, Bins]:
        """The same mapping as a plain dict."""
        with stage("to_dict"):
            return dict(self)

    def to_list(self) -> list[Bins | None]:
        """The bins of each key in the order of the request, None where there is no record."""
        return [None if br.record is None else br.record.bins for br in self.batch_records]

    def to_numpy(self, dtype: Any) -> NumpyBatchRecords:
        """The same records as NumPy arrays, in the order of the request; see :mod:`aerospike_py.numpy_batch`.

        Args:
            dtype: structured dtype whose fields are named like bins.

        Raises:
            TypeError, ValueError, OverflowError: the dtype, or a bin that does not fit its field.
        """
        from .numpy_batch import records_to_numpy  # noqa: PLC0415 - NumPy is optional

        with stage("to_numpy"):
            return records_to_numpy(self.batch_records, dtype)

    def iter_records(self) -> Iterator[BatchRecord]:
        """Iterates over :attr:`batch_records`."""
        return iter(self.batch_records)

    def all_user_keys(self) -> list[UserKey | None]:
        """The user key of each key asked for, found or not."""
        return [br.key.user_key for br in self.batch_records]

    def found_count(self) -> int:
        """How many records were found."""
        return sum(br.record is not None for br in self.batch_records)

    def release_cache(self) -> None:
        """Nothing to release: kept for code that was written for a lazily converted result."""

    @staticmethod
    def merge_to_dict(results: Iterable[BatchRecords]) -> dict[UserKey, Bins]:
        """One dict from several results; later ones win."""
        merged: dict[UserKey, Bins] = {}
        with stage("merge_to_dict"):
            for result in results:
                merged.update(result)
        return merged

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_batch_records, (dict(self), self.batch_records)


LazyBatchRecords = BatchRecords


def _restore_batch_records(found: dict[UserKey, Bins], records: list[BatchRecord]) -> BatchRecords:
    result = BatchRecords(records=records)
    result.update(found)
    return result


class BatchWriteResult(list[Record]):
    """Answer of ``batch_operate()`` and ``batch_remove()``: one ``(key, meta, bins)`` per key, in their order.

    ``meta`` and ``bins`` are None where the command failed for the key; :attr:`batch_records` tells why.
    """

    __slots__ = ("batch_records", "retry")

    batch_records: list[BatchRecord]
    """One :class:`BatchRecord` per key, in the order of the request."""
    retry: BatchRetryInfo
    """How often the batch was tried."""

    def __init__(self, records: Sequence[BatchRecord] = (), retry: BatchRetryInfo | None = None) -> None:
        nothing: Any = None
        super().__init__(br.record or Record(br.key, nothing, nothing) for br in records)
        self.batch_records = list(records)
        self.retry = retry if retry is not None else BatchRetryInfo()

    def __reduce__(self) -> tuple[Any, ...]:
        return BatchWriteResult, (self.batch_records, self.retry)


AerospikeRecord = Record


class WriteMeta(TypedDict, total=False):
    """``meta`` of a write. A value in the policy wins over the same value here."""

    gen: int
    """Expected generation; without a ``gen`` policy the write then fails unless it is equal."""
    ttl: int
    """Seconds to live: 0 the namespace's default, -1 never expires, -2 unchanged."""
    key: int
    exists: int
    commit_level: int
    durable_delete: bool


class ReadPolicy(TypedDict, total=False):
    """Policy of ``get``, ``select`` and ``exists``. Times are in milliseconds."""

    socket_timeout: int
    total_timeout: int
    max_retries: int
    sleep_between_retries: int
    filter_expression: Any
    replica: int
    read_mode_ap: int
    read_touch_ttl_percent: int
    timeout_delay: int


class WritePolicy(ReadPolicy, total=False):
    """Policy of commands that write one record."""

    key: int
    exists: int
    gen: int
    commit_level: int
    ttl: int
    durable_delete: bool


class BatchPolicy(WritePolicy, total=False):
    """Policy of a batch."""

    allow_inline: bool
    allow_inline_ssd: bool
    respond_all_keys: bool
    concurrency: int


class BatchReadPolicy(TypedDict, total=False):
    """What of a batch's policy concerns the reading of one key."""

    filter_expression: Any
    read_touch_ttl_percent: int


class BatchDeletePolicy(TypedDict, total=False):
    """What of a batch's policy concerns the removal of one key."""

    filter_expression: Any
    gen: int
    key: int
    commit_level: int
    durable_delete: bool


class BatchUDFPolicy(TypedDict, total=False):
    """What of a batch's policy concerns the call of a function for one key."""

    filter_expression: Any
    ttl: int
    key: int
    commit_level: int
    durable_delete: bool


class BatchDeleteMeta(TypedDict, total=False):
    """Settings of one key of ``batch_remove``."""

    gen: int
    key: int
    commit_level: int
    durable_delete: bool


class BatchUDFMeta(TypedDict, total=False):
    """Settings of one key of ``batch_apply``."""

    module: str
    function: str
    args: list[Any]
    ttl: int
    commit_level: int
    key: int
    durable_delete: bool


class QueryPolicy(ReadPolicy, total=False):
    """Policy of queries and scans. Times are in milliseconds; ``total_timeout`` is 0, no limit, by default."""

    max_records: int
    """Return at most that many records, 0 for all."""
    records_per_second: int
    """Ask each node for at most that many records in a second, 0 for no limit."""
    max_concurrent_nodes: int
    """Ask at most that many nodes at a time, 0 for all."""
    record_queue_size: int
    """Records to hold while they wait to be taken, 1024."""
    expected_duration: int
    """``QUERY_DURATION_*``."""
    include_bin_data: bool
    """Return bins, True."""
    partition_filter: Any
    """Partitions to read; all by default."""


class ScanPolicy(QueryPolicy, total=False):
    """Policy of scans."""

    durable_delete: bool
    ttl: int


class ListPolicy(TypedDict, total=False):
    """Policy of operations that write to a list."""

    order: int
    """``LIST_UNORDERED`` or ``LIST_ORDERED``, for a list that the operation creates."""
    flags: int
    """Sum of ``LIST_WRITE_*``."""


class MapPolicy(TypedDict, total=False):
    """Policy of operations that write to a map."""

    order: int
    """``MAP_UNORDERED``, ``MAP_KEY_ORDERED`` or ``MAP_KEY_VALUE_ORDERED``, for a map that the operation creates."""
    write_mode: int
    """``MAP_UPDATE``, ``MAP_UPDATE_ONLY`` or ``MAP_CREATE_ONLY``."""


class HLLPolicy(TypedDict, total=False):
    """Policy of operations that write to a HyperLogLog sketch."""

    flags: int
    """Sum of ``HLL_WRITE_*``."""


class AdminPolicy(TypedDict, total=False):
    """Policy of commands about indexes, modules, truncation, users."""

    timeout: int


class Privilege(TypedDict, total=False):
    """A privilege of a role; without ``ns`` for everything, without ``set`` for the whole namespace."""

    code: int | str
    """``PRIV_*``, or its name as the server writes it (``"read-write"``). Required."""
    ns: str
    set: str


class _UserTraffic(TypedDict, total=False):
    read_info: list[int]
    write_info: list[int]


class UserInfo(_UserTraffic):
    """A user, as ``admin_query_user_info`` tells; ``read_info`` and ``write_info`` are missing where empty."""

    user: str
    roles: list[str]
    conns_in_use: int


class RoleInfo(TypedDict):
    """A role, as ``admin_query_role`` tells."""

    name: str
    role: str
    """The same as ``name``."""
    privileges: list[Privilege]
    allowlist: list[str]
    """Addresses and networks that users of the role may come from; empty for all."""
    read_quota: int
    """Reads in a second, 0 for no limit."""
    write_quota: int
    """Writes in a second, 0 for no limit."""


class TLSConfig(TypedDict, total=False):
    """Encryption. Servers need a certificate for the name or address that the client uses for them."""

    enable: bool
    """True."""
    cafile: str
    """File with the certificates of whom to trust, in PEM. Required."""
    certfile: str
    """File with the client's own certificate."""
    keyfile: str
    """File with its key."""


class ClientConfig(TypedDict, total=False):
    """Configuration of a client. Times are in milliseconds."""

    hosts: Sequence[tuple[str, int] | tuple[str] | str]
    """Hosts to ask first, any member of the cluster. Required."""
    cluster_name: str | None
    """Refuse nodes of a cluster with another name."""
    timeout: int
    """Time for opening a connection, 30000."""
    idle_timeout: int
    """Unused connections are closed after this time, 30000."""
    max_conns_per_node: int
    """256."""
    min_conns_per_node: int
    """0."""
    tend_interval: int
    """Pause between two looks at the cluster, 1000."""
    use_services_alternate: bool
    """Take the addresses that nodes give out as their alternate ones."""
    rack_ids: list[int]
    """The client's own racks, the preferred one first, for ``POLICY_REPLICA_PREFER_RACK``."""
    user: str
    password: str
    auth_mode: int
    """``AUTH_INTERNAL``, ``AUTH_EXTERNAL`` or ``AUTH_PKI``."""
    tls: TLSConfig | None
    """Encrypt all connections."""
    max_concurrent_operations: int
    """Operations at a time, the others wait; 0: no limit. Of an asynchronous client: in each event loop."""
    operation_queue_timeout_ms: int
    """How long an operation waits for its turn before it fails with ``BackpressureError``; 0: as long as it takes."""
    bytes_key_type: str
    """How keys of type bytes are hashed: ``"string"``, as the field's clients do, or ``"blob"``."""


__all__ = [
    "AdminPolicy",
    "AerospikeKey",
    "AerospikeRecord",
    "BatchDeleteMeta",
    "BatchDeletePolicy",
    "BatchPolicy",
    "BatchReadPolicy",
    "BatchRecord",
    "BatchRecords",
    "BatchRetryInfo",
    "BatchUDFMeta",
    "BatchUDFPolicy",
    "BatchWriteResult",
    "BinTuple",
    "Bins",
    "ClientConfig",
    "ExistsResult",
    "GeoJSON",
    "HLLPolicy",
    "InfoNodeResult",
    "Key",
    "LazyBatchRecords",
    "ListPolicy",
    "MapPolicy",
    "OperateOrderedResult",
    "Operation",
    "Privilege",
    "QueryPolicy",
    "ReadPolicy",
    "Record",
    "RecordMetadata",
    "RoleInfo",
    "ScanPolicy",
    "TLSConfig",
    "UserInfo",
    "UserKey",
    "WriteMeta",
    "WritePolicy",
]
