"""Builders of operations, expressions and predicates: the plain structures that they return."""

# pyright: basic, reportArgumentType=false
# Tests pass what a type checker would refuse.

from __future__ import annotations

import inspect

import pytest
from aerospike_py import (
    LIST_ORDERED,
    MAP_KEY_ORDERED,
    MAP_KEY_VALUE_ORDERED,
    bit_operations,
    cdt_ctx,
    exp,
    hll_operations,
    list_operations,
    map_operations,
    predicates,
)

RT = 7
ONE, TWO, THREE = exp.int_val(1), exp.int_val(2), exp.int_val(3)

# Name, arguments, code, what the dict has besides.
LISTS = [
    ("list_append", (5,), 1001, {"val": 5}),
    ("list_append_items", ([1, 2],), 1002, {"val": [1, 2]}),
    ("list_insert", (3, None), 1003, {"index": 3, "val": None}),
    ("list_insert_items", (3, [1]), 1004, {"index": 3, "val": [1]}),
    ("list_pop", (-1,), 1005, {"index": -1}),
    ("list_pop_range", (1, 2), 1006, {"index": 1, "count": 2}),
    ("list_remove", (1,), 1007, {"index": 1}),
    ("list_remove_range", (1, 2), 1008, {"index": 1, "count": 2}),
    ("list_set", (1, "x"), 1009, {"index": 1, "val": "x"}),
    ("list_trim", (1, 2), 1010, {"index": 1, "count": 2}),
    ("list_clear", (), 1011, {}),
    ("list_size", (), 1012, {}),
    ("list_get", (1,), 1013, {"index": 1}),
    ("list_get_range", (1, 2), 1014, {"index": 1, "count": 2}),
    ("list_get_by_value", ("x", RT), 1015, {"val": "x", "return_type": RT}),
    ("list_get_by_index", (1, RT), 1016, {"index": 1, "return_type": RT}),
    ("list_get_by_index_range", (1, RT), 1017, {"index": 1, "return_type": RT}),
    ("list_get_by_index_range", (1, RT, 4), 1017, {"index": 1, "return_type": RT, "count": 4}),
    ("list_get_by_rank", (1, RT), 1018, {"rank": 1, "return_type": RT}),
    ("list_get_by_rank_range", (1, RT), 1019, {"rank": 1, "return_type": RT}),
    ("list_get_by_rank_range", (1, RT, 0), 1019, {"rank": 1, "return_type": RT, "count": 0}),
    ("list_get_by_value_list", ([1], RT), 1020, {"val": [1], "return_type": RT}),
    ("list_get_by_value_range", (1, None, RT), 1021, {"val": 1, "val_end": None, "return_type": RT}),
    ("list_remove_by_value", ("x", RT), 1022, {"val": "x", "return_type": RT}),
    ("list_remove_by_value_list", ([1], RT), 1023, {"val": [1], "return_type": RT}),
    ("list_remove_by_value_range", (None, 5, RT), 1024, {"val": None, "val_end": 5, "return_type": RT}),
    ("list_remove_by_index", (1, RT), 1025, {"index": 1, "return_type": RT}),
    ("list_remove_by_index_range", (1, RT, 4), 1026, {"index": 1, "return_type": RT, "count": 4}),
    ("list_remove_by_rank", (1, RT), 1027, {"rank": 1, "return_type": RT}),
    ("list_remove_by_rank_range", (1, RT, 4), 1028, {"rank": 1, "return_type": RT, "count": 4}),
    ("list_increment", (1, 2), 1029, {"index": 1, "val": 2}),
    ("list_sort", (), 1030, {"val": 0}),
    ("list_sort", (2,), 1030, {"val": 2}),
    ("list_set_order", (), 1031, {"val": 0}),
    ("list_set_order", (1,), 1031, {"val": 1}),
]

