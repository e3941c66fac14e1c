"""What the tests of the Python packages share."""

from __future__ import annotations

import socket

import pytest

pytest_plugins = ["pytester"]


class Wire:
    """A connection that speaks the info protocol: enough to see whether a server is there."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=5)

    def info(self, command: str) -> str:
        """The answer to an info command.

        Raises:
            ConnectionError: the server closed the connection.
        """
        body = command.encode() + b"\n"
        self.socket.sendall(b"\x02\x01" + len(body).to_bytes(6, "big") + body)
        answer = self._take(int.from_bytes(self._take(8)[2:], "big"))
        return answer.decode().partition("\t")[2].rstrip("\n")

    def _take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            part = self.socket.recv(count - len(taken))
            if not part:
                raise ConnectionError("closed by the server")
            taken += part
        return taken


def ask(address: tuple[str, int], command: str) -> str:
    """The answer of the server at an address to an info command."""
    wire = Wire(address)
    try:
        return wire.info(command)
    finally:
        wire.socket.close()


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
