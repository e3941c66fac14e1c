"""Paths to lists and maps inside of lists and maps, for the ``ctx`` of list and map operations.

A path is a list of steps from the bin's value inwards; the operation works on what the last one leads to:

bins = {"orders": {"2024": [3, 1]}}
list_operations.list_append("orders", 2, ctx=[cdt_ctx.cdt_ctx_map_key("2024")])

A step is a tuple ``(type, value)``, the numbers of the types being the protocol's. A step that leads nowhere fails
the operation with code 26 (``ServerError``), unless it is one that creates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ._constants import LIST_ORDERED, LIST_UNORDERED, MAP_KEY_ORDERED, MAP_KEY_VALUE_ORDERED, MAP_UNORDERED

Step: TypeAlias = tuple[int, Any]
"""One step of a path."""

Context: TypeAlias = Sequence[Step]
"""A path."""

_LIST_INDEX = 0x10
_LIST_RANK = 0x11
_LIST_VALUE = 0x13
_MAP_INDEX = 0x20
_MAP_RANK = 0x21
_MAP_KEY = 0x22
_MAP_VALUE = 0x23

_CREATE_UNORDERED = 0x40
_CREATE_PADDED = 0x80
_CREATE_ORDERED_LIST = 0xC0
_CREATE_MAP = {MAP_UNORDERED: 0x40, MAP_KEY_ORDERED: 0x80, MAP_KEY_VALUE_ORDERED: 0xC0}


def cdt_ctx_list_index(index: int) -> Step:
    """The element at an index; negative ones count from the end."""
    return (_LIST_INDEX, index)


def cdt_ctx_list_rank(rank: int) -> Step:
    """The element of a rank: 0 is the smallest, -1 the greatest."""
    return (_LIST_RANK, rank)


def cdt_ctx_list_value(value: Any) -> Step:
    """The first element equal to a value."""
    return (_LIST_VALUE, value)


def cdt_ctx_list_index_create(index: int, order: int = LIST_UNORDERED, pad: bool = False) -> Step:
    """The element at an index; a write creates what is missing.

    Args:
        index: where; of an unordered list at most its length, unless it may be padded.
        order: ``LIST_UNORDERED`` or ``LIST_ORDERED``, for the list in which the element is, if that is created.
        pad: fill an unordered list with None up to the index.

    Raises:
        ValueError: another order, or padding of an ordered list.
    """
    if order not in (LIST_UNORDERED, LIST_ORDERED):
        raise ValueError(f"order must be LIST_UNORDERED or LIST_ORDERED, not {order!r}")
    if order == LIST_ORDERED:
        if pad:
            raise ValueError("an ordered list cannot be padded")
        return (_LIST_INDEX | _CREATE_ORDERED_LIST, index)
    return (_LIST_INDEX | (_CREATE_PADDED if pad else _CREATE_UNORDERED), index)


def cdt_ctx_map_index(index: int) -> Step:
    """The value at an index, in the order of keys; negative ones count from the end."""
    return (_MAP_INDEX, index)


def cdt_ctx_map_rank(rank: int) -> Step:
    """The value of a rank: 0 is the smallest, -1 the greatest."""
    return (_MAP_RANK, rank)


def cdt_ctx_map_key(key: Any) -> Step:
    """The value of a key."""
    return (_MAP_KEY, key)


def cdt_ctx_map_value(value: Any) -> Step:
    """The first value equal to a value."""
    return (_MAP_VALUE, value)


def cdt_ctx_map_key_create(key: Any, order: int = MAP_UNORDERED) -> Step:
    """The value of a key; a write creates what is missing.

    Args:
        key: the key.
        order: ``MAP_UNORDERED``, ``MAP_KEY_ORDERED`` or ``MAP_KEY_VALUE_ORDERED``, for the map in which the key is,
            if that is created.

    Raises:
        ValueError: another order.
    """
    if order not in _CREATE_MAP:
        raise ValueError(f"order must be MAP_UNORDERED, MAP_KEY_ORDERED or MAP_KEY_VALUE_ORDERED, not {order!r}")
    return (_MAP_KEY | _CREATE_MAP[order], key)


__all__ = [
    "Context",
    "Step",
    "cdt_ctx_list_index",
    "cdt_ctx_list_index_create",
    "cdt_ctx_list_rank",
    "cdt_ctx_list_value",
    "cdt_ctx_map_index",
    "cdt_ctx_map_key",
    "cdt_ctx_map_key_create",
    "cdt_ctx_map_rank",
    "cdt_ctx_map_value",
]
