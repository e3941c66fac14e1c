"""Functions in Lua: the example modules, called by the vendor's client, aggregation included."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator

aerospike: Any = pytest.importorskip("aerospike", reason="the client's half of an aggregation is the vendor's")

from aerospike import predicates  # noqa: E402
from aerospike_helpers import expressions as exp  # noqa: E402
from drivers import vendor_config  # noqa: E402

EXAMPLES = Path(__file__).parents[3] / "lua" / "examples"
KEY = ("test", "udf", "key")
UDF_ERROR = 100


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(namespaces={"test": {"default-ttl": 0}}) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Iterator[Any]:
    """A client with all example modules registered, and at hand for its half of aggregations."""
    client = aerospike.client(vendor_config(emulator.address)).connect()
    for module in sorted(EXAMPLES.glob("*.lua")):
        client.udf_put(str(module))
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _empty(client: Any) -> None:
    client.truncate("test", None, 0)


def bins(client: Any) -> Any:
    return client.get(KEY)[2]


@pytest.mark.scenario("udf-01")
def test_modules_are_listed_and_come_back(client: Any) -> None:
    names = {module["name"] for module in client.udf_list()}
    assert names == {module.name for module in EXAMPLES.glob("*.lua")}
    source = client.udf_get("counter.lua")
    assert source == (EXAMPLES / "counter.lua").read_text()


@pytest.mark.scenario("udf-06")
def test_a_module_that_does_not_compile(client: Any, tmp_path: Path) -> None:
    module = tmp_path / "broken.lua"
    module.write_text("function f( return")
    with pytest.raises(aerospike.exception.UDFError) as error:
        client.udf_put(str(module))
    assert "line=1" in str(error.value)
    assert "<name> or '...' expected near 'return'" in str(error.value)


@pytest.mark.scenario("udf-02", "udf-04")
def test_counter(client: Any) -> None:
    assert client.apply(KEY, "counter", "add", ["visits", 1]) == 1
    assert client.apply(KEY, "counter", "add_all", [{"visits": 2, "errors": 1}]) == {"visits": 3, "errors": 1}
    assert bins(client) == {"visits": 3, "errors": 1}
    assert client.apply(KEY, "counter", "take", ["visits", 2]) == 1
    with pytest.raises(aerospike.exception.UDFError) as error:
        client.apply(KEY, "counter", "take", ["visits", 2])
    assert error.value.code == UDF_ERROR
    assert "only 1 left of visits" in str(error.value)
    assert bins(client) == {"visits": 1, "errors": 1}


@pytest.mark.scenario("udf-08")
def test_counters_of_many_threads_are_exact(client: Any) -> None:
    def count() -> None:
        for _ in range(200):
            client.apply(KEY, "counter", "add", ["n", 1])

    threads = [threading.Thread(target=count) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bins(client) == {"n": 16 * 200}
    assert client.get(KEY)[1]["gen"] == 16 * 200


@pytest.mark.scenario("udf-03")
def test_document(client: Any) -> None:
    def call(function: str, *arguments: Any) -> Any:
        return client.apply(KEY, "document", function, ["doc", *arguments])

    assert call("get", ["address", "city"]) is None
    assert call("set", ["address", "city"], "Bern") == 0
    assert call("get", ["address", "city"]) == "Bern"
    patch = {"address": {"zip": 3000}, "age": 7, "tags": ["a"]}
    assert call("merge", patch) == {"address": {"city": "Bern", "zip": 3000}, "age": 7, "tags": ["a"]}
    assert call("merge", {"age": None}) == {"address": {"city": "Bern", "zip": 3000}, "tags": ["a"]}
    assert [call("push", ["tags"], tag, 3) for tag in ("b", "c", "d")] == [2, 3, 3]
    assert call("remove", ["address", "zip"]) is True
    assert call("remove", ["address", "zip"]) is False
    assert bins(client) == {"doc": {"address": {"city": "Bern"}, "tags": ["b", "c", "d"]}}
    with pytest.raises(aerospike.exception.UDFError, match="tags is no map"):
        call("set", ["tags", "x"], 1)


@pytest.mark.scenario("aggregation-01", "aggregation-02")
def test_top(client: Any) -> None:
    for i in range(200):
        bins = {"score": i * 37 % 211, "player": f"p{i}", "team": "red" if i % 3 else "blue"}
        client.put(("test", "games", i), bins)
    expected = sorted(((i * 37 % 211, f"p{i}") for i in range(200)), reverse=True)[:5]
    query = client.query("test", "games")
    query.apply("top", "records", ["score", "player", 5])
    [best] = query.results()
    assert [(entry["value"], entry["name"]) for entry in best] == expected
    query = client.query("test", "games")
    query.apply("top", "groups", ["team", "score"])
    [groups] = query.results()
    reds = [i for i in range(200) if i % 3]
    assert groups["red"] == {"count": len(reds), "sum": sum(i * 37 % 211 for i in reds)}
    assert groups["blue"]["count"] == 200 - len(reds)


def test_geo(client: Any) -> None:
    def call(function: str, *arguments: Any) -> Any:
        return client.apply(KEY, "geo", function, ["place", *arguments])

    bern, zurich = (7.4474, 46.9480), (8.5417, 47.3769)
    assert call("move", *bern) is None
    assert math.isclose(call("move", *zurich), 95_500, rel_tol=0.01)
    assert call("distance", *zurich) < 1
    assert bins(client)["place"].unwrap()["coordinates"] == pytest.approx(zurich)
    places = {"bern": bern, "zurich": zurich, "geneva": (6.1432, 46.2044), "tokyo": (139.6917, 35.6895)}
    for name, place in places.items():
        client.apply(("test", "cities", name), "geo", "move", ["place", *place])
    client.put(("test", "cities", "nowhere"), {"place": 1})
    query = client.query("test", "cities")
    query.apply("geo", "within", ["place", *bern, 150_000])
    found = sorted(entry["metres"] for entry in query.results())
    assert found == pytest.approx([0, 95_500, 129_000], rel=0.02, abs=1)


@pytest.mark.scenario("udf-05")
def test_what_is_not_there(client: Any) -> None:
    for module, function in (("counter", "nothing"), ("nothing", "add")):
        with pytest.raises(aerospike.exception.UDFError) as error:
            client.apply(KEY, module, function, [])
        assert error.value.code == UDF_ERROR


@pytest.mark.scenario("udf-07")
def test_a_module_removed(client: Any, tmp_path: Path) -> None:
    module = tmp_path / "passing.lua"
    module.write_text("function one(r) return 1 end")
    client.udf_put(str(module))
    assert client.apply(KEY, "passing", "one", []) == 1
    client.udf_remove("passing.lua")
    with pytest.raises(aerospike.exception.UDFError):
        client.apply(KEY, "passing", "one", [])
    client.udf_remove("passing.lua")
    assert "passing.lua" not in {each["name"] for each in client.udf_list()}


@pytest.mark.scenario("background-06")
def test_background_through_an_index_and_a_filter(client: Any) -> None:
    client.index_single_value_create("test", "udf", "n", aerospike.INDEX_NUMERIC, "by_n")
    for i in range(50):
        client.put(("test", "udf", i), {"n": i})
    query = client.query("test", "udf")
    query.where(predicates.between("n", 10, 19))
    query.apply("counter", "add", ["n", 1000])
    even = exp.Eq(exp.Mod(exp.IntBin("n"), 2), 0).compile()
    job = query.execute_background({"expressions": even})
    while client.job_info(job, aerospike.JOB_QUERY)["status"] == aerospike.JOB_STATUS_INPROGRESS:
        pass
    changed = sorted(n for n in (client.get(("test", "udf", i))[2]["n"] for i in range(50)) if n >= 1000)
    assert changed == [1010, 1012, 1014, 1016, 1018]


@pytest.mark.scenario("aggregation-03")
def test_aggregation_over_an_index_range(client: Any) -> None:
    client.index_single_value_create("test", "games", "score", aerospike.INDEX_NUMERIC, "by_score")
    for i in range(50):
        client.put(("test", "games", i), {"score": i, "player": f"p{i}"})
    query = client.query("test", "games")
    query.where(predicates.between("score", 0, 19))
    query.apply("top", "records", ["score", "player", 3])
    [best] = query.results()
    assert [entry["value"] for entry in best] == [19, 18, 17]


@pytest.mark.scenario("aggregation-04")
def test_aggregation_that_fails(client: Any, tmp_path: Path) -> None:
    client.put(KEY, {"a": 1})
    module = tmp_path / "failing.lua"
    module.write_text('function all(s) return s : map(function(r) error("no " .. r.a) end) end')
    client.udf_put(str(module))
    query = client.query("test", "udf")
    query.apply("failing", "all", [])
    with pytest.raises(aerospike.exception.AerospikeError):
        query.results()
    assert bins(client) == {"a": 1}


@pytest.mark.scenario("batch-10")
def test_batch(client: Any) -> None:
    keys = [("test", "udf", i) for i in range(20)]
    batch = client.batch_apply(keys, "counter", "add", ["n", 5])
    assert [record.record[2] for record in batch.batch_records] == [{"SUCCESS": 5}] * 20
    batch = client.batch_apply(keys[:2], "counter", "take", ["n", 9])
    assert [record.result for record in batch.batch_records] == [UDF_ERROR] * 2


@pytest.mark.scenario("background-05")
def test_background(client: Any) -> None:
    for i in range(50):
        client.put(("test", "udf", i), {"n": i})
    query = client.query("test", "udf")
    query.apply("counter", "add", ["n", 100])
    job = query.execute_background()
    while client.job_info(job, aerospike.JOB_QUERY)["status"] == aerospike.JOB_STATUS_INPROGRESS:
        pass
    assert sorted(client.get(("test", "udf", i))[2]["n"] for i in range(50)) == list(range(100, 150))


def test_a_function_that_never_ends_holds_up_nobody(client: Any, tmp_path: Path) -> None:
    module = tmp_path / "endless.lua"
    module.write_text("function spin(r) while true do pcall(function() while true do end end) end end")
    client.udf_put(str(module))
    client.put(KEY, {"a": 1})

    def spin() -> None:
        with pytest.raises(aerospike.exception.UDFError, match="UDF Execution Timeout"):
            client.apply(("test", "udf", "spin"), "endless", "spin", [], {"total_timeout": 0, "socket_timeout": 0})

    threads = [threading.Thread(target=spin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(100):
        assert bins(client)["a"] == 1
        assert client.apply(KEY, "counter", "add", ["n", 1]) == turn + 1
    for thread in threads:
        thread.join()
    client.udf_remove("endless.lua")
