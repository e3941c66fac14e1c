"""Records: write, read, remove; values of every scalar type; every type of key."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest
from drivers import Driver, Key
from results import NOT_APPLICABLE

# Result codes of the protocol.
NOT_FOUND, PARAMETER, BIN_TYPE, TOO_BIG, NAMESPACE, BIN_NAME = 2, 4, 12, 13, 20, 21


@pytest.mark.scenario("records-01")
def test_put_then_get(driver: Driver, key: Key) -> None:
    driver.put(key, {"name": "Ada", "born": 1815})
    record = driver.get(key)
    assert record.bins == {"name": "Ada", "born": 1815}
    assert record.generation == 1


@pytest.mark.scenario("records-02", "records-03", "records-04", "records-05", "records-06")
@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        2**63 - 1,
        -(2**63),
        0.0,
        -2.5,
        1e308,
        float("inf"),
        "",
        "text",
        "ünïcödé ☃",
        "x" * 100_000,
        b"",
        b"\x00\x01\xff",
        True,
        False,
    ],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:12]}",
)
def test_value_comes_back_as_it_went(driver: Driver, key: Key, value: Any) -> None:
    driver.put(key, {"value": value})
    got = driver.get(key).bins["value"]
    assert got == value
    # One client returns bytearrays for bytes.
    assert type(got) is type(value) or isinstance(value, bytes)


@pytest.mark.scenario("records-08")
@pytest.mark.parametrize("user_key", ["text", "", 1, -1, 2**63 - 1, b"bytes"], ids=repr)
def test_keys_of_every_type(driver: Driver, user_key: Any) -> None:
    key = ("test", "demo", user_key)
    driver.put(key, {"a": 1})
    assert driver.get(key).bins == {"a": 1}


@pytest.mark.scenario("records-08", "records-09")
def test_keys_of_different_types_are_different_records(driver: Driver) -> None:
    driver.put(("test", "demo", 1), {"kind": "integer"})
    driver.put(("test", "demo", "1"), {"kind": "string"})
    assert driver.get(("test", "demo", 1)).bins == {"kind": "integer"}
    assert driver.get(("test", "demo", "1")).bins == {"kind": "string"}


@pytest.mark.scenario("records-09")
def test_same_key_in_different_sets_is_different_records(driver: Driver) -> None:
    driver.put(("test", "one", "k"), {"a": 1})
    driver.put(("test", "two", "k"), {"a": 2})
    assert driver.get(("test", "one", "k")).bins == {"a": 1}
    assert driver.get(("test", "two", "k")).bins == {"a": 2}


def test_namespaces_are_apart(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    assert driver.exists(("aging", *key[1:])) is None


@pytest.mark.scenario("records-10")
def test_get_of_what_is_not_there(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.get(key)


@pytest.mark.scenario("records-11")
def test_put_adds_bins_and_keeps_the_others(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1, "b": 2})
    driver.put(key, {"b": 3, "c": 4})
    assert driver.get(key).bins == {"a": 1, "b": 3, "c": 4}


def test_put_changes_a_bins_type(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": "one"})
    assert driver.get(key).bins == {"a": "one"}


def test_generation_counts_writes(driver: Driver, key: Key) -> None:
    for expected in range(1, 6):
        driver.put(key, {"a": expected})
        assert driver.get(key).generation == expected


@pytest.mark.scenario("records-12")
def test_select_reads_some_bins(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1, "b": 2, "c": 3})
    assert driver.select(key, ["a", "c"]).bins == {"a": 1, "c": 3}


@pytest.mark.scenario("records-12")
def test_select_of_a_bin_that_is_not_there(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    assert driver.select(key, ["a", "nope"]).bins.get("a") == 1
    # One client fills in None.
    assert driver.select(key, ["nope"]).bins.get("nope") is None


@pytest.mark.scenario("records-13")
def test_exists(driver: Driver, key: Key) -> None:
    assert driver.exists(key) is None
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2})
    found = driver.exists(key)
    assert found is not None
    assert found.generation == 2


@pytest.mark.scenario("records-14")
def test_remove(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.remove(key)
    assert driver.exists(key) is None


@pytest.mark.scenario("records-14")
def test_remove_of_what_is_not_there(driver: Driver, key: Key) -> None:
    with driver.fails(NOT_FOUND):
        driver.remove(key)


@pytest.mark.scenario("records-14")
def test_removed_record_starts_over(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.put(key, {"a": 2})
    driver.remove(key)
    driver.put(key, {"b": 1})
    record = driver.get(key)
    assert (record.bins, record.generation) == ({"b": 1}, 1)


@pytest.mark.scenario("records-15")
def test_remove_bin(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1, "b": 2, "c": 3})
    driver.remove_bins(key, ["a", "c"])
    assert driver.get(key).bins == {"b": 2}


@pytest.mark.scenario("records-15")
def test_removing_the_last_bin_removes_the_record(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    driver.remove_bins(key, ["a"])
    assert driver.exists(key) is None


@pytest.mark.scenario("records-15")
def test_bin_of_none_is_removed(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1, "b": 2})
    driver.put(key, {"a": None})
    assert driver.get(key).bins == {"b": 2}


@pytest.mark.scenario("records-16")
def test_append_and_prepend(driver: Driver, key: Key) -> None:
    driver.put(key, {"word": "merge"})
    driver.append(key, "word", "nce")
    driver.prepend(key, "word", "e")
    assert driver.get(key).bins == {"word": "emergence"}


@pytest.mark.scenario("records-16")
def test_append_creates_the_record(driver: Driver, key: Key) -> None:
    driver.append(key, "word", "new")
    assert driver.get(key).bins == {"word": "new"}


@pytest.mark.scenario("records-16")
def test_append_to_an_integer(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    with driver.fails(BIN_TYPE):
        driver.append(key, "a", "text")
    assert driver.get(key).bins == {"a": 1}


@pytest.mark.scenario("records-17")
def test_increment(driver: Driver, key: Key) -> None:
    driver.put(key, {"count": 40})
    driver.increment(key, "count", 5)
    driver.increment(key, "count", -3)
    assert driver.get(key).bins == {"count": 42}


@pytest.mark.scenario("records-17")
def test_increment_creates_the_record(driver: Driver, key: Key) -> None:
    driver.increment(key, "count", 7)
    assert driver.get(key).bins == {"count": 7}


@pytest.mark.scenario("records-17")
def test_increment_wraps_around(driver: Driver, key: Key) -> None:
    driver.put(key, {"count": 2**63 - 1})
    driver.increment(key, "count", 1)
    assert driver.get(key).bins == {"count": -(2**63)}


@pytest.mark.scenario("records-17")
def test_increment_of_a_string(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": "text"})
    with driver.fails(BIN_TYPE):
        driver.increment(key, "a", 1)


def test_key_stored_with_the_record(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, send_key=True)
    driver.put(key, {"b": 2})
    assert driver.get(key).bins == {"a": 1, "b": 2}


@pytest.mark.scenario("records-18")
def test_longest_bin_name(driver: Driver, key: Key) -> None:
    driver.put(key, {"b" * 15: 1})
    assert driver.get(key).bins == {"b" * 15: 1}


@pytest.mark.scenario("records-18")
def test_bin_name_too_long(driver: Driver, key: Key) -> None:
    with driver.fails(BIN_NAME, aerospike_py=ValueError):
        driver.put(key, {"b" * 16: 1})


@pytest.mark.scenario("records-19")
def test_unknown_namespace(driver: Driver) -> None:
    with driver.fails(NAMESPACE, aerospike_py=-1):
        driver.put(("nowhere", "demo", "k"), {"a": 1})


@pytest.mark.scenario("records-20")
def test_record_too_big(driver: Driver, key: Key) -> None:
    with driver.fails(TOO_BIG):
        driver.put(key, {"a": "x" * (1024 * 1024)})
    assert driver.exists(key) is None


def test_set_name_too_long(driver: Driver) -> None:
    with driver.fails(PARAMETER, aerospike=-2):
        driver.put(("test", "s" * 64, "k"), {"a": 1})


@pytest.mark.scenario("records-21")
def test_many_bins(driver: Driver, key: Key) -> None:
    bins = {f"bin{number}": number for number in range(500)}
    driver.put(key, bins)
    assert driver.get(key).bins == bins


def test_many_records(driver: Driver) -> None:
    for number in range(1000):
        driver.put(("test", "many", number), {"n": number})
    assert all(driver.get(("test", "many", number)).bins == {"n": number} for number in range(1000))


@pytest.mark.scenario("info-01")
def test_info_tells_the_release(driver: Driver) -> None:
    assert re.match(r"8\.1\.\d+\.\d+", driver.info("build"))


@pytest.mark.scenario("records-07")
def test_nested_values(driver: Driver, key: Key) -> None:
    bins = {
        "l": [1, "two", 3.5, [4, [5]], {"six": 6}, b"\x07", True, None],
        "m": {"a": [1, 2], "b": {"c": {"d": None}}, 3: "int key"},
        "empty": [],
        "none": {},
    }
    driver.put(key, bins)
    assert driver.get(key).bins == bins


@pytest.mark.scenario("info-02")
def test_several_info_commands_at_once(driver: Driver) -> None:
    if driver.name == "aerospike_py":
        pytest.skip(NOT_APPLICABLE[driver.name]["info-02"])
    answer = driver.info("build\nedition")
    assert "edition" in answer


@pytest.mark.scenario("info-03")
def test_info_counts_objects(driver: Driver) -> None:
    for number in range(7):
        driver.put(("test", "demo", number), {"a": 1})
    assert "objects=7;" in driver.info("namespace/test")
    assert "objects=7;" in driver.info("statistics")


@pytest.mark.scenario("info-04")
def test_info_tells_of_sets(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    assert "objects=1" in driver.info("sets/test/demo")


@pytest.mark.scenario("info-05")
def test_unknown_info_command(driver: Driver, key: Key) -> None:
    with contextlib.suppress(driver.module.exception.AerospikeError):
        assert "ERROR" in driver.info("no-such-command")
    driver.put(key, {"a": 1})


@pytest.mark.scenario("info-01")
def test_info_names_the_namespaces(driver: Driver) -> None:
    assert driver.info("namespaces").split(";") == ["test", "aging"]
