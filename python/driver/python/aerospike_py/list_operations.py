"""Builders of operations on lists, for ``operate``, ``operate_ordered`` and ``batch_operate``.

An operation is a plain dict: ``op``, ``bin``, and the operands under the names that each builder lists; optional ones
that are None are left out. Operations of a call are carried out together, in their order, and what they return is in
the bins of the answer under the bin's name:

ops = [list_operations.list_append("scores", 7), list_operations.list_size("scores")]
client.operate(key, ops).bins     # {"scores": [3, 3]}: size after the append, size

Terms. *Index*: place in the list, from 0; negative ones count from the end. *Rank*: place in the order of values, 0
the smallest. *Order of values*: None < booleans < integers < strings < lists < maps < bytes < floats; an integer
never equals a float. A single index or rank outside of the list fails with code 26 (``ServerError``); a range is cut
to what there is. A range of values includes its begin and excludes its end.

``return_type`` (``LIST_RETURN_*``) says what an operation answers: nothing, indexes, ranks, the count, the values, or
whether there is one. Those for one index or rank answer one thing, all others a list.

``policy`` (:class:`aerospike_py.types.ListPolicy`) is ``{"order": ..., "flags": ...}``: the order of a list that the
operation creates, and the sum of ``LIST_WRITE_*``. ``ctx`` leads to a list inside of the bin's value, see
:mod:`aerospike_py.cdt_ctx`.

Builders look at nothing. The method that is given an operation raises ``TypeError``, ``ValueError`` or
``OverflowError`` for what has no form on the wire, before anything is sent. The server answers: a bin of another type
with ``BinTypeError``, an order or flag that forbids the write with code 24 or 26. A list operation on a missing bin
creates the list if it adds something, and answers nothing otherwise.
"""

from __future__ import annotations

from typing import Any, Final

from ._operation import operation
from .cdt_ctx import Context
from .types import ListPolicy, Operation

# Codes of the operations, as executors know them.
_OP_LIST_APPEND: Final = 1001
_OP_LIST_APPEND_ITEMS: Final = 1002
_OP_LIST_INSERT: Final = 1003
_OP_LIST_INSERT_ITEMS: Final = 1004
_OP_LIST_POP: Final = 1005
_OP_LIST_POP_RANGE: Final = 1006
_OP_LIST_REMOVE: Final = 1007
_OP_LIST_REMOVE_RANGE: Final = 1008
_OP_LIST_SET: Final = 1009
_OP_LIST_TRIM: Final = 1010
_OP_LIST_CLEAR: Final = 1011
_OP_LIST_SIZE: Final = 1012
_OP_LIST_GET: Final = 1013
_OP_LIST_GET_RANGE: Final = 1014
_OP_LIST_GET_BY_VALUE: Final = 1015
_OP_LIST_GET_BY_INDEX: Final = 1016
_OP_LIST_GET_BY_INDEX_RANGE: Final = 1017
_OP_LIST_GET_BY_RANK: Final = 1018
_OP_LIST_GET_BY_RANK_RANGE: Final = 1019
_OP_LIST_GET_BY_VALUE_LIST: Final = 1020
_OP_LIST_GET_BY_VALUE_RANGE: Final = 1021
_OP_LIST_REMOVE_BY_VALUE: Final = 1022
_OP_LIST_REMOVE_BY_VALUE_LIST: Final = 1023
_OP_LIST_REMOVE_BY_VALUE_RANGE: Final = 1024
_OP_LIST_REMOVE_BY_INDEX: Final = 1025
_OP_LIST_REMOVE_BY_INDEX_RANGE: Final = 1026
_OP_LIST_REMOVE_BY_RANK: Final = 1027
_OP_LIST_REMOVE_BY_RANK_RANGE: Final = 1028
_OP_LIST_INCREMENT: Final = 1029
_OP_LIST_SORT: Final = 1030
_OP_LIST_SET_ORDER: Final = 1031

# Changing


def list_append(
    bin: str, val: Any, policy: ListPolicy | dict[str, int] | None = None, *, ctx: Context | None = None
) -> Operation:
    """Adds an element; answers the new size.

    At the end, or where its value belongs in an ordered list.
    """
    return operation({"op": _OP_LIST_APPEND, "bin": bin, "val": val}, list_policy=policy, ctx=ctx)


def list_append_items(
    bin: str, values: list[Any], policy: ListPolicy | dict[str, int] | None = None, *, ctx: Context | None = None
) -> Operation:
    """Adds elements; answers the new size."""
    return operation({"op": _OP_LIST_APPEND_ITEMS, "bin": bin, "val": values}, list_policy=policy, ctx=ctx)


def list_insert(
    bin: str, index: int, val: Any, policy: ListPolicy | dict[str, int] | None = None, *, ctx: Context | None = None
) -> Operation:
    """Inserts an element in front of an index; answers the new size.

    Beyond the end the list is filled up with None. Refused for ordered lists (26).
    """
    return operation({"op": _OP_LIST_INSERT, "bin": bin, "index": index, "val": val}, list_policy=policy, ctx=ctx)


