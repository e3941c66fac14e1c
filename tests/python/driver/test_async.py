"""What only the asynchronous client does."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from typing import Any

import aerospike_py as aerospike
import pytest
from fake import FakeServer, reply  # pyright: ignore[reportMissingImports]

KEY = ("test", "driver", "async")


def run(test):
    """Runs a coroutine function in a loop of its own."""
    return asyncio.run(test())


def connected(config):
    async def connect():
        client = aerospike.AsyncClient(config)
        await client.connect()
        return client

    return connect()


def test_many_at_once(config):
    async def go():
        async with await connected(config) as client:
            keys = [("test", "gather", n) for n in range(1000)]
            await asyncio.gather(*[client.put(key, {"n": key[2]}) for key in keys])
            records = await asyncio.gather(*[client.get(key) for key in keys])
            assert [record.bins["n"] for record in records] == list(range(1000))

    run(go)


def test_exceptions_of_a_gather(config):
    async def go():
        async with await connected(config) as client:
            await client.put(KEY, {"a": 1})
            bad: Any = "bad"
            results: Any = await asyncio.gather(
                client.get(KEY), client.get(("test", "driver", "missing")), client.get(bad), return_exceptions=True
            )
            assert results[0].bins == {"a": 1}
            assert isinstance(results[1], aerospike.RecordNotFound)
            assert isinstance(results[2], TypeError)

    run(go)


def test_every_way_to_await(config):
    async def go():
        async with await connected(config) as client:
            await client.put(KEY, {"a": 1})
            assert asyncio.iscoroutine(client.get(KEY))
            assert (await client.get(KEY)).bins == {"a": 1}
            assert (await asyncio.create_task(client.get(KEY))).bins == {"a": 1}
            assert (await asyncio.ensure_future(client.get(KEY))).bins == {"a": 1}
            assert (await asyncio.wait_for(client.get(KEY), 5)).bins == {"a": 1}
            assert (await asyncio.shield(client.get(KEY))).bins == {"a": 1}
            tasks = {asyncio.create_task(client.get(KEY)) for _ in range(3)}
            done, _ = await asyncio.wait(tasks)
            assert [task.result().bins for task in done] == [{"a": 1}] * 3
            for next_one in asyncio.as_completed([client.get(KEY) for _ in range(3)]):
                assert (await next_one).bins == {"a": 1}

            async def wrapped():
                return await client.get(("test", "driver", "missing"))

            with pytest.raises(aerospike.RecordNotFound):
                await asyncio.create_task(wrapped())
            with pytest.raises(aerospike.RecordNotFound):
                await asyncio.create_task(client.get(("test", "driver", "missing")))

    run(go)


def test_called_outside_of_a_loop(config):
    client = aerospike.AsyncClient(config)
    asyncio.run(client.connect())
    asyncio.run(client.put(KEY, {"a": 2}, policy={"key": 1}))
    assert asyncio.run(client.get(KEY)).bins == {"a": 2}
    asyncio.run(client.close())


def test_several_loops(config):
    client = aerospike.AsyncClient(config)
    asyncio.run(client.connect())
    failures: list[BaseException] = []

    def work(number):
        async def go():
            for n in range(20):
                key = ("test", "loops", f"{number}-{n}")
                await client.put(key, {"n": n})
                assert (await client.get(key)).bins == {"n": n}

        try:
            for _ in range(3):
                asyncio.run(go())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(client.close())
    assert failures == []


def test_a_loop_closed_with_commands_under_way():
    with FakeServer(lambda _number, _frame: [0.2, reply()]) as server:
        client = aerospike.AsyncClient(server.config)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(client.connect())

        async def start():
            return client.get(("test", "s", 1))

        operation = loop.run_until_complete(start())
        loop.close()
        del operation
        gc.collect()

        async def again():
            record = await client.get(("test", "s", 1))
            await client.close()
            return record

        assert asyncio.run(again()).meta.gen == 1


def test_close_from_another_loop():
    with FakeServer(lambda _number, _frame: [5.0]) as server:
        client = aerospike.AsyncClient(server.config)

        async def hang():
            await client.connect()
            with pytest.raises(aerospike.ClientError, match="closed"):
                await client.get(("test", "s", 1), {"total_timeout": 4000})

        def close_soon():
            time.sleep(0.2)
            asyncio.run(client.close())

        closer = threading.Thread(target=close_soon)
        closer.start()
        start = time.monotonic()
        asyncio.run(hang())
        closer.join()
        assert time.monotonic() - start < 3


def test_a_dropped_client_lets_go(config):
    async def go():
        client = await connected(config)
        await client.get_node_names()
        await client.put(KEY, {"a": 1})
        del client
        gc.collect()
        await asyncio.sleep(0.01)

    run(go)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="this system does not list open descriptors")
def test_a_closed_client_leaves_nothing_open(config):
    async def go():
        for _ in range(3):
            async with await connected(config) as client:
                await client.put(KEY, {"a": 1})
        await asyncio.sleep(0.2)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(20):
            async with await connected(config) as client:
                await client.get(KEY, {"total_timeout": 20_000})
        deadline = time.monotonic() + 5
        while len(os.listdir("/proc/self/fd")) > before and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        assert len(os.listdir("/proc/self/fd")) <= before

    run(go)


def test_one_wake_up_for_many():
    """Replies that wait together are fetched together."""
    count = 100
    barrier = threading.Barrier(count)

    def together(number, _frame):
        if number < count:
            barrier.wait(10)
        return [reply()]

    async def go(server):
        loop = asyncio.get_running_loop()
        wakes = 0
        add_reader = loop.add_reader

        def counting(descriptor, callback, *args):
            def counted():
                nonlocal wakes
                wakes += 1
                callback(*args)

            return add_reader(descriptor, counted)

        loop.add_reader = counting  # type: ignore[method-assign]
        async with await connected(server.config) as client:
            operations = [client.exists(("test", "s", n), {"total_timeout": 10_000}) for n in range(count)]
            # All are sent; then the loop is kept busy until all replies have come.
            deadline = time.monotonic() + 10
            while server.requests < count and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
            before = wakes
            time.sleep(0.3)
            await asyncio.gather(*operations)
            return wakes - before

    with FakeServer(together) as server:
        assert asyncio.run(go(server)) <= 10


def test_cancelled_commands_leave_the_pool_healthy():
    def slow(number, _frame):
        return [0.05, reply(0, 1 + number)]

    async def go(server):
        async with await connected({**server.config, "max_conns_per_node": 2}) as client:
            generations = []
            for _ in range(10):
                tasks = [asyncio.create_task(client.exists(("test", "s", n))) for n in range(4)]
                await asyncio.sleep(0.01)
                for task in tasks[:3]:
                    task.cancel()
                results: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
                assert all(isinstance(result, asyncio.CancelledError) for result in results[:3])
                generations.append(results[3].meta.gen)
            assert len(set(generations)) == 10, "each reply went to the command it answers"
        return server.connections

    with FakeServer(slow) as server:
        assert asyncio.run(go(server)) <= 2


def test_more_commands_than_connections(config):
    async def go():
        async with await connected({**config, "max_conns_per_node": 3}) as client:
            await asyncio.gather(*[client.put(("test", "few", n), {"n": n}) for n in range(300)])
            assert len(await client.batch_read([("test", "few", n) for n in range(300)])) == 300

    run(go)


def test_no_connection_comes_free():
    with FakeServer(lambda _number, _frame: [2.0, reply()]) as server:

        async def go():
            async with await connected({**server.config, "max_conns_per_node": 1}) as client:
                first = asyncio.ensure_future(client.get(("test", "s", 1), {"total_timeout": 5000}))
                with pytest.raises(aerospike.ClusterError, match=r"^No more connections available"):
                    await client.get(("test", "s", 2), {"total_timeout": 100})
                first.cancel()

        run(go)


class TestConnecting:
    """While an attempt to connect is under way."""

    def test_second_attempt_and_close(self, monkeypatch):
        with FakeServer(lambda _number, _frame: [reply()]) as server:
            slow = server.info

            def info(body):
                time.sleep(0.1)
                return slow(body)

            monkeypatch.setattr(server, "info", info)

            async def go():
                client = aerospike.AsyncClient(server.config)
                first = asyncio.create_task(client.connect())
                await asyncio.sleep(0.05)
                assert not client.is_connected()
                with pytest.raises(aerospike.ClientError, match="currently connecting"):
                    await client.connect()
                with pytest.raises(aerospike.ClientError, match="connecting"):
                    await client.close()
                await first
                assert client.is_connected()
                with pytest.raises(aerospike.ClientError, match="already connected"):
                    await client.connect()
                await client.close()
                cancelled = asyncio.create_task(client.connect())
                await asyncio.sleep(0.05)
                cancelled.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await cancelled
                assert not client.is_connected()
                await client.connect()
                await asyncio.sleep(0.3)
                assert client.is_connected(), "the attempt that was given up changes nothing"
                await client.close()

            run(go)


def test_other_event_loops(config):
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")

    async def go():
        async with await connected(config) as client:
            await asyncio.gather(*[client.put(("test", "uv", n), {"n": n}) for n in range(100)])
            assert len(await client.batch_read([("test", "uv", n) for n in range(100)])) == 100

    loop = uvloop.new_event_loop()
    loop.run_until_complete(go())
    loop.close()
