"""An emulator for the session, and the clients under test.

``client`` is the synchronous client in one run of a test and the asynchronous one, driven from outside, in the
other. ``AEROSPIKE_EMULATOR`` may name the emulator's binary.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

import aerospike_py as aerospike
import pytest

ROOT = Path(__file__).resolve().parents[3]


def command() -> list[str]:
    """How to start the emulator: the binary named, the installed package, or the newest build of this tree."""
    named = os.environ.get("AEROSPIKE_EMULATOR")
    if named:
        return [named]
    if importlib.util.find_spec("aerospike_emulator") is not None:
        return [sys.executable, "-m", "aerospike_emulator"]
    built = [ROOT / "target" / profile / "aerospike-emulator" for profile in ("release", "debug")]
    built = sorted((path for path in built if path.exists()), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.exit("no emulator: cargo build -p aerospike-emulator", 2)
    return [str(built[-1])]


@contextlib.contextmanager
def serving(folder: Path, *flags: str, stdout: IO[str] | None = None) -> Generator[int]:
    """An emulator in a process of its own, on the port that this yields: the first of several nodes'."""
    port_file = folder / "port"
    edition = () if "--security" in flags or "--edition" in flags else ("--edition", "community")
    arguments = ["--port", "0", "--port-file", str(port_file), *edition, *flags]
    process = subprocess.Popen([*command(), *arguments], stdout=stdout)
    try:
        deadline = time.monotonic() + 20
        while not (port_file.exists() and port_file.read_text().strip()):
            assert process.poll() is None, "the emulator did not start"
            assert time.monotonic() < deadline, "the emulator is not ready"
            time.sleep(0.01)
        yield int(port_file.read_text().split()[0])
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of an emulator that lives as long as the session."""
    with serving(tmp_path_factory.mktemp("emulator")) as port:
        yield port


@pytest.fixture
def own_port(tmp_path: Path) -> Iterator[int]:
    """Port of an emulator that no other test uses."""
    with serving(tmp_path) as port:
        yield port


@pytest.fixture
def config(port: int) -> dict[str, Any]:
    return {"hosts": [("127.0.0.1", port)], "cluster_name": "docker"}


class Driven:
    """An asynchronous client whose methods are run to their end, as the synchronous one's are."""

    def __init__(self, inner: aerospike.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self.inner = inner
        self.loop = loop

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def run(*args: Any, **kwargs: Any) -> Any:
            async def go() -> Any:
                result = method(*args, **kwargs)
                return await result if hasattr(result, "__await__") else result

            return self.loop.run_until_complete(go())

        return run


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A function that makes a client that is not connected."""
    made: list[Any] = []
    loop = asyncio.new_event_loop() if request.param == "async" else None

    def make(config: Any) -> Any:
        client: Any
        client = aerospike.client(config) if loop is None else Driven(aerospike.AsyncClient(config), loop)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
    if loop is not None:
        loop.close()


@pytest.fixture
def client(make_client: Any, config: dict[str, Any]) -> Any:
    client = make_client(config)
    client.connect()
    return client


_numbers = itertools.count()


@pytest.fixture
def key() -> tuple[str, str, str]:
    """A key that no other test uses."""
    return ("test", "driver", f"key-{next(_numbers)}")


@pytest.fixture
def keys() -> list[tuple[str, str, str]]:
    """Five of them."""
    number = next(_numbers)
    return [("test", "driver", f"key-{number}-{at}") for at in range(5)]