def list_insert_items(
    bin: str,
    index: int,
    values: list[Any],
    policy: ListPolicy | dict[str, int] | None = None,
    *,
    ctx: Context | None = None,
) -> Operation:
    """Inserts elements in front of an index; answers the new size."""
    return operation(
        {"op": _OP_LIST_INSERT_ITEMS, "bin": bin, "index": index, "val": values}, list_policy=policy, ctx=ctx
    )


def list_set(bin: str, index: int, val: Any, *, ctx: Context | None = None) -> Operation:
    """Replaces the element at an index; answers nothing.

    Beyond the end the list is filled up with None. Refused for ordered lists (26).
    """
    return operation({"op": _OP_LIST_SET, "bin": bin, "index": index, "val": val}, ctx=ctx)


def list_increment(
    bin: str,
    index: int,
    val: int | float,
    policy: ListPolicy | dict[str, int] | None = None,
    *,
    ctx: Context | None = None,
) -> Operation:
    """Adds to the number at an index; answers the new value.

    A missing element counts as 0. To an integer, floats are added without their fraction.
    """
    return operation({"op": _OP_LIST_INCREMENT, "bin": bin, "index": index, "val": val}, list_policy=policy, ctx=ctx)


def list_sort(bin: str, sort_flags: int = 0, *, ctx: Context | None = None) -> Operation:
    """Sorts; answers nothing.

    Args:
        bin: bin name.
        sort_flags: ``LIST_SORT_DEFAULT``, or ``LIST_SORT_DROP_DUPLICATES``.
        ctx: path to the list.
    """
    return operation({"op": _OP_LIST_SORT, "bin": bin, "val": sort_flags}, ctx=ctx)


def list_set_order(bin: str, list_order: int = 0, *, ctx: Context | None = None) -> Operation:
    """Makes a list ordered, or unordered; answers nothing.

    An ordered list is kept sorted by value.

    Args:
        bin: bin name.
        list_order: ``LIST_UNORDERED`` or ``LIST_ORDERED``.
        ctx: path to the list.
    """
    return operation({"op": _OP_LIST_SET_ORDER, "bin": bin, "val": list_order}, ctx=ctx)


# Taking out, by place


def list_pop(bin: str, index: int, *, ctx: Context | None = None) -> Operation:
    """Removes the element at an index and answers it."""
    return operation({"op": _OP_LIST_POP, "bin": bin, "index": index}, ctx=ctx)


def list_pop_range(bin: str, index: int, count: int, *, ctx: Context | None = None) -> Operation:
    """Removes elements from an index on and answers them."""
    return operation({"op": _OP_LIST_POP_RANGE, "bin": bin, "index": index, "count": count}, ctx=ctx)


def list_remove(bin: str, index: int, *, ctx: Context | None = None) -> Operation:
    """Removes the element at an index; answers 1."""
    return operation({"op": _OP_LIST_REMOVE, "bin": bin, "index": index}, ctx=ctx)


def list_remove_range(bin: str, index: int, count: int, *, ctx: Context | None = None) -> Operation:
    """Removes elements from an index on; answers how many."""
    return operation({"op": _OP_LIST_REMOVE_RANGE, "bin": bin, "index": index, "count": count}, ctx=ctx)


def list_trim(bin: str, index: int, count: int, *, ctx: Context | None = None) -> Operation:
    """Keeps elements from an index on and removes all others; answers how many it removed."""
    return operation({"op": _OP_LIST_TRIM, "bin": bin, "index": index, "count": count}, ctx=ctx)


def list_clear(bin: str, *, ctx: Context | None = None) -> Operation:
    """Removes all elements; answers nothing."""
    return operation({"op": _OP_LIST_CLEAR, "bin": bin}, ctx=ctx)


# Reading, by place


def list_size(bin: str, *, ctx: Context | None = None) -> Operation:
    """Answers the number of elements."""
    return operation({"op": _OP_LIST_SIZE, "bin": bin}, ctx=ctx)


def list_get(bin: str, index: int, *, ctx: Context | None = None) -> Operation:
    """Answers the element at an index."""
    return operation({"op": _OP_LIST_GET, "bin": bin, "index": index}, ctx=ctx)


def list_get_range(bin: str, index: int, count: int, *, ctx: Context | None = None) -> Operation:
    """Answers elements from an index on."""
    return operation({"op": _OP_LIST_GET_RANGE, "bin": bin, "index": index, "count": count}, ctx=ctx)


# Reading, by what an element is


