"""The awaitable that the asynchronous client returns."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any


class Operation(asyncio.Future[Any]):
    """A command under way.

    It is a future, so that ``asyncio.gather`` and ``await`` wait for it without a task of its own, and it has a
    coroutine's methods, so that ``asyncio.create_task`` and ``asyncio.run`` take it as well.
    """

    _steps: Any = None

    def send(self, value: Any) -> Any:
        """Runs to the next suspension, as a coroutine's ``send`` does."""
        if self._steps is None:
            self._steps = self.__await__()
        return self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        """Raises an exception where the operation is suspended."""
        if self._steps is None:
            self._steps = self.__await__()
        return self._steps.throw(*error)

    def close(self) -> None:
        """Stops waiting; the command itself runs to its end."""
        if self._steps is not None:
            self._steps.close()


async def deferred(method: Any, args: tuple[Any, ...]) -> Any:
    """A command that was called while no event loop was running: it starts when it is awaited."""
    return await method(*args)


class AwaitableList(list[str]):
    """A list that may be awaited, for code that expects a coroutine."""

    def __await__(self) -> Generator[None, None, AwaitableList]:
        """The list itself, without any waiting."""
        yield from ()
        return self


async def connect(client: Any, username: Any = None, password: Any = None) -> Any:
    """Connects in a thread, so that the loop goes on meanwhile."""
    attempt = client._attempt(username, password)
    try:
        await asyncio.get_running_loop().run_in_executor(None, attempt.run)
    except BaseException:
        # Cancelled: whatever the thread still achieves is thrown away.
        attempt.abandon()
        raise
    return client


async def close(client: Any) -> None:
    """Closes."""
    client._close()


async def enter(client: Any) -> Any:
    """``async with`` does not connect."""
    return client


async def leave(client: Any) -> bool:
    """Through the attribute, so that a subclass's own ``close`` is what runs."""
    await client.close()
    return False
