"""Every operation on lists and maps, as a server carries it out."""

# pyright: basic, reportArgumentType=false
# Tests pass what a type checker would refuse.

from __future__ import annotations

import aerospike_py as aerospike
import pytest
from aerospike_py import cdt_ctx, list_operations, map_operations
from aerospike_py.list_operations import list_append, list_get, list_size
from aerospike_py.map_operations import map_get_by_key, map_put, map_size

NOTHING = object()
L_NONE, L_INDEX, L_REVERSE_INDEX = (
    aerospike.LIST_RETURN_NONE,
    aerospike.LIST_RETURN_INDEX,
    aerospike.LIST_RETURN_REVERSE_INDEX,
)
L_RANK, L_REVERSE_RANK, L_COUNT = (
    aerospike.LIST_RETURN_RANK,
    aerospike.LIST_RETURN_REVERSE_RANK,
    aerospike.LIST_RETURN_COUNT,
)
L_VALUE, L_EXISTS = aerospike.LIST_RETURN_VALUE, aerospike.LIST_RETURN_EXISTS
M_NONE, M_INDEX, M_RANK = aerospike.MAP_RETURN_NONE, aerospike.MAP_RETURN_INDEX, aerospike.MAP_RETURN_RANK
M_REVERSE_INDEX, M_REVERSE_RANK = aerospike.MAP_RETURN_REVERSE_INDEX, aerospike.MAP_RETURN_REVERSE_RANK
M_COUNT, M_KEY, M_VALUE = aerospike.MAP_RETURN_COUNT, aerospike.MAP_RETURN_KEY, aerospike.MAP_RETURN_VALUE
M_KEY_VALUE, M_EXISTS = aerospike.MAP_RETURN_KEY_VALUE, aerospike.MAP_RETURN_EXISTS

FIVE = [30, 10, 50, 20, 40]

# Name, arguments, what it answers, what is left of FIVE (None: the same).
LISTS = [
    ("list_append", (60,), 6, [*FIVE, 60]),
    ("list_append_items", ([60, 70],), 7, [*FIVE, 60, 70]),
    ("list_insert", (1, 60), 6, [30, 60, 10, 50, 20, 40]),
    ("list_insert", (6, 60), 7, [*FIVE, None, 60]),
    ("list_insert_items", (0, [60, 70]), 7, [60, 70, *FIVE]),
    ("list_set", (1, "x"), NOTHING, [30, "x", 50, 20, 40]),
    ("list_increment", (1, 5), 15, [30, 15, 50, 20, 40]),
    ("list_increment", (-1, 2.7), 42, [30, 10, 50, 20, 42]),
    ("list_sort", (), NOTHING, [10, 20, 30, 40, 50]),
    ("list_set_order", (aerospike.LIST_ORDERED,), NOTHING, [10, 20, 30, 40, 50]),
    ("list_pop", (-1,), 40, [30, 10, 50, 20]),
    ("list_pop_range", (1, 2), [10, 50], [30, 20, 40]),
    ("list_remove", (0,), 1, [10, 50, 20, 40]),
    ("list_remove_range", (3, 9), 2, [30, 10, 50]),
    ("list_trim", (1, 3), 2, [10, 50, 20]),
    ("list_clear", (), NOTHING, []),
    ("list_size", (), 5, None),
    ("list_get", (2,), 50, None),
    ("list_get_range", (3, 9), [20, 40], None),
    ("list_get_by_index", (-2, L_VALUE), 20, None),
    ("list_get_by_index", (1, L_REVERSE_INDEX), 3, None),
    ("list_get_by_index_range", (3, L_VALUE), [20, 40], None),
    ("list_get_by_index_range", (1, L_RANK, 2), [0, 4], None),
    ("list_get_by_rank", (0, L_VALUE), 10, None),
    ("list_get_by_rank", (-1, L_INDEX), 2, None),
    ("list_get_by_rank_range", (3, L_COUNT), 2, None),
    ("list_get_by_rank_range", (0, L_COUNT, 1), 1, None),
    ("list_get_by_value", (50, L_INDEX), [2], None),
    ("list_get_by_value", (50, L_REVERSE_RANK), [0], None),
    ("list_get_by_value", (51, L_EXISTS), False, None),
    ("list_get_by_value_list", ([10, 20, 60], L_COUNT), 2, None),
    ("list_get_by_value_range", (20, 40, L_COUNT), 2, None),
    ("list_get_by_value_range", (20, None, L_COUNT), 4, None),
    ("list_get_by_value_range", (None, 20, L_VALUE), [10], None),
    ("list_remove_by_value", (50, L_INDEX), [2], [30, 10, 20, 40]),
    ("list_remove_by_value_list", ([10, 20, 60], L_COUNT), 2, [30, 50, 40]),
    ("list_remove_by_value_range", (20, 40, L_NONE), NOTHING, [10, 50, 40]),
    ("list_remove_by_index", (1, L_VALUE), 10, [30, 50, 20, 40]),
    ("list_remove_by_index_range", (1, L_VALUE), [10, 50, 20, 40], [30]),
    ("list_remove_by_index_range", (1, L_VALUE, 2), [10, 50], [30, 20, 40]),
    ("list_remove_by_rank", (-1, L_VALUE), 50, [30, 10, 20, 40]),
    ("list_remove_by_rank_range", (1, L_COUNT), 4, [10]),
    ("list_remove_by_rank_range", (1, L_COUNT, 1), 1, [30, 10, 50, 40]),
]

