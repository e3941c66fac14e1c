"""Every expression as a filter, as a server evaluates it; filters in every command."""

# pyright: basic, reportArgumentType=false
# Tests pass what a type checker would refuse.

from __future__ import annotations

import inspect
import time

import aerospike_py as aerospike
import pytest
from aerospike_py import exp, map_operations
from aerospike_py.exp import (
    and_,
    bin_exists,
    bool_bin,
    bool_val,
    cond,
    def_,
    eq,
    float_bin,
    float_val,
    ge,
    gt,
    int_bin,
    int_val,
    le,
    let_,
    lt,
    ne,
    not_,
    or_,
    string_bin,
    string_val,
    var,
    xor_,
)

BINS = {
    "i": 5,
    "n": -7,
    "f": 1.5,
    "s": "hello",
    "b": b"\x01\x02",
    "t": True,
    "l": [1, 2, 3],
    "e": 2,
}
YES, NO = bool_val(True), bool_val(False)
N, F, S = int_bin("i"), float_bin("f"), string_bin("s")
NOW = 10**18
POINT = '{"type": "Point", "coordinates": [1.0, 1.0]}'
FAR = '{"type": "Point", "coordinates": [40.0, 1.0]}'
REGION = '{"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}'


def is_int(expression, value):
    return eq(expression, int_val(value))


def is_float(expression, value):
    return eq(expression, float_val(value))


TRUE = {
    "int_val": eq(N, int_val(5)),
    "float_val": eq(F, float_val(1.5)),
    "string_val": eq(S, string_val("hello")),
    "bool_val": eq(bool_bin("t"), YES),
    "blob_val": eq(exp.blob_bin("b"), exp.blob_val(b"\x01\x02")),
    "list_val": eq(exp.list_bin("l"), exp.list_val([1, 2, 3])),
    "map_val": eq(exp.map_bin("m"), exp.map_val({"b": [1], "a": 1})),
    "geo_val": exp.geo_compare(exp.geo_val(POINT), exp.geo_val(REGION)),
    "nil": eq(exp.nil(), exp.nil()),
    "unknown": cond(eq(N, int_val(5)), YES, exp.unknown()),
    "int_bin": gt(N, int_val(4)),
    "float_bin": gt(F, float_val(1.4)),
    "string_bin": gt(S, string_val("hell")),
    "bool_bin": bool_bin("t"),
    "blob_bin": gt(exp.blob_bin("b"), exp.blob_val(b"\x01")),
    "list_bin": ge(exp.list_bin("l"), exp.list_val([1, 2])),
    "map_bin": le(exp.map_bin("m"), exp.map_val({"a": 1, "b": 1, "c": 1})),
    "hll_bin": not_(bin_exists("h")),
    "bin_exists": and_(bin_exists("i"), not_(bin_exists("missing"))),
    "bin_type": and_(is_int(exp.bin_type("s"), 3), is_int(exp.bin_type("missing"), 0)),
    "key": eq(exp.key(exp.EXP_TYPE_STRING), string_val("stored")),
    "key_exists": exp.key_exists(),
    "set_name": eq(exp.set_name(), string_val("expressions")),
    "record_size": and_(gt(exp.record_size(), int_val(64)), lt(exp.record_size(), int_val(1000))),
    "last_update": gt(exp.last_update(), int_val(NOW)),
    "since_update": lt(exp.since_update(), int_val(60_000)),
    "void_time": gt(exp.void_time(), exp.last_update()),
    "ttl": and_(gt(exp.ttl(), int_val(900)), le(exp.ttl(), int_val(1000))),
    "is_tombstone": not_(exp.is_tombstone()),
    "digest_modulo": lt(exp.digest_modulo(3), int_val(3)),
    "eq": eq(N, int_val(5)),
    "ne": ne(N, int_val(6)),
    "gt": gt(N, int_val(4)),
    "ge": ge(N, int_val(5)),
    "lt": lt(N, int_val(6)),
    "le": le(N, int_val(5)),
    "regex_compare": exp.regex_compare("^H.+(o|x)$", aerospike.REGEX_EXTENDED | aerospike.REGEX_ICASE, S),
    "geo_compare": not_(exp.geo_compare(exp.geo_val(FAR), exp.geo_val(REGION))),
    "and_": and_(YES, YES, YES),
    "or_": or_(NO, YES, NO),
    "not_": not_(NO),
    "xor_": xor_(NO, YES, NO),
    "num_add": is_int(exp.num_add(N, int_val(1), int_val(2)), 8),
    "num_sub": is_int(exp.num_sub(N, int_val(1), int_val(2)), 2),
    "num_mul": is_float(exp.num_mul(F, float_val(2.0)), 3.0),
    "num_div": is_int(exp.num_div(int_bin("n"), int_val(2)), -3),
    "num_mod": is_int(exp.num_mod(int_bin("n"), int_val(3)), -1),
    "num_pow": is_float(exp.num_pow(float_val(2.0), float_val(3.0)), 8.0),
    "num_log": is_float(exp.num_log(float_val(8.0), float_val(2.0)), 3.0),
    "num_abs": is_int(exp.num_abs(int_bin("n")), 7),
    "num_floor": is_float(exp.num_floor(F), 1.0),
    "num_ceil": is_float(exp.num_ceil(F), 2.0),
    "to_int": is_int(exp.to_int(F), 1),
    "to_float": is_float(exp.to_float(N), 5.0),
    "min_": is_int(exp.min_(N, int_bin("n"), int_val(0)), -7),
    "max_": is_int(exp.max_(N, int_bin("n"), int_val(0)), 5),
    "int_and": is_int(exp.int_and(N, int_val(4)), 4),
    "int_or": is_int(exp.int_or(N, int_val(2)), 7),
    "int_xor": is_int(exp.int_xor(N, int_val(4)), 1),
    "int_not": is_int(exp.int_not(N), -6),
    "int_lshift": is_int(exp.int_lshift(N, int_val(1)), 10),
    "int_rshift": is_int(exp.int_rshift(int_val(-1), int_val(60)), 15),
    "int_arshift": is_int(exp.int_arshift(int_bin("n"), int_val(1)), -4),
    "int_count": is_int(exp.int_count(N), 2),
    "int_lscan": is_int(exp.int_lscan(int_val(1), YES), 63),
    "int_rscan": is_int(exp.int_rscan(int_val(8), YES), 60),
    "cond": is_int(cond(gt(N, int_val(9)), int_val(1), gt(N, int_val(4)), int_val(2), int_val(3)), 2),
    "var": let_(def_("x", N), gt(var("x"), int_val(4))),
    "def_": let_(def_("x", N), def_("y", exp.num_add(var("x"), int_val(1))), is_int(var("y"), 6)),
    "let_": let_(def_("x", F), is_float(var("x"), 1.5)),
}
"""For each builder an expression that is true for the record."""

