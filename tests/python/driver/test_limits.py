"""Backpressure; several nodes."""

# pyright: basic, reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import aerospike_py as aerospike
import pytest
from conftest import serving


class TestBackpressure:
    @pytest.fixture
    def slow(self, config):
        return {**config, "max_concurrent_operations": 1, "operation_queue_timeout_ms": 50}

    def test_operations_take_turns(self, config, keys):
        with aerospike.client({**config, "max_concurrent_operations": 2}).connect() as client:
            threads = [threading.Thread(target=client.put, args=(key, {"a": 1})) for key in keys]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(client.batch_read(keys)) == len(keys)

    def test_a_callback_does_not_wait_for_its_own_query(self, slow, key):
        with aerospike.client(slow).connect() as client:
            client.put(key, {"a": 1})
            seen = []
            client.scan("test", key[1]).foreach(lambda record: seen.append(client.exists(record.key)))
            assert seen

    def test_async_operations_take_turns(self, config, keys):
        async def main():
            async with aerospike.AsyncClient({**config, "max_concurrent_operations": 2}) as client:
                await client.connect()
                await asyncio.gather(*[client.put(key, {"a": 1}) for key in keys * 20])
                assert len(await client.batch_read(keys)) == len(keys)
                assert len(await client.query("test", keys[0][1]).results()) >= len(keys)

        asyncio.run(main())

    def test_too_many_async_operations(self, slow, key):
        async def main():
            async with aerospike.AsyncClient(slow) as client:
                await client.connect()
                turns = client._inner._here()
                await turns.acquire()
                with pytest.raises(aerospike.BackpressureError, match="Backpressure timeout on 'get' after 50 ms"):
                    await client.get(key)
                turns.release()
                await client.put(key, {"a": 1})

        asyncio.run(main())

    def test_settings(self, make_client, config):
        for setting, error in (
            ({"max_concurrent_operations": "x"}, TypeError),
            ({"max_concurrent_operations": -1}, OverflowError),
        ):
            with pytest.raises(error):
                make_client({**config, **setting}).connect()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Ports of three nodes, and a function that controls them."""
    folder = tmp_path_factory.mktemp("nodes")
    with serving(folder, "--nodes", "3", "--cluster-pace", "2"):
        yield [int(line) for line in (folder / "port").read_text().split()]


@pytest.fixture
def cluster(make_client, nodes):
    client = make_client({"hosts": [("127.0.0.1", nodes[0])], "tend_interval": 50})
    client.connect()
    deadline = time.monotonic() + 10
    while len(client.get_node_names()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(client.get_node_names()) == 3
    return client


def rows_of(client, set_name, policy=None):
    if isinstance(client, aerospike.Client):
        return client.query("test", set_name).results(policy)
    return client.scan("test", set_name, policy)


class TestNodes:
    def test_everything_is_found_on_all_nodes(self, cluster):
        keys = [("test", "spread", n) for n in range(300)]
        cluster.batch_write([(key, {"n": key[2]}) for key in keys])
        for most in (0, 1, 2):
            rows = rows_of(cluster, "spread", {"max_concurrent_nodes": most})
            assert sorted(row.bins["n"] for row in rows) == list(range(300))
        assert len(cluster.batch_read(keys)) == 300
        cluster.truncate("test", "spread")
        assert rows_of(cluster, "spread") == []

    def test_pages_over_all_nodes(self, cluster):
        cluster.batch_write([(("test", "paged", n), {"n": n}) for n in range(100)])
        pages, numbers = aerospike.partition_filter_all(), []
        while not pages.done:
            rows = rows_of(cluster, "paged", {"max_records": 7, "partition_filter": pages})
            assert len(rows) <= 7
            numbers += [row.bins["n"] for row in rows]
        assert sorted(numbers) == list(range(100))

    def test_info_and_indexes(self, cluster):
        results = cluster.info_all("node")
        assert sorted(row.response for row in results) == sorted(cluster.get_node_names())
        cluster.index_integer_create("test", "spread", "n", "spread-n")
        assert all("spread-n" in row.response for row in cluster.info_all("sindex-list"))
        cluster.index_remove("test", "spread-n")
        assert all("spread-n" not in row.response for row in cluster.info_all("sindex-list"))

    def test_a_node_stops_and_comes_back(self, cluster):
        keys = [("test", "survivors", n) for n in range(100)]
        cluster.batch_write([(key, {"n": key[2]}) for key in keys])
        lost = cluster.get_node_names()[-1]
        # It may be the one that is asked.
        with contextlib.suppress(aerospike.ClusterError):
            cluster.info_random_node(f"emulator-node:stop={lost}")
        policy = {"total_timeout": 10_000, "max_retries": 100, "sleep_between_retries": 50}
        deadline = time.monotonic() + 10
        while lost in cluster.get_node_names() and time.monotonic() < deadline:
            for key in keys[:10]:
                cluster.put(key, {"n": key[2]}, policy=policy)
        assert lost not in cluster.get_node_names()
        for key in keys:
            assert cluster.get(key, policy).bins == {"n": key[2]}
        assert len(rows_of(cluster, "survivors")) == 100
        cluster.info_random_node(f"emulator-node:restart={lost}")
        deadline = time.monotonic() + 10
        while lost not in cluster.get_node_names() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert lost in cluster.get_node_names()
        for key in keys:
            assert cluster.get(key, policy).bins == {"n": key[2]}