FRUIT = {"apple": 3, "fig": 1, "kiwi": 2, "pear": 3}
LESS = {name: {key: value for key, value in FRUIT.items() if key != name} for name in FRUIT}

MAPS = [
    ("map_set_order", (aerospike.MAP_KEY_ORDERED,), NOTHING, None),
    ("map_put", ("plum", 9), 5, {**FRUIT, "plum": 9}),
    ("map_put", ("fig", None), 4, {**FRUIT, "fig": None}),
    ("map_put_items", ({"plum": 9, "fig": 0},), 5, {**FRUIT, "plum": 9, "fig": 0}),
    ("map_increment", ("fig", 5), 6, {**FRUIT, "fig": 6}),
    ("map_increment", ("plum", 0.5), 0.5, {**FRUIT, "plum": 0.5}),
    ("map_decrement", ("fig", 5), -4, {**FRUIT, "fig": -4}),
    ("map_clear", (), NOTHING, {}),
    ("map_size", (), 4, None),
    ("map_get_by_key", ("kiwi", M_VALUE), 2, None),
    ("map_get_by_key", ("kiwi", M_RANK), 1, None),
    ("map_get_by_key", ("kiwi", M_REVERSE_INDEX), 1, None),
    ("map_get_by_key", ("plum", M_VALUE), NOTHING, None),
    ("map_get_by_key", ("plum", M_COUNT), 0, None),
    ("map_get_by_key", ("kiwi", M_EXISTS), True, None),
    ("map_get_by_key_list", (["fig", "plum", "pear"], M_KEY_VALUE), [("fig", 1), ("pear", 3)], None),
    ("map_get_by_key_range", ("fig", "pear", M_KEY), ["fig", "kiwi"], None),
    ("map_get_by_key_range", ("fig", None, M_VALUE), [1, 2, 3], None),
    ("map_get_by_value", (3, M_KEY), ["apple", "pear"], None),
    ("map_get_by_value_list", ([1, 2, 9], M_COUNT), 2, None),
    ("map_get_by_value_range", (1, 3, M_COUNT), 2, None),
    ("map_get_by_value_range", (2, None, M_COUNT), 3, None),
    ("map_get_by_index", (0, M_KEY), "apple", None),
    ("map_get_by_index", (-1, M_KEY_VALUE), [("pear", 3)], None),
    ("map_get_by_index_range", (2, M_KEY), ["kiwi", "pear"], None),
    ("map_get_by_index_range", (0, M_INDEX, 2), [0, 1], None),
    ("map_get_by_rank", (0, M_KEY), "fig", None),
    ("map_get_by_rank", (-1, M_REVERSE_RANK), 0, None),
    ("map_get_by_rank_range", (2, M_COUNT), 2, None),
    ("map_get_by_rank_range", (0, M_VALUE, 2), [1, 2], None),
    ("map_remove_by_key", ("fig", M_VALUE), 1, LESS["fig"]),
    ("map_remove_by_key_list", (["fig", "plum", "pear"], M_COUNT), 2, {"apple": 3, "kiwi": 2}),
    ("map_remove_by_key_range", ("b", "l", M_KEY), ["fig", "kiwi"], {"apple": 3, "pear": 3}),
    ("map_remove_by_value", (2, M_KEY), ["kiwi"], LESS["kiwi"]),
    ("map_remove_by_value_list", ([1, 2], M_NONE), NOTHING, {"apple": 3, "pear": 3}),
    ("map_remove_by_value_range", (2, None, M_COUNT), 3, {"fig": 1}),
    ("map_remove_by_index", (-1, M_KEY), "pear", LESS["pear"]),
    ("map_remove_by_index_range", (1, M_COUNT), 3, {"apple": 3}),
    ("map_remove_by_index_range", (1, M_COUNT, 1), 1, LESS["fig"]),
    ("map_remove_by_rank", (0, M_KEY_VALUE), [("fig", 1)], LESS["fig"]),
    ("map_remove_by_rank_range", (1, M_COUNT), 3, {"fig": 1}),
    ("map_remove_by_rank_range", (0, M_COUNT, 2), 2, {"apple": 3, "pear": 3}),
]

