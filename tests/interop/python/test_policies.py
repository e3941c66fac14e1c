"""Generation policies, existence policies, durable deletes."""

from __future__ import annotations

import pytest
from drivers import Driver, Key

NOT_FOUND, GENERATION, EXISTS = 2, 3, 5


def test_write_if_generation_equals(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2}, generation=1)
    assert driver.get(key).bins == {"a": 2}


@pytest.mark.parametrize("generation", [1, 3, 100])
def test_refused_if_generation_differs(driver: Driver, key: Key, generation: int) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2})
    with driver.fails(GENERATION):
        driver.put(key, {"a": 3}, generation=generation)
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"a": 2}, 2)


def test_write_if_generation_is_newer(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2}, generation=7, generation_policy="GT")
    assert driver.get(key).bins == {"a": 2}


def test_refused_if_generation_is_not_newer(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(GENERATION):
        driver.put(key, {"a": 2}, generation=1, generation_policy="GT")


def test_remove_if_generation_equals(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(GENERATION):
        driver.remove(key, generation=5)
    driver.remove(key, generation=1)
    assert driver.exists(key) is None


def test_operate_checks_the_generation(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(GENERATION):
        driver.operate(key, [driver.add_op("a", 1)], generation=9)
    driver.operate(key, [driver.add_op("a", 1)], generation=1)
    assert driver.get(key).bins == {"a": 2}


def test_racing_writers(driver: Driver, key: Key) -> None:
    driver.put(key, {"stock": 10})
    mine, theirs = driver.get(key), driver.get(key)
    driver.put(key, {"stock": 9}, generation=mine.generation)
    with driver.fails(GENERATION):
        driver.put(key, {"stock": 9}, generation=theirs.generation)


def test_create_only(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, exists="create")
    with driver.fails(EXISTS):
        driver.put(key, {"a": 2}, exists="create")
    assert driver.get(key).bins == {"a": 1}


def test_update_only(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.put(key, {"a": 1}, exists="update")
    driver.put(key, {"a": 1})
    driver.put(key, {"b": 2}, exists="update")
    assert driver.get(key).bins == {"a": 1, "b": 2}


def test_replace_only(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.put(key, {"a": 1}, exists="replace")
    driver.put(key, {"a": 1})
    driver.put(key, {"b": 2}, exists="replace")
    assert driver.get(key).bins == {"b": 2}


def test_create_or_replace(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, exists="create_or_replace")
    driver.put(key, {"b": 2}, exists="create_or_replace")
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"b": 2}, 2)


def test_durable_delete(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.remove(key, durable_delete=True)
    assert driver.exists(key) is None
