"""The examples of the documentation's page about clients: connections, records, operations, batches."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aerospike_py as aerospike
import pytest
from aerospike_py import AsyncClient


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
