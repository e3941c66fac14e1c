"""Exceptions that the driver raises.

Every class derives from :class:`AerospikeError`. Instances carry ``result_code``, the server's code or ``-1`` for
what failed on the client's side, and ``in_doubt``, whether a write may have been applied although it failed.
None of them is related to the builtin ``TimeoutError`` or ``IndexError``.
"""

from __future__ import annotations

from typing import Any


class AerospikeError(Exception):
    """Base of all exceptions of this package."""

    __module__ = "aerospike"

    result_code: int = -1
    """Result code of the server, or -1 for a failure of the client's side."""
    in_doubt: bool = False
    """Whether a write may have been applied all the same."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The classes report another module than the one they live in; pickle must not look for them there.
        return _restore, (type(self).__name__, self.args, self.__dict__)


class ClientError(AerospikeError):
    """The client could not carry out a command: not connected, closed, forked, a malformed reply."""

    __module__ = "aerospike"


class BackpressureError(ClientError):
    """Too many operations were already under way."""

    __module__ = "aerospike"


class RustPanicError(ClientError):
    """A defect of the driver's native core."""

    __module__ = "aerospike"


class ClusterError(AerospikeError):
    """No connection: nobody answers, wrong cluster, no node for a namespace, no connection free in time."""

    __module__ = "aerospike"


class InvalidArgError(AerospikeError):
    """An argument that cannot be sent."""

    __module__ = "aerospike"


class AerospikeTimeoutError(AerospikeError):
    """No reply within the policy's time."""

    __module__ = "aerospike"


TimeoutError = AerospikeTimeoutError  # noqa: A001 - the documented name


class ServerError(AerospikeError):
    """The server refused a command."""

    __module__ = "aerospike"


class AerospikeIndexError(ServerError):
    """A secondary index could not be created or used."""

    __module__ = "aerospike"


IndexError = AerospikeIndexError  # noqa: A001 - the documented name


class IndexNotFound(AerospikeIndexError):  # noqa: N818 - the documented name
    """There is no such index (201)."""

    __module__ = "aerospike"


class IndexFoundError(AerospikeIndexError):
    """There already is an index of that name (200)."""

    __module__ = "aerospike"


class QueryError(ServerError):
    """A query failed."""

    __module__ = "aerospike"


class QueryAbortedError(QueryError):
    """A query was aborted (15, 210)."""

    __module__ = "aerospike"


class AdminError(ServerError):
    """A security command or check failed (51 to 83)."""

    __module__ = "aerospike"


class UDFError(ServerError):
    """A user-defined function failed (100)."""

    __module__ = "aerospike"


class RecordError(AerospikeError):
    """A command did not fit the record."""

    __module__ = "aerospike"


class RecordNotFound(RecordError):  # noqa: N818 - the documented name
    """There is no such record (2)."""

    __module__ = "aerospike"


class RecordExistsError(RecordError):
    """The record exists, and the policy asked for a new one (5)."""

    __module__ = "aerospike"


class RecordGenerationError(RecordError):
    """The record's generation is not the expected one (3)."""

    __module__ = "aerospike"


class RecordTooBig(RecordError):  # noqa: N818 - the documented name
    """The record would exceed the namespace's limit (13)."""

    __module__ = "aerospike"


class BinNameError(RecordError):
    """A bin name is not valid (21)."""

    __module__ = "aerospike"


class BinExistsError(RecordError):
    """The bin exists (6)."""

    __module__ = "aerospike"


class BinNotFound(RecordError):  # noqa: N818 - the documented name
    """There is no such bin (17)."""

    __module__ = "aerospike"


class BinTypeError(RecordError):
    """The operation does not fit the bin's type (12)."""

    __module__ = "aerospike"


class FilteredOut(RecordError):  # noqa: N818 - the documented name
    """The filter expression was not true for the record (27)."""

    __module__ = "aerospike"


class _BinNameArgumentError(  # pyright: ignore[reportUnusedClass] - the native part raises it
    BinNameError, InvalidArgError, ClientError, ValueError
):
    """A bin name that no server would take; raised before anything is sent, for whatever a caller catches."""

    __module__ = "aerospike"

    result_code = 21


class _FunctionError(UDFError, ClientError):  # pyright: ignore[reportUnusedClass] - the native part raises it
    """A function failed; other drivers raise ``ClientError`` for it."""

    __module__ = "aerospike"

    result_code = 100


class _InfoError(ServerError, ClientError):  # pyright: ignore[reportUnusedClass]
    """The server refused a command about indexes, modules or truncation; other drivers raise ``ClientError``."""

    __module__ = "aerospike"


class _IndexFoundInfoError(IndexFoundError, ClientError):  # pyright: ignore[reportUnusedClass]
    """There is another index of that name; other drivers raise ``ClientError``."""

    __module__ = "aerospike"

    result_code = 200


def _restore(name: str, args: tuple[Any, ...], attributes: dict[str, Any]) -> AerospikeError:
    error = globals()[name](*args)
    error.__dict__.update(attributes)
    return error


# Without TimeoutError and IndexError: whoever imports all names wants to keep Python's own.
__all__ = [
    "AdminError",
    "AerospikeError",
    "AerospikeIndexError",
    "AerospikeTimeoutError",
    "BackpressureError",
    "BinExistsError",
    "BinNameError",
    "BinNotFound",
    "BinTypeError",
    "ClientError",
    "ClusterError",
    "FilteredOut",
    "IndexFoundError",
    "IndexNotFound",
    "InvalidArgError",
    "QueryAbortedError",
    "QueryError",
    "RecordError",
    "RecordExistsError",
    "RecordGenerationError",
    "RecordNotFound",
    "RecordTooBig",
    "RustPanicError",
    "ServerError",
    "UDFError",
]
