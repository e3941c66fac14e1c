"""Operations on lists, as the vendor's client does them."""

from __future__ import annotations

from typing import Any

import pytest
from drivers import Driver, Key

aerospike: Any = pytest.importorskip("aerospike")

from aerospike_helpers import cdt_ctx  # noqa: E402
from aerospike_helpers.operations import list_operations as lists  # noqa: E402
from aerospike_helpers.operations import map_operations  # noqa: E402

VALUE, COUNT, INDEX, RANK, NONE, EXISTS = (
    aerospike.LIST_RETURN_VALUE,
    aerospike.LIST_RETURN_COUNT,
    aerospike.LIST_RETURN_INDEX,
    aerospike.LIST_RETURN_RANK,
    aerospike.LIST_RETURN_NONE,
    aerospike.LIST_RETURN_EXISTS,
)
BIN_TYPE, ELEMENT_EXISTS, NOT_APPLICABLE = 12, 24, 26


def run(client: Any, key: Key, *operations: Any) -> list[Any]:
    """The results of operations, in their order."""
    _, _, results = client.operate_ordered(key, list(operations))
    return [value for _, value in results]


def content(client: Any, key: Key) -> Any:
    return client.get(key)[2]["l"]


@pytest.fixture
def put(vendor: Any, key: Key) -> Any:
    """Makes the record, with this list in it."""

    def put(value: Any) -> Any:
        vendor.put(key, {"l": value})
        return vendor

    return put


@pytest.mark.scenario("lists-01")
def test_appending_and_inserting(vendor: Any, key: Key) -> None:
    results = run(
        vendor,
        key,
        lists.list_append("l", 1),
        lists.list_append_items("l", [2, 3]),
        lists.list_insert("l", 0, 0),
        lists.list_insert_items("l", 1, ["x", "y"]),
        lists.list_size("l"),
    )
    assert results == [1, 3, 4, 6, 6]
    assert content(vendor, key) == [0, "x", "y", 1, 2, 3]


CHANGES: dict[str, list[tuple[Any, Any, list[Any]]]] = {
    # Operation on [1, 2, 3, 4, 5], its result, what is left.
    "lists-03": [
        (lists.list_set("l", 1, "x"), None, [1, "x", 3, 4, 5]),
        (lists.list_trim("l", 1, 2), 3, [2, 3]),
        (lists.list_clear("l"), None, []),
        (lists.list_pop("l", 0), 1, [2, 3, 4, 5]),
        (lists.list_pop_range("l", 1, 2), [2, 3], [1, 4, 5]),
        (lists.list_remove("l", -1), 1, [1, 2, 3, 4]),
        (lists.list_remove_range("l", 0, 4), 4, [5]),
    ],
    "lists-04": [
        (lists.list_remove_by_index("l", 2, VALUE), 3, [1, 2, 4, 5]),
        (lists.list_remove_by_index_range("l", 1, COUNT, 2), 2, [1, 4, 5]),
        (lists.list_remove_by_value("l", 4, INDEX), [3], [1, 2, 3, 5]),
        (lists.list_remove_by_value_list("l", [1, 5, 9], COUNT), 2, [2, 3, 4]),
        (lists.list_remove_by_value_range("l", VALUE, 2, 4), [2, 3], [1, 4, 5]),
        (lists.list_remove_by_rank("l", -1, RANK), 4, [1, 2, 3, 4]),
        (lists.list_remove_by_rank_range("l", 0, VALUE, 2), [1, 2], [3, 4, 5]),
        (lists.list_remove_by_value_list("l", [1, 2], NONE, inverted=True), None, [1, 2]),
        (lists.list_remove_by_value_rank_range_relative("l", 3, 0, VALUE, 2), [3, 4], [1, 2, 5]),
    ],
}