OPERATIONS = [
    *((list_operations, FIVE, *row) for row in LISTS),
    *((map_operations, FRUIT, *row) for row in MAPS),
]


def case(value):
    return value if isinstance(value, str) else None


@pytest.mark.parametrize(("module", "before", "name", "arguments", "answer", "after"), OPERATIONS, ids=case)
def test_operation(client, key, module, before, name, arguments, answer, after):
    client.put(key, {"c": before, "other": 1})
    operation = getattr(module, name)("c", *arguments)
    bins = client.operate(key, [operation]).bins
    assert bins == ({} if answer is NOTHING else {"c": answer})
    expected = before if after is None else after
    assert client.get(key).bins == {"c": expected, "other": 1}
    client.put(key, {"c": before})
    entries = client.operate_ordered(key, [operation]).ordered_bins
    assert entries == ([] if answer is NOTHING else [("c", answer)])


def test_every_operation_is_tested():
    assert {row[0] for row in LISTS} == set(list_operations.__all__) - {"Operation"}
    assert {row[0] for row in MAPS} == set(map_operations.__all__) - {"Operation"}


def test_operations_together(client, key):
    ops = [
        list_append("l", 7),
        list_size("l"),
        map_put("m", "a", 1),
        map_get_by_key("m", "a", M_VALUE),
        map_get_by_key("m", "b", M_VALUE),
        list_get("l", 0),
    ]
    assert client.operate(key, ops).bins == {"l": [1, 1, 7], "m": [1, 1]}
    entries = client.operate_ordered(key, ops).ordered_bins
    assert entries == [("l", 2), ("l", 2), ("m", 1), ("m", 1), ("l", 7)]


def test_missing_bins_and_records(client, key):
    client.put(key, {"other": 1})
    reads = [list_size("l"), list_get("l", 0), map_size("m"), map_get_by_key("m", "a", M_VALUE)]
    assert client.operate(key, reads).bins == {}
    assert client.operate(key, [list_operations.list_pop("l", 0), map_operations.map_clear("m")]).bins == {}
    assert client.get(key).bins == {"other": 1}
    client.remove(key)
    with pytest.raises(aerospike.RecordNotFound):
        client.operate(key, reads)
    assert client.operate(key, [list_append("l", 1)]).bins == {"l": 1}


def test_batches(client, keys):
    for at, key in enumerate(keys[:4]):
        client.put(key, {"l": list(range(at))})
    rows = client.batch_operate(keys, [list_append("l", 9), list_size("l")])
    assert [bins for _, _, bins in rows] == [{"l": [at + 1, at + 1]} for at in (0, 1, 2, 3, 0)]
    rows = client.batch_operate(keys, [list_get("l", 1)])
    assert [row.result for row in rows.batch_records] == [26, 0, 0, 0, 26]


# ---------------------------------------------------------------- policies


