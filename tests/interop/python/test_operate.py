"""Several scalar operations on one record at once."""

from __future__ import annotations

import pytest
from drivers import Driver, Key

NOT_FOUND, BIN_TYPE = 2, 12


@pytest.mark.scenario("operate-01")
def test_reads_only(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1, "b": "x", "c": 2.5})
    assert driver.operate(key, [driver.read_op("a"), driver.read_op("c")]).bins == {"a": 1, "c": 2.5}
    assert driver.get(key).generation == 1


@pytest.mark.scenario("operate-02")
def test_write_then_read(driver: Driver, key: Key) -> None:
    record = driver.operate(key, [driver.write_op("a", 7), driver.read_op("a")])
    assert record.bins == {"a": 7}
    assert record.generation == 1


@pytest.mark.scenario("operate-03")
def test_operations_run_in_order(driver: Driver, key: Key) -> None:
    driver.put(key, {"n": 1})
    results = driver.operate_ordered(
        key,
        [driver.read_op("n"), driver.add_op("n", 10), driver.read_op("n"), driver.add_op("n", 5), driver.read_op("n")],
    )
    assert [value for name, value in results if name == "n" and value is not None] == [1, 11, 16]


@pytest.mark.scenario("operate-04")
def test_one_operate_is_one_generation(driver: Driver, key: Key) -> None:
    driver.operate(key, [driver.write_op("a", 1), driver.add_op("b", 2), driver.append_op("c", "x")])
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"a": 1, "b": 2, "c": "x"}, 1)


def test_add_to_float(driver: Driver, key: Key) -> None:
    driver.put(key, {"f": 1.5})
    assert driver.operate(key, [driver.add_op("f", 0.25), driver.read_op("f")]).bins == {"f": 1.75}


def test_append_and_prepend(driver: Driver, key: Key) -> None:
    driver.put(key, {"s": "b"})
    operations = [driver.append_op("s", "c"), driver.prepend_op("s", "a"), driver.read_op("s")]
    assert driver.operate(key, operations).bins == {"s": "abc"}


@pytest.mark.scenario("operate-05")
def test_failure_changes_nothing(driver: Driver, key: Key) -> None:
    driver.put(key, {"text": "x", "n": 1})
    with driver.fails(BIN_TYPE):
        driver.operate(key, [driver.add_op("n", 1), driver.add_op("text", 1)])
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"text": "x", "n": 1}, 1)


@pytest.mark.scenario("operate-09")
def test_reads_of_what_is_not_there(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.operate(key, [driver.read_op("a")])


@pytest.mark.scenario("operate-06")
def test_touch_counts_as_a_write(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    record = driver.operate(key, [driver.touch_op(), driver.read_op("a")])
    assert (record.bins, record.generation) == ({"a": 1}, 2)


@pytest.mark.scenario("records-23")
def test_touch_of_what_is_not_there(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.operate(key, [driver.touch_op()])


@pytest.mark.scenario("operate-07")
def test_read_then_delete(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 5})
    assert driver.operate(key, [driver.read_op("a"), driver.delete_op()]).bins.get("a") == 5
    assert driver.exists(key) is None


@pytest.mark.scenario("operate-08")
def test_delete_then_write_replaces(driver: Driver, key: Key) -> None:
    driver.put(key, {"old": 1})
    driver.operate(key, [driver.delete_op(), driver.write_op("new", 2)])
    assert driver.get(key).bins == {"new": 2}


def test_writing_none_removes_the_bin(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1, "b": 2})
    driver.operate(key, [driver.write_op("a", None)])
    assert driver.get(key).bins == {"b": 2}


@pytest.mark.scenario("operate-10")
def test_operate_with_time_to_live(driver: Driver, key: Key) -> None:
    driver.operate(key, [driver.write_op("a", 1)], ttl=500)
    assert driver.get(key).ttl in range(498, 501)
