"""Errors that should not be possible are logged with what a report of them needs.

What a user can cause, an :class:`AerospikeError` or an argument of the wrong type or value, is no such error.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import platform
import shlex
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar, cast

from . import _distribution
from .exception import AerospikeError, RustPanicError

logger = logging.getLogger("aerospike_py")

_Function = TypeVar("_Function", bound=Callable[..., Any])


def log_unexpected_error(context: str, exc: BaseException) -> None:
    """Logs an error, with a command that reports it.

    Args:
        context: what was being done, ``"Client.get"`` for one.
        exc: the error.
    """
    summary = f"{type(exc).__name__}: {exc}"
    trace = "".join(traceback.format_exception(type(exc), exc, exc.__traceback__)).rstrip()
    body = (
        f"aerospike-py version: {_distribution.version()}\n"
        f"Python: {sys.version}\n"
        f"Platform: {platform.platform()}\n"
        f"Context: {context}\n"
        f"Error: {summary}\n\n"
        f"Traceback:\n```\n{trace}\n```"
    )
    title = f"Unexpected error: {' '.join(summary.split())}"[:200]
    logger.error(
        "Unexpected internal error in aerospike-py (%s): %s\n\nThis error may be a bug in aerospike-py: in this "
        "driver, or in the API that it shares with the published package. Report it to whom you have the driver from; "
        "if the published package fails in the same way:\n"
        "gh issue create --repo KimSoungRyoul/aerospike-py --title %s --body %s",
        context,
        summary,
        shlex.quote(title),
        shlex.quote(body),
    )


def catch_unexpected(method_name: str) -> Callable[[_Function], _Function]:
    """Decorates a function or coroutine function: unexpected errors are logged, and go on as they were."""

    def decorate(function: _Function) -> _Function:
        if asyncio.iscoroutinefunction(function):

            @functools.wraps(function)
            async def watched_coroutine(*args: Any, **kwargs: Any) -> Any:
                try:
                    return await function(*args, **kwargs)
                except Exception as error:
                    _log_if_unexpected(method_name, error)
                    raise

            return cast("_Function", watched_coroutine)

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except Exception as error:
                _log_if_unexpected(method_name, error)
                raise

        return cast("_Function", watched)

    return decorate


def _log_if_unexpected(context: str, error: Exception) -> None:
    if isinstance(error, RustPanicError) or not isinstance(error, AerospikeError):
        log_unexpected_error(context, error)


__all__ = ["catch_unexpected", "log_unexpected_error"]