@pytest.mark.parametrize(
    ("operation", "result", "left"),
    [
        pytest.param(*change, id=f"{scenario}-{number}", marks=pytest.mark.scenario(scenario))
        for scenario, changes in CHANGES.items()
        for number, change in enumerate(changes)
    ],
)
def test_change(put: Any, key: Key, operation: Any, result: Any, left: list[Any]) -> None:
    client = put([1, 2, 3, 4, 5])
    got = client.operate(key, [operation])[2].get("l")
    # By rank, an unordered list gives values in an order of its own.
    assert (sorted(got) if isinstance(got, list) else got) == result
    assert content(client, key) == left


READS: dict[str, list[tuple[list[Any], Any, Any]]] = {
    "lists-02": [
        ([5, 6, 7], lists.list_get("l", -1), 7),
        ([5, 6, 7], lists.list_get_range("l", 1, 9), [6, 7]),
        ([5, 6, 7], lists.list_get_by_index("l", -2, VALUE), 6),
        ([5, 6, 7], lists.list_get_by_index_range("l", 1, VALUE), [6, 7]),
        ([5, 6, 7], lists.list_get_by_index_range("l", 0, VALUE, 2), [5, 6]),
        ([5, 6, 7], lists.list_get_by_index_range("l", 0, VALUE, 2, inverted=True), [7]),
    ],
    "lists-07": [
        ([1, 3, 5, 7, 9], lists.list_get_by_value_range("l", VALUE, 3, 7), [3, 5]),
        ([1, 3, 5, 7, 9], lists.list_get_by_value_range("l", VALUE, 3, 7, inverted=True), [1, 7, 9]),
        ([1, 3, 5, 7, 9], lists.list_get_by_value_range("l", COUNT, None, 6), 3),
        ([1, 3, 1], lists.list_get_by_value("l", 1, INDEX), [0, 2]),
        ([1, 3, 1], lists.list_get_by_value_list("l", [3, 9], VALUE), [3]),
    ],
    "lists-08": [
        ([4, 9, 1, 7], lists.list_get_by_rank("l", 0, VALUE), 1),
        ([4, 9, 1, 7], lists.list_get_by_rank("l", -1, INDEX), 1),
        ([1, 4, 7, 9], lists.list_get_by_rank_range("l", -2, VALUE), [7, 9]),
        ([1, 4, 7, 9], lists.list_get_by_value_rank_range_relative("l", 5, 0, VALUE), [7, 9]),
        ([1, 4, 7, 9], lists.list_get_by_value_rank_range_relative("l", 5, -1, VALUE, 2), [4, 7]),
    ],
    "lists-13": [
        ([4, 9], lists.list_get_by_value("l", 9, EXISTS), True),
        ([4, 9], lists.list_get_by_value("l", 8, EXISTS), False),
        ([4, 9, 1], lists.list_get_by_value("l", 9, aerospike.LIST_RETURN_REVERSE_INDEX), [1]),
        ([4, 9, 1], lists.list_get_by_value("l", 9, aerospike.LIST_RETURN_REVERSE_RANK), [0]),
        ([4, 9, 1], lists.list_get_by_value("l", 9, NONE), None),
    ],
}


@pytest.mark.parametrize(
    ("value", "operation", "expected"),
    [
        pytest.param(*read, id=f"{scenario}-{number}", marks=pytest.mark.scenario(scenario))
        for scenario, reads in READS.items()
        for number, read in enumerate(reads)
    ],
)
def test_read(put: Any, key: Key, value: list[Any], operation: Any, expected: Any) -> None:
    client = put(value)
    got = client.operate(key, [operation])[2].get("l")
    # By rank, an unordered list gives values in an order of its own.
    assert (sorted(got) if isinstance(got, list) else got) == expected
    assert content(client, key) == value


@pytest.mark.scenario("lists-05")
def test_increment(put: Any, key: Key) -> None:
    client = put([10, 20])
    assert run(client, key, lists.list_increment("l", 1, 5)) == [25]
    assert run(client, key, lists.list_append("new", 1)) == [1]
    assert content(client, key) == [10, 25]


