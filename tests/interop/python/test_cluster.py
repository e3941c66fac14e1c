"""Clients live through what happens to clusters, under load.

Workers write numbers to keys of their own and read them back. Whatever happens to a node, no value read is wrong, no
command takes longer than its policy allows, and afterwards everything is as quick as before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aerospike_emulator import Emulator, Node
from drivers import DRIVERS

KEYS = 40
WORKERS = 4
# Milliseconds, as the policies have them; a busy machine may add to that.
TOTAL, SOCKET = 1500, 250
SLACK = 1.5
POLICY = {"total_timeout": TOTAL, "socket_timeout": SOCKET, "max_retries": 4, "sleep_between_retries": 10}
# Share of the former throughput that has to come back: the machine has other things to do, too.
SHARE = 0.2


@pytest.fixture
def three() -> Iterator[Emulator]:
    """Three nodes that learn of each other in a tenth of the usual time."""
    with Emulator(nodes=3, namespaces={"test": {"default-ttl": 0}}) as emulator:
        yield emulator


@pytest.fixture
def client(three: Emulator, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of the cluster, of the kind that scenarios run with."""
    kind = DRIVERS[request.config.getoption("--client")]
    driver = kind(three.address)
    yield driver.client
    driver.close()


def names(client: Any) -> set[str]:
    """The names of the nodes that the client knows."""
    return {node["node_name"] if isinstance(node, dict) else node for node in client.get_node_names()}


def wait_for_nodes(client: Any, nodes: list[Node], seconds: float = 15) -> None:
    """Waits until the client knows these nodes and no others."""
    wanted, end = {node.name for node in nodes}, time.monotonic() + seconds
    while (known := names(client)) != wanted:
        assert time.monotonic() < end, f"the client knows {known} instead of {wanted}"
        time.sleep(0.05)


