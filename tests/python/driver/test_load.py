"""Many threads, and many tasks, for a while: nothing is lost, mixed up, or left behind.

Each runs for as many seconds as the environment variable ``DRIVER_LOAD_SECONDS`` says; 60 is the full load.
"""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
import sys
import threading
import time

import aerospike_py as aerospike
import pytest

SECONDS = float(os.environ.get("DRIVER_LOAD_SECONDS", "3"))
#: Until buffers, pools and the allocator's arenas have their size.
WARM_UP = max(1.0, SECONDS / 6)
#: How long the last commands may take on a slow machine; more is a deadlock.
PATIENCE = 60.0
THREADS = 64
TASKS = 2_000
#: Connections of the pool.
CONNECTIONS = 100
#: Memory may move by this: the allocator keeps what it was given back. A leak shows by the call, not by the run.
NOISE = 12 * 1024 * 1024
POLICY = {"total_timeout": int(PATIENCE * 1000)}

pytestmark = [
    pytest.mark.timeout(SECONDS + WARM_UP + 3 * PATIENCE),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts descriptors and memory in /proc"),
]


class Watch:
    """What process and server hold. Its own socket to the server stays open throughout."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.stream = self.socket.makefile("rb")
        gc.collect()  # What earlier tests left is not to be closed meanwhile.
        self.descriptors = self.open_descriptors()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self.socket.close()

    @staticmethod
    def open_descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    @staticmethod
    def resident() -> int:
        """Bytes."""
        gc.collect()
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def connections(self) -> dict[str, int]:
        """The server's count of client connections: open ones, ever opened, ever closed; ours is left out."""
        question = b"statistics\n"
        self.socket.sendall(struct.pack(">Q", 2 << 56 | 1 << 48 | len(question)) + question)
        size = struct.unpack(">Q", self.stream.read(8))[0] & (1 << 48) - 1
        answer = self.stream.read(size).decode().partition("\t")[2]
        pairs = dict(pair.split("=", 1) for pair in answer.strip().split(";"))
        return {
            "open": int(pairs["client_connections"]) - 1,
            "opened": int(pairs["client_connections_opened"]) - 1,
            "closed": int(pairs["client_connections_closed"]),
        }

    def settled(self, look) -> bool:
        """Whether something becomes true soon: a closed connection is noticed a little later."""
        deadline = time.monotonic() + 20
        while not look():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@pytest.fixture
def watch(own_port):
    with Watch(own_port) as watch:
        yield watch


@pytest.fixture
def config(own_port):
    return {
        "hosts": [("127.0.0.1", own_port)],
        "max_conns_per_node": CONNECTIONS,
        # Nothing is closed for having rested.
        "idle_timeout": 3_600_000,
    }


class Tally:
    """Calls that were answered, by worker, and what went wrong."""

    def __init__(self, workers: int) -> None:
        self.rounds = [0] * workers
        self.errors: list[BaseException] = []
        self.stopping = False

    def check(self, watch: Watch, resident: int, name: str, rounds_before: int) -> None:
        """After the run, with the client still connected."""
        assert not self.errors, self.errors[:3]
        assert min(self.rounds) > 0, "a worker was never served"
        connections = watch.connections()
        grown = watch.resident() - resident
        print(
            f"\n{name}: {2 * sum(self.rounds)} calls in {SECONDS + WARM_UP:.0f} s, slowest and fastest worker "
            f"{2 * min(self.rounds)} and {2 * max(self.rounds)}; memory {grown / 1024:+.0f} KiB over "
            f"{2 * (sum(self.rounds) - rounds_before)} calls, {resident / 2**20:.0f} MiB held; "
            f"{connections['opened']} connections opened, {connections['closed']} closed, "
            f"{watch.open_descriptors() - watch.descriptors} descriptors"
        )
        assert connections["closed"] == 0, "connections were lost"
        # One more is the tending thread's.
        assert connections["open"] == connections["opened"] <= CONNECTIONS + 1
        # The server's connections, and what an event loop and the tending hold.
        assert watch.open_descriptors() - watch.descriptors <= connections["open"] + 16
        assert grown < NOISE


def test_threads(config, watch):
    tally = Tally(THREADS)
    client = aerospike.client(config).connect()

    def work(number):
        key = ("test", "threads", number)
        try:
            while not tally.stopping:
                count = tally.rounds[number] + 1
                client.put(key, {"number": number, "count": count}, policy=POLICY)
                assert client.get(key, policy=POLICY).bins == {"number": number, "count": count}
                tally.rounds[number] = count
        except BaseException as error:
            tally.errors.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(WARM_UP)
    resident, rounds_before = watch.resident(), sum(tally.rounds)
    time.sleep(SECONDS)
    tally.stopping = True
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "deadlock"
    tally.check(watch, resident, f"{THREADS} threads", rounds_before)
    client.close()
    assert watch.settled(lambda: watch.connections()["open"] == 0)
    assert watch.settled(lambda: watch.open_descriptors() <= watch.descriptors)


def test_tasks(config, watch):
    tally = Tally(TASKS)

    async def go():
        client = aerospike.AsyncClient(config)
        await client.connect()

        async def work(number):
            key = ("test", "tasks", number)
            try:
                while not tally.stopping:
                    count = tally.rounds[number] + 1
                    await client.put(key, {"number": number, "count": count}, policy=POLICY)
                    record = await client.get(key, policy=POLICY)
                    assert record.bins == {"number": number, "count": count}
                    tally.rounds[number] = count
            except BaseException as error:
                tally.errors.append(error)

        tasks = [asyncio.create_task(work(number)) for number in range(TASKS)]
        await asyncio.sleep(WARM_UP)
        resident, rounds_before = watch.resident(), sum(tally.rounds)
        await asyncio.sleep(SECONDS)
        tally.stopping = True
        _, pending = await asyncio.wait(tasks, timeout=PATIENCE)
        assert not pending, "deadlock"
        tally.check(watch, resident, f"{TASKS} tasks", rounds_before)
        await client.close()

    asyncio.run(go())
    assert watch.settled(lambda: watch.connections()["open"] == 0)
    assert watch.settled(lambda: watch.open_descriptors() <= watch.descriptors)