UNKNOWN = {
    "missing bin": gt(int_bin("missing"), int_val(0)),
    "not of a missing bin": not_(gt(int_bin("missing"), int_val(0))),
    "bin of another type": eq(string_bin("i"), string_val("5")),
    "division by zero": is_int(exp.num_div(N, int_val(0)), 0),
    "key of another type": is_int(exp.key(exp.EXP_TYPE_INT), 1),
    "unordered maps": eq(exp.map_bin("u"), exp.map_val({"a": 1})),
    "unknown": cond(NO, YES, exp.unknown()),
}


@pytest.fixture
def record(client):
    key = ("test", "expressions", "stored")
    client.put(key, BINS, {"ttl": 1000}, {"key": aerospike.POLICY_KEY_SEND})
    ordered = {"order": aerospike.MAP_KEY_ORDERED}
    client.operate(
        key,
        [
            map_operations.map_clear("m"),
            map_operations.map_put_items("m", {"a": 1, "b": [1]}, ordered),
            {"op": aerospike.OPERATOR_WRITE, "bin": "u", "val": {"a": 1}},
        ],
        {"ttl": aerospike.TTL_DONT_UPDATE},
    )
    return key


def passes(client, key, expression):
    try:
        return client.get(key, {"filter_expression": expression}) is not None
    except aerospike.FilteredOut:
        return False


@pytest.mark.parametrize("name", TRUE)
def test_expression(client, record, name):
    assert passes(client, record, TRUE[name])
    assert not passes(client, record, not_(TRUE[name]))


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_is_neither_true_nor_false(client, record, name):
    assert not passes(client, record, UNKNOWN[name])
    assert not passes(client, record, not_(UNKNOWN[name]))
    assert passes(client, record, or_(UNKNOWN[name], YES))


def test_every_builder_is_tested():
    builders = {name for name in exp.__all__ if inspect.isfunction(getattr(exp, name))}
    assert builders - set(TRUE) == {"wildcard", "infinity", "geo_bin"}


def test_wildcard_and_infinity(client, record):
    """They stand alone beside any value."""
    assert passes(client, record, lt(exp.list_bin("l"), exp.list_val([1, 3])))
    for expression in (eq(exp.list_bin("l"), exp.wildcard()), lt(exp.list_bin("l"), exp.infinity())):
        try:
            passes(client, record, expression)
        except aerospike.ServerError as error:
            assert error.result_code == 4  # noqa: PT017


