"""Backpressure for the asynchronous client: at most so many operations at a time."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import Any

from .exception import BackpressureError

_OPERATIONS = frozenset(
    {
        "put",
        "get",
        "select",
        "exists",
        "remove",
        "touch",
        "append",
        "prepend",
        "increment",
        "remove_bin",
        "operate",
        "operate_ordered",
        "apply",
        "batch_read",
        "batch_operate",
        "batch_remove",
        "batch_apply",
        "_batch_write",
        "_query",
    }
)


class Limited:
    """A native client whose operations wait for their turn.

    Each event loop has its own turns: what waits in one cannot be woken from another.
    """

    def __init__(self, inner: Any, most: int, patience_ms: int) -> None:
        self._inner = inner
        self._most = most
        self._patience = patience_ms / 1000 if patience_ms else None
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore]
        self._turns = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name == "_held":
            return self._hold
        if name not in _OPERATIONS:
            return method

        async def wait(*args: Any, **kwargs: Any) -> Any:
            turns = self._here()
            try:
                await asyncio.wait_for(turns.acquire(), self._patience)
            except (asyncio.TimeoutError, TimeoutError):
                milliseconds = round((self._patience or 0) * 1000)
                raise BackpressureError(
                    f"Backpressure timeout on '{name.lstrip('_')}' after {milliseconds} ms: "
                    f"{self._most} operations are under way"
                ) from None
            try:
                return await method(*args, **kwargs)
            finally:
                turns.release()

        return wait

    def _hold(self) -> Limited:
        self._inner._held()
        return self

    def _here(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        with self._lock:
            turns = self._turns.get(loop)
            if turns is None:
                turns = self._turns[loop] = asyncio.Semaphore(self._most)
            return turns


def limited(inner: Any, config: Any) -> Any:
    """The native client, with the limits that a configuration sets."""
    most, patience = config.get("max_concurrent_operations", 0), config.get("operation_queue_timeout_ms", 0)
    return Limited(inner, most, patience) if most else inner
