"""Connecting, staying connected, and losing the server, with either client."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import Any

import pytest
from aerospike_emulator import Emulator
from drivers import DRIVERS, Driver, Key
from results import NOT_APPLICABLE


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def connected(driver: Driver, emulator: Emulator) -> Driver:
    """Another client of the same kind."""
    return DRIVERS[driver.name](emulator.address)


@pytest.mark.scenario("connect-01")
def test_one_node(driver: Driver) -> None:
    assert driver.client.is_connected()
    [name] = (
        driver.client.get_node_names()
        if driver.name == "aerospike_py"
        else [node["node_name"] for node in driver.client.get_node_names()]
    )
    assert re.fullmatch("[0-9A-F]+", name)


@pytest.mark.scenario("connect-02")
def test_nobody_listens(driver: Driver) -> None:
    start = time.monotonic()
    with pytest.raises(driver.module.exception.AerospikeError):
        DRIVERS[driver.name](("127.0.0.1", unused_port()))
    assert time.monotonic() - start < 10


@pytest.mark.scenario("connect-03")
def test_cluster_name(driver: Driver, aerospike_server: Emulator) -> None:
    def connect(name: str) -> Any:
        config = {**driver.config(aerospike_server.address), "cluster_name": name}
        return driver.module.client(config).connect()

    connect("docker").close()
    with pytest.raises(driver.module.exception.AerospikeError):
        connect("another")


@pytest.mark.scenario("connect-04")
def test_closed(driver: Driver, aerospike_server: Emulator, key: Key) -> None:
    other = connected(driver, aerospike_server)
    other.put(key, {"a": 1})
    other.close()
    with pytest.raises(driver.module.exception.AerospikeError):
        other.get(key)


@pytest.mark.scenario("connect-05")
def test_tending(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    time.sleep(3.2)
    assert driver.get(key).bins == {"a": 1}


@pytest.mark.scenario("connect-06")
def test_many_threads_share_a_client(driver: Driver) -> None:
    wrong: list[Any] = []

    def work(worker: int) -> None:
        for number in range(20):
            own = ("test", "threads", f"{worker}-{number}")
            driver.put(own, {"w": worker, "n": number})
            if driver.get(own).bins != {"w": worker, "n": number}:
                wrong.append(own)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_first_seed_is_dead(driver: Driver, aerospike_server: Emulator, key: Key) -> None:
    if driver.name == "aerospike":
        pytest.skip(NOT_APPLICABLE[driver.name]["connect-07"])
    hosts = [("127.0.0.1", unused_port()), aerospike_server.address]
    client = driver.module.client({"hosts": hosts}).connect()
    client.put(key, {"a": 1})
    client.close()


# ---------------------------------------------------------------- the server goes away


def get_within(driver: Driver, key: Key, seconds: float) -> dict[str, Any]:
    """Reads again and again until it works."""
    end = time.monotonic() + seconds
    while True:
        try:
            return driver.get(key, max_retries=0).bins
        except driver.module.exception.AerospikeError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.mark.scenario("loss-01", "loss-02")
def test_server_goes_and_returns(driver: Driver, key: Key) -> None:
    port = unused_port()
    with Emulator(port=port, namespaces={"test": {"default-ttl": 0}}) as emulator:
        other = connected(driver, emulator)
        other.put(key, {"life": 1})
    start = time.monotonic()
    with pytest.raises(driver.module.exception.AerospikeError):
        other.get(key, total_timeout=500)
    assert time.monotonic() - start < 5
    with Emulator(port=port, namespaces={"test": {"default-ttl": 0}}) as emulator:
        fresh = connected(driver, emulator)
        fresh.put(key, {"life": 2})
        assert get_within(other, key, 15) == {"life": 2}
        fresh.close()
        other.close()


@pytest.mark.scenario("loss-03")
def test_server_restarts_between_two_commands(driver: Driver) -> None:
    port = unused_port()
    keys = [("test", "demo", number) for number in range(10)]
    other: Driver | None = None
    for life in range(3):
        with Emulator(port=port, namespaces={"test": {"default-ttl": 0}}) as emulator:
            fresh = connected(driver, emulator)
            for key in keys:
                fresh.put(key, {"n": key[2], "life": life})
            other = other or connected(driver, emulator)
            for key in keys:
                assert get_within(other, key, 15) == {"n": key[2], "life": life}
            fresh.close()
    assert other is not None
    other.close()
