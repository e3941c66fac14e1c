"""Builders of operations on maps, for ``operate``, ``operate_ordered`` and ``batch_operate``.

An operation is a plain dict: ``op``, ``bin``, and the operands under the names that each builder lists; optional ones
that are None are left out. Operations of a call are carried out together, in their order, and what they return is in
the bins of the answer under the bin's name:

ops = [map_operations.map_put("stock", "pen", 3), map_operations.map_get_by_key("stock", "pen", MAP_RETURN_VALUE)]
client.operate(key, ops).bins     # {"stock": [1, 3]}: size after the put, value

Terms. *Key*: str, int or bytes. *Index*: place in the order of keys, from 0; negative ones count from the end.
*Rank*: place in the order of values, 0 the smallest. *Order of values*: None < booleans < integers < strings < lists
< maps < bytes < floats; an integer never equals a float. A single index or rank outside of the map fails with code
26 (``ServerError``); a range is cut to what there is. A range of keys or values includes its begin and excludes its
end.

``return_type`` (``MAP_RETURN_*``) says what an operation answers: nothing, indexes, ranks, the count, keys, values,
both (a list of ``(key, value)`` tuples), or whether there is one. Those for one key, index or rank answer one thing,
all others a list. An unknown key answers nothing as a value, and 0 as a count.

``policy`` (:class:`aerospike_py.types.MapPolicy`) is ``{"order": ..., "write_mode": ...}``: the order of a map that
the operation creates, and whether keys may be new or must be (``MAP_UPDATE``, ``MAP_UPDATE_ONLY``,
``MAP_CREATE_ONLY``). ``ctx`` leads to a map inside of the bin's value, see :mod:`aerospike_py.cdt_ctx`.

Builders look at nothing. The method that is given an operation raises ``TypeError``, ``ValueError`` or
``OverflowError`` for what has no form on the wire, before anything is sent. The server answers: a bin of another type
with ``BinTypeError``, a key that exists with code 24 and one that is missing with code 23 (``RecordError``) where the
write mode forbids it. A map operation on a missing bin creates the map if it adds something, and answers nothing
otherwise.
"""

from __future__ import annotations

from typing import Any, Final

from ._operation import operation
from .cdt_ctx import Context
from .types import MapPolicy, Operation

# Codes of the operations, as executors know them.
_OP_MAP_SET_ORDER: Final = 2001
_OP_MAP_PUT: Final = 2002
_OP_MAP_PUT_ITEMS: Final = 2003
_OP_MAP_INCREMENT: Final = 2004
_OP_MAP_DECREMENT: Final = 2005
_OP_MAP_CLEAR: Final = 2006
_OP_MAP_REMOVE_BY_KEY: Final = 2007
_OP_MAP_REMOVE_BY_KEY_LIST: Final = 2008
_OP_MAP_REMOVE_BY_KEY_RANGE: Final = 2009
_OP_MAP_REMOVE_BY_VALUE: Final = 2010
_OP_MAP_REMOVE_BY_VALUE_LIST: Final = 2011
_OP_MAP_REMOVE_BY_VALUE_RANGE: Final = 2012
_OP_MAP_REMOVE_BY_INDEX: Final = 2013
_OP_MAP_REMOVE_BY_INDEX_RANGE: Final = 2014
_OP_MAP_REMOVE_BY_RANK: Final = 2015
_OP_MAP_REMOVE_BY_RANK_RANGE: Final = 2016
_OP_MAP_SIZE: Final = 2017
_OP_MAP_GET_BY_KEY: Final = 2018
_OP_MAP_GET_BY_KEY_RANGE: Final = 2019
_OP_MAP_GET_BY_VALUE: Final = 2020
_OP_MAP_GET_BY_VALUE_RANGE: Final = 2021
_OP_MAP_GET_BY_INDEX: Final = 2022
_OP_MAP_GET_BY_INDEX_RANGE: Final = 2023
_OP_MAP_GET_BY_RANK: Final = 2024
_OP_MAP_GET_BY_RANK_RANGE: Final = 2025
_OP_MAP_GET_BY_KEY_LIST: Final = 2026
_OP_MAP_GET_BY_VALUE_LIST: Final = 2027

# Changing


def map_set_order(bin: str, map_order: int, *, ctx: Context | None = None) -> Operation:
    """Sets what a map is ordered by; answers nothing.

    Args:
        bin: bin name.
        map_order: ``MAP_UNORDERED``, ``MAP_KEY_ORDERED`` or ``MAP_KEY_VALUE_ORDERED``.
        ctx: path to the map.
    """
    return operation({"op": _OP_MAP_SET_ORDER, "bin": bin, "val": map_order}, ctx=ctx)


