"""What a real server cannot do: clock, faults, command log, snapshots.

Names and arguments are those of the info commands ``emulator-clock``, ``emulator-fault``, ``emulator-log`` and
``emulator-snapshot``, with underscores for hyphens.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import TracebackType
from typing import Any

from ._native import Server
from ._native import Snapshot as Data

#: A span of time: seconds, or an object.
Span = float | timedelta


def ask(server: Server, word: str, **arguments: Any) -> Any:
    """Runs a control command; its answer.

    Args:
        server: the server that it is about.
        word: the command.
        arguments: ``None`` stands for a word without a value.
    """
    given = [(name.replace("_", "-"), _text(value)) for name, value in arguments.items()]
    return json.loads(server.control(word, given))


def _text(value: Any) -> bytes | None:
    match value:
        case None:
            return None
        case bytes():
            return value
        case bool():
            return str(value).lower().encode()
        case timedelta():
            return str(value.total_seconds()).encode()
        case str() | int() | float():
            return str(value).encode()
        case _:
            return ",".join(str(item) for item in value).encode()


class Clock:
    """The time of records, sessions and quotas.

    Whatever depends on time follows when it is moved: expiry, times to live, last-update times, sessions, quotas. A
    move is complete when it returns: what has expired by then is gone, from indexes too.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def advance(self, by: Span) -> None:
        """Moves the clock forward; a frozen one stays frozen.

        A record lives during the second in which it expires: one with ten seconds to live is gone after eleven.

        Args:
            by: seconds, or a :class:`~datetime.timedelta`.

        Raises:
            ValueError: the time would be beyond what records can have.
        """
        ask(self._server, "clock", advance=by)

    def set(self, to: datetime | float) -> None:
        """Sets the clock; a running one runs on from there.

        Args:
            to: seconds since 1970, or a time; one without a time zone is local.

        Raises:
            ValueError: the time is before 2010, or too late.
        """
        ask(self._server, "clock", set=to.timestamp() if isinstance(to, datetime) else to)

    def freeze(self) -> None:
        """Stops the clock at its present time."""
        ask(self._server, "clock", freeze=None)

    def resume(self) -> None:
        """Lets a frozen clock run on from the time that it shows."""
        ask(self._server, "clock", resume=None)

    def reset(self) -> None:
        """Lets the clock show the system's time again."""
        ask(self._server, "clock", reset=None)

    @contextlib.contextmanager
    def frozen(self) -> Generator[Clock, None, None]:
        """Freezes the clock while a ``with`` block runs."""
        self.freeze()
        try:
            yield self
        finally:
            self.resume()

    def now(self) -> datetime:
        """The time that the clock shows, in UTC."""
        state = ask(self._server, "clock")
        return datetime.fromtimestamp(state["unix_ms"] / 1000, timezone.utc)


@dataclass(frozen=True)
class Fault:
    """A rule; as a context manager it is removed at the end of the block."""

    _server: Server = field(repr=False)
    #: The rule's number.
    id: int

    @property
    def seen(self) -> int:
        """How many commands have matched."""
        return self._state()["seen"]

    @property
    def hits(self) -> int:
        """To how many commands the fault has been applied."""
        return self._state()["hits"]

    def remove(self) -> None:
        """Removes the rule; does nothing if it is gone."""
        with contextlib.suppress(ValueError):
            ask(self._server, "fault", remove=self.id)

    def _state(self) -> dict[str, Any]:
        for rule in ask(self._server, "fault"):
            if rule["id"] == self.id:
                return rule
        raise ValueError(f"there is no rule {self.id} any more")

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()