class Load:
    """Workers that write and read until they are told to stop."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.stopping = threading.Event()
        self.done = 0
        self.wrong: list[str] = []
        # When each failure was, and what it was.
        self.failed: list[tuple[float, str]] = []
        self.longest = 0.0
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(WORKERS)]

    def work(self, worker: int) -> None:
        """Writes and reads own keys; remembers what each may hold."""
        possible: dict[int, set[int]] = {}
        number = 0
        while not self.stopping.is_set():
            number += 1
            at = number % KEYS
            key = ("test", "load", f"{worker}-{at}")
            held = possible.setdefault(at, set())
            if self.run(lambda: self.client.put(key, {"n": number}, {}, POLICY)):
                held.clear()
            # A write that failed may have happened, or may yet.
            held.add(number)
            read: list[Any] = []
            if self.run(lambda: read.append(self.client.get(key, POLICY))):
                value = read[0][2]["n"]
                if value not in held:
                    self.wrong.append(f"{key}: {value} instead of {held}")

    def run(self, command: Callable[[], object]) -> bool:
        """Runs a command; whether it succeeded."""
        start = time.monotonic()
        try:
            command()
        except Exception as error:  # noqa: BLE001 (clients differ in what they raise; all of it is looked at)
            self.failed.append((time.monotonic(), f"{type(error).__name__}: {error}"))
            succeeded = False
        else:
            succeeded = True
        self.longest = max(self.longest, time.monotonic() - start)
        self.done += 1
        return succeeded

    def rate(self, seconds: float = 1.0) -> float:
        """Commands per second, from now on."""
        before, start = self.done, time.monotonic()
        time.sleep(seconds)
        return (self.done - before) / (time.monotonic() - start)

    def failed_since(self, start: float) -> list[str]:
        """What has failed from then on."""
        return [error for at, error in self.failed if at >= start]


@contextmanager
def load(client: Any) -> Iterator[Load]:
    """Load while the block runs; then, that nothing was wrong and nothing took too long."""
    running = Load(client)
    for thread in running.threads:
        thread.start()
    try:
        yield running
    finally:
        running.stopping.set()
        for thread in running.threads:
            thread.join(30)
    assert running.wrong == []
    assert running.longest < TOTAL / 1000 + SLACK, f"{running.longest:.2f} s"


def recovers(running: Load, before: float) -> None:
    """The load is as quick as before, and nothing fails any more."""
    end = time.monotonic() + 15
    while True:
        start = time.monotonic()
        after = running.rate()
        errors = running.failed_since(start)
        if after >= before * SHARE and not errors:
            return
        assert time.monotonic() < end, f"{after:.0f}/s instead of {before:.0f}/s; {errors[:3]}"


def test_finds_all_nodes(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        running.rate(0.5)
        assert running.failed == []
    # Clients send commands to owners: what a node passes on was sent to the wrong one.
    policy = {"replica": client_module(client).POLICY_REPLICA_MASTER}
    assert client.get(("test", "load", "0-1"), policy)[2]["n"] > 0


def client_module(client: Any) -> Any:
    """The module that a client comes from, for its constants."""
    import importlib

    return importlib.import_module(type(client).__module__.split(".")[0])


@pytest.mark.scenario("loss-04")
def test_a_node_stops(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        three.stop_node(three.nodes[1])
        wait_for_nodes(client, [three.nodes[0], three.nodes[2]])
        recovers(running, before)


@pytest.mark.scenario("loss-06")
def test_the_seed_stops(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        three.stop_node(three.nodes[0])
        wait_for_nodes(client, three.nodes[1:])
        recovers(running, before)


@pytest.mark.scenario("loss-07")
def test_a_node_hangs(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        three.hang_node(three.nodes[1])
        three.settle()
        # Others answer meanwhile: no command hangs for longer than its time, which the load checks.
        assert running.rate(3) > 0
        three.resume_node(three.nodes[1])
        three.settle()
        wait_for_nodes(client, three.nodes)
        recovers(running, before)


@pytest.mark.scenario("loss-08")
def test_a_node_restarts(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        for node in three.nodes:
            three.restart_node(node)
            three.settle()
            wait_for_nodes(client, three.nodes)
            recovers(running, before)


@pytest.mark.scenario("loss-05")
def test_a_node_is_added(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        added = three.add_node()
        three.settle()
        wait_for_nodes(client, three.nodes)
        recovers(running, before)
        assert running.failed == [], "nobody has to notice"
    assert added in three.nodes


@pytest.mark.scenario("loss-09")
def test_partitions_move(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        for number in (1, 2, 0):
            three.move_partitions(number)
            three.settle()
        three.quiesce_node(three.nodes[2])
        three.recluster()
        three.settle()
        recovers(running, before)
        assert running.failed == [], "nobody has to notice"


@pytest.mark.scenario("loss-10")
def test_a_slow_node(three: Emulator, client: Any) -> None:
    wait_for_nodes(client, three.nodes)
    with load(client) as running:
        before = running.rate()
        three.slow_node(three.nodes[1], 0.02)
        assert running.rate() > 0
        three.slow_node(three.nodes[1], 0)
        recovers(running, before)
        assert running.failed == []


# ---------------------------------------------------------------- scans


RECORDS = 3000
# Enough for a tend interval: a client that has lost a node asks it again until it has looked at the cluster.
SCAN_POLICY = {"total_timeout": 0, "socket_timeout": 1000, "max_retries": 20, "sleep_between_retries": 150}


@pytest.fixture
def records(three: Emulator, client: Any) -> Any:
    """The client in front of many records."""
    if not hasattr(client, "query"):
        pytest.skip("this client has no queries")
    wait_for_nodes(client, three.nodes)
    for number in range(RECORDS):
        client.put(("test", "scan", number), {"n": number})
    return client


def scan(client: Any) -> list[int]:
    """The numbers in all records, sorted."""
    found = client.query("test", "scan").results(SCAN_POLICY)
    return sorted(record[2]["n"] for record in found)


@pytest.mark.scenario("loss-11")
def test_a_scan_over_three_nodes(records: Any) -> None:
    assert scan(records) == list(range(RECORDS))


@pytest.mark.scenario("loss-11")
@pytest.mark.parametrize("attempt", range(3))
def test_a_scan_while_a_node_leaves(three: Emulator, records: Any, attempt: int) -> None:
    leaving = three.nodes[2]
    # So that it is in the middle of the scan.
    three.slow_node(leaving, 0.1)
    stopper = threading.Timer(0.02 + 0.06 * attempt, lambda: three.stop_node(leaving))
    stopper.start()
    found = scan(records)
    stopper.join()
    assert found == list(range(RECORDS)), f"{len(found)} records"
    three.restart_node(leaving)
    three.settle()
    wait_for_nodes(records, three.nodes)
    assert scan(records) == list(range(RECORDS))
