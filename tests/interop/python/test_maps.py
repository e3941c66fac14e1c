"""Operations on maps, as the vendor's client does them."""

from __future__ import annotations

from typing import Any

import pytest
from drivers import Driver, Key

aerospike: Any = pytest.importorskip("aerospike")

from aerospike_helpers import cdt_ctx  # noqa: E402
from aerospike_helpers.operations import map_operations as maps  # noqa: E402

VALUE, KEY, KEY_VALUE, COUNT, INDEX, RANK, NONE = (
    aerospike.MAP_RETURN_VALUE,
    aerospike.MAP_RETURN_KEY,
    aerospike.MAP_RETURN_KEY_VALUE,
    aerospike.MAP_RETURN_COUNT,
    aerospike.MAP_RETURN_INDEX,
    aerospike.MAP_RETURN_RANK,
    aerospike.MAP_RETURN_NONE,
)
BIN_TYPE, ELEMENT_MISSING, ELEMENT_EXISTS = 12, 23, 24
LETTERS = {"a": 10, "b": 40, "c": 20, "d": 30}


def run(client: Any, key: Key, *operations: Any) -> list[Any]:
    """The results of operations, in their order."""
    _, _, results = client.operate_ordered(key, list(operations))
    return [value for _, value in results]


def content(client: Any, key: Key) -> Any:
    return client.get(key)[2]["m"]


def pairs(value: Any) -> Any:
    """Keys and values in the order in which the client gives them, whatever it gives them in."""
    if isinstance(value, dict):
        return list(value.items())
    return list(zip(value[::2], value[1::2], strict=True))


@pytest.fixture
def client(vendor: Any, key: Key) -> Any:
    """The client, and a record with a map."""
    run(vendor, key, maps.map_put_items("m", LETTERS, {"map_order": aerospike.MAP_KEY_ORDERED}))
    return vendor


@pytest.mark.scenario("maps-01")
def test_putting(vendor: Any, key: Key) -> None:
    results = run(
        vendor,
        key,
        maps.map_put("m", "a", 1),
        maps.map_put("m", "a", 2),
        maps.map_put_items("m", {"b": 3, "c": 4}),
        maps.map_size("m"),
    )
    assert results == [1, 1, 3, 3]
    assert content(vendor, key) == {"a": 2, "b": 3, "c": 4}


READS: dict[str, list[tuple[Any, Any]]] = {
    "maps-02": [
        (maps.map_get_by_key("m", "b", VALUE), 40),
        (maps.map_get_by_key("m", "b", KEY), "b"),
        (maps.map_get_by_key("m", "b", INDEX), 1),
        (maps.map_get_by_key("m", "b", RANK), 3),
        (maps.map_get_by_key("m", "b", COUNT), 1),
        (maps.map_get_by_key("m", "z", VALUE), None),
        (maps.map_get_by_key("m", "z", aerospike.MAP_RETURN_EXISTS), False),
        (maps.map_get_by_key_range("m", "b", "d", KEY), ["b", "c"]),
        (maps.map_get_by_key_list("m", ["a", "d", "z"], VALUE), [10, 30]),
        (maps.map_get_by_key_list("m", ["a", "d"], KEY, inverted=True), ["b", "c"]),
    ],
    "maps-03": [
        (maps.map_get_by_value("m", 30, KEY), ["d"]),
        (maps.map_get_by_value_range("m", 15, 35, KEY), ["c", "d"]),
        (maps.map_get_by_value_list("m", [10, 20], COUNT), 2),
        (maps.map_get_by_rank("m", -1, KEY), "b"),
        (maps.map_get_by_rank("m", 0, VALUE), 10),
        (maps.map_get_by_rank_range("m", 0, 2, VALUE), [10, 20]),
        (maps.map_get_by_index("m", -1, KEY), "d"),
        (maps.map_get_by_index_range("m", 1, 2, KEY), ["b", "c"]),
    ],
    "maps-08": [
        (maps.map_get_by_key_index_range_relative("m", "b", 1, KEY), ["c", "d"]),
        (maps.map_get_by_key_index_range_relative("m", "bb", -1, KEY, 2), ["b", "c"]),
        (maps.map_get_by_value_rank_range_relative("m", 20, 1, VALUE), [30, 40]),
        (maps.map_get_by_value_rank_range_relative("m", 25, -1, KEY, 1), ["c"]),
    ],
}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(*read, id=f"{scenario}-{number}", marks=pytest.mark.scenario(scenario))
        for scenario, reads in READS.items()
        for number, read in enumerate(reads)
    ],
)
def test_read(client: Any, key: Key, operation: Any, expected: Any) -> None:
    assert client.operate(key, [operation])[2].get("m") == expected
    assert content(client, key) == LETTERS


@pytest.mark.scenario("maps-02")
def test_keys_with_values(client: Any, key: Key) -> None:
    [got] = run(client, key, maps.map_get_by_key_range("m", "b", "d", KEY_VALUE))
    assert pairs(got) == [("b", 40), ("c", 20)]
    [ordered] = run(client, key, maps.map_get_by_key_range("m", "b", "d", aerospike.MAP_RETURN_ORDERED_MAP))
    assert ordered == {"b": 40, "c": 20}