class Faults:
    """Rules that disturb commands."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def add(self, action: str, **options: Any) -> Fault:
        """Adds a rule.

            >>> emulator.faults.add("delay", delay=0.5, kind="get", key="ada")
            >>> emulator.faults.add("drop-reply", kind="put", times=1)

        Args:
            action: ``delay``; ``code``; ``unavailable``, ``device-overload``, ``key-busy``, ``out-of-space``,
                ``timeout``: these result codes; ``drop-reply``: the command is done and not answered; ``close-before``
                and ``close-after``: the connection is closed before, or after, the command is done; ``truncate``: the
                reply is cut, then the connection closed; ``stall``: the reply pauses; ``refuse``: connections are.
            options: which commands: ``kind`` (a name, or several: ``get``, ``put``, ``batch``, ``query``, …; ``read``
                and ``write`` stand for all such), ``namespace``, ``set``, ``key``, ``digest``, ``user``, ``node``,
                ``in_batch``. How often: ``skip``, ``times``, ``nth``, ``probability`` with ``seed``, ``expires`` in
                seconds of real time. What the action takes: ``delay`` in seconds, ``code``, ``bytes``.

        Raises:
            ValueError: an option is wrong; the message names it.
        """
        return Fault(self._server, ask(self._server, "fault", add=None, action=action, **options))

    def rules(self) -> list[dict[str, Any]]:
        """All rules with what they have counted."""
        return ask(self._server, "fault")

    def clear(self) -> int:
        """Removes all rules; how many they were."""
        return ask(self._server, "fault", clear=None)


@dataclass(frozen=True)
class Command:
    """A command as it was logged."""

    #: From 1 on, in the order in which commands ended.
    number: int
    #: When it arrived, in milliseconds since 1970 by the emulator's clock.
    time_ms: int
    #: Number of the connection.
    connection: int
    #: Who asked; empty without security.
    user: str
    #: The node that was asked.
    node: str
    #: ``get``, ``put``, ``batch`` and so on.
    kind: str
    #: Whether it was a row of a batch.
    in_batch: bool
    namespace: str
    set: str
    #: The record's key, if the client sent it.
    key: Any
    #: The record's digest, in hexadecimal digits.
    digest: str | None
    #: The id of the transaction that it belonged to.
    transaction: int | None
    #: Names of the bins that it is about.
    bins: list[str]
    #: Names of its operations, in order.
    operations: list[str]
    #: Of an info request, its text; of a UDF call, the function.
    text: str
    #: The result code.
    code: int
    #: The result code's name.
    result: str | None
    #: Bytes of the reply.
    bytes: int
    #: Microseconds until its reply was there.
    duration_us: int
    #: What faults did to it.
    faults: list[str]

    def __str__(self) -> str:
        place = ".".join(part for part in (self.namespace, self.set) if part)
        key = self.digest if self.key is None else repr(self.key)
        parts = [
            self.kind,
            place,
            key or self.text.replace("\n", " "),
            ",".join(self.bins),
            f"-> {self.result or self.code}",
            f"{self.duration_us} us",
            *(f"[{fault}]" for fault in self.faults),
        ]
        row = "  " if self.in_batch else ""
        return row + " ".join(part for part in parts if part)


class Log:
    """The last commands."""

    def __init__(self, server: Server, after: int = 0) -> None:
        self._server = server
        self._after = after

    def start(self, capacity: int = 10_000) -> None:
        """Begins to log, or goes on.

        Args:
            capacity: how many commands are kept at most; the oldest go first.
        """
        ask(self._server, "log", start=None, capacity=capacity)

    def stop(self) -> None:
        """Ends logging; what was logged can still be asked for."""
        ask(self._server, "log", stop=None)

    def clear(self) -> None:
        """Forgets all commands."""
        ask(self._server, "log", clear=None)

    @property
    def running(self) -> bool:
        """Whether commands are logged."""
        return ask(self._server, "log", status=None)["on"]

    def entries(self, **pattern: Any) -> list[Command]:
        """Commands, oldest first.

        Args:
            pattern: ``kind``, ``namespace``, ``set``, ``key``, ``digest``, ``user``, ``node``, ``in_batch``, ``code``;
                ``last``: only so many of the last. Without ``kind``, all commands on data.

        Raises:
            ValueError: a pattern is wrong.
        """
        return [Command(**entry) for entry in ask(self._server, "log", **self._pattern(pattern))]

    def count(self, **pattern: Any) -> int:
        """How many commands there were; for the pattern see :meth:`entries`."""
        return ask(self._server, "log", count=None, **self._pattern(pattern))

    def wait(self, timeout: Span = 10, **pattern: Any) -> Command:
        """Waits until a command has come; one that has come already counts.

        Args:
            timeout: how long, in seconds.
            pattern: as of :meth:`entries`.

        Raises:
            ValueError: none has come, or the log is off.
        """
        return Command(**ask(self._server, "log", wait=None, timeout=timeout, **self._pattern(pattern)))

    def _pattern(self, pattern: dict[str, Any]) -> dict[str, Any]:
        return {"after": self._after, **pattern} if self._after else pattern


class Recording(Log):
    """A log of the commands that come while a ``with`` block runs; it can still be asked afterwards."""

    def __init__(self, server: Server, capacity: int) -> None:
        super().__init__(server)
        self._capacity = capacity
        self._until = 0
        self._was_running = False

    def __enter__(self) -> Recording:
        self._was_running = self.running
        self._after = ask(self._server, "log", start=None, capacity=self._capacity)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._until = ask(self._server, "log", status=None)["last"]
        if not self._was_running:
            self.stop()

    def _pattern(self, pattern: dict[str, Any]) -> dict[str, Any]:
        until = {"until": self._until} if self._until else {}
        return {"after": self._after, **until, **pattern}


class Snapshot:
    """All data of an emulator at one moment."""

    def __init__(self, server: Server, data: Data) -> None:
        self._server = server
        self._data = data

    def restore(self, records_only: bool = False) -> int:
        """Makes all data what it was; how many records differed.

        Args:
            records_only: leaves indexes, UDF modules, users and roles as they are.
        """
        return self._server.restore(self._data, records_only)

    def restore_to(self, server: Server) -> int:
        """As :meth:`restore`, for a server that must be the snapshot's."""
        return server.restore(self._data)

    def differences(self, later: Snapshot | None = None) -> list[dict[str, Any]]:
        """The records that differ: each a dict with ``namespace``, ``set``, ``key``, ``digest``, ``before``, ``after``.

        Args:
            later: another snapshot; by default the data as it is now.
        """
        data = self._server.snapshot() if later is None else later._data
        return json.loads(self._server.differences(self._data, data))

    def assert_unchanged(self) -> None:
        """Asserts that no record has changed since.

        Raises:
            AssertionError: it lists what has changed.
        """
        found = self.differences()
        if not found:
            return
        lines = [f"{len(found)} records have changed:"]
        for change in found[:20]:
            key = change["key"] if change["key"] is not None else change["digest"]
            before, after = (_record(change[side]) for side in ("before", "after"))
            lines.append(f"  {change['namespace']}.{change['set']} {key!r}: {before} -> {after}")
        if len(found) > 20:
            lines.append("  …")
        raise AssertionError("\n".join(lines))


def _record(record: dict[str, Any] | None) -> str:
    if record is None:
        return "none"
    return f"{json.dumps(record['bins'])} (generation {record['generation']})"
