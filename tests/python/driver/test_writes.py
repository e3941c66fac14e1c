"""``batch_write`` and metas in ``batch_remove``; info commands."""

# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

import aerospike_py as aerospike
import pytest
from aerospike_py import GeoJSON, exp


class TestBatchWrite:
    def test_each_its_own_bins(self, client, keys):
        results = client.batch_write([(key, {"n": at}) for at, key in enumerate(keys)])
        assert [row.result for row in results.batch_records] == [0] * len(keys)
        assert results.retry == (1, 1, False, 0)
        assert [bins["n"] for bins in client.batch_read(keys).to_list()] == list(range(len(keys)))
        assert len(results) == len(keys)

    def test_metas(self, client, keys):
        client.put(keys[0], {"n": 0})
        results = client.batch_write(
            [
                (keys[0], {"n": 1}, {"exists": aerospike.POLICY_EXISTS_CREATE_ONLY}),
                (keys[1], {"n": 1}, {"ttl": 500}),
                (keys[2], {"n": 1}, {}),
                (keys[3], {"n": 1}, {"key": aerospike.POLICY_KEY_SEND}),
            ],
            {"ttl": 100},
        )
        assert [row.result for row in results.batch_records] == [5, 0, 0, 0]
        ttls = [client.get(key).meta.ttl for key in keys[1:3]]
        assert 490 <= ttls[0] <= 500
        assert 90 <= ttls[1] <= 100

    def test_generations(self, client, keys):
        client.put(keys[0], {"n": 0})
        client.put(keys[1], {"n": 0})
        rows = client.batch_write([(keys[0], {"n": 1}, {"gen": 1}), (keys[1], {"n": 1}, {"gen": 7})]).batch_records
        assert [row.result for row in rows] == [0, 3]

    def test_a_filter(self, client, keys):
        client.batch_write([(key, {"n": at}) for at, key in enumerate(keys)])
        expression = exp.ge(exp.int_bin("n"), exp.int_val(3))
        rows = client.batch_write([(key, {"m": 1}) for key in keys], {"filter_expression": expression}).batch_records
        assert [row.result for row in rows] == [27, 27, 27, 0, 0]

    def test_what_is_no_record(self, client, keys):
        for records, error, text in (
            ([{"key": keys[0]}], TypeError, "must be a tuple"),
            ([(keys[0],)], ValueError, "at least 2 elements"),
            ([(keys[0], [1])], TypeError, "must be a dict"),
            ([(keys[0], {"a": 1}, "x")], TypeError, "meta element must be a dict"),
            ([("k", {"a": 1})], TypeError, "tuple"),
            ((), TypeError, "list"),
        ):
            with pytest.raises(error, match=text):
                client.batch_write(records)
        assert client.batch_write([]) == []

    def test_what_passes_is_tried_again(self, config, keys, monkeypatch):
        with aerospike.client(config).connect() as client:
            real = type(client)._batch_write
            failing = [True, True]

            def flaky(self, records, policy):
                result = real(self, records, policy)
                if failing and failing.pop():
                    rows = [row._replace(result=14, record=None) for row in result.batch_records]
                    return aerospike.BatchWriteResult(rows)
                return result

            monkeypatch.setattr(type(client), "_batch_write", flaky)
            results = client.batch_write([(key, {"n": 1}) for key in keys], {"total_timeout": 10_000}, retry=3)
            assert [row.result for row in results.batch_records] == [0] * len(keys)
            assert results.retry == (3, 4, False, 0)


class TestBatchRemove:
    def test_metas(self, client, keys):
        for key in keys:
            client.put(key, {"n": 1})
        rows = client.batch_remove([keys[0], (keys[1], {"gen": 1}), (keys[2], {"gen": 9})]).batch_records
        assert [row.result for row in rows] == [0, 0, 3]
        assert [client.exists(key).meta is None for key in keys[:3]] == [True, True, False]


class TestInfo:
    def test_all_nodes(self, client):
        (row,) = client.info_all("build")
        assert row.node_name == client.get_node_names()[0]
        assert row.error_code == 0
        assert row.response.startswith("8.")
        assert client.info_all("namespaces", {"timeout": 5_000})[0][2].startswith("test")

    def test_one_node(self, client):
        assert client.info_random_node("build").startswith("8.")
        assert "ERROR" in client.info_random_node("no-such-command")

    def test_ping(self, client, make_client, config):
        assert client.ping() is True
        assert make_client(config).ping() is False

    def test_not_connected(self, make_client, config):
        client = make_client(config)
        for call in (client.info_all, client.info_random_node):
            with pytest.raises(aerospike.ClientError, match="not connected"):
                call("build")


def test_geojson_comes_back_as_text(client, key):
    place = GeoJSON('{"type": "Point", "coordinates": [1.5, 2.5]}')
    client.put(key, {"place": place, "list": [place]})
    assert client.get(key).bins == {"place": str(place), "list": [str(place)]}
    assert client.operate(key, [{"op": aerospike.OPERATOR_READ, "bin": "place"}]).bins == {"place": str(place)}
    expression = exp.eq(exp.bin_type("place"), exp.int_val(23))
    assert client.get(key, {"filter_expression": expression}).bins["place"] == str(place)
