"""Every operation on bits and on HyperLogLog sketches, as a server carries it out."""

# pyright: basic, reportArgumentType=false
# Tests pass what a type checker would refuse.

from __future__ import annotations

import aerospike_py as aerospike
import pytest
from aerospike_py import bit_operations as bits
from aerospike_py import hll_operations as hll

FAIL, SATURATE, WRAP = aerospike.BIT_OVERFLOW_FAIL, aerospike.BIT_OVERFLOW_SATURATE, aerospike.BIT_OVERFLOW_WRAP
PARTIAL = aerospike.BIT_WRITE_PARTIAL

# Operation, bytes before, bytes after.
CHANGES = [
    (bits.bit_resize("b", 4), "0102", "01020000"),
    (bits.bit_resize("b", 4, aerospike.BIT_RESIZE_FROM_FRONT), "0102", "00000102"),
    (bits.bit_resize("b", 3), None, "000000"),
    (bits.bit_insert("b", 1, b"\xff\xee"), "0102", "01ffee02"),
    (bits.bit_insert("b", 4, b"\xff"), "0102", "01020000ff"),
    (bits.bit_insert("b", 2, bytearray(b"\xff")), None, "0000ff"),
    (bits.bit_remove("b", 1, 1), "010203", "0103"),
    (bits.bit_remove("b", 1, 5, PARTIAL), "010203", "01"),
    (bits.bit_set("b", 4, 8, b"\xff"), "0000", "0ff0"),
    (bits.bit_set("b", 12, 8, b"\xff", PARTIAL), "0000", "000f"),
    (bits.bit_or("b", 4, 8, b"\xaa"), "0f00", "0fa0"),
    (bits.bit_xor("b", 4, 8, b"\xaa"), "ffff", "f55f"),
    (bits.bit_and("b", 4, 8, b"\xaa"), "ffff", "faaf"),
    (bits.bit_not("b", 2, 9), "0f0f", "30ef"),
    (bits.bit_lshift("b", 0, 16, 4), "ff01", "f010"),
    (bits.bit_rshift("b", 4, 8, 3), "ffff", "f1ff"),
    (bits.bit_add("b", 0, 16, 1), "00ff", "0100"),
    (bits.bit_add("b", 0, 8, 2, False, SATURATE), "ff", "ff"),
    (bits.bit_add("b", 0, 8, 1, False, WRAP), "ff", "00"),
    (bits.bit_add("b", 0, 8, -1, True), "05", "04"),
    (bits.bit_add("b", 0, 8, 1, True, SATURATE), "7f", "7f"),
    (bits.bit_subtract("b", 0, 16, 1), "0100", "00ff"),
    (bits.bit_subtract("b", 0, 8, 1, True, SATURATE), "80", "80"),
    (bits.bit_set_int("b", 4, 8, 171), "0000", "0ab0"),
    (bits.bit_set_int("b", 0, 16, -2), "0000", "fffe"),
]

READS = [
    (bits.bit_get("b", 4, 8), "abcd", b"\xbc"),
    (bits.bit_get("b", 3, 5), "abcd", b"\x58"),
    (bits.bit_count("b", 2, 12), "ff0f", 8),
    (bits.bit_lscan("b", 0, 16, True), "0010", 11),
    (bits.bit_lscan("b", 0, 16, False), "ff7f", 8),
    (bits.bit_rscan("b", 0, 16, True), "0110", 11),
    (bits.bit_get_int("b", 4, 8), "abcd", 188),
    (bits.bit_get_int("b", 0, 8, True), "ff00", -1),
]

REFUSED = [
    (bits.bit_resize("b", 1, aerospike.BIT_RESIZE_GROW_ONLY), 4),
    (bits.bit_resize("b", 8, aerospike.BIT_RESIZE_SHRINK_ONLY), 4),
    (bits.bit_resize("b", 8, 0, aerospike.BIT_WRITE_CREATE_ONLY), 6),
    (bits.bit_set("b", 12, 8, b"\xff"), 26),
    (bits.bit_set("b", 0, 8, 5), 4),
    (bits.bit_add("b", 0, 8, 255), 26),
    (bits.bit_add("b", 0, 65, 1), 4),
    (bits.bit_get("b", 0, 99), 26),
    (bits.bit_not("other", 0, 1), 12),
    (bits.bit_not("missing", 0, 1), 17),
    (bits.bit_resize("missing", 8, 0, aerospike.BIT_WRITE_UPDATE_ONLY), 17),
]


@pytest.mark.parametrize(("operation", "before", "after"), CHANGES)
def test_changes(client, key, operation, before, after):
    client.put(key, {"b": before and bytes.fromhex(before), "other": 1})
    assert client.operate(key, [operation]).bins == {}
    assert client.get(key).bins == {"b": bytes.fromhex(after), "other": 1}


@pytest.mark.parametrize(("operation", "before", "answer"), READS)
def test_reads(client, key, operation, before, answer):
    client.put(key, {"b": bytes.fromhex(before)})
    assert client.operate(key, [operation]).bins == {"b": answer}
    assert client.operate(key, [{**operation, "bin": "missing"}]).bins == {}