def test_list_policies(client, key):
    ordered = {"order": aerospike.LIST_ORDERED}
    client.operate(key, [list_operations.list_append_items("l", [3, 1, 2], ordered)])
    assert client.get(key).bins == {"l": [1, 2, 3]}
    unique = {"flags": aerospike.LIST_WRITE_ADD_UNIQUE}
    with pytest.raises(aerospike.RecordError, match=r"\(24\)"):
        client.operate(key, [list_append("l", 2, unique)])
    quiet = {"flags": aerospike.LIST_WRITE_ADD_UNIQUE | aerospike.LIST_WRITE_NO_FAIL}
    assert client.operate(key, [list_append("l", 2, quiet)]).bins == {"l": 3}
    partial = {"flags": quiet["flags"] | aerospike.LIST_WRITE_PARTIAL}
    assert client.operate(key, [list_operations.list_append_items("l", [2, 5, 0], partial)]).bins == {"l": 5}
    assert client.get(key).bins == {"l": [0, 1, 2, 3, 5]}
    bounded = {"flags": aerospike.LIST_WRITE_INSERT_BOUNDED}
    client.put(key, {"l": [1]})
    for operation in (
        list_operations.list_insert("l", 5, 1, bounded),
        list_operations.list_insert_items("l", 5, [1], bounded),
        list_operations.list_increment("l", 5, 1, bounded),
    ):
        with pytest.raises(aerospike.ServerError, match=r"\(26\)"):
            client.operate(key, [operation])
    client.operate(key, [list_operations.list_set_order("l", 1)])
    with pytest.raises(aerospike.ServerError, match=r"\(26\)"):
        client.operate(key, [list_operations.list_insert("l", 0, 1)])
    drop = list_operations.list_sort("l", aerospike.LIST_SORT_DROP_DUPLICATES)
    client.put(key, {"l": [2, 1, 2, 1]})
    client.operate(key, [drop])
    assert client.get(key).bins == {"l": [1, 2]}


def test_map_policies(client, key):
    ordered = {"order": aerospike.MAP_KEY_ORDERED}
    client.operate(key, [map_operations.map_put_items("m", {"b": 1, "a": 2}, ordered)])
    assert list(client.get(key).bins["m"].items()) == [("a", 2), ("b", 1)]
    create, update = {"write_mode": aerospike.MAP_CREATE_ONLY}, {"write_mode": aerospike.MAP_UPDATE_ONLY}
    with pytest.raises(aerospike.RecordError, match=r"\(24\)"):
        client.operate(key, [map_put("m", "a", 9, create)])
    with pytest.raises(aerospike.RecordError, match=r"\(23\)"):
        client.operate(key, [map_put("m", "c", 9, update)])
    client.operate(key, [map_put("m", "c", 3, create), map_put("m", "a", 0, update)])
    assert client.get(key).bins == {"m": {"a": 0, "b": 1, "c": 3}}


# ---------------------------------------------------------------- paths


def test_paths(client, key):
    client.put(key, {"m": {"a": {"x": [3, 1], "y": []}, "b": {"x": [5]}}, "l": [[1, 2], [9], {"k": 0}]})
    inside = [cdt_ctx.cdt_ctx_map_key("a"), cdt_ctx.cdt_ctx_map_key("x")]
    ops = [
        list_append("m", 2, ctx=inside),
        list_operations.list_sort("m", ctx=inside),
        list_operations.list_get_range("m", 0, 9, ctx=inside),
        map_size("m", ctx=[cdt_ctx.cdt_ctx_map_index(0)]),
        list_size("l", ctx=[cdt_ctx.cdt_ctx_list_index(0)]),
        list_get("l", 0, ctx=[cdt_ctx.cdt_ctx_list_rank(1)]),
        map_put("l", "k", 7, ctx=[cdt_ctx.cdt_ctx_list_index(-1)]),
        list_append("l", 10, ctx=[cdt_ctx.cdt_ctx_list_value([9])]),
        map_size("m", ctx=[cdt_ctx.cdt_ctx_map_rank(0)]),
        map_size("m", ctx=[cdt_ctx.cdt_ctx_map_value({"x": [5]})]),
    ]
    assert client.operate(key, ops).bins == {"m": [3, [1, 2, 3], 2, 1, 1], "l": [2, 9, 1, 2]}
    assert client.get(key).bins == {
        "m": {"a": {"x": [1, 2, 3], "y": []}, "b": {"x": [5]}},
        "l": [[1, 2], [9, 10], {"k": 7}],
    }
    with pytest.raises(aerospike.ServerError, match=r"\(26\)"):
        client.operate(key, [list_size("m", ctx=[cdt_ctx.cdt_ctx_map_key("nothing")])])


