"""How much the driver logs, through Python's ``logging``."""

from __future__ import annotations

import logging
from typing import Any

from ._constants import (
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_INFO,
    LOG_LEVEL_OFF,
    LOG_LEVEL_TRACE,
    LOG_LEVEL_WARN,
)

# The names under which parts of a driver of this API log; users configure them.
LOGGERS = ("aerospike_py", "_aerospike", "aerospike_core", "aerospike")

_TRACE = 5
_LEVELS = {
    LOG_LEVEL_OFF: logging.CRITICAL + 1,
    LOG_LEVEL_ERROR: logging.ERROR,
    LOG_LEVEL_WARN: logging.WARNING,
    LOG_LEVEL_INFO: logging.INFO,
    LOG_LEVEL_DEBUG: logging.DEBUG,
    LOG_LEVEL_TRACE: _TRACE,
}


def set_log_level(level: int) -> None:
    """Sets the level of the driver's loggers, ``aerospike_py`` first of all.

    Args:
        level: ``LOG_LEVEL_OFF``, ``_ERROR``, ``_WARN``, ``_INFO``, ``_DEBUG`` or ``_TRACE``.

    Raises:
        ValueError: another value.
    """
    found = _level(level)
    if found is None:
        raise ValueError(
            f"Invalid log level: {level!r}. Expected one of the LOG_LEVEL_* constants, LOG_LEVEL_OFF (-1) to "
            "LOG_LEVEL_TRACE (4)."
        )
    for name in LOGGERS:
        logging.getLogger(name).setLevel(found)


def _level(level: Any) -> int | None:
    try:
        return _LEVELS.get(level)
    except TypeError:
        return None


def dropped_log_count() -> int:
    """How many log records were lost. None ever is: they are handed to Python's ``logging`` as they come."""
    return 0