@pytest.mark.parametrize(("operation", "code"), REFUSED)
def test_what_the_server_refuses(client, key, operation, code):
    client.put(key, {"b": b"\x01\x02", "other": 1})
    with pytest.raises(aerospike.AerospikeError) as error:
        client.operate(key, [operation])
    assert error.value.result_code == code
    assert client.get(key).bins == {"b": b"\x01\x02", "other": 1}


def test_no_fail(client, key):
    client.put(key, {"b": b"\x01"})
    quiet = aerospike.BIT_WRITE_NO_FAIL
    assert client.operate(key, [bits.bit_set("b", 90, 8, b"x", quiet), bits.bit_not("missing", 0, 1, quiet)]).bins == {}
    assert client.get(key).bins == {"b": b"\x01"}


def test_every_operation_on_bits_is_tested():
    codes = {operation["op"] for operation, *_ in [*CHANGES, *READS]}
    assert codes == {*range(4001, 4014), *range(4050, 4055)}


@pytest.mark.parametrize(
    "operation",
    [
        bits.bit_add("b", 0, 8, "1"),
        bits.bit_get("b", "0", 8),
        hll.hll_get_union("b", [5]),
        hll.hll_init("b", "8"),
        hll.hll_init("b", 8, policy=5),
    ],
)
def test_what_is_no_operation(client, key, operation):
    with pytest.raises((TypeError, ValueError)):
        client.operate(key, [operation])
    assert client.exists(key).meta is None


def sketch(client, key, values, *shape):
    client.operate(key, [hll.hll_add("h", values, *shape)])
    return client.get(key).bins["h"]


def test_sketch(client, key):
    assert client.operate(key, [hll.hll_init("h", 10)]).bins == {}
    added = client.operate(key, [hll.hll_add("h", [f"key{n}" for n in range(1000)])]).bins
    assert added == {"h": 757}
    assert client.operate(key, [hll.hll_get_count("h"), hll.hll_describe("h")]).bins == {"h": [976, [10, 0]]}
    assert isinstance(client.get(key).bins["h"], bytes)
    client.operate(key, [hll.hll_fold("h", 6)])
    assert client.operate(key, [hll.hll_describe("h")]).bins == {"h": [6, 0]}
    client.operate(key, [hll.hll_init("h", 12, 4)])
    assert client.operate(key, [hll.hll_describe("h"), hll.hll_get_count("h")]).bins == {"h": [[12, 4], 0]}


def test_values_of_sketches(client, key):
    values = [1, -1, 2**63 - 1, 1.5, "a", b"a", True, None, ""]
    assert client.operate(key, [hll.hll_add("h", values, 12)]).bins == {"h": len(values)}
    assert client.operate(key, [hll.hll_add("h", values)]).bins == {"h": 0}


@pytest.mark.parametrize(
    ("shape", "union", "intersection", "similarity"), [((10, 0), 484, 145, 0.2995), ((10, 20), 484, 144, 0.2979)]
)
def test_sketches_together(client, keys, shape, union, intersection, similarity):
    other = sketch(client, keys[1], list(range(150, 500)), *shape)
    sketch(client, keys[0], list(range(300)), *shape)
    ops = [hll.hll_get_union_count("h", [other]), hll.hll_get_intersect_count("h", [other])]
    assert client.operate(keys[0], ops).bins == {"h": [union, intersection]}
    found = client.operate(keys[0], [hll.hll_get_similarity("h", [other])]).bins["h"]
    assert found == pytest.approx(similarity, abs=1e-3)
    together = client.operate(keys[0], [hll.hll_get_union("h", [other])]).bins["h"]
    assert client.operate(keys[0], [hll.hll_set_union("h", [other])]).bins == {}
    assert client.operate(keys[0], [hll.hll_get_count("h")]).bins == {"h": union}
    assert client.get(keys[0]).bins["h"][11:] == together[11:]


def test_flags_of_sketches(client, keys):
    small, large = sketch(client, keys[0], [1], 4), sketch(client, keys[1], [2], 12)
    with pytest.raises(aerospike.ServerError, match=r"\(26\)"):
        client.operate(keys[1], [hll.hll_set_union("h", [small])])
    fold = {"flags": aerospike.HLL_WRITE_ALLOW_FOLD}
    client.operate(keys[1], [hll.hll_set_union("h", [small], policy=fold)])
    assert client.operate(keys[1], [hll.hll_describe("h")]).bins == {"h": [4, 0]}
    with pytest.raises(aerospike.BinExistsError):
        client.operate(keys[0], [hll.hll_add("h", [1], policy={"flags": aerospike.HLL_WRITE_CREATE_ONLY})])
    with pytest.raises(aerospike.BinNotFound):
        client.operate(keys[2], [hll.hll_init("h", 4, policy={"flags": aerospike.HLL_WRITE_UPDATE_ONLY})])
    with pytest.raises(aerospike.ServerError, match=r"\(26\)"):
        client.operate(keys[2], [hll.hll_add("h", [1])])
    with pytest.raises(aerospike.ServerError, match=r"\(4\)"):
        client.operate(keys[2], [hll.hll_init("h", 99)])
    client.operate(keys[2], [hll.hll_set_union("h", [small, large])])
    assert client.operate(keys[2], [hll.hll_describe("h")]).bins == {"h": [4, 0]}
