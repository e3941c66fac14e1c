"""Batches as NumPy arrays, from rows as a server would send them."""

# pyright: basic, reportArgumentType=false

from __future__ import annotations

import subprocess
import sys

import aerospike_py as aerospike
import numpy as np  # pyright: ignore[reportMissingImports]
import pytest
from aerospike_py import AerospikeKey, BatchRecord, BatchRecords, NumpyBatchRecords, Record, RecordMetadata
from aerospike_py.numpy_batch import _batch_records_to_numpy, records_from_numpy

DTYPE = np.dtype([("n", "i4"), ("f", "f8"), ("s", "S4"), ("b", "V2")])


def row(user_key, bins, result=0):
    key = AerospikeKey("test", "s", user_key, bytes(20))
    record = Record(key, RecordMetadata(3, 4294967295), bins) if bins is not None else None
    return BatchRecord(key, result, record)


def batch(*rows):
    return BatchRecords(records=list(rows))


def test_rows():
    found = batch(
        row("a", {"n": 7, "f": 1.5, "s": "long text", "b": b"xyz", "other": []}),
        row("b", None, 2),
        row(5, {"n": 2.9, "s": b"xy"}),
    ).to_numpy(DTYPE)
    assert isinstance(found, NumpyBatchRecords)
    assert found.batch_records["n"].tolist() == [7, 0, 2]
    assert found.batch_records["f"].tolist() == [1.5, 0.0, 0.0]
    assert found.batch_records["s"].tolist() == [b"long", b"", b"xy"]
    assert found.batch_records["b"].tolist() == [b"xy", bytes(2), bytes(2)]
    assert found.result_codes.tolist() == [0, 2, 0]
    assert found.result_codes.dtype == np.int32
    assert found.meta["gen"].tolist() == [3, 0, 3]
    assert found.meta["ttl"].tolist() == [4294967295, 0, 4294967295]
    assert found.get(5)["n"] == 2
    assert len(found) == 3
    assert "b" in found
    assert "c" not in found
    assert [r["n"] for r in found] == [7, 0, 2]
    assert repr(found) == "NumpyBatchRecords(count=3, ok=2, fields=['n', 'f', 's', 'b'])"
    with pytest.raises(KeyError, match="not found in NumpyBatchRecords"):
        found.get("c")


def test_subarrays_and_nothing():
    dtype = np.dtype([("v", "f4", (3,))])
    assert batch(row("a", {"v": [1.0, 2.0, 3.0]})).to_numpy(dtype).batch_records["v"].tolist() == [[1.0, 2.0, 3.0]]
    assert len(batch().to_numpy(dtype)) == 0


def test_equal_keys_are_told():
    with pytest.warns(UserWarning, match="collides"):
        found = batch(row("a", {"n": 1}), row("a", {"n": 2})).to_numpy([("n", "i4")])
    assert found.get("a")["n"] == 2


def test_strict_conversion_tells_of_differences():
    rows = batch(row("a", {"n": 1, "other": 2}))
    with pytest.warns(UserWarning, match="(bins|dtype)") as warned:
        found = _batch_records_to_numpy(rows, np.dtype([("n", "i4"), ("f", "f8")]), ["a"], strict=True)
    assert found.get("a")["n"] == 1
    assert ["'f'" in str(warned[0].message), "'other'" in str(warned[1].message)] == [True, True]


@pytest.mark.parametrize(
    ("dtype", "error", "text"),
    [
        ([("n", "U4")], TypeError, "kind='U'"),
        ([("n", "O")], TypeError, "kind='O'"),
        ([("n", "?")], TypeError, "kind='b'"),
        ("i4", TypeError, "structured"),
        (None, TypeError, "structured"),
        ([("n", np.dtype("i4").newbyteorder())], ValueError, "byte order"),
        ([("n", "i1")], OverflowError, r"field 'n'.*\(key='a'\)"),
        ([("s", "i4")], ValueError, "field 's'"),
        ([("l", "i4")], TypeError, "field 'l'"),
    ],
)
def test_what_does_not_fit(dtype, error, text):
    with pytest.raises(error, match=text):
        batch(row("a", {"n": 1000, "s": "text", "l": [1]})).to_numpy(dtype)


def test_rows_to_write():
    dtype = np.dtype([("_key", "i8"), ("n", "i4"), ("v", "f8", (2,)), ("s", "S4"), ("_note", "i4")])
    data = np.array([(1, 5, [1.5, 2.5], b"ab", 0), (2, 6, [0, 0], b"", 0)], dtype=dtype)
    assert records_from_numpy(data, "test", "s", dtype) == [
        (("test", "s", 1), {"n": 5, "v": [1.5, 2.5], "s": b"ab"}),
        (("test", "s", 2), {"n": 6, "v": [0.0, 0.0], "s": b""}),
    ]
    assert records_from_numpy(data, "test", "s", [("n", "i4")], key_field="n")[0] == (("test", "s", 5), {})
    with pytest.raises(ValueError, match="_id"):
        records_from_numpy(data, "test", "s", dtype, key_field="_id")
    with pytest.raises(ValueError, match="'m'"):
        records_from_numpy(data, "test", "s", [("m", "i4")])
    with pytest.raises(TypeError, match="kind='U'"):
        records_from_numpy(data, "test", "s", [("n", "U4")])


def test_numpy_is_imported_by_need_only():
    code = "import sys, aerospike_py; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert aerospike.NumpyBatchRecords is NumpyBatchRecords


def test_batch_of_a_server(client, keys):
    for number, key in enumerate(keys[:3]):
        client.put(key, {"n": number, "f": number / 2})
    found = client.batch_read(keys).to_numpy([("n", "i8"), ("f", "f4")])
    assert found.batch_records["n"].tolist() == [0, 1, 2, 0, 0]
    assert found.result_codes.tolist() == [0, 0, 0, 2, 2]
    assert found.get(keys[1][2])["f"] == 0.5
