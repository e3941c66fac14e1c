"""Expressions as filters on every command, and as operations that read and write, as the vendor's client does them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drivers import Driver

aerospike: Any = pytest.importorskip("aerospike")

from aerospike_helpers import cdt_ctx  # noqa: E402
from aerospike_helpers import expressions as exp  # noqa: E402
from aerospike_helpers.batch import records as rows  # noqa: E402
from aerospike_helpers.expressions.resources import ResultType  # noqa: E402
from aerospike_helpers.operations import bitwise_operations as bits  # noqa: E402
from aerospike_helpers.operations import expression_operations as expressions  # noqa: E402
from aerospike_helpers.operations import hll_operations, operations  # noqa: E402

EXAMPLES = Path(__file__).parents[3] / "lua" / "examples"
KEY, MISSING = ("test", "demo", "k"), ("test", "demo", "missing")
# Result codes of the protocol.
NOT_FOUND, PARAMETER, EXISTS, UNSUPPORTED, BIN_MISSING, NOT_APPLICABLE, FILTERED = 2, 4, 6, 16, 17, 26, 27

I, F, S, B, T, Z = (  # noqa: E741
    exp.IntBin("i"),
    exp.FloatBin("f"),
    exp.StrBin("s"),
    exp.BlobBin("b"),
    exp.BoolBin("t"),
    exp.IntBin("z"),
)
LIST, MAP = exp.ListBin("l"), exp.MapBin("m")
TRUE, FALSE = exp.Eq(I, 5), exp.Eq(I, 6)
# Neither true nor false: there is no such bin.
UNKNOWN = exp.Eq(exp.IntBin("zz"), 1)


@pytest.fixture
def client(vendor: Any) -> Any:
    """The client, and a record with a bin of every type."""
    bins = {
        "i": 5,
        "f": 1.5,
        "s": "hello",
        "b": b"\x01\x02",
        "t": True,
        "l": [1, 2, 3],
        "m": aerospike.KeyOrderedDict({"a": 1, "b": 2}),
        "z": -7,
        "n": [[1, 2], [30, 40]],
    }
    vendor.put(KEY, bins, policy={"key": aerospike.POLICY_KEY_SEND})
    return vendor


def policy(expression: Any, **others: Any) -> dict[str, Any]:
    """A policy with a filter."""
    return {"expressions": expression.compile(), **others}


def value(client: Any, expression: Any, flags: int = aerospike.EXP_READ_DEFAULT) -> Any:
    """What an expression gives on the record."""
    _, _, bins = client.operate(KEY, [expressions.expression_read("result", expression.compile(), flags)])
    return bins.get("result")


def bins(client: Any) -> dict[str, Any]:
    return client.get(KEY)[2]


def generation(client: Any) -> int:
    return client.get(KEY)[1]["gen"]


# ---------------------------------------------------------------- filters on single records

Command = Callable[[Any, dict[str, Any]], Any]

COMMANDS: dict[str, tuple[str, Command]] = {
    "get": ("filter-01", lambda client, policy: client.get(KEY, policy)),
    "select": ("filter-01", lambda client, policy: client.select(KEY, ["i"], policy)),
    "exists": ("filter-02", lambda client, policy: client.exists(KEY, policy)),
    "put": ("filter-03", lambda client, policy: client.put(KEY, {"i": 7}, policy=policy)),
    "remove": ("filter-04", lambda client, policy: client.remove(KEY, policy=policy)),
    "remove_bin": ("filter-03", lambda client, policy: client.remove_bin(KEY, ["i"], policy=policy)),
    "touch": ("filter-05", lambda client, policy: client.touch(KEY, 100, policy=policy)),
    "append": ("filter-05", lambda client, policy: client.append(KEY, "s", "!", policy=policy)),
    "prepend": ("filter-05", lambda client, policy: client.prepend(KEY, "s", "!", policy=policy)),
    "increment": ("filter-05", lambda client, policy: client.increment(KEY, "i", 1, policy=policy)),
    "operate": (
        "filter-06",
        lambda client, policy: client.operate(KEY, [operations.increment("i", 1), operations.read("i")], policy=policy),
    ),
    "operate_ordered": (
        "filter-06",
        lambda client, policy: client.operate_ordered(KEY, [operations.write("i", 1)], policy=policy),
    ),
}


@pytest.mark.parametrize(
    "command",
    [pytest.param(command, id=name, marks=pytest.mark.scenario(ids)) for name, (ids, command) in COMMANDS.items()],
)
def test_command_through_a_filter(driver: Driver, client: Any, command: Command) -> None:
    before = bins(client)
    for expression in (FALSE, UNKNOWN, exp.Not(UNKNOWN)):
        with driver.fails(FILTERED):
            command(client, policy(expression))
    assert bins(client) == before
    assert generation(client) == 1
    command(client, policy(TRUE))


@pytest.mark.scenario("filter-03", "filter-04")
def test_filter_on_a_record_that_is_not_there(driver: Driver, client: Any) -> None:
    with driver.fails(NOT_FOUND):
        client.get(MISSING, policy(FALSE))
    with driver.fails(NOT_FOUND):
        client.remove(MISSING, policy=policy(FALSE))
    # Nothing is there that could be filtered: the record is created.
    client.put(MISSING, {"a": 1}, policy=policy(FALSE))
    assert client.get(MISSING)[2] == {"a": 1}


@pytest.mark.scenario("filter-07")
def test_unknown_is_filtered_whichever_way_it_is_asked(driver: Driver, client: Any) -> None:
    for expression in (UNKNOWN, exp.Not(UNKNOWN), exp.NE(exp.StrBin("i"), "x")):
        with driver.fails(FILTERED):
            client.get(KEY, policy(expression))
    client.get(KEY, policy(exp.Or(UNKNOWN, TRUE)))


@pytest.mark.scenario("filter-08")
@pytest.mark.parametrize(
    "expression", [exp.Add(I, 1), exp.Eq(I, 5.0), exp.And(TRUE, I)], ids=["integer", "mixed", "and"]
)
def test_filter_that_is_none(driver: Driver, client: Any, expression: Any) -> None:
    with driver.fails(PARAMETER):
        client.get(KEY, policy(expression))


@pytest.mark.scenario("filter-12")
def test_function_through_a_filter(driver: Driver, client: Any) -> None:
    client.udf_put(str(EXAMPLES / "counter.lua"))
    with driver.fails(FILTERED):
        client.apply(KEY, "counter", "add", ["i", 1], policy(FALSE))
    assert client.apply(KEY, "counter", "add", ["i", 1], policy(TRUE)) == 6
    assert client.apply(MISSING, "counter", "add", ["i", 1], policy(FALSE)) == 1


def test_generation_is_looked_at_before_the_filter(driver: Driver, client: Any) -> None:
    with driver.fails(3):
        client.put(KEY, {"i": 1}, {"gen": 9}, policy(FALSE, gen=aerospike.POLICY_GEN_EQ))
    with driver.fails(5):
        client.put(KEY, {"i": 1}, policy=policy(FALSE, exists=aerospike.POLICY_EXISTS_CREATE))


# ---------------------------------------------------------------- filters on batches


@pytest.fixture
def many(client: Any) -> list[Any]:
    """Three keys, of which the last has no record, and the second none that is five."""
    client.put(("test", "demo", 2), {"i": 6})
    return [KEY, ("test", "demo", 2), MISSING]


def outcomes(batch: Any) -> list[int]:
    return [row.result for row in batch.batch_records]


@pytest.mark.scenario("filter-09")
def test_batch_read_through_a_filter(client: Any, many: list[Any]) -> None:
    batch = client.batch_read(many, ["i"], policy=policy(TRUE))
    assert outcomes(batch) == [0, FILTERED, NOT_FOUND]
    assert batch.batch_records[0].record[2] == {"i": 5}
    assert batch.batch_records[1].record is None


@pytest.mark.scenario("filter-10")
def test_filter_of_a_row_wins_over_that_of_the_batch(client: Any, many: list[Any]) -> None:
    own = policy(exp.Eq(I, 6))
    batch = rows.BatchRecords(
        [
            rows.Read(many[0], [operations.read("i")]),
            rows.Read(many[1], [operations.read("i")], policy=own),
            rows.Write(many[0], [operations.write("w", 1)], policy=own),
            rows.Remove(many[1], policy=policy(FALSE)),
            rows.Read(many[2], None, read_all_bins=True),
        ]
    )
    client.batch_write(batch, policy(TRUE))
    assert outcomes(batch) == [0, 0, FILTERED, 0, NOT_FOUND]


@pytest.mark.scenario("filter-11")
def test_batch_operate_and_remove_through_a_filter(client: Any, many: list[Any]) -> None:
    batch = client.batch_operate(many, [operations.write("seen", 1)], policy(TRUE))
    # The last is created: there was nothing to filter.
    assert outcomes(batch) == [0, FILTERED, 0]
    assert "seen" not in client.get(many[1])[2]
    assert outcomes(client.batch_remove(many[:2], policy(TRUE))) == [0, FILTERED]
    assert client.exists(many[0])[1] is None
    assert client.exists(many[1])[1] is not None


@pytest.mark.scenario("filter-11", "filter-12")
def test_batch_apply_through_a_filter(client: Any, many: list[Any]) -> None:
    client.udf_put(str(EXAMPLES / "counter.lua"))
    batch = client.batch_apply(many, "counter", "add", ["i", 1], policy(TRUE))
    assert outcomes(batch) == [0, FILTERED, 0]
    batch = client.batch_apply(many[:2], "counter", "add", ["i", 1], None, policy(exp.Eq(I, 6)))
    assert [row.record[2] for row in batch.batch_records] == [{"SUCCESS": 7}, {"SUCCESS": 7}]


# ---------------------------------------------------------------- filters on many records


@pytest.mark.scenario("filter-14")
def test_background_function_through_a_filter(client: Any) -> None:
    client.udf_put(str(EXAMPLES / "counter.lua"))
    for i in range(20):
        client.put(("test", "many", i), {"i": i})
    query = client.query("test", "many")
    query.apply("counter", "add", ["i", 100])
    job = query.execute_background(policy(exp.LT(I, 3)))
    while client.job_info(job, aerospike.JOB_QUERY)["status"] == aerospike.JOB_STATUS_INPROGRESS:
        time.sleep(0.01)
    assert sorted(client.get(("test", "many", i))[2]["i"] for i in range(20)) == [*range(3, 20), 100, 101, 102]


def test_aggregation_takes_no_filter(driver: Driver, client: Any) -> None:
    client.udf_put(str(EXAMPLES / "top.lua"))
    query = client.query("test", "demo")
    query.apply("top", "records", ["i", "s", 2])
    with driver.fails(UNSUPPORTED):
        query.results(policy(TRUE, max_retries=0))


# ---------------------------------------------------------------- values

POINT = aerospike.GeoJSON({"type": "Point", "coordinates": [1.0, 1.0]})
POLYGON = aerospike.GeoJSON({"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]})
CIRCLE = aerospike.GeoJSON({"type": "AeroCircle", "coordinates": [[9.0, 9.0], 1000.0]})
AS_VALUE, AS_COUNT = aerospike.LIST_RETURN_VALUE, aerospike.LIST_RETURN_COUNT

VALUES: dict[str, list[tuple[Any, Any]]] = {
    "expression-01": [
        (exp.Eq(I, 5), True),
        (exp.NE(I, 5), False),
        (exp.LT(Z, I), True),
        (exp.LE(F, 1.5), True),
        (exp.GT(S, "hallo"), True),
        (exp.GE(B, b"\x01\x02\x00"), False),
        (exp.Eq(T, True), True),
        (exp.LT(False, T), True),
    ],
    "expression-02": [
        (exp.And(TRUE, TRUE, T), True),
        (exp.And(UNKNOWN, FALSE), False),
        (exp.Or(FALSE, FALSE), False),
        (exp.Or(UNKNOWN, TRUE), True),
        (exp.Not(FALSE), True),
        (exp.Exclusive(TRUE, FALSE), True),
        (exp.Exclusive(TRUE, TRUE), False),
    ],
    "expression-03": [
        (exp.CmpRegex(aerospike.REGEX_NONE, "^h.*o$", S), True),
        (exp.CmpRegex(aerospike.REGEX_NONE, "HELLO", S), False),
        (exp.CmpRegex(aerospike.REGEX_ICASE, "HELLO", S), True),
        (exp.CmpRegex(aerospike.REGEX_EXTENDED, "^(hallo|hello)$", S), True),
        (exp.CmpRegex(aerospike.REGEX_NONE, "^(hallo|hello)$", S), False),
    ],
    "expression-04": [
        (exp.CmpGeo(exp.Val(POINT), exp.Val(POLYGON)), True),
        (exp.CmpGeo(exp.Val(POLYGON), exp.Val(POINT)), True),
        (exp.CmpGeo(exp.Val(POINT), exp.Val(CIRCLE)), False),
    ],
    "expression-05": [
        (exp.Add(I, 1, Z), -1),
        (exp.Sub(I, 7), -2),
        (exp.Mul(I, Z), -35),
        (exp.Div(Z, 2), -3),
        (exp.Mod(Z, 3), -1),
        (exp.Abs(Z), 7),
        (exp.Min(I, Z, 3), -7),
        (exp.Max(I, Z, 3), 5),
    ],
    "expression-06": [
        (exp.Add(F, 1.0), 2.5),
        (exp.Pow(2.0, 10.0), 1024.0),
        (exp.Log(8.0, 2.0), 3.0),
        (exp.Floor(F), 1.0),
        (exp.Ceil(F), 2.0),
        (exp.ToInt(F), 1),
        (exp.ToFloat(I), 5.0),
        (exp.Div(F, 0.0), math.inf),
    ],
    "expression-08": [
        (exp.IntAnd(I, 4), 4),
        (exp.IntOr(I, 2), 7),
        (exp.IntXOr(I, 1), 4),
        (exp.IntNot(I), -6),
        (exp.IntLeftShift(1, 62), 1 << 62),
        (exp.IntRightShift(-1, 60), 15),
        (exp.IntArithmeticRightShift(-8, 1), -4),
        (exp.IntCount(I), 2),
        (exp.IntLeftScan(I, True), 61),
        (exp.IntRightScan(I, False), 62),
    ],
    "expression-09": [
        (exp.Cond(exp.LT(I, 0), "below", exp.Eq(I, 5), "five", "other"), "five"),
        (exp.Cond(exp.LT(I, 0), "below", "other"), "other"),
        (exp.Cond(TRUE, 1, exp.Unknown()), 1),
    ],
    "expression-10": [
        (exp.Let(exp.Def("x", exp.Add(I, 1)), exp.Mul(exp.Var("x"), exp.Var("x"))), 36),
        (
            exp.Let(exp.Def("x", I), exp.Def("y", exp.Add(exp.Var("x"), 1)), exp.Sub(exp.Var("y"), exp.Var("x"))),
            1,
        ),
        (exp.Let(exp.Def("unused", exp.Div(I, 0)), I), 5),
    ],
    "expression-11": [
        (exp.SetName(), "demo"),
        (exp.KeyExists(), True),
        (exp.KeyStr(), "k"),
        (exp.And(exp.GE(exp.DigestMod(3), 0), exp.LT(exp.DigestMod(3), 3)), True),
        (exp.GT(exp.RecordSize(), 0), True),
        (exp.GE(exp.SinceUpdateTime(), 0), True),
        (exp.GT(exp.LastUpdateTime(), 1_700_000_000_000_000_000), True),
        (exp.IsTombstone(), False),
    ],
    "expression-12": [(exp.TTL(), -1), (exp.VoidTime(), -1)],
    "expression-13": [
        (exp.BinExists("i"), True),
        (exp.BinExists("zz"), False),
        *[
            (exp.BinType(name), number)
            for name, number in {
                "i": 1,
                "f": 2,
                "s": 3,
                "b": 4,
                "t": 17,
                "m": 19,
                "l": 20,
                "zz": 0,
            }.items()
        ],
    ],
    "expression-14": [
        (exp.ListSize(None, LIST), 3),
        (exp.ListGetByIndex(None, AS_VALUE, ResultType.INTEGER, -1, LIST), 3),
        (exp.ListGetByIndex(None, AS_VALUE, ResultType.INTEGER, exp.Sub(I, 5), LIST), 1),
        (exp.ListGetByValueRange(None, AS_COUNT, 2, 9, LIST), 2),
        (exp.ListGetByRank(None, AS_VALUE, ResultType.INTEGER, -1, LIST), 3),
        (exp.ListSize(None, exp.ListAppend(None, None, 4, LIST)), 4),
        (
            exp.ListSort(None, aerospike.LIST_SORT_DEFAULT, exp.ListAppendItems(None, None, [0, 9], LIST)),
            [0, 1, 2, 3, 9],
        ),
        (exp.ListRemoveByValue(None, 2, LIST), [1, 3]),
    ],
    "expression-15": [
        (exp.MapSize(None, MAP), 2),
        (exp.MapGetByKey(None, aerospike.MAP_RETURN_VALUE, ResultType.INTEGER, "b", MAP), 2),
        (exp.MapGetByValue(None, aerospike.MAP_RETURN_COUNT, 1, MAP), 1),
        (exp.MapGetByIndexRange(None, aerospike.MAP_RETURN_KEY, 0, 2, MAP), ["a", "b"]),
        (exp.MapSize(None, exp.MapPut(None, None, "c", 3, MAP)), 3),
        (exp.MapRemoveByKey(None, "a", MAP), {"b": 2}),
    ],
    "expression-16": [
        (exp.ListSize([cdt_ctx.cdt_ctx_list_index(1)], exp.ListBin("n")), 2),
        (
            exp.ListGetByRank([cdt_ctx.cdt_ctx_list_index(1)], AS_VALUE, ResultType.INTEGER, 0, exp.ListBin("n")),
            30,
        ),
    ],
    "expression-17": [
        (exp.BitCount(0, 16, B), 2),
        (exp.BitGet(8, 8, B), b"\x02"),
        (exp.BitGetInt(0, 16, False, B), 0x0102),
        (exp.BitResize(None, 4, aerospike.BIT_RESIZE_DEFAULT, B), b"\x01\x02\x00\x00"),
        (exp.BitNot(None, 0, 8, B), b"\xfe\x02"),
    ],
    "expression-19": [
        (exp.Eq(LIST, [1, 2, 3]), True),
        (exp.LT(LIST, [2]), True),
        (exp.Eq(MAP, aerospike.KeyOrderedDict({"a": 1, "b": 2})), True),
        (exp.NE(MAP, aerospike.KeyOrderedDict({"a": 1})), True),
    ],
    "expression-28": [
        (exp.MapGetKeys(MAP), ["a", "b"]),
        (exp.MapGetValues(MAP), [1, 2]),
        (exp.InList(2, LIST), True),
        (exp.InList(I, LIST), False),
        (exp.InList(I, exp.ListAppend(None, None, 5, LIST)), True),
    ],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param(*case, id=f"{scenario}-{number}", marks=pytest.mark.scenario(scenario))
        for scenario, cases in VALUES.items()
        for number, case in enumerate(cases)
    ],
)
def test_value(client: Any, expression: Any, expected: Any) -> None:
    got = value(client, expression)
    assert got == expected
    assert isinstance(got, (type(expected), bytes, bytearray))
    # As a filter it lets the record through where it says so.
    if expected is True:
        client.get(KEY, policy(expression))


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param(expression, id=name, marks=pytest.mark.scenario(scenario))
        for scenario, name, expression in [
            ("expression-02", "and", exp.And(TRUE, UNKNOWN)),
            ("expression-02", "not", exp.Not(UNKNOWN)),
            ("expression-07", "division by zero", exp.Div(I, 0)),
            ("expression-07", "remainder by zero", exp.Mod(I, 0)),
            ("expression-09", "condition", exp.Cond(UNKNOWN, 1, 2)),
            ("expression-10", "definition", exp.Let(exp.Def("x", exp.Div(I, 0)), exp.Var("x"))),
            ("expression-11", "key of another type", exp.KeyInt()),
            ("expression-13", "bin of another type", exp.StrBin("i")),
            (
                "expression-14",
                "index out of range",
                exp.ListGetByIndex(None, AS_VALUE, ResultType.INTEGER, 9, LIST),
            ),
            (
                "expression-15",
                "missing map key",
                exp.MapGetByKey(None, aerospike.MAP_RETURN_VALUE, ResultType.INTEGER, "no", MAP),
            ),
            ("expression-17", "bits beyond the end", exp.BitCount(99, 8, B)),
            ("expression-19", "unordered map", exp.Eq(MAP, {"a": 1, "b": 2})),
        ]
    ],
)
def test_unknown_value(driver: Driver, client: Any, expression: Any) -> None:
    with driver.fails(NOT_APPLICABLE):
        value(client, expression)
    assert value(client, expression, aerospike.EXP_READ_EVAL_NO_FAIL) is None


@pytest.mark.scenario("expression-12")
def test_time_to_live(client: Any) -> None:
    client.touch(KEY, 1000)
    assert 990 <= value(client, exp.TTL()) <= 1000
    assert 900 <= value(client, exp.VoidTime()) / 1e9 - time.time() <= 1100


@pytest.mark.scenario("expression-18")
def test_hyper_log_log(client: Any) -> None:
    client.operate(KEY, [hll_operations.hll_add("h", [f"v{i}" for i in range(50)], 12, 20)])
    hll = exp.HLLBin("h")
    assert 45 <= value(client, exp.HLLGetCount(hll)) <= 55
    assert value(client, exp.HLLMayContain(["v1"], hll)) == 1
    assert value(client, exp.HLLMayContain(["w1"], hll)) == 0
    assert value(client, exp.HLLDescribe(hll)) == [12, 20]
    more = exp.HLLAdd(None, ["w1", "w2"], 12, 20, hll)
    assert value(client, exp.HLLGetCount(more)) > value(client, exp.HLLGetCount(hll))


@pytest.mark.scenario("expression-27")
def test_base64(driver: Driver, client: Any) -> None:
    text = client.get_expression_base64(exp.Add(I, 1000).compile())
    driver.info(f"sindex-create:namespace=test;set=demo;indexname=by64;exp={text};type=numeric")
    listed = driver.info("sindex-list:namespace=test")
    assert 'exp=add(bin_int("i"), 1000)' in listed
    assert f"exp={text}" in driver.info("sindex-list:namespace=test;b64=true")
    client.index_remove("test", "by64")


@pytest.mark.scenario("expression-29")
def test_path_expressions(client: Any) -> None:
    above = exp.GT(exp.LoopVarInt(aerospike.EXP_LOOPVAR_VALUE), 1).compile()
    ctx = [cdt_ctx.cdt_ctx_all_children_with_filter(above)]

    def select(flags: int) -> Any:
        return client.operate(KEY, [operations.select_by_path("m", ctx, flags)])[2]["m"]

    assert select(aerospike.EXP_PATH_SELECT_VALUE) == [2]
    assert select(aerospike.EXP_PATH_SELECT_MAP_KEY) == ["b"]
    assert select(aerospike.EXP_PATH_SELECT_MATCHING_TREE) == {"b": 2}
    double = exp.Mul(exp.LoopVarInt(aerospike.EXP_LOOPVAR_VALUE), 2).compile()
    client.operate(KEY, [operations.modify_by_path("l", ctx, double, aerospike.EXP_PATH_MODIFY_DEFAULT)])
    assert bins(client)["l"] == [1, 4, 6]
    kept = exp.SelectByPath(ctx, ResultType.LIST, aerospike.EXP_PATH_SELECT_VALUE, exp.ListBin("l"))
    assert value(client, kept) == [4, 6]


# ---------------------------------------------------------------- operations


@pytest.mark.scenario("expression-20")
def test_read_beside_a_bin(client: Any) -> None:
    read = expressions.expression_read("twice", exp.Mul(I, 2).compile())
    assert client.operate(KEY, [operations.read("i"), read])[2] == {"i": 5, "twice": 10}
    assert client.operate_ordered(KEY, [read, operations.read("s")])[2] == [("twice", 10), ("s", "hello")]
    assert generation(client) == 1
    assert "twice" not in bins(client)


@pytest.mark.scenario("expression-21")
def test_read_sees_earlier_operations(client: Any) -> None:
    read = expressions.expression_read("now", I.compile())
    _, _, results = client.operate_ordered(KEY, [read, operations.increment("i", 10), read])
    assert [result for name, result in results if name == "now"] == [5, 15]


@pytest.mark.scenario("expression-20")
def test_read_of_a_record_that_is_not_there(driver: Driver, client: Any) -> None:
    with driver.fails(NOT_FOUND):
        client.operate(MISSING, [expressions.expression_read("r", exp.Val(1).compile())])


def write(client: Any, name: str, expression: Any, flags: int = aerospike.EXP_WRITE_DEFAULT, key: Any = KEY) -> None:
    client.operate(key, [expressions.expression_write(name, expression.compile(), flags)])


@pytest.mark.scenario("expression-22")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (exp.Mul(I, 2), 10),
        (exp.Val("text"), "text"),
        (exp.ListAppend(None, None, 4, LIST), [1, 2, 3, 4]),
        (exp.MapPut(None, None, "c", 3, MAP), {"a": 1, "b": 2, "c": 3}),
        (exp.Eq(I, 5), True),
        (exp.BitNot(None, 0, 8, B), b"\xfe\x02"),
    ],
    ids=["integer", "string", "list", "map", "boolean", "blob"],
)
def test_write(client: Any, expression: Any, expected: Any) -> None:
    write(client, "w", expression)
    assert bins(client)["w"] == expected
    assert generation(client) == 2


@pytest.mark.scenario("expression-22")
def test_write_over_a_bin_of_another_type(client: Any) -> None:
    write(client, "s", exp.Add(I, 1))
    assert bins(client)["s"] == 6


@pytest.mark.scenario("expression-22")
def test_write_creates_the_record(client: Any) -> None:
    write(client, "w", exp.Val(7), key=MISSING)
    assert client.get(MISSING)[2] == {"w": 7}


@pytest.mark.scenario("expression-22")
def test_write_then_read_of_it(client: Any) -> None:
    operate = [
        expressions.expression_write("w", exp.Add(I, 1).compile()),
        expressions.expression_write("w", exp.Mul(exp.IntBin("w"), 2).compile()),
        operations.read("w"),
    ]
    assert client.operate(KEY, operate)[2]["w"] == 12


@pytest.mark.scenario("expression-23")
@pytest.mark.parametrize(
    ("name", "flag", "code"),
    [
        ("i", aerospike.EXP_WRITE_CREATE_ONLY, EXISTS),
        ("w", aerospike.EXP_WRITE_UPDATE_ONLY, BIN_MISSING),
    ],
    ids=["create only", "update only"],
)
def test_flags_of_a_write(driver: Driver, client: Any, name: str, flag: int, code: int) -> None:
    before = bins(client)
    with driver.fails(code):
        write(client, name, exp.Val(1), flag)
    write(client, name, exp.Val(1), flag | aerospike.EXP_WRITE_POLICY_NO_FAIL)
    assert bins(client) == before
    other = "w" if name == "i" else "i"
    write(client, other, exp.Val(1), flag)
    assert bins(client)[other] == 1


NIL = exp.Cond(TRUE, exp.Val(None), exp.Val(None))


@pytest.mark.scenario("expression-24")
def test_write_of_nil(driver: Driver, client: Any) -> None:
    with driver.fails(NOT_APPLICABLE):
        write(client, "i", NIL)
    write(client, "i", NIL, aerospike.EXP_WRITE_POLICY_NO_FAIL)
    assert bins(client)["i"] == 5
    write(client, "i", NIL, aerospike.EXP_WRITE_ALLOW_DELETE)
    assert "i" not in bins(client)


@pytest.mark.scenario("expression-24")
def test_write_of_nil_into_the_last_bin(client: Any) -> None:
    client.put(MISSING, {"only": 1})
    write(client, "only", exp.Val(None), aerospike.EXP_WRITE_ALLOW_DELETE, MISSING)
    assert client.exists(MISSING)[1] is None


@pytest.mark.scenario("expression-25")
def test_write_of_an_unknown(driver: Driver, client: Any) -> None:
    before = bins(client)
    with driver.fails(NOT_APPLICABLE):
        write(client, "w", exp.Div(I, 0))
    write(client, "w", exp.Div(I, 0), aerospike.EXP_WRITE_EVAL_NO_FAIL)
    assert bins(client) == before


@pytest.mark.scenario("expression-25")
def test_a_write_that_fails_undoes_the_whole_call(driver: Driver, client: Any) -> None:
    before = bins(client)
    with driver.fails(NOT_APPLICABLE):
        client.operate(
            KEY,
            [operations.increment("i", 1), expressions.expression_write("w", exp.Mod(I, 0).compile())],
        )
    assert bins(client) == before
    assert generation(client) == 1


@pytest.mark.scenario("expression-26")
def test_operations_in_a_batch(client: Any) -> None:
    keys = [("test", "batch", i) for i in range(4)]
    for number, key in enumerate(keys):
        client.put(key, {"i": number})
    operate = [
        expressions.expression_write("w", exp.Div(60, I).compile()),
        expressions.expression_read("r", exp.Add(exp.IntBin("w"), 1).compile()),
    ]
    batch = client.batch_operate(keys, operate)
    assert outcomes(batch) == [NOT_APPLICABLE, 0, 0, 0]
    assert [row.record[2]["r"] for row in batch.batch_records[1:]] == [61, 31, 21]
    assert client.get(keys[0])[2] == {"i": 0}


def test_operations_through_a_filter(driver: Driver, client: Any) -> None:
    operate = [expressions.expression_write("w", exp.Add(I, 1).compile())]
    with driver.fails(FILTERED):
        client.operate(KEY, operate, policy=policy(FALSE))
    client.operate(KEY, operate, policy=policy(TRUE))
    assert bins(client)["w"] == 6


def test_expression_beside_operations_of_every_kind(client: Any) -> None:
    operate = [
        bits.bit_resize("b", 3),
        expressions.expression_write("size", exp.BitCount(0, 24, B).compile()),
        operations.append("s", "!"),
        expressions.expression_write("shout", exp.CmpRegex(aerospike.REGEX_NONE, "!$", S).compile()),
        operations.read("size"),
        operations.read("shout"),
    ]
    got = client.operate(KEY, operate)[2]
    assert (got["size"], got["shout"]) == (2, True)


def test_write_in_the_background(client: Any) -> None:
    query = client.query("test", "demo")
    query.add_ops([expressions.expression_write("w", exp.Add(I, 100).compile(), aerospike.EXP_WRITE_DEFAULT)])
    job = query.execute_background()
    while client.job_info(job, aerospike.JOB_QUERY)["status"] == aerospike.JOB_STATUS_INPROGRESS:
        time.sleep(0.01)
    assert bins(client)["w"] == 105
