"""Operations on bits and on HyperLogLogs, as the vendor's client does them."""

from __future__ import annotations

from typing import Any

import pytest
from drivers import Driver, Key

aerospike: Any = pytest.importorskip("aerospike")

from aerospike_helpers.operations import bitwise_operations as bits  # noqa: E402
from aerospike_helpers.operations import hll_operations as hlls  # noqa: E402

PARAMETER, EXISTS, BIN_TYPE, BIN_MISSING, NOT_APPLICABLE = 4, 6, 12, 17, 26
FAIL, SATURATE, WRAP = aerospike.BIT_OVERFLOW_FAIL, aerospike.BIT_OVERFLOW_SATURATE, aerospike.BIT_OVERFLOW_WRAP


def run(client: Any, key: Key, *operations: Any) -> list[Any]:
    """The results of operations, in their order."""
    _, _, results = client.operate_ordered(key, list(operations))
    return [value for _, value in results]


def blob(client: Any, key: Key) -> bytes:
    return bytes(client.get(key)[2]["b"])


@pytest.mark.scenario("bits-01")
def test_size(vendor: Any, key: Key) -> None:
    run(vendor, key, bits.bit_resize("b", 4))
    assert blob(vendor, key) == bytes(4)
    run(vendor, key, bits.bit_insert("b", 1, 2, b"\xaa\xbb"), bits.bit_remove("b", 0, 1))
    assert blob(vendor, key) == b"\xaa\xbb\x00\x00\x00"
    run(vendor, key, bits.bit_resize("b", 6, resize_flags=aerospike.BIT_RESIZE_FROM_FRONT))
    assert blob(vendor, key) == b"\x00\xaa\xbb\x00\x00\x00"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(
            operation, bytes.fromhex(expected), id=f"{scenario}-{number}", marks=pytest.mark.scenario(scenario)
        )
        for number, (scenario, operation, expected) in enumerate(
            [
                ("bits-02", bits.bit_set("b", 4, 8, 1, b"\xff"), "0f f2 03"),
                ("bits-02", bits.bit_or("b", 0, 8, 1, b"\xf0"), "f1 02 03"),
                ("bits-02", bits.bit_xor("b", 16, 8, 1, b"\xff"), "01 02 fc"),
                ("bits-02", bits.bit_and("b", 0, 16, 2, b"\x00\x03"), "00 02 03"),
                ("bits-02", bits.bit_not("b", 0, 8), "fe 02 03"),
                ("bits-03", bits.bit_lshift("b", 0, 24, 4), "10 20 30"),
                ("bits-03", bits.bit_rshift("b", 0, 16, 1), "00 81 03"),
                ("bits-03", bits.bit_add("b", 0, 8, 255, False, WRAP), "00 02 03"),
                ("bits-03", bits.bit_add("b", 0, 8, 255, False, SATURATE), "ff 02 03"),
                ("bits-03", bits.bit_subtract("b", 8, 8, 5, False, SATURATE), "01 00 03"),
                ("bits-05", bits.bit_set_int("b", 0, 16, 0x1234), "12 34 03"),
            ]
        )
    ],
)
def test_change(vendor: Any, key: Key, operation: Any, expected: bytes) -> None:
    vendor.put(key, {"b": b"\x01\x02\x03"})
    run(vendor, key, operation)
    assert blob(vendor, key) == expected


@pytest.mark.scenario("bits-03")
def test_overflow(driver: Driver, vendor: Any, key: Key) -> None:
    vendor.put(key, {"b": b"\xff"})
    with driver.fails(NOT_APPLICABLE):
        run(vendor, key, bits.bit_add("b", 0, 8, 1, False, FAIL))
    run(vendor, key, bits.bit_add("b", 0, 8, 1, False, FAIL, {"bit_write_flags": aerospike.BIT_WRITE_NO_FAIL}))
    assert blob(vendor, key) == b"\xff"


@pytest.mark.scenario("bits-04")
def test_reads(vendor: Any, key: Key) -> None:
    vendor.put(key, {"b": b"\x01\x02\xff"})
    results = run(
        vendor,
        key,
        bits.bit_get("b", 4, 8),
        bits.bit_count("b", 0, 24),
        bits.bit_lscan("b", 0, 24, True),
        bits.bit_rscan("b", 0, 16, True),
        bits.bit_get_int("b", 16, 8, False),
        bits.bit_get_int("b", 16, 8, True),
        bits.bit_lscan("b", 16, 8, False),
    )
    assert results == [b"\x10", 10, 7, 14, 255, -1, -1]


