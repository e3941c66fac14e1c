"""Generation policies, existence policies, durable deletes."""

from __future__ import annotations

import importlib
import time
from typing import Any

import pytest
from drivers import Driver, Key

NOT_FOUND, GENERATION, EXISTS = 2, 3, 5


@pytest.mark.scenario("policies-01")
def test_write_if_generation_equals(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2}, generation=1)
    assert driver.get(key).bins == {"a": 2}


@pytest.mark.scenario("policies-01")
@pytest.mark.parametrize("generation", [1, 3, 100])
def test_refused_if_generation_differs(driver: Driver, key: Key, generation: int) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2})
    with driver.fails(GENERATION):
        driver.put(key, {"a": 3}, generation=generation)
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"a": 2}, 2)


@pytest.mark.scenario("policies-02")
def test_write_if_generation_is_newer(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2}, generation=7, generation_policy="GT")
    assert driver.get(key).bins == {"a": 2}


@pytest.mark.scenario("policies-02")
def test_refused_if_generation_is_not_newer(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(GENERATION):
        driver.put(key, {"a": 2}, generation=1, generation_policy="GT")


@pytest.mark.scenario("policies-03")
def test_remove_if_generation_equals(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(GENERATION):
        driver.remove(key, generation=5)
    driver.remove(key, generation=1)
    assert driver.exists(key) is None


@pytest.mark.scenario("policies-01")
def test_operate_checks_the_generation(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(GENERATION):
        driver.operate(key, [driver.add_op("a", 1)], generation=9)
    driver.operate(key, [driver.add_op("a", 1)], generation=1)
    assert driver.get(key).bins == {"a": 2}


@pytest.mark.scenario("policies-13")
def test_racing_writers(driver: Driver, key: Key) -> None:
    driver.put(key, {"stock": 10})
    mine, theirs = driver.get(key), driver.get(key)
    driver.put(key, {"stock": 9}, generation=mine.generation)
    with driver.fails(GENERATION):
        driver.put(key, {"stock": 9}, generation=theirs.generation)


@pytest.mark.scenario("policies-04")
def test_create_only(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, exists="create")
    with driver.fails(EXISTS):
        driver.put(key, {"a": 2}, exists="create")
    assert driver.get(key).bins == {"a": 1}


@pytest.mark.scenario("policies-05")
def test_update_only(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.put(key, {"a": 1}, exists="update")
    driver.put(key, {"a": 1})
    driver.put(key, {"b": 2}, exists="update")
    assert driver.get(key).bins == {"a": 1, "b": 2}


@pytest.mark.scenario("policies-06")
def test_replace_only(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.put(key, {"a": 1}, exists="replace")
    driver.put(key, {"a": 1})
    driver.put(key, {"b": 2}, exists="replace")
    assert driver.get(key).bins == {"b": 2}


@pytest.mark.scenario("policies-07")
def test_create_or_replace(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, exists="create_or_replace")
    driver.put(key, {"b": 2}, exists="create_or_replace")
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"b": 2}, 2)


def aerospike_constant(name: str) -> int:
    return getattr(importlib.import_module("aerospike"), name)


def vendor_policies(driver: Driver) -> Any:
    if driver.name != "aerospike":
        pytest.skip("a scenario of the vendor's client")
    return driver.client


@pytest.mark.scenario("policies-14")
def test_touch_on_read(driver: Driver) -> None:
    client = vendor_policies(driver)
    aging = ("aging", "demo", "k")
    client.put(aging, {"a": 1}, {"ttl": 100})
    time.sleep(2.1)
    assert client.get(aging, {"read_touch_ttl_percent": -1})[1]["ttl"] <= 98
    client.get(aging, {"read_touch_ttl_percent": 100})
    time.sleep(0.2)
    assert client.get(aging, {"read_touch_ttl_percent": -1})[1]["ttl"] >= 99


@pytest.mark.scenario("policies-15")
def test_consistency_and_commit_levels(driver: Driver, key: Key) -> None:
    client = vendor_policies(driver)
    for level in (aerospike_constant("POLICY_COMMIT_LEVEL_ALL"), aerospike_constant("POLICY_COMMIT_LEVEL_MASTER")):
        client.put(key, {"level": level}, policy={"commit_level": level})
        for mode in ("AP_ONE", "AP_ALL"):
            policy = {"read_mode_ap": aerospike_constant(f"POLICY_READ_MODE_{mode}")}
            assert client.get(key, policy)[2] == {"level": level}
        for replica in ("MASTER", "ANY", "SEQUENCE", "PREFER_RACK", "RANDOM"):
            policy = {"replica": aerospike_constant(f"POLICY_REPLICA_{replica}")}
            assert client.get(key, policy)[2] == {"level": level}


@pytest.mark.scenario("policies-16")
def test_compression(driver: Driver, key: Key) -> None:
    client = vendor_policies(driver)
    client.put(key, {"a": "x" * 50_000}, policy={"compression_threshold": 100})
    assert client.get(key)[2] == {"a": "x" * 50_000}


@pytest.mark.scenario("policies-12")
def test_durable_delete(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.remove(key, durable_delete=True)
    assert driver.exists(key) is None
