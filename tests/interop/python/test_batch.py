"""Batches, as the vendor's client does them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drivers import Driver

aerospike: Any = pytest.importorskip("aerospike")

from aerospike_helpers import expressions as exp  # noqa: E402
from aerospike_helpers.batch import records as rows  # noqa: E402
from aerospike_helpers.operations import expression_operations, list_operations, operations  # noqa: E402

EXAMPLES = Path(__file__).parents[3] / "lua" / "examples"
NOT_FOUND, GENERATION, EXISTS, BIN_TYPE, NAMESPACE, UDF_ERROR = 2, 3, 5, 12, 20, 100


def keys(count: int) -> list[Any]:
    return [("test", "batch", number) for number in range(count)]


@pytest.fixture
def client(vendor: Any) -> Any:
    """The client, and records at every second key below a hundred."""
    for key in keys(100)[::2]:
        vendor.put(key, {"n": key[2], "l": [1, 2, 3], "s": "text"})
    return vendor


def outcomes(batch: Any) -> list[int]:
    return [row.result for row in batch.batch_records]


@pytest.mark.scenario("batch-01")
def test_reads(client: Any) -> None:
    batch = client.batch_read(keys(100))
    assert outcomes(batch) == [0, NOT_FOUND] * 50
    assert [row.record[2]["n"] for row in batch.batch_records[::2]] == list(range(0, 100, 2))
    assert all(row.key[2] == number for number, row in enumerate(batch.batch_records))


@pytest.mark.scenario("batch-02")
def test_selected_bins_and_metadata(client: Any) -> None:
    batch = client.batch_read(keys(3), ["n", "none"])
    assert [row.record and row.record[2] for row in batch.batch_records] == [{"n": 0}, None, {"n": 2}]
    batch = client.batch_read(keys(3), [])
    assert outcomes(batch) == [0, NOT_FOUND, 0]
    # Key and metadata, no bins.
    assert [row.record[1]["gen"] for row in batch.batch_records[::2]] == [1, 1]
    assert not any(batch.batch_records[0].record[2:])


@pytest.mark.scenario("batch-03", "batch-04")
def test_rows_of_their_own(client: Any) -> None:
    client.put(("aging", "other", "x"), {"o": 1})
    batch = rows.BatchRecords(
        [
            rows.Read(keys(1)[0], [operations.read("n")]),
            rows.Read(("aging", "other", "x"), None, read_all_bins=True),
            rows.Read(keys(3)[2], [list_operations.list_size("l"), operations.read("s")]),
            rows.Read(
                keys(5)[4],
                [expression_operations.expression_read("twice", exp.Mul(exp.IntBin("n"), 2).compile())],
            ),
        ]
    )
    client.batch_write(batch)
    assert outcomes(batch) == [0, 0, 0, 0]
    assert [row.record[2] for row in batch.batch_records] == [{"n": 0}, {"o": 1}, {"l": 3, "s": "text"}, {"twice": 8}]


@pytest.mark.scenario("batch-05", "batch-14")
def test_writes(client: Any) -> None:
    own = {"key": aerospike.POLICY_KEY_SEND}
    batch = rows.BatchRecords([rows.Write(key, [operations.write("w", key[2])], policy=own) for key in keys(50)])
    client.batch_write(batch)
    assert outcomes(batch) == [0] * 50
    assert [client.get(key)[2]["w"] for key in keys(50)] == list(range(50))
    # Keys are stored with the records now.
    found = client.scan("test", "batch").results()
    assert {key[2] for key, _, bins in found if "w" in bins} == set(range(50))


@pytest.mark.scenario("batch-06")
def test_mixed(client: Any) -> None:
    client.udf_put(str(EXAMPLES / "counter.lua"))
    batch = rows.BatchRecords(
        [
            rows.Read(keys(1)[0], [operations.read("n")]),
            rows.Write(keys(2)[1], [operations.write("n", 1), operations.read("n")]),
            rows.Remove(keys(3)[2]),
            rows.Apply(keys(5)[4], "counter", "add", ["n", 10]),
            rows.Remove(keys(6)[5]),
        ]
    )
    client.batch_write(batch)
    assert outcomes(batch) == [0, 0, 0, 0, NOT_FOUND]
    assert batch.batch_records[1].record[2] == {"n": 1}
    assert batch.batch_records[3].record[2] == {"SUCCESS": 14}
    assert client.exists(keys(3)[2])[1] is None


@pytest.mark.scenario("batch-07")
def test_removes(client: Any) -> None:
    assert outcomes(client.batch_remove(keys(100))) == [0, NOT_FOUND] * 50
    assert set(outcomes(client.batch_read(keys(100), []))) == {NOT_FOUND}


@pytest.mark.scenario("batch-08")
def test_policies_of_rows(client: Any) -> None:
    write = [operations.write("w", 1)]
    create = {"exists": aerospike.POLICY_EXISTS_CREATE}
    equal = {"gen": aerospike.POLICY_GEN_EQ}
    batch = rows.BatchRecords(
        [
            rows.Write(keys(1)[0], write, policy=create),
            rows.Write(keys(2)[1], write, policy=create),
            rows.Write(keys(3)[2], write, {"gen": 9}, equal),
            rows.Write(keys(5)[4], write, {"gen": 1}, equal),
            rows.Remove(keys(7)[6], {"gen": aerospike.POLICY_GEN_EQ, "generation": 9}),
            rows.Write(keys(9)[8], write, {"ttl": 500}),
        ]
    )
    client.batch_write(batch)
    assert outcomes(batch) == [EXISTS, 0, GENERATION, 0, GENERATION, 0]
    assert client.get(keys(9)[8])[1]["ttl"] in range(495, 501)


@pytest.mark.scenario("batch-09")
def test_a_row_that_fails(client: Any) -> None:
    batch = client.batch_operate(keys(3), [operations.increment("s", 1)])
    # The one that was not there has no text yet.
    assert outcomes(batch) == [BIN_TYPE, 0, BIN_TYPE]
    assert client.get(keys(1)[0])[2]["s"] == "text"


@pytest.mark.scenario("batch-11")
def test_many_keys(client: Any) -> None:
    many = [("test", "wide", number) for number in range(1500)]
    assert set(outcomes(client.batch_operate(many, [operations.write("n", 1)]))) == {0}
    batch = client.batch_read(many, ["n"])
    assert [row.record[2] for row in batch.batch_records] == [{"n": 1}] * 1500


@pytest.mark.scenario("batch-12")
def test_unknown_namespace(driver: Driver, client: Any) -> None:
    with driver.fails(NAMESPACE):
        batch = client.batch_read([keys(1)[0], ("nowhere", "batch", 1)])
        # Rows that failed by themselves are an answer, too.
        row = batch.batch_records[1]
        raise aerospike.exception.NamespaceNotFound(row.result, str(row.result), "", 0, False)


@pytest.mark.scenario("batch-13")
def test_the_same_key_again_and_no_key(client: Any) -> None:
    batch = client.batch_read([keys(1)[0]] * 3, ["n"])
    assert [row.record[2] for row in batch.batch_records] == [{"n": 0}] * 3
    assert client.batch_read([]).batch_records == []


@pytest.mark.scenario("batch-15")
@pytest.mark.parametrize(
    "policy",
    [
        {"allow_inline": False},
        {"allow_inline": True, "allow_inline_ssd": True},
        {"respond_all_keys": False},
        {"concurrent": True},
        {"deserialize": True, "read_mode_ap": aerospike.POLICY_READ_MODE_AP_ALL},
    ],
    ids=["queued", "inline", "stops at the first failure", "concurrent", "all replicas"],
)
def test_variants(client: Any, policy: dict[str, Any]) -> None:
    batch = client.batch_read(keys(100)[::2], ["n"], policy)
    assert [row.record[2]["n"] for row in batch.batch_records] == list(range(0, 100, 2))