CHANGES: dict[str, list[tuple[Any, Any, str]]] = {
    # Operation, its result, the keys that are left.
    "maps-04": [
        (maps.map_remove_by_key("m", "a", VALUE), 10, "bcd"),
        (maps.map_remove_by_key_list("m", ["a", "z"], COUNT), 1, "bcd"),
        (maps.map_remove_by_key_range("m", "b", "d", KEY), ["b", "c"], "ad"),
        (maps.map_remove_by_value("m", 20, KEY), ["c"], "abd"),
        (maps.map_remove_by_value_list("m", [10, 20], KEY), ["a", "c"], "bd"),
        (maps.map_remove_by_value_range("m", 0, 25, COUNT), 2, "bd"),
        (maps.map_remove_by_rank("m", -1, VALUE), 40, "acd"),
        (maps.map_remove_by_rank_range("m", 0, 2, KEY), ["a", "c"], "bd"),
        (maps.map_remove_by_index("m", 0, KEY), "a", "bcd"),
        (maps.map_remove_by_index_range("m", 1, 2, COUNT), 2, "ad"),
        (maps.map_remove_by_key_index_range_relative("m", "b", 0, KEY, 1), ["b"], "acd"),
        (maps.map_remove_by_value_rank_range_relative("m", 20, 0, KEY, 1), ["c"], "abd"),
    ],
    "maps-09": [(maps.map_remove_by_key_list("m", ["a", "b"], COUNT, inverted=True), 2, "ab")],
    "maps-11": [(maps.map_clear("m"), None, "")],
}


@pytest.mark.parametrize(
    ("operation", "result", "left"),
    [
        pytest.param(*change, id=f"{scenario}-{number}", marks=pytest.mark.scenario(scenario))
        for scenario, changes in CHANGES.items()
        for number, change in enumerate(changes)
    ],
)
def test_change(client: Any, key: Key, operation: Any, result: Any, left: str) -> None:
    got = client.operate(key, [operation])[2].get("m")
    assert sorted(got) == sorted(result) if isinstance(result, list) else got == result
    assert "".join(content(client, key)) == left


@pytest.mark.scenario("maps-05")
def test_adding(client: Any, key: Key) -> None:
    assert run(client, key, maps.map_increment("m", "a", 5), maps.map_decrement("m", "b", 1)) == [15, 39]
    assert run(client, key, maps.map_increment("m", "new", 3)) == [3]


@pytest.mark.scenario("maps-06")
@pytest.mark.parametrize("order", [aerospike.MAP_KEY_ORDERED, aerospike.MAP_KEY_VALUE_ORDERED])
def test_order(vendor: Any, key: Key, order: int) -> None:
    policy = {"map_order": order}
    run(vendor, key, *[maps.map_put("m", name, ord(name), policy) for name in "dbca"])
    assert run(vendor, key, maps.map_get_by_index("m", 0, KEY)) == ["a"]
    run(vendor, key, maps.map_create("n", order, False), maps.map_put("n", "z", 1), maps.map_put("n", "y", 1))
    assert run(vendor, key, maps.map_get_by_index("n", 0, KEY)) == ["y"]
    vendor.put(key, {"u": {"k": 1, "j": 2}})
    run(vendor, key, maps.map_set_policy("u", policy))
    assert run(vendor, key, maps.map_get_by_index("u", 0, KEY)) == ["j"]


@pytest.mark.scenario("maps-07")
def test_flags(driver: Driver, client: Any, key: Key) -> None:
    create, update = aerospike.MAP_WRITE_FLAGS_CREATE_ONLY, aerospike.MAP_WRITE_FLAGS_UPDATE_ONLY
    lenient = aerospike.MAP_WRITE_FLAGS_NO_FAIL | aerospike.MAP_WRITE_FLAGS_PARTIAL
    with driver.fails(ELEMENT_EXISTS):
        run(client, key, maps.map_put("m", "a", 1, {"map_write_flags": create}))
    with driver.fails(ELEMENT_MISSING):
        run(client, key, maps.map_put("m", "z", 1, {"map_write_flags": update}))
    assert content(client, key) == LETTERS
    run(client, key, maps.map_put_items("m", {"a": 1, "e": 5}, {"map_write_flags": create | lenient}))
    assert content(client, key) == {**LETTERS, "e": 5}
    run(client, key, maps.map_put_items("m", {"a": 1, "f": 6}, {"map_write_flags": update | lenient}))
    assert content(client, key) == {**LETTERS, "a": 1, "e": 5}


@pytest.mark.scenario("maps-10")
def test_contexts(vendor: Any, key: Key) -> None:
    vendor.put(key, {"m": {"x": {"n": 1}, "y": {"n": 2}}})
    run(
        vendor,
        key,
        maps.map_put("m", "k", "by key", ctx=[cdt_ctx.cdt_ctx_map_key("x")]),
        maps.map_put("m", "r", "by rank", ctx=[cdt_ctx.cdt_ctx_map_rank(0)]),
        maps.map_put("m", "i", "by index", ctx=[cdt_ctx.cdt_ctx_map_index(-1)]),
        maps.map_put("m", "c", "created", ctx=[cdt_ctx.cdt_ctx_map_key_create("z", aerospike.MAP_KEY_ORDERED)]),
    )
    got = content(vendor, key)
    assert got["x"]["k"] == "by key"
    assert got["y"]["i"] == "by index"
    assert got["z"] == {"c": "created"}
    assert sum("r" in inner for inner in got.values()) == 1


@pytest.mark.scenario("maps-11")
def test_errors(driver: Driver, vendor: Any, key: Key) -> None:
    vendor.put(key, {"m": "text"})
    with driver.fails(BIN_TYPE):
        run(vendor, key, maps.map_put("m", "a", 1))
    with driver.fails(BIN_TYPE):
        run(vendor, key, maps.map_size("m"))


@pytest.mark.scenario("maps-12")
def test_keys_of_every_type(vendor: Any, key: Key) -> None:
    policy = {"map_order": aerospike.MAP_KEY_ORDERED}
    run(vendor, key, *[maps.map_put("m", each, 1, policy) for each in (b"blob", "text", 7, -7)])
    assert run(vendor, key, maps.map_get_by_index_range("m", 0, 4, KEY)) == [[-7, 7, "text", b"blob"]]
