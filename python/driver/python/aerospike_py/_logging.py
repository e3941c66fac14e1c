"""How much the driver logs, through Python's ``logging``."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Any

from ._constants import (
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_INFO,
    LOG_LEVEL_OFF,
    LOG_LEVEL_TRACE,
    LOG_LEVEL_WARN,
)
from ._native import dropped_log_count, keep_logs, take_logs

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
    keep_logs(level)
    if level > LOG_LEVEL_OFF:
        _Pump.start()


def _level(level: Any) -> int | None:
    try:
        return _LEVELS.get(level)
    except TypeError:
        return None


class _Pump:
    """The thread that hands what the native core tells to Python's ``logging``."""

    lock = threading.Lock()
    thread: threading.Thread | None = None
    process = 0

    @classmethod
    def start(cls) -> None:
        with cls.lock:
            # A thread does not live on in a forked child.
            if cls.thread is None or cls.process != os.getpid():
                cls.process = os.getpid()
                cls.thread = threading.Thread(target=cls.run, name="aerospike-log", daemon=True)
                cls.thread.start()

    @staticmethod
    def run() -> None:
        logger = logging.getLogger("aerospike_core")
        while not sys.is_finalizing():
            for level, origin, text in take_logs(500):
                logger.log(_LEVELS[level], "%s: %s", origin, text)


__all__ = ["dropped_log_count", "set_log_level"]