@pytest.mark.scenario("bits-05")
def test_flags_of_bits(driver: Driver, vendor: Any, key: Key) -> None:
    vendor.put(key, {"b": b"\x01"})
    create, update = aerospike.BIT_WRITE_CREATE_ONLY, aerospike.BIT_WRITE_UPDATE_ONLY
    with driver.fails(EXISTS):
        run(vendor, key, bits.bit_resize("b", 2, {"bit_write_flags": create}))
    with driver.fails(BIN_MISSING):
        run(vendor, key, bits.bit_resize("no", 2, {"bit_write_flags": update}))
    run(vendor, key, bits.bit_resize("b", 2, {"bit_write_flags": create | aerospike.BIT_WRITE_NO_FAIL}))
    run(vendor, key, bits.bit_resize("no", 2, {"bit_write_flags": update | aerospike.BIT_WRITE_NO_FAIL}))
    assert vendor.get(key)[2] == {"b": b"\x01"}


@pytest.mark.scenario("bits-06")
def test_errors_of_bits(driver: Driver, vendor: Any, key: Key) -> None:
    vendor.put(key, {"b": b"\x01", "s": "text"})
    with driver.fails(NOT_APPLICABLE):
        run(vendor, key, bits.bit_get("b", 64, 8))
    with driver.fails(NOT_APPLICABLE):
        run(vendor, key, bits.bit_not("b", 4, 8))
    run(vendor, key, bits.bit_not("b", 4, 8, {"bit_write_flags": aerospike.BIT_WRITE_PARTIAL}))
    assert blob(vendor, key) == b"\x0e"
    with driver.fails(BIN_TYPE):
        run(vendor, key, bits.bit_count("s", 0, 8))


# ---------------------------------------------------------------- HyperLogLog


def values(begin: int, end: int) -> list[str]:
    return [f"v{number}" for number in range(begin, end)]


@pytest.mark.scenario("hll-01")
def test_counting(vendor: Any, key: Key) -> None:
    run(vendor, key, hlls.hll_init("h", 10))
    assert run(vendor, key, hlls.hll_describe("h"), hlls.hll_get_count("h")) == [[10, 0], 0]
    [changed] = run(vendor, key, hlls.hll_add("h", values(0, 100)))
    assert 0 < changed <= 100
    [count] = run(vendor, key, hlls.hll_get_count("h"))
    assert 90 <= count <= 110


@pytest.mark.scenario("hll-02")
def test_folding(vendor: Any, key: Key) -> None:
    run(vendor, key, hlls.hll_add("h", values(0, 100), 10))
    assert 90 <= run(vendor, key, hlls.hll_refresh_count("h"))[0] <= 110
    run(vendor, key, hlls.hll_fold("h", 8))
    assert run(vendor, key, hlls.hll_describe("h")) == [[8, 0]]


@pytest.fixture
def halves(vendor: Any, key: Key) -> Any:
    """The client, and two HLLs of 1,000 values each that share 500."""
    run(
        vendor,
        key,
        hlls.hll_add("h", values(0, 1000), 12, 20),
        hlls.hll_add("g", values(500, 1500), 12, 20),
    )
    return vendor


@pytest.mark.scenario("hll-03")
def test_union_and_intersection(halves: Any, key: Key) -> None:
    other = [halves.get(key)[2]["g"]]
    union, count, shared, alike = run(
        halves,
        key,
        hlls.hll_get_union("h", other),
        hlls.hll_get_union_count("h", other),
        hlls.hll_get_intersect_count("h", other),
        hlls.hll_get_similarity("h", other),
    )
    assert 1350 <= count <= 1650
    assert 375 <= shared <= 625
    assert 0.25 <= alike <= 0.42
    halves.put(key, {"u": union})
    assert run(halves, key, hlls.hll_get_count("u")) == [count]


@pytest.mark.scenario("hll-04")
def test_setting_a_union(driver: Driver, halves: Any, key: Key) -> None:
    other = [halves.get(key)[2]["g"]]
    run(halves, key, hlls.hll_set_union("h", other))
    assert 1350 <= run(halves, key, hlls.hll_get_count("h"))[0] <= 1650
    with driver.fails(EXISTS):
        run(halves, key, hlls.hll_init("h", 8, policy={"flags": aerospike.HLL_WRITE_CREATE_ONLY}))
    with driver.fails(BIN_MISSING):
        run(halves, key, hlls.hll_init("no", 8, policy={"flags": aerospike.HLL_WRITE_UPDATE_ONLY}))


@pytest.mark.scenario("hll-05")
def test_hll_as_a_value(driver: Driver, halves: Any, key: Key) -> None:
    value = halves.get(key)[2]["h"]
    halves.put(key, {"copy": value, "i": 1})
    assert halves.get(key)[2]["copy"] == value
    [first, second] = run(halves, key, hlls.hll_get_count("h"), hlls.hll_get_count("copy"))
    assert first == second
    with driver.fails(BIN_TYPE):
        run(halves, key, hlls.hll_get_count("i"))
