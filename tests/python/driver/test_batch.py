"""Batches."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import copy
import pickle

import aerospike_py as aerospike
import pytest

INCR = {"op": aerospike.OPERATOR_INCR, "bin": "n", "val": 1}
READ = {"op": aerospike.OPERATOR_READ, "bin": "n"}


@pytest.fixture
def some(client, keys):
    """Five keys; the first three have records."""
    for at, key in enumerate(keys[:3]):
        client.put(key, {"n": at, "t": "x"})
    return keys


class TestRead:
    def test_all_bins(self, client, some):
        result = client.batch_read(some)
        assert [br.result for br in result.batch_records] == [0, 0, 0, 2, 2]
        assert [br.key[:3] for br in result.batch_records] == some
        first = result.batch_records[0]
        key, meta, bins = first.record
        assert key == first.key
        assert bins == {"n": 0, "t": "x"}
        assert meta["gen"] == 1
        assert result.batch_records[3].record is None
        assert not first.in_doubt

    def test_as_a_dict(self, client, some):
        result = client.batch_read(some)
        expected = {key[2]: {"n": at, "t": "x"} for at, key in enumerate(some[:3])}
        assert isinstance(result, aerospike.BatchRecords)
        assert result == expected
        assert len(result) == 3
        assert result.to_dict() == expected
        assert type(result.to_dict()) is dict
        assert some[0][2] in result
        assert some[4][2] not in result
        assert result.get(some[4][2]) is None
        assert result.to_list() == [*expected.values(), None, None]
        assert result.all_user_keys() == [key[2] for key in some]
        assert result.found_count() == 3
        assert list(result.iter_records()) == result.batch_records
        assert aerospike.BatchRecords.merge_to_dict([result, result]) == expected
        assert result.batch_records is result.batch_records

    def test_some_bins(self, client, some):
        result = client.batch_read(some[:1], ["t", "missing"])
        assert result.batch_records[0].record.bins == {"t": "x"}
        assert client.batch_read(some[:1], ("n",)).to_list() == [{"n": 0}]

    def test_existence(self, client, some):
        result = client.batch_read(some, bins=[])
        assert [br.record is not None for br in result.batch_records] == [True] * 3 + [False] * 2
        assert result.to_list()[0] == {}
        assert result.batch_records[0].record.meta.gen == 1

    def test_nothing(self, client):
        result = client.batch_read([])
        assert result == {}
        assert result.batch_records == []

    def test_repeated_and_mixed_keys(self, client, some):
        other = ("test", "other", some[0][2])
        client.put(other, {"o": 1})
        result = client.batch_read([some[0], other, some[0], some[3]])
        bins = [br.record and br.record.bins for br in result.batch_records]
        assert bins == [{"n": 0, "t": "x"}, {"o": 1}, {"n": 0, "t": "x"}, None]

    def test_digests(self, client, some):
        digest = client.get(some[1]).key.digest
        result = client.batch_read([("test", "driver", None, digest)])
        assert result.batch_records[0].record.bins == {"n": 1, "t": "x"}
        assert result == {}

    def test_many(self, client):
        keys = [("test", "many", n) for n in range(5000)]
        for key in keys[::50]:
            client.put(key, {"n": key[2], "blob": b"x" * 5000})
        result = client.batch_read(keys)
        assert len(result) == 100
        assert all(result[n]["n"] == n for n in range(0, 5000, 50))
        assert [br.key.user_key for br in result.batch_records] == list(range(5000))

    def test_unknown_namespaces(self, client, some):
        with pytest.raises(aerospike.ClusterError, match=r"^Invalid node: "):
            client.batch_read([("nope", "s", 1)])
        result = client.batch_read([some[0], ("nope", "s", 1)])
        assert [br.result for br in result.batch_records] == [0, 11]

    def test_arguments(self, client, some):
        for bad in (tuple(some), None, "keys"):
            with pytest.raises(TypeError):
                client.batch_read(bad)
        for bad in ("n", 5, [1]):
            with pytest.raises(TypeError):
                client.batch_read(some, bad)
        with pytest.raises(TypeError):
            client.batch_read([list(some[0])])

    def test_policies(self, client, some):
        for policy in (
            {"allow_inline": False, "allow_inline_ssd": True},
            {"respond_all_keys": False},
            {"concurrency": aerospike.BATCH_CONCURRENCY_SEQUENTIAL, "total_timeout": 5000},
        ):
            assert len(client.batch_read(some, policy=policy)) == 3
        with pytest.raises(TypeError):
            client.batch_read(some, policy={"allow_inline": 1})

    def test_copies(self, client, some):
        result = client.batch_read(some)
        for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):  # noqa: S301
            assert other == result
            assert other.batch_records == result.batch_records


class TestOperate:
    def test_increment_and_read(self, client, some):
        results = client.batch_operate(some, [INCR, READ])
        assert [bins for _, _, bins in results] == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 1}, {"n": 1}]
        assert [key[:3] for key, _, _ in results] == some
        assert results[0][1]["gen"] == 2
        assert [br.result for br in results.batch_records] == [0] * 5
        assert len(results) == 5
        assert isinstance(results, list)

    def test_reads(self, client, some):
        results = client.batch_operate(some, [READ])
        assert [bins for _, _, bins in results] == [{"n": 0}, {"n": 1}, {"n": 2}, None, None]
        assert results[3][1] is None
        assert results[3][0][:3] == some[3]
        assert [br.result for br in results.batch_records] == [0, 0, 0, 2, 2]
        assert client.get(some[0]).meta.gen == 1

    def test_read_all(self, client, some):
        op = {"op": aerospike.OPERATOR_READ, "bin": None}
        assert client.batch_operate(some[:1], [op])[0].bins == {"n": 0, "t": "x"}

    def test_errors_of_rows(self, client, some):
        client.put(some[1], {"n": "text"})
        results = client.batch_operate(some[:3], [INCR])
        assert [br.result for br in results.batch_records] == [0, 12, 0]
        assert results[1] == (results.batch_records[1].key, None, None)

    def test_writes(self, client, some):
        write = {"op": aerospike.OPERATOR_WRITE, "bin": "w", "val": [1, {"a": b"b"}]}
        policy = {"ttl": 100, "key": aerospike.POLICY_KEY_SEND}
        assert all(bins == {} for _, _, bins in client.batch_operate(some, [write], policy=policy))
        for key in some:
            record = client.get(key)
            assert record.bins["w"] == [1, {"a": b"b"}]
            assert record.meta.ttl in (99, 100)

    def test_no_operations(self, client, some):
        results = client.batch_operate(some[:1], [])
        assert results[0].bins == {}
        assert client.batch_operate([], [INCR]) == []

    def test_arguments(self, client, some):
        for ops, error in ((INCR, TypeError), ([{"op": 99}], ValueError), ([1], TypeError)):
            with pytest.raises(error):
                client.batch_operate(some, ops)


class TestRemove:
    def test_remove(self, client, some):
        results = client.batch_remove(some)
        assert [br.result for br in results.batch_records] == [0, 0, 0, 2, 2]
        assert [bins for _, _, bins in results] == [{}, {}, {}, None, None]
        assert client.batch_read(some) == {}

    def test_nothing(self, client):
        assert client.batch_remove([]) == []

    def test_copies(self, client, some):
        results = client.batch_remove(some)
        other = pickle.loads(pickle.dumps(results))  # noqa: S301
        assert other == results
        assert other.batch_records == results.batch_records