def test_paths_that_create(client, key):
    ops = [
        list_append("m", 1, ctx=[cdt_ctx.cdt_ctx_map_key_create("a")]),
        map_put("o", "x", 1, ctx=[cdt_ctx.cdt_ctx_map_key_create("b", aerospike.MAP_KEY_ORDERED)]),
        list_append("l", 4, ctx=[cdt_ctx.cdt_ctx_list_index_create(2, pad=True)]),
        list_append("s", 4, ctx=[cdt_ctx.cdt_ctx_list_index_create(2, aerospike.LIST_ORDERED)]),
    ]
    client.operate(key, ops)
    assert client.get(key).bins == {"m": {"a": [1]}, "o": {"b": {"x": 1}}, "l": [None, None, [4]], "s": [[4]]}


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("operation", "error", "text"),
    [
        (list_operations.list_get("l", None), ValueError, "requires 'index'"),
        (list_operations.list_get("l", "1"), TypeError, None),
        (list_operations.list_get("l", 2**70), OverflowError, None),
        (list_operations.list_get_by_index("l", 0, None), ValueError, "requires 'return_type'"),
        (list_operations.list_get_by_index("l", 0, 99), ValueError, "return_type"),
        (
            list_operations.list_get_by_index("l", 0, aerospike.MAP_RETURN_KEY),
            (ValueError, aerospike.ServerError),
            None,
        ),
        (list_operations.list_sort("l", 99), ValueError, "sort"),
        (list_operations.list_increment("l", 0, "x"), ValueError, "list_increment"),
        (list_operations.list_append("l", {1, 2}), TypeError, "Unsupported type"),
        (list_operations.list_append("l", 1, {"order": "x"}), TypeError, None),
        (list_operations.list_append("l", 1, 5), TypeError, "list_policy"),
        (list_operations.list_append(None, 1), ValueError, "requires 'bin'"),
        (list_operations.list_append(5, 1), TypeError, None),
        (list_operations.list_append("l", 1, ctx=5), TypeError, "ctx"),
        (list_operations.list_append("l", 1, ctx=[5]), TypeError, "ctx"),
        (map_operations.map_put_items("m", [1]), ValueError, "map_put_items requires a dict value"),
        (map_operations.map_put("m", 1.5, 1), (TypeError, aerospike.ServerError), None),
        (map_operations.map_increment("m", "k", "x"), ValueError, "map_increment"),
        (map_operations.map_get_by_key("m", "k", 99), ValueError, "return_type"),
        ({"op": 1015, "bin": "l", "return_type": 7}, ValueError, "requires 'val'"),
        ({"op": 2018, "bin": "m", "return_type": 7}, ValueError, "requires 'map_key'"),
        ({"op": 1032, "bin": "l"}, ValueError, "Unsupported operation code: 1032"),
    ],
)
def test_what_is_no_operation(client, key, operation, error, text):
    with pytest.raises(error, match=text):
        client.operate(key, [operation])
    assert client.exists(key).meta is None


def test_what_the_server_refuses(client, key):
    client.put(key, {"l": [1], "m": {"k": "text"}, "i": 5})
    for operation in (list_size("i"), map_size("l"), list_append("m", 1)):
        with pytest.raises(aerospike.BinTypeError):
            client.operate(key, [operation])
    for operation in (list_get("l", 1), list_operations.list_pop("l", -2), list_operations.list_set("l", -9, 0)):
        with pytest.raises(aerospike.ServerError, match=r"\(26\)"):
            client.operate(key, [operation])
    with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
        client.operate(key, [map_operations.map_increment("m", "k", 1)])


def test_dicts_written_by_hand(client, key):
    """Documented without builders: defaults, and the older name of ranks."""
    client.put(key, {"l": [30, 10, 20], "m": {"a": 1, "b": 2}})
    for operation, answer in [
        ({"op": 1006, "bin": "l", "index": 0}, [30]),
        ({"op": 1014, "bin": "l", "index": 0}, [10]),
        ({"op": 1018, "bin": "l", "index": 0, "return_type": L_VALUE}, 10),
        ({"op": 1020, "bin": "l", "val": 20, "return_type": L_COUNT}, 1),
        ({"op": 1021, "bin": "l", "val": 15, "return_type": L_VALUE}, [20]),
        ({"op": 2023, "bin": "m", "index": 0, "return_type": M_KEY}, ["a", "b"]),
        ({"op": 1008, "bin": "l", "index": 0}, 1),
        ({"op": 1010, "bin": "l", "index": 0}, 1),
    ]:
        assert list(client.operate(key, [operation]).bins.values()) == [answer], operation