MAPS = [
    ("map_set_order", (1,), 2001, {"val": 1}),
    ("map_put", ("k", None), 2002, {"map_key": "k", "val": None}),
    ("map_put_items", ({"k": 1},), 2003, {"val": {"k": 1}}),
    ("map_increment", ("k", 2), 2004, {"map_key": "k", "val": 2}),
    ("map_decrement", ("k", 2), 2005, {"map_key": "k", "val": 2}),
    ("map_clear", (), 2006, {}),
    ("map_remove_by_key", ("k", RT), 2007, {"map_key": "k", "return_type": RT}),
    ("map_remove_by_key_list", (["k"], RT), 2008, {"val": ["k"], "return_type": RT}),
    ("map_remove_by_key_range", ("a", "c", RT), 2009, {"val": "a", "val_end": "c", "return_type": RT}),
    ("map_remove_by_value", (1, RT), 2010, {"val": 1, "return_type": RT}),
    ("map_remove_by_value_list", ([1], RT), 2011, {"val": [1], "return_type": RT}),
    ("map_remove_by_value_range", (1, 3, RT), 2012, {"val": 1, "val_end": 3, "return_type": RT}),
    ("map_remove_by_index", (0, RT), 2013, {"index": 0, "return_type": RT}),
    ("map_remove_by_index_range", (0, RT), 2014, {"index": 0, "return_type": RT}),
    ("map_remove_by_rank", (0, RT), 2015, {"rank": 0, "return_type": RT}),
    ("map_remove_by_rank_range", (0, RT, 2), 2016, {"rank": 0, "return_type": RT, "count": 2}),
    ("map_size", (), 2017, {}),
    ("map_get_by_key", ("k", RT), 2018, {"map_key": "k", "return_type": RT}),
    ("map_get_by_key_range", ("a", None, RT), 2019, {"val": "a", "val_end": None, "return_type": RT}),
    ("map_get_by_value", (1, RT), 2020, {"val": 1, "return_type": RT}),
    ("map_get_by_value_range", (1, 3, RT), 2021, {"val": 1, "val_end": 3, "return_type": RT}),
    ("map_get_by_index", (0, RT), 2022, {"index": 0, "return_type": RT}),
    ("map_get_by_index_range", (0, RT, 2), 2023, {"index": 0, "return_type": RT, "count": 2}),
    ("map_get_by_rank", (0, RT), 2024, {"rank": 0, "return_type": RT}),
    ("map_get_by_rank_range", (0, RT), 2025, {"rank": 0, "return_type": RT}),
    ("map_get_by_key_list", (["k"], RT), 2026, {"val": ["k"], "return_type": RT}),
    ("map_get_by_value_list", ([1], RT), 2027, {"val": [1], "return_type": RT}),
]

REGION = {"bit_offset": 4, "bit_size": 8}
BITS = [
    ("bit_resize", (4,), 4001, {"byte_size": 4}),
    ("bit_resize", (4, 1), 4001, {"byte_size": 4, "resize_flags": 1}),
    ("bit_insert", (1, b"x"), 4002, {"byte_offset": 1, "val": b"x"}),
    ("bit_remove", (1, 2), 4003, {"byte_offset": 1, "byte_size": 2}),
    ("bit_set", (4, 8, b"x"), 4004, {**REGION, "val": b"x"}),
    ("bit_or", (4, 8, b"x"), 4005, {**REGION, "val": b"x"}),
    ("bit_xor", (4, 8, b"x"), 4006, {**REGION, "val": b"x"}),
    ("bit_and", (4, 8, b"x"), 4007, {**REGION, "val": b"x"}),
    ("bit_not", (4, 8), 4008, REGION),
    ("bit_lshift", (4, 8, 2), 4009, {**REGION, "shift": 2}),
    ("bit_rshift", (4, 8, 2), 4010, {**REGION, "shift": 2}),
    ("bit_add", (4, 8, 2), 4011, {**REGION, "val": 2, "signed": False, "action": 0}),
    ("bit_subtract", (4, 8, 2, True, 4), 4012, {**REGION, "val": 2, "signed": True, "action": 4}),
    ("bit_set_int", (4, 8, 2), 4013, {**REGION, "val": 2}),
    ("bit_get", (4, 8), 4050, REGION),
    ("bit_count", (4, 8), 4051, REGION),
    ("bit_lscan", (4, 8, True), 4052, {**REGION, "val": True}),
    ("bit_rscan", (4, 8, False), 4053, {**REGION, "val": False}),
    ("bit_get_int", (4, 8), 4054, {**REGION, "signed": False}),
    ("bit_get_int", (4, 8, True), 4054, {**REGION, "signed": True}),
]

SKETCHES = [
    ("hll_init", (8,), 3001, {"index_bit_count": 8}),
    ("hll_init", (8, 4), 3001, {"index_bit_count": 8, "minhash_bit_count": 4}),
    ("hll_add", ([1],), 3002, {"val": [1]}),
    ("hll_add", ([1], 8, 4), 3002, {"val": [1], "index_bit_count": 8, "minhash_bit_count": 4}),
    ("hll_get_count", (), 3003, {}),
    ("hll_get_union", ([b"s"],), 3004, {"val": [b"s"]}),
    ("hll_get_union_count", ([b"s"],), 3005, {"val": [b"s"]}),
    ("hll_get_intersect_count", ([b"s"],), 3006, {"val": [b"s"]}),
    ("hll_get_similarity", ([b"s"],), 3007, {"val": [b"s"]}),
    ("hll_describe", (), 3008, {}),
    ("hll_fold", (6,), 3009, {"index_bit_count": 6}),
    ("hll_set_union", ([b"s"],), 3010, {"val": [b"s"]}),
]

