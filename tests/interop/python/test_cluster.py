"""Clients live through what happens to clusters, under load.

Workers write numbers to keys of their own and read them back. Whatever happens to a node, no value read is wrong, no
command takes longer than its policy allows, and afterwards everything is as quick as before.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aerospike_emulator import Emulator, Node
from drivers import DRIVERS, Driver

KEYS = 40
WORKERS = 4
# Milliseconds, as the policies have them; a busy machine may add to that.
TOTAL, SOCKET = 1500, 250
SLACK = 1.5
POLICY = {"total_timeout": TOTAL, "socket_timeout": SOCKET, "max_retries": 4, "sleep_between_retries": 10}
# What a command comes to that fails.
FAILED = object()
# Share of the former throughput that has to come back: the machine has other things to do, too.
SHARE = 0.2


pytestmark = pytest.mark.timeout(180)


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
        # What a node that hung may yet write, whenever it goes on: clients have sent it elsewhere since, or given up.
        late: dict[int, set[int]] = {}
        number = 0
        while not self.stopping.is_set():
            number += 1
            at = number % KEYS
            key = ("test", "load", f"{worker}-{at}")
            held = possible.setdefault(at, set())
            start = time.monotonic()
            written = self.run(self.client.put, key, {"n": number}, {}, POLICY) is not FAILED
            if written:
                held.clear()
            # A write that failed may have happened.
            held.add(number)
            if not written or time.monotonic() - start > SOCKET / 1000:
                late.setdefault(at, set()).add(number)
            record = self.run(self.client.get, key, POLICY)
            if record is not FAILED:
                value = record[2]["n"]
                if value not in held | late.get(at, set()):
                    self.wrong.append(f"{key}: {value} instead of {held}")

    def run(self, command: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a command; what it returns, or FAILED."""
        start = time.monotonic()
        result: Any = FAILED
        # Clients differ in what they raise; all of it is looked at.
        try:
            result = command(*arguments)
        except Exception as error:
            self.failed.append((time.monotonic(), f"{type(error).__name__}: {error}"))
        self.longest = max(self.longest, time.monotonic() - start)
        self.done += 1
        return result

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
    # Clients send commands to owners; what comes to another node is passed on, and counted.
    proxied = [statistic(node, "namespace/test", "client_proxy_complete") for node in three.nodes]
    assert proxied == [0, 0, 0]


def statistic(node: Node, command: str, name: str) -> int:
    """A number that a node tells."""
    with socket.create_connection(node.address, timeout=5) as connection:
        body = f"{command}\n".encode()
        connection.sendall(struct.pack("!Q", 2 << 56 | 1 << 48 | len(body)) + body)
        reader = connection.makefile("rb")
        (head,) = struct.unpack("!Q", reader.read(8))
        text = reader.read(head & 0xFFFFFFFFFFFF).decode()
    return int(dict(line.split("=", 1) for line in text.partition("\t")[2].split(";"))[name])


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


# ---------------------------------------------------------------- strong consistency


UNAVAILABLE, FORBIDDEN = 11, 22


@pytest.fixture
def strong(request: pytest.FixtureRequest) -> Iterator[tuple[Emulator, Driver]]:
    """Three nodes whose namespace is strongly consistent, and a client of them."""
    namespaces = {"test": {"default-ttl": 0, "strong-consistency": "true"}}
    with Emulator(nodes=3, namespaces=namespaces) as emulator:
        driver = DRIVERS[request.config.getoption("--client")](emulator.address)
        wait_for_nodes(driver.client, emulator.nodes)
        yield emulator, driver
        driver.close()


@pytest.mark.scenario("loss-12")
def test_unavailable_partitions(strong: tuple[Emulator, Driver]) -> None:
    emulator, driver = strong
    key, error = ("test", "demo", "k"), driver.module.exception.AerospikeError
    driver.put(key, {"a": 1})
    assert driver.get(key).bins == {"a": 1}
    with pytest.raises(error) as refused:
        driver.remove(key)
    assert driver.code(refused.value) == FORBIDDEN, "a delete has to be durable"
    emulator.set_partitions("test", None, "unavailable")
    for command in (lambda: driver.get(key, max_retries=0), lambda: driver.put(key, {"a": 2})):
        with pytest.raises(error) as refused:
            command()
        assert driver.code(refused.value) == UNAVAILABLE
    if mode := getattr(driver.module, "POLICY_READ_MODE_SC_ALLOW_UNAVAILABLE", None):
        assert driver.get(key, read_mode_sc=mode).bins == {"a": 1}
    emulator.set_partitions("test", None, "available")
    assert driver.get(key).bins == {"a": 1}
    driver.remove(key, durable_delete=True)
    assert driver.exists(key) is None


@pytest.mark.scenario("loss-13")
def test_a_minority_serves_nothing(strong: tuple[Emulator, Driver]) -> None:
    emulator, driver = strong
    keys = [("test", "demo", number) for number in range(30)]
    for key in keys:
        driver.put(key, {"a": 1})
    for node in emulator.nodes[1:]:
        emulator.stop_node(node)
    emulator.settle()
    wait_for_nodes(driver.client, emulator.nodes[:1])
    for key in keys:
        with pytest.raises(driver.module.exception.AerospikeError):
            driver.get(key, max_retries=0)
    for node in emulator.nodes[1:]:
        emulator.restart_node(node)
    emulator.settle()
    wait_for_nodes(driver.client, emulator.nodes)
    for key in keys:
        assert get_soon(driver, key) == {"a": 1}


def get_soon(driver: Driver, key: Any, seconds: float = 15) -> dict[str, Any]:
    """Reads again and again until it works: the client may still have to learn who owns what."""
    end = time.monotonic() + seconds
    while True:
        try:
            return driver.get(key).bins
        except driver.module.exception.AerospikeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.mark.scenario("loss-14")
def test_a_write_in_doubt(strong: tuple[Emulator, Driver]) -> None:
    emulator, driver = strong
    # Keys of all partitions' owners are among these.
    keys = [("test", "demo", number) for number in range(20)]
    hung = emulator.nodes[1]
    emulator.hang_node(hung, seconds=2)
    policy = {"total_timeout": 300, "socket_timeout": 300, "max_retries": 0}
    doubtful: list[Any] = []
    doubts: list[bool] = []
    for key in keys:
        try:
            driver.client.put(key, {"a": 1}, {}, policy)
        except driver.module.exception.AerospikeError as error:
            doubtful.append(key)
            doubts.append(getattr(error, "in_doubt", True))
        if len(doubtful) == 2:
            break
    assert all(doubts), "it was sent, and may happen yet"
    assert doubtful, "the node that hangs owns none of these"
    time.sleep(2)
    emulator.settle()
    wait_for_nodes(driver.client, emulator.nodes)
    for key in doubtful:
        assert get_soon(driver, key) == {"a": 1}, "it has happened"


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
