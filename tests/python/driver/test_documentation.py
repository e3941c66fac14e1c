"""The examples of the documentation's page about clients."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import Any

import aerospike_py as aerospike
import pytest
from aerospike_py import AsyncClient, exp
from conftest import serving


@pytest.fixture
def fresh(client):
    def remove(key):
        with contextlib.suppress(aerospike.RecordNotFound):
            client.remove(key)

    for name in ("user1", *(f"user_{i}" for i in range(10)), *(f"item_{i}" for i in range(100))):
        remove(("test", "demo", name))
    return client


def test_records(fresh):
    client = fresh
    assert client.is_connected()
    assert client.get_node_names()
    key = ("test", "demo", "user1")
    client.put(key, {"name": "Alice", "age": 30})
    client.put(key, {"x": 1}, meta={"ttl": 300})
    with pytest.raises(aerospike.RecordExistsError):
        client.put(key, {"x": 1}, policy={"exists": aerospike.POLICY_EXISTS_CREATE_ONLY})
    _, meta, bins = client.get(("test", "demo", "user1"))
    assert meta == {"gen": 2, "ttl": meta["ttl"]}
    assert bins == {"name": "Alice", "age": 30, "x": 1}
    _, meta, bins = client.select(key, ["name"])
    assert bins == {"name": "Alice"}
    _, meta = client.exists(key)
    assert meta is not None
    assert f"Found, gen={meta['gen']}" == "Found, gen=2"
    client.touch(key, val=300)
    client.append(key, "name", "_suffix")
    client.prepend(key, "name", "prefix_")
    client.increment(key, "age", 1)
    client.increment(key, "score", 0.5)
    client.put(key, {"temp_bin": 1, "debug_bin": 2})
    client.remove_bin(key, ["temp_bin", "debug_bin"])
    assert client.get(key)[2] == {"name": "prefix_Alice_suffix", "age": 31, "x": 1, "score": 0.5}
    with pytest.raises(aerospike.RecordGenerationError):
        client.remove(key, meta={"gen": 3}, policy={"gen": aerospike.POLICY_GEN_EQ})
    client.remove(key)
    with pytest.raises(aerospike.RecordNotFound):
        client.get(key)


def test_operate(fresh):
    key = ("test", "demo", "user1")
    ops = [
        {"op": aerospike.OPERATOR_INCR, "bin": "counter", "val": 1},
        {"op": aerospike.OPERATOR_READ, "bin": "counter", "val": None},
    ]
    _, _, bins = fresh.operate(key, ops)
    assert bins == {"counter": 1}
    _, _, results = fresh.operate_ordered(key, ops)
    assert results == [("counter", 2)]


def test_batches(fresh):
    client = fresh
    keys = [("test", "demo", f"user_{i}") for i in range(10)]
    for at, key in enumerate(keys[:8]):
        client.put(key, {"name": f"n{at}", "age": at, "other": 1})
    seen = []
    batch = client.batch_read(keys)
    for br in batch.batch_records:
        if br.record:
            _key, _meta, bins = br.record
            seen.append(bins)
    assert len(seen) == 8
    assert seen[0] == {"name": "n0", "age": 0, "other": 1}
    batch = client.batch_read(keys, bins=["name", "age"])
    assert batch.batch_records[1].record.bins == {"name": "n1", "age": 1}
    batch = client.batch_read(keys, bins=[])
    assert [br.record is not None for br in batch.batch_records] == [True] * 8 + [False] * 2
    ops = [{"op": aerospike.OPERATOR_INCR, "bin": "views", "val": 1}]
    results = client.batch_operate(keys, ops)
    assert len(results) == 10
    assert all(meta is not None for _, meta, _ in results)
    assert len(client.batch_remove(keys)) == 10
    assert not client.batch_read(keys)


@pytest.mark.usefixtures("fresh")
def test_async_patterns(config):
    async def process_user(client, user_id):
        key = ("test", "users", user_id)
        _, _, bins = await client.get(key)
        bins["visits"] = bins.get("visits", 0) + 1
        await client.put(key, bins)
        return bins

    async def main():
        async with AsyncClient(config) as client:
            await client.connect()
            keys = [("test", "demo", f"item_{i}") for i in range(100)]
            tasks = [client.put(k, {"idx": i}) for i, k in enumerate(keys)]
            await asyncio.gather(*tasks)
            tasks = [client.get(k) for k in keys]
            results: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
            assert [record[2]["idx"] for record in results] == list(range(100))
            for i in range(10):
                await client.put(("test", "users", f"user_{i}"), {"visits": 0})
            results = await asyncio.gather(*[process_user(client, f"user_{i}") for i in range(10)])
            assert results == [{"visits": 1}] * 10

    asyncio.run(main())


def results(client, statement, *arguments):
    """What a query returns; that of an asynchronous client is awaited."""
    found = statement.results(*arguments)
    return client.loop.run_until_complete(found) if inspect.isawaitable(found) else found


def scan(client, policy=None):
    """All records: of an object that the synchronous client makes, from the asynchronous one at once."""
    if hasattr(client, "loop"):
        return client.scan("test", "demo", policy)
    return client.scan("test", "demo").results(policy)


@pytest.fixture
def people(fresh):
    for i in range(10):
        bins = {"name": f"n{i}", "age": 15 + i, "status": "active" if i % 2 else "idle"}
        fresh.put(("test", "demo", f"user_{i}"), bins)
    return fresh


def test_queries_and_scans(people):
    assert len(results(people, people.query("test", "demo"))) == 10
    records = scan(people)
    assert len(records) == 10
    for _key, meta, bins in records:
        assert meta["gen"] >= 1
        assert bins["age"] >= 15


def test_indexes_and_truncation(people):
    client = people
    client.index_integer_create("test", "demo", "age", "age_idx")
    client.index_string_create("test", "demo", "name", "name_idx")
    client.index_geo2dsphere_create("test", "demo", "location", "geo_idx")
    query = client.query("test", "demo")
    query.where(aerospike.predicates.between("age", 16, 18))
    query.select("age")
    assert sorted(bins["age"] for _, _, bins in results(client, query)) == [16, 17, 18]
    for name in ("age_idx", "name_idx", "geo_idx"):
        client.index_remove("test", name)
    client.truncate("test", "demo")
    assert scan(client) == []


def test_functions(fresh, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = "function my_function(record, number, text) return text .. number + #record.name end"
    (tmp_path / "my_udf.lua").write_text(source)
    key = ("test", "demo", "user1")
    fresh.put(key, {"name": "Alice"})
    fresh.udf_put("my_udf.lua")
    assert fresh.apply(key, "my_udf", "my_function", [1, "hello"]) == "hello6"
    fresh.udf_remove("my_udf")
    with pytest.raises(aerospike.UDFError):
        fresh.apply(key, "my_udf", "my_function", [1, "hello"])


def test_users_and_roles(make_client, tmp_path):
    with serving(tmp_path, "--security") as port:
        client = make_client({"hosts": [("127.0.0.1", port)]})
        client.connect("admin", "admin")
        client.admin_create_user("new_user", "password", ["read-write"])
        client.admin_grant_roles("new_user", ["sys-admin"])
        client.admin_create_role("custom_role", [{"code": aerospike.PRIV_READ, "ns": "test", "set": "demo"}])
        assert sorted(client.admin_query_user("new_user")["roles"]) == ["read-write", "sys-admin"]
        assert len(client.admin_query_users()) == 2
        client.admin_change_password("new_user", "other")
        client.admin_revoke_roles("new_user", ["sys-admin"])
        client.admin_grant_privileges("custom_role", [{"code": aerospike.PRIV_WRITE}])
        client.admin_revoke_privileges("custom_role", [{"code": aerospike.PRIV_WRITE}])
        client.admin_set_whitelist("custom_role", ["127.0.0.1"])
        role = client.admin_query_role("custom_role")
        assert role["name"] == role["role"] == "custom_role"
        assert role["privileges"] == [{"code": aerospike.PRIV_READ, "ns": "test", "set": "demo"}]
        assert role["allowlist"] == ["127.0.0.1"]
        assert "custom_role" in [role["name"] for role in client.admin_query_roles()]
        client.admin_drop_role("custom_role")
        client.admin_drop_user("new_user")
        assert [user["user"] for user in client.admin_query_users()] == ["admin"]
        client.close()


def test_filters(people):
    client = people
    key, keys = ("test", "demo", "user_9"), [("test", "demo", f"user_{i}") for i in range(10)]
    expr = exp.ge(exp.int_bin("age"), exp.int_val(21))
    _, _, bins = client.get(key, policy={"filter_expression": expr})
    assert bins["age"] == 24
    assert len(results(client, client.query("test", "demo"), {"filter_expression": expr})) == 4
    assert len(scan(client, {"filter_expression": expr})) == 4
    expr = exp.eq(exp.string_bin("status"), exp.string_val("active"))
    client.put(key, {"visits": 1}, policy={"filter_expression": expr})
    with pytest.raises(aerospike.FilteredOut):
        client.put(keys[0], {"visits": 1}, policy={"filter_expression": expr})
    ops = [{"op": aerospike.OPERATOR_READ, "bin": "status", "val": None}]
    records = client.batch_operate(keys, ops, policy={"filter_expression": expr})
    assert [bins for _, _, bins in records] == [None, {"status": "active"}] * 5
