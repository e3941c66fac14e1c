"""Times to live."""

from __future__ import annotations

import time

import pytest
from drivers import DONT_UPDATE, NAMESPACE_DEFAULT, NEVER_EXPIRE, Driver, Key

NOT_FOUND = 2
AGING: Key = ("aging", "demo", "key")


def test_default_of_a_namespace_that_keeps_records(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    assert driver.get(key).ttl is None


@pytest.mark.scenario("policies-09")
def test_default_of_a_namespace_that_drops_records(driver: Driver) -> None:
    driver.put(AGING, {"a": 1}, ttl=NAMESPACE_DEFAULT)
    assert driver.get(AGING).ttl in range(98, 101)


@pytest.mark.scenario("policies-08")
def test_time_to_live_of_its_own(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, ttl=1000)
    assert driver.get(key).ttl in range(998, 1001)


@pytest.mark.scenario("policies-09")
def test_never_expire(driver: Driver) -> None:
    driver.put(AGING, {"a": 1}, ttl=NEVER_EXPIRE)
    assert driver.get(AGING).ttl is None


@pytest.mark.scenario("policies-09")
def test_dont_update(driver: Driver) -> None:
    driver.put(AGING, {"a": 1}, ttl=5000)
    driver.put(AGING, {"a": 2}, ttl=DONT_UPDATE)
    record = driver.get(AGING)
    assert record.bins == {"a": 2}
    assert record.ttl in range(4998, 5001)


def test_write_starts_the_time_again(driver: Driver) -> None:
    driver.put(AGING, {"a": 1}, ttl=5000)
    driver.put(AGING, {"a": 2})
    assert driver.get(AGING).ttl in range(98, 101)


@pytest.mark.scenario("policies-11", "records-23")
def test_touch(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, ttl=10)
    driver.touch(key, 300)
    record = driver.get(key)
    assert record.ttl in range(298, 301)
    assert (record.bins, record.generation) == ({"a": 1}, 2)


@pytest.mark.scenario("records-23")
def test_touch_of_what_is_not_there(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.touch(key, 300)


@pytest.mark.scenario("policies-10")
def test_expired_record_is_gone(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, ttl=1)
    assert driver.get(key).bins == {"a": 1}
    time.sleep(2.1)
    assert driver.exists(key) is None
    with driver.fails(NOT_FOUND):
        driver.get(key)


@pytest.mark.scenario("policies-10")
def test_expired_record_starts_over(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, ttl=1)
    time.sleep(2.1)
    driver.put(key, {"b": 2}, exists="create")
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"b": 2}, 1)