def map_put(
    bin: str, key: Any, val: Any, policy: MapPolicy | dict[str, int] | None = None, *, ctx: Context | None = None
) -> Operation:
    """Sets the value of a key; answers the new size."""
    return operation({"op": _OP_MAP_PUT, "bin": bin, "map_key": key, "val": val}, map_policy=policy, ctx=ctx)


def map_put_items(
    bin: str, items: dict[Any, Any], policy: MapPolicy | dict[str, int] | None = None, *, ctx: Context | None = None
) -> Operation:
    """Sets the values of keys; answers the new size."""
    return operation({"op": _OP_MAP_PUT_ITEMS, "bin": bin, "val": items}, map_policy=policy, ctx=ctx)


def map_increment(
    bin: str,
    key: Any,
    incr: int | float,
    policy: MapPolicy | dict[str, int] | None = None,
    *,
    ctx: Context | None = None,
) -> Operation:
    """Adds to the number of a key; answers the new value. A missing key counts as 0."""
    return operation({"op": _OP_MAP_INCREMENT, "bin": bin, "map_key": key, "val": incr}, map_policy=policy, ctx=ctx)


def map_decrement(
    bin: str,
    key: Any,
    decr: int | float,
    policy: MapPolicy | dict[str, int] | None = None,
    *,
    ctx: Context | None = None,
) -> Operation:
    """Subtracts from the number of a key; answers the new value. A missing key counts as 0."""
    return operation({"op": _OP_MAP_DECREMENT, "bin": bin, "map_key": key, "val": decr}, map_policy=policy, ctx=ctx)


def map_clear(bin: str, *, ctx: Context | None = None) -> Operation:
    """Removes all keys; answers nothing."""
    return operation({"op": _OP_MAP_CLEAR, "bin": bin}, ctx=ctx)


# Reading


def map_size(bin: str, *, ctx: Context | None = None) -> Operation:
    """Answers the number of keys."""
    return operation({"op": _OP_MAP_SIZE, "bin": bin}, ctx=ctx)


# Reading, by what an entry is


def map_get_by_key(bin: str, key: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the entry of a key."""
    return operation({"op": _OP_MAP_GET_BY_KEY, "bin": bin, "map_key": key, "return_type": return_type}, ctx=ctx)


def map_get_by_key_list(bin: str, keys: list[Any], return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the entries of keys."""
    return operation({"op": _OP_MAP_GET_BY_KEY_LIST, "bin": bin, "val": keys, "return_type": return_type}, ctx=ctx)


def map_get_by_key_range(bin: str, begin: Any, end: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the entries of keys from ``begin`` on and below ``end``.

    Args:
        bin: bin name.
        begin: the smallest key; None is below all.
        end: what they are below; None for no bound.
        return_type: what to answer.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_GET_BY_KEY_RANGE, "bin": bin, "val": begin, "val_end": end, "return_type": return_type}, ctx=ctx
    )


def map_get_by_value(bin: str, val: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers all entries with a value."""
    return operation({"op": _OP_MAP_GET_BY_VALUE, "bin": bin, "val": val, "return_type": return_type}, ctx=ctx)


def map_get_by_value_list(bin: str, values: list[Any], return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers all entries with one of the values."""
    return operation({"op": _OP_MAP_GET_BY_VALUE_LIST, "bin": bin, "val": values, "return_type": return_type}, ctx=ctx)


def map_get_by_value_range(
    bin: str, begin: Any, end: Any, return_type: int, *, ctx: Context | None = None
) -> Operation:
    """Answers all entries with values from ``begin`` on and below ``end``.

    Args:
        bin: bin name.
        begin: the smallest value; None is below all.
        end: what they are below; None for no bound.
        return_type: what to answer.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_GET_BY_VALUE_RANGE, "bin": bin, "val": begin, "val_end": end, "return_type": return_type},
        ctx=ctx,
    )


def map_get_by_index(bin: str, index: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the entry at an index."""
    return operation({"op": _OP_MAP_GET_BY_INDEX, "bin": bin, "index": index, "return_type": return_type}, ctx=ctx)


def map_get_by_index_range(
    bin: str, index: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Answers entries from an index on.

    Args:
        bin: bin name.
        index: the first index.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_GET_BY_INDEX_RANGE, "bin": bin, "index": index, "return_type": return_type}, count=count, ctx=ctx
    )