FAMILIES = [(list_operations, LISTS), (map_operations, MAPS), (bit_operations, BITS), (hll_operations, SKETCHES)]
OPERATIONS = [(module, *row) for module, rows in FAMILIES for row in rows]


def case(value):
    return value if isinstance(value, str) else None


@pytest.mark.parametrize(("module", "name", "arguments", "code", "entries"), OPERATIONS, ids=case)
def test_operation(module, name, arguments, code, entries):
    build = getattr(module, name)
    assert build("b", *arguments) == {"op": code, "bin": "b", **entries}
    names = list(inspect.signature(build).parameters)
    assert build(**dict(zip(names, ("b", *arguments), strict=False))) == {"op": code, "bin": "b", **entries}


@pytest.mark.parametrize(("module", "name", "arguments", "code", "entries"), OPERATIONS, ids=case)
def test_options(module, name, arguments, code, entries):
    build = getattr(module, name)
    options = inspect.signature(build).parameters
    family = name.partition("_")[0]
    if "policy" in options:
        policy = 2 if family == "bit" else {"flags": 1}
        assert build("b", *arguments, policy=policy) == {
            "op": code,
            "bin": "b",
            **entries,
            f"{family}_policy": policy,
        }
    path = [cdt_ctx.cdt_ctx_map_key("k")]
    assert ("ctx" in options) == (family in ("list", "map"))
    if "ctx" in options:
        assert build("b", *arguments, ctx=path) == {"op": code, "bin": "b", **entries, "ctx": path}


def test_every_operation_is_tested():
    for module, rows in FAMILIES:
        assert {row[0] for row in rows} | {"Operation"} == set(module.__all__)
    counts = [len(module.__all__) - 1 for module, _ in FAMILIES]
    assert counts == [31, 27, 18, 10]
    with_policy = {
        name for module, name, *_ in OPERATIONS if "policy" in inspect.signature(getattr(module, name)).parameters
    }
    assert {name for name in with_policy if name.startswith(("list", "map"))} == {
        "list_append",
        "list_append_items",
        "list_increment",
        "list_insert",
        "list_insert_items",
        "map_decrement",
        "map_increment",
        "map_put",
        "map_put_items",
    }


def test_paths():
    assert [
        cdt_ctx.cdt_ctx_list_index(-1),
        cdt_ctx.cdt_ctx_list_rank(0),
        cdt_ctx.cdt_ctx_list_value("v"),
        cdt_ctx.cdt_ctx_map_index(1),
        cdt_ctx.cdt_ctx_map_rank(-1),
        cdt_ctx.cdt_ctx_map_key("k"),
        cdt_ctx.cdt_ctx_map_value([1]),
    ] == [(0x10, -1), (0x11, 0), (0x13, "v"), (0x20, 1), (0x21, -1), (0x22, "k"), (0x23, [1])]
    assert cdt_ctx.cdt_ctx_list_index_create(0) == (0x50, 0)
    assert cdt_ctx.cdt_ctx_list_index_create(2, pad=True) == (0x90, 2)
    assert cdt_ctx.cdt_ctx_list_index_create(2, LIST_ORDERED) == (0xD0, 2)
    assert cdt_ctx.cdt_ctx_map_key_create("k") == (0x62, "k")
    assert cdt_ctx.cdt_ctx_map_key_create("k", MAP_KEY_ORDERED) == (0xA2, "k")
    assert cdt_ctx.cdt_ctx_map_key_create("k", MAP_KEY_VALUE_ORDERED) == (0xE2, "k")
    with pytest.raises(ValueError, match="MAP_UNORDERED"):
        cdt_ctx.cdt_ctx_map_key_create("k", 2)
    with pytest.raises(ValueError, match="LIST_ORDERED"):
        cdt_ctx.cdt_ctx_list_index_create(0, 3)
    with pytest.raises(ValueError, match="padded"):
        cdt_ctx.cdt_ctx_list_index_create(0, LIST_ORDERED, True)


