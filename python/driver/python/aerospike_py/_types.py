"""Building of operation dicts, by the names that tests written for the published package import."""

from __future__ import annotations

from typing import Any, Final

from .types import HLLPolicy, ListPolicy, MapPolicy, Operation

_UNSET: Final = object()
"""Stands for an entry to leave out, where None is a value."""


def _build_op(op_code: int, bin: str, /, **kwargs: Any) -> Operation:  # pyright: ignore[reportUnusedFunction]
    """An operation with those of the entries that are not ``_UNSET``."""
    return {"op": op_code, "bin": bin, **{name: value for name, value in kwargs.items() if value is not _UNSET}}


__all__ = ["HLLPolicy", "ListPolicy", "MapPolicy", "Operation"]
