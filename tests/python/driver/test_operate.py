"""``operate`` and ``operate_ordered`` with operations on whole bins."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import aerospike_py as aerospike
import pytest

READ, WRITE, INCR = aerospike.OPERATOR_READ, aerospike.OPERATOR_WRITE, aerospike.OPERATOR_INCR
APPEND, PREPEND = aerospike.OPERATOR_APPEND, aerospike.OPERATOR_PREPEND
TOUCH, DELETE = aerospike.OPERATOR_TOUCH, aerospike.OPERATOR_DELETE


def test_increment_and_read(client, key):
    client.put(key, {"c": 1})
    ops = [{"op": INCR, "bin": "c", "val": 1}, {"op": READ, "bin": "c", "val": None}]
    found, meta, bins = client.operate(key, ops)
    assert found[:3] == key
    assert meta["gen"] == 2
    assert bins == {"c": 2}
    found, meta, entries = client.operate_ordered(key, ops)
    assert found[:3] == key
    assert meta["gen"] == 3
    assert entries == [("c", 3)]
    assert entries[0].name == "c"
    assert entries[0].value == 3


def test_several_values_of_one_bin(client, key):
    client.put(key, {"c": 3, "l": [1]})
    ops = [{"op": READ, "bin": "c"}, {"op": READ, "bin": "l"}, {"op": READ, "bin": "c"}]
    assert client.operate(key, ops).bins == {"c": [3, 3], "l": [1]}
    assert client.operate_ordered(key, ops).ordered_bins == [("c", 3), ("l", [1]), ("c", 3)]


def test_order_is_kept(client, key):
    names = [f"b{n}" for n in range(12)]
    client.put(key, {name: n for n, name in enumerate(names)})
    ops = [{"op": READ, "bin": name} for name in reversed(names)]
    assert [entry.name for entry in client.operate_ordered(key, ops).ordered_bins] == names[::-1]


def test_every_operation(client, key):
    client.put(key, {"a": 0})
    ops = [
        {"op": WRITE, "bin": "a", "val": "b"},
        {"op": APPEND, "bin": "a", "val": "c"},
        {"op": PREPEND, "bin": "a", "val": "a"},
        {"op": INCR, "bin": "n", "val": 5},
        {"op": INCR, "bin": "n"},
        {"op": INCR, "bin": "f", "val": 0.5},
        {"op": APPEND, "bin": "e"},
        {"op": WRITE, "bin": "gone", "val": 1},
        {"op": WRITE, "bin": "gone", "val": None},
        {"op": TOUCH},
        {"op": READ},
    ]
    bins = {"a": "abc", "n": 6, "f": 0.5, "e": ""}
    assert client.operate(key, ops).bins == bins
    assert client.get(key).bins == bins


def test_writes_return_nothing(client, key):
    record = client.operate(key, [{"op": WRITE, "bin": "a", "val": 1}])
    assert record.bins == {}
    assert record.meta.gen == 1
    assert client.operate_ordered(key, [{"op": TOUCH, "bin": None}]).ordered_bins == []


def test_delete(client, key):
    client.put(key, {"c": 1})
    record = client.operate(key, [{"op": READ, "bin": "c"}, {"op": DELETE}])
    assert record.bins == {"c": 1}
    assert record.meta == {"gen": 0, "ttl": 4294967295}
    assert client.exists(key).meta is None
    client.put(key, {"c": 1})
    assert client.operate(key, [{"op": 14}]).bins == {}
    assert client.exists(key).meta is None


def test_reads_leave_the_record_alone(client, key):
    client.put(key, {"a": 1})
    assert client.operate(key, [{"op": READ, "bin": "a"}, {"op": READ, "bin": "missing"}]).bins == {"a": 1}
    assert client.get(key).meta.gen == 1
    with pytest.raises(aerospike.RecordNotFound):
        client.operate((*key[:2], "missing"), [{"op": READ, "bin": "a"}])


def test_meta_and_policy(client, key):
    write = [{"op": WRITE, "bin": "a", "val": 1}]
    client.operate(key, write, {"ttl": 100})
    assert client.get(key).meta.ttl in (99, 100)
    with pytest.raises(aerospike.RecordGenerationError):
        client.operate(key, write, meta={"gen": 9})
    with pytest.raises(aerospike.RecordExistsError):
        client.operate(key, write, policy={"exists": aerospike.POLICY_EXISTS_CREATE_ONLY})
    with pytest.raises(aerospike.BinTypeError):
        client.operate(key, [{"op": APPEND, "bin": "a", "val": "x"}])


@pytest.mark.parametrize(
    ("ops", "error", "text"),
    [
        (({"op": 1},), TypeError, "list"),
        ([1], TypeError, "dict"),
        ([{}], ValueError, "Operation must have 'op' key"),
        ([{"op": "1"}], TypeError, None),
        ([{"op": 99}], ValueError, "Unsupported operation code: 99"),
        ([{"op": WRITE, "val": 1}], ValueError, "Write operation requires 'bin'"),
        ([{"op": INCR, "bin": None}], ValueError, "requires 'bin'"),
        ([{"op": INCR, "bin": "a", "val": "1"}], TypeError, None),
        ([{"op": WRITE, "bin": 5, "val": 1}], TypeError, None),
        ([{"op": WRITE, "bin": "a", "val": 1j}], TypeError, "Unsupported type"),
        ([], aerospike.ServerError, r"\(4\)"),
    ],
)
def test_what_is_no_operation(client, key, ops, error, text):
    with pytest.raises(error, match=text):
        client.operate(key, ops)
    with pytest.raises(error, match=text):
        client.operate_ordered(key, ops)