BINS = ["int", "float", "string", "bool", "blob", "list", "map", "geo", "hll"]
VALUES = {
    "int": 1,
    "float": 1.5,
    "string": "s",
    "bool": True,
    "blob": b"b",
    "list": [1],
    "map": {"k": 1},
    "geo": '{"type": "Point", "coordinates": [1, 2]}',
}
PLAIN = [
    "nil",
    "infinity",
    "unknown",
    "wildcard",
    "key_exists",
    "set_name",
    "record_size",
    "last_update",
    "since_update",
    "void_time",
    "ttl",
    "is_tombstone",
]
PAIRS = ["eq", "ne", "gt", "ge", "lt", "le", "geo_compare"]
MANY = {
    **{f"{name}_": name for name in ("and", "or", "xor", "min", "max", "let")},
    **{name: name for name in ("cond", "num_add", "num_sub", "num_mul", "num_div", "int_and", "int_or", "int_xor")},
}
ONE_OPERAND = ["num_abs", "num_floor", "num_ceil", "to_int", "to_float", "int_not", "int_count"]
TWO_OPERANDS = ["num_mod", "num_pow", "num_log", "int_lshift", "int_rshift", "int_arshift", "int_lscan", "int_rscan"]
BIN = exp.string_bin("s")
EXPRESSIONS = [
    *((f"{name}_val", (value,), {"__expr__": f"{name}_val", "val": value}) for name, value in VALUES.items()),
    *((f"{name}_bin", ("b",), {"__expr__": f"{name}_bin", "name": "b"}) for name in BINS),
    *((name, ("b",), {"__expr__": name, "name": "b"}) for name in ("bin_exists", "bin_type", "var")),
    *((name, (), {"__expr__": name}) for name in PLAIN),
    *((name, (ONE, TWO), {"__expr__": name, "left": ONE, "right": TWO}) for name in PAIRS),
    *((name, (ONE, TWO, THREE), {"__expr__": kind, "exprs": [ONE, TWO, THREE]}) for name, kind in MANY.items()),
    *((name, (), {"__expr__": kind, "exprs": []}) for name, kind in MANY.items()),
    *((name, (ONE,), {"__expr__": name, "exprs": [ONE]}) for name in ONE_OPERAND),
    *((name, (ONE, TWO), {"__expr__": name, "exprs": [ONE, TWO]}) for name in TWO_OPERANDS),
    ("key", (exp.EXP_TYPE_STRING,), {"__expr__": "key", "exp_type": 3}),
    ("digest_modulo", (3,), {"__expr__": "digest_modulo", "modulo": 3}),
    ("not_", (ONE,), {"__expr__": "not", "expr": ONE}),
    ("regex_compare", ("^a", 2, BIN), {"__expr__": "regex_compare", "regex": "^a", "flags": 2, "bin": BIN}),
    ("def_", ("x", ONE), {"__expr__": "def", "name": "x", "value": ONE}),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), EXPRESSIONS, ids=case)
def test_expression(name, arguments, expected):
    assert getattr(exp, name)(*arguments) == expected


def test_every_expression_is_tested():
    builders = {name for name in exp.__all__ if inspect.isfunction(getattr(exp, name))}
    assert {row[0] for row in EXPRESSIONS} == builders
    assert len(builders) == 73


def test_predicates():
    assert predicates.equals("b", 5) == ("equals", "b", 5)
    assert predicates.between("b", 1, 2) == ("between", "b", 1, 2)
    assert predicates.contains("b", 1, "x") == ("contains", "b", 1, "x")
    region, point = '{"type": "Polygon"}', '{"type": "Point"}'
    with pytest.warns(FutureWarning, match="aerospike-py"):
        assert predicates.geo_within_geojson_region("b", region) == ("geo_within_geojson_region", "b", region)
    with pytest.warns(FutureWarning, match="aerospike-py"):
        assert predicates.geo_within_radius("b", 1.5, 2.5, 100) == ("geo_within_radius", "b", 1.5, 2.5, 100)
    with pytest.warns(FutureWarning, match="aerospike-py") as warned:
        assert predicates.geo_contains_geojson_point("b", point) == ("geo_contains_geojson_point", "b", point)
    assert warned[0].filename == __file__


@pytest.mark.parametrize(
    "module", [bit_operations, cdt_ctx, exp, hll_operations, list_operations, map_operations, predicates]
)
def test_builders_are_documented(module):
    assert module.__doc__
    public = {
        name
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__
    }
    public = {name for name in public if not name.startswith("_")}
    assert public <= set(module.__all__)
    for name in public:
        assert getattr(module, name).__doc__, name