def list_get_by_index(bin: str, index: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the element at an index."""
    return operation({"op": _OP_LIST_GET_BY_INDEX, "bin": bin, "index": index, "return_type": return_type}, ctx=ctx)


def list_get_by_index_range(
    bin: str, index: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Answers elements from an index on.

    Args:
        bin: bin name.
        index: the first index.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the list.
    """
    return operation(
        {"op": _OP_LIST_GET_BY_INDEX_RANGE, "bin": bin, "index": index, "return_type": return_type},
        count=count,
        ctx=ctx,
    )


def list_get_by_rank(bin: str, rank: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers the element of a rank."""
    return operation({"op": _OP_LIST_GET_BY_RANK, "bin": bin, "rank": rank, "return_type": return_type}, ctx=ctx)


def list_get_by_rank_range(
    bin: str, rank: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Answers elements from a rank on.

    Args:
        bin: bin name.
        rank: the first rank.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the list.
    """
    return operation(
        {"op": _OP_LIST_GET_BY_RANK_RANGE, "bin": bin, "rank": rank, "return_type": return_type}, count=count, ctx=ctx
    )


def list_get_by_value(bin: str, val: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers all elements equal to a value."""
    return operation({"op": _OP_LIST_GET_BY_VALUE, "bin": bin, "val": val, "return_type": return_type}, ctx=ctx)


def list_get_by_value_list(bin: str, values: list[Any], return_type: int, *, ctx: Context | None = None) -> Operation:
    """Answers all elements equal to one of the values."""
    return operation({"op": _OP_LIST_GET_BY_VALUE_LIST, "bin": bin, "val": values, "return_type": return_type}, ctx=ctx)


def list_get_by_value_range(
    bin: str, begin: Any, end: Any, return_type: int, *, ctx: Context | None = None
) -> Operation:
    """Answers all elements from ``begin`` on and below ``end``.

    Args:
        bin: bin name.
        begin: the smallest value; None is below all.
        end: what they are below; None for no bound.
        return_type: what to answer.
        ctx: path to the list.
    """
    return operation(
        {"op": _OP_LIST_GET_BY_VALUE_RANGE, "bin": bin, "val": begin, "val_end": end, "return_type": return_type},
        ctx=ctx,
    )


# Taking out, by what an element is


def list_remove_by_index(bin: str, index: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes the element at an index."""
    return operation({"op": _OP_LIST_REMOVE_BY_INDEX, "bin": bin, "index": index, "return_type": return_type}, ctx=ctx)


def list_remove_by_index_range(
    bin: str, index: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Removes elements from an index on.

    Args:
        bin: bin name.
        index: the first index.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the list.
    """
    return operation(
        {"op": _OP_LIST_REMOVE_BY_INDEX_RANGE, "bin": bin, "index": index, "return_type": return_type},
        count=count,
        ctx=ctx,
    )


def list_remove_by_rank(bin: str, rank: int, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes the element of a rank."""
    return operation({"op": _OP_LIST_REMOVE_BY_RANK, "bin": bin, "rank": rank, "return_type": return_type}, ctx=ctx)


def list_remove_by_rank_range(
    bin: str, rank: int, return_type: int, count: int | None = None, *, ctx: Context | None = None
) -> Operation:
    """Removes elements from a rank on.

    Args:
        bin: bin name.
        rank: the first rank.
        return_type: what to answer.
        count: how many at most; all to the end if None.
        ctx: path to the list.
    """
    return operation(
        {"op": _OP_LIST_REMOVE_BY_RANK_RANGE, "bin": bin, "rank": rank, "return_type": return_type},
        count=count,
        ctx=ctx,
    )


def list_remove_by_value(bin: str, val: Any, return_type: int, *, ctx: Context | None = None) -> Operation:
    """Removes all elements equal to a value."""
    return operation({"op": _OP_LIST_REMOVE_BY_VALUE, "bin": bin, "val": val, "return_type": return_type}, ctx=ctx)


def list_remove_by_value_list(
    bin: str, values: list[Any], return_type: int, *, ctx: Context | None = None
) -> Operation:
    """Removes all elements equal to one of the values."""
    return operation(
        {"op": _OP_LIST_REMOVE_BY_VALUE_LIST, "bin": bin, "val": values, "return_type": return_type}, ctx=ctx
    )


def list_remove_by_value_range(
    bin: str, begin: Any, end: Any, return_type: int, *, ctx: Context | None = None
) -> Operation:
    """Removes all elements from ``begin`` on and below ``end``.

    Args:
        bin: bin name.
        begin: the smallest value; None is below all.
        end: what they are below; None for no bound.
        return_type: what to answer.
        ctx: path to the list.
    """
    return operation(
        {"op": _OP_LIST_REMOVE_BY_VALUE_RANGE, "bin": bin, "val": begin, "val_end": end, "return_type": return_type},
        ctx=ctx,
    )


__all__ = [
    "Operation",
    "list_append",
    "list_append_items",
    "list_clear",
    "list_get",
    "list_get_by_index",
    "list_get_by_index_range",
    "list_get_by_rank",
    "list_get_by_rank_range",
    "list_get_by_value",
    "list_get_by_value_list",
    "list_get_by_value_range",
    "list_get_range",
    "list_increment",
    "list_insert",
    "list_insert_items",
    "list_pop",
    "list_pop_range",
    "list_remove",
    "list_remove_by_index",
    "list_remove_by_index_range",
    "list_remove_by_rank",
    "list_remove_by_rank_range",
    "list_remove_by_value",
    "list_remove_by_value_list",
    "list_remove_by_value_range",
    "list_remove_range",
    "list_set",
    "list_set_order",
    "list_size",
    "list_sort",
    "list_trim",
]
