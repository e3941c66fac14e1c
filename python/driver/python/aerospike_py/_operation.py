"""What the modules of operation builders share."""

from __future__ import annotations

from typing import Any

from .types import Operation


def operation(required: Operation, **optional: Any) -> Operation:
    """The operation with those of the optional entries that are not None."""
    for name, value in optional.items():
        if value is not None:
            required[name] = value
    return required