@pytest.mark.scenario("lists-06")
def test_sorting_and_order(put: Any, key: Key) -> None:
    client = put([3, 1, 3, 2])
    run(client, key, lists.list_sort("l"))
    assert content(client, key) == [1, 2, 3, 3]
    run(client, key, lists.list_sort("l", aerospike.LIST_SORT_DROP_DUPLICATES))
    assert content(client, key) == [1, 2, 3]
    client.put(key, {"l": [9, 5]})
    run(client, key, lists.list_set_order("l", aerospike.LIST_ORDERED), lists.list_append("l", 7))
    assert content(client, key) == [5, 7, 9]
    run(client, key, lists.list_create("new", aerospike.LIST_ORDERED, False, False), lists.list_append("new", 2))
    assert run(client, key, lists.list_append_items("new", [3, 1]), lists.list_get_range("new", 0, 9))[1] == [1, 2, 3]


@pytest.mark.scenario("lists-09")
def test_unique(driver: Driver, put: Any, key: Key) -> None:
    client = put([1, 2])
    unique = {"write_flags": aerospike.LIST_WRITE_ADD_UNIQUE}
    with driver.fails(ELEMENT_EXISTS):
        run(client, key, lists.list_append("l", 2, unique))
    lenient = aerospike.LIST_WRITE_ADD_UNIQUE | aerospike.LIST_WRITE_NO_FAIL | aerospike.LIST_WRITE_PARTIAL
    assert run(client, key, lists.list_append_items("l", [2, 3], {"write_flags": lenient})) == [3]
    assert content(client, key) == [1, 2, 3]


@pytest.mark.scenario("lists-10")
def test_bounded(driver: Driver, put: Any, key: Key) -> None:
    client = put([1, 2, 3])
    bounded = aerospike.LIST_WRITE_INSERT_BOUNDED
    with driver.fails(NOT_APPLICABLE):
        run(client, key, lists.list_insert("l", 9, 4, {"write_flags": bounded}))
    run(client, key, lists.list_insert("l", 9, 4, {"write_flags": bounded | aerospike.LIST_WRITE_NO_FAIL}))
    assert content(client, key) == [1, 2, 3]
    run(client, key, lists.list_insert("l", 4, 4))
    assert content(client, key) == [1, 2, 3, None, 4]


@pytest.mark.scenario("lists-11")
def test_errors(driver: Driver, put: Any, key: Key) -> None:
    client = put([1])
    client.put(key, {"i": 1})
    with driver.fails(NOT_APPLICABLE):
        run(client, key, lists.list_get("l", 5))
    assert run(client, key, lists.list_get_range("l", 5, 2)) == [[]]
    with driver.fails(BIN_TYPE):
        run(client, key, lists.list_append("i", 1))
    with driver.fails(BIN_TYPE):
        run(client, key, lists.list_size("i"))


@pytest.mark.scenario("lists-12")
def test_contexts(put: Any, key: Key) -> None:
    client = put([[1], [2]])
    at = [cdt_ctx.cdt_ctx_list_index(1)]
    assert run(client, key, lists.list_append("l", 3, ctx=at), lists.list_size("l", ctx=at)) == [2, 2]
    assert content(client, key) == [[1], [2, 3]]
    client.put(key, {"m": {"a": [[5, 1], [0]]}})
    deep = [cdt_ctx.cdt_ctx_map_key("a"), cdt_ctx.cdt_ctx_list_rank(-1)]
    assert run(client, key, lists.list_sort("m", ctx=deep), lists.list_get("m", 0, ctx=deep))[-1] == 1
    create = [cdt_ctx.cdt_ctx_map_key_create("new", aerospike.LIST_ORDERED)]
    assert run(client, key, lists.list_append("m", 9, ctx=create)) == [1]
    assert run(client, key, map_operations.map_get_by_key("m", "new", aerospike.MAP_RETURN_VALUE)) == [[9]]