@pytest.mark.parametrize("expression", TRUE.values(), ids=TRUE.keys())
def test_expressions_are_not_changed(client, record, expression):
    before = repr(expression)
    passes(client, record, expression)
    assert repr(expression) == before


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize("matches", [True, False])
def test_filters_of_commands(client, record, matches):
    policy = {"filter_expression": is_int(N, 5 if matches else 6)}
    key = record
    read = [{"op": aerospike.OPERATOR_READ, "bin": "i"}]
    commands = [
        lambda: client.get(key, policy),
        lambda: client.select(key, ["i"], policy),
        lambda: client.exists(key, policy),
        lambda: client.put(key, {"x": 1}, policy=policy),
        lambda: client.append(key, "s", "!", policy=policy),
        lambda: client.prepend(key, "s", "!", policy=policy),
        lambda: client.increment(key, "e", 1, policy=policy),
        lambda: client.touch(key, policy=policy),
        lambda: client.operate(key, read, policy=policy),
        lambda: client.operate_ordered(key, read, policy=policy),
        lambda: client.remove_bin(key, ["x"], policy=policy),
        lambda: client.remove(key, policy=policy),
    ]
    for command in commands:
        if matches:
            command()
        else:
            with pytest.raises(aerospike.FilteredOut) as error:
                command()
            assert error.value.result_code == 27
    assert (client.exists(key).meta is None) == matches


def test_filters_of_batches(client, keys):
    for n, key in enumerate(keys[:4]):
        client.put(key, {"n": n})
    policy = {"filter_expression": ge(int_bin("n"), int_val(2))}
    assert [row.result for row in client.batch_read(keys, policy=policy).batch_records] == [27, 27, 0, 0, 2]
    ops = [{"op": aerospike.OPERATOR_READ, "bin": "n"}]
    rows = client.batch_operate(keys, ops, policy)
    assert [row.result for row in rows.batch_records] == [27, 27, 0, 0, 2]
    assert [bins for _, _, bins in rows] == [None, None, {"n": 2}, {"n": 3}, None]
    assert [row.result for row in client.batch_remove(keys, policy).batch_records] == [27, 27, 0, 0, 2]
    assert [client.exists(key).meta is not None for key in keys] == [True, True, False, False, False]


def test_missing_records_are_not_filtered(client, key):
    policy = {"filter_expression": NO}
    with pytest.raises(aerospike.RecordNotFound):
        client.get(key, policy)
    client.put(key, {"a": 1}, policy=policy)
    assert client.get(key).bins == {"a": 1}


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("ignored", [None, "x", {}, {"name": "x"}])
def test_what_is_no_filter_at_all_is_ignored(client, record, ignored):
    assert client.get(record, {"filter_expression": ignored}).bins["i"] == 5


@pytest.mark.parametrize(
    ("expression", "error", "text"),
    [
        (not_(5), TypeError, "dict"),
        (not_({"name": "x"}), ValueError, "__expr__"),
        ({"__expr__": "nonsense"}, ValueError, "Unknown expression type: 'nonsense'"),
        ({"__expr__": "eq", "left": N}, ValueError, "Expression missing required field: 'right'"),
        (is_int(N, "a"), TypeError, "int_val"),
        (is_int(N, 2**70), OverflowError, None),
        (eq(S, string_val(5)), TypeError, "string_val"),
        (eq(S, exp.list_val((1,))), TypeError, "list_val"),
        (eq(S, exp.map_val([1])), TypeError, "map_val"),
        (eq(S, exp.list_val([{1}])), TypeError, "Unsupported type"),
        (eq(exp.key(99), int_val(1)), ValueError, "Invalid ExpType value: 99"),
        (and_(), aerospike.InvalidArgError, "at least one operand"),
        (exp.num_add(), aerospike.InvalidArgError, "at least one operand"),
        (cond(), aerospike.InvalidArgError, None),
        (let_(), aerospike.InvalidArgError, None),
        (let_(int_val(1), int_val(2)), ValueError, "def_"),
        (gt(int_bin(""), int_val(1)), aerospike.InvalidArgError, "bin name"),
    ],
)
def test_what_is_no_expression(client, key, expression, error, text):
    """Told before anything is sent: the record does not even exist."""
    with pytest.raises(error, match=text):
        client.get(key, {"filter_expression": expression})


@pytest.mark.parametrize("expression", [N, eq(N, F), eq(N, string_val("x")), exp.nil(), cond(N, YES, NO), var("x")])
def test_what_the_server_refuses(client, record, expression):
    with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
        client.get(record, {"filter_expression": expression})


def test_deep_expressions(client, record):
    deep = YES
    for _ in range(100):
        deep = not_(deep)
    assert passes(client, record, deep)
    for _ in range(100_000):
        deep = not_(deep)
    with pytest.raises(ValueError, match="depth"):
        client.get(record, {"filter_expression": deep})


def test_time_passes(client, record):
    time.sleep(0.01)
    assert passes(client, record, gt(exp.since_update(), int_val(5)))


@pytest.mark.parametrize("inner", [{}, []])
def test_what_nests_too_deep(client, key, inner):
    value = inner
    for _ in range(100_000):
        value = {"a": value}
    with pytest.raises(ValueError, match="depth"):
        client.get(key, {"filter_expression": exp.eq(exp.map_bin("m"), exp.map_val(value))})
    expression = exp.bool_val(True)
    for _ in range(100_000):
        expression = exp.not_(expression)
    with pytest.raises(ValueError, match="depth"):
        client.get(key, {"filter_expression": expression})
