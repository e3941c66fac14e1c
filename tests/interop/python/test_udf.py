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
    client = aerospike.client({"hosts": [emulator.address], "lua": {"user_path": str(EXAMPLES)}}).connect()
    for module in sorted(EXAMPLES.glob("*.lua")):
        client.udf_put(str(module))
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _empty(client: Any) -> None:
    client.truncate("test", None, 0)


def bins(client: Any) -> Any:
    return client.get(KEY)[2]


def test_modules_are_listed_and_come_back(client: Any) -> None:
    names = {module["name"] for module in client.udf_list()}
    assert names == {module.name for module in EXAMPLES.glob("*.lua")}
    source = client.udf_get("counter.lua")
    assert source == (EXAMPLES / "counter.lua").read_text()


def test_a_module_that_does_not_compile(client: Any, tmp_path: Path) -> None:
    module = tmp_path / "broken.lua"
    module.write_text("function f( return")
    with pytest.raises(aerospike.exception.UDFError) as error:
        client.udf_put(str(module))
    assert "line=1" in str(error.value)
    assert "<name> or '...' expected near 'return'" in str(error.value)


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
    assert bins(client)["place"]["coordinates"] == pytest.approx(zurich)
    places = {"bern": bern, "zurich": zurich, "geneva": (6.1432, 46.2044), "tokyo": (139.6917, 35.6895)}
    for name, place in places.items():
        client.apply(("test", "cities", name), "geo", "move", ["place", *place])
    client.put(("test", "cities", "nowhere"), {"place": 1})
    query = client.query("test", "cities")
    query.apply("geo", "within", ["place", *bern, 150_000])
    found = sorted(entry["metres"] for entry in query.results())
    assert found == pytest.approx([0, 95_500, 129_000], rel=0.02, abs=1)


def test_batch(client: Any) -> None:
    keys = [("test", "udf", i) for i in range(20)]
    batch = client.batch_apply(keys, "counter", "add", ["n", 5])
    assert [record.record[2] for record in batch.batch_records] == [{"SUCCESS": 5}] * 20
    batch = client.batch_apply(keys[:2], "counter", "take", ["n", 9])
    assert [record.result for record in batch.batch_records] == [UDF_ERROR] * 2


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