def map_get_by_rank(bin: str, rank: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the entry of a rank."""
    return operation({"op": _OP_MAP_GET_BY_RANK, "bin": bin, "rank": rank, "return_type": return_type}, ctx=ctx)


def map_get_by_rank_range(
    bin: str, rank: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Answers entries from a rank on.

    Args:
        bin: bin name.
        rank: the first rank.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_GET_BY_RANK_RANGE, "bin": bin, "rank": rank, "return_type": return_type}, count=count, ctx=ctx
    )


# Taking out, by what an entry is


def map_remove_by_key(bin: str, key: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes the entry of a key."""
    return operation({"op": _OP_MAP_REMOVE_BY_KEY, "bin": bin, "map_key": key, "return_type": return_type}, ctx=ctx)


def map_remove_by_key_list(bin: str, keys: list[Any], return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes the entries of keys."""
    return operation({"op": _OP_MAP_REMOVE_BY_KEY_LIST, "bin": bin, "val": keys, "return_type": return_type}, ctx=ctx)


def map_remove_by_key_range(
    bin: str, begin: Any, end: Any, return_type: int, *, ctx: Context | None = None
) -> Operation:
    """Removes the entries of keys from ``begin`` on and below ``end``.

    Args:
        bin: bin name.
        begin: the smallest key; None is below all.
        end: what they are below; None for no bound.
        return_type: what to answer.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_REMOVE_BY_KEY_RANGE, "bin": bin, "val": begin, "val_end": end, "return_type": return_type},
        ctx=ctx,
    )


def map_remove_by_value(bin: str, val: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes all entries with a value."""
    return operation({"op": _OP_MAP_REMOVE_BY_VALUE, "bin": bin, "val": val, "return_type": return_type}, ctx=ctx)


def map_remove_by_value_list(bin: str, values: list[Any], return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes all entries with one of the values."""
    return operation(
        {"op": _OP_MAP_REMOVE_BY_VALUE_LIST, "bin": bin, "val": values, "return_type": return_type}, ctx=ctx
    )


def map_remove_by_value_range(
    bin: str, begin: Any, end: Any, return_type: int, *, ctx: Context | None = None
) -> Operation:
    """Removes all entries with values from ``begin`` on and below ``end``.

    Args:
        bin: bin name.
        begin: the smallest value; None is below all.
        end: what they are below; None for no bound.
        return_type: what to answer.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_REMOVE_BY_VALUE_RANGE, "bin": bin, "val": begin, "val_end": end, "return_type": return_type},
        ctx=ctx,
    )


def map_remove_by_index(bin: str, index: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes the entry at an index."""
    return operation({"op": _OP_MAP_REMOVE_BY_INDEX, "bin": bin, "index": index, "return_type": return_type}, ctx=ctx)


def map_remove_by_index_range(
    bin: str, index: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Removes entries from an index on.

    Args:
        bin: bin name.
        index: the first index.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_REMOVE_BY_INDEX_RANGE, "bin": bin, "index": index, "return_type": return_type},
        count=count,
        ctx=ctx,
    )


def map_remove_by_rank(bin: str, rank: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes the entry of a rank."""
    return operation({"op": _OP_MAP_REMOVE_BY_RANK, "bin": bin, "rank": rank, "return_type": return_type}, ctx=ctx)


def map_remove_by_rank_range(
    bin: str, rank: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Removes entries from a rank on.

    Args:
        bin: bin name.
        rank: the first rank.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the map.
    """
    return operation(
        {"op": _OP_MAP_REMOVE_BY_RANK_RANGE, "bin": bin, "rank": rank, "return_type": return_type}, count=count, ctx=ctx
    )


__all__ = [
    "Operation",
    "map_clear",
    "map_decrement",
    "map_get_by_index",
    "map_get_by_index_range",
    "map_get_by_key",
    "map_get_by_key_list",
    "map_get_by_key_range",
    "map_get_by_rank",
    "map_get_by_rank_range",
    "map_get_by_value",
    "map_get_by_value_list",
    "map_get_by_value_range",
    "map_increment",
    "map_put",
    "map_put_items",
    "map_remove_by_index",
    "map_remove_by_index_range",
    "map_remove_by_key",
    "map_remove_by_key_list",
    "map_remove_by_key_range",
    "map_remove_by_rank",
    "map_remove_by_rank_range",
    "map_remove_by_value",
    "map_remove_by_value_list",
    "map_remove_by_value_range",
    "map_set_order",
    "map_size",
]
