"""One Python driver under load: called from a single interpreter, as an application does.

Usage: ``drivers.py MODULE HOST PORT``, with MODULE the driver's import name. The records are written first; a line
``ready`` tells that they are. Then each line ``CALL SECONDS`` on standard input is answered with a line of two
numbers: calls per second, and this process's CPU time for one call in microseconds. The calls are the keys of
:data:`CALLS`. It ends with its input.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import sys
import time
from collections.abc import Callable
from typing import Any

RECORDS = 5_000
BATCH = 1_000
#: Calls under way at once in the asynchronous measurements.
CONCURRENT = 200
#: Blocking calls between two looks at the clock.
STRIDE = 25
#: Share of its time that a measurement runs beforehand, uncounted.
WARM_UP = 0.2
KEYS = [("test", "drivers", f"person-{number}") for number in range(RECORDS)]
BINS: dict[str, Any] = {"name": "Grace Hopper", "born": 1906, "height": 1.68, "fields": ["compilers", "COBOL"]}

Step = Callable[[], Any]


#: Calls made, and the seconds that they took.
Made = tuple[int, float]


def blocking(step: Step, calls: int, seconds: float) -> Made:
    """Repeats a step that makes so many calls."""
    began = time.perf_counter()
    for steps in itertools.count(1):
        step()
        passed = time.perf_counter() - began
        if passed >= seconds:
            return calls * steps, passed
    raise AssertionError


async def awaited(step: Step, seconds: float) -> Made:
    """Repeats a step that starts calls; the next ones start once all of the previous ones are done."""
    began = time.perf_counter()
    for steps in itertools.count(1):
        await asyncio.gather(*step())
        passed = time.perf_counter() - began
        if passed >= seconds:
            return CONCURRENT * steps, passed
    raise AssertionError


class Driver:
    """The clients of one module, connected; ``AsyncClient`` where there is one."""

    def __init__(self, module: str, host: str, port: int) -> None:
        driver = importlib.import_module(module)
        config = {"hosts": [(host, port)]}
        self.client = driver.client(config).connect()
        for key in KEYS:
            self.client.put(key, BINS)
        self.loop = asyncio.new_event_loop()
        self.async_client: Any = None
        if hasattr(driver, "AsyncClient"):
            self.async_client = driver.AsyncClient(config)
            self.loop.run_until_complete(self.async_client.connect())
        self.keys = itertools.cycle(KEYS)

    def measure(self, call: str, seconds: float) -> tuple[float, float]:
        """Calls per second, and CPU microseconds per call."""
        make = CALLS[call]
        make(self, seconds * WARM_UP)
        before = time.process_time()
        calls, passed = make(self, seconds)
        return calls / passed, (time.process_time() - before) * 1e6 / calls

    def sync_get(self, seconds: float) -> Made:
        get = self.client.get
        return blocking(lambda: [get(key) for key in self.some(STRIDE)], STRIDE, seconds)

    def sync_put(self, seconds: float) -> Made:
        put = self.client.put
        return blocking(lambda: [put(key, BINS) for key in self.some(STRIDE)], STRIDE, seconds)

    def batch_read(self, seconds: float) -> Made:
        read = self.client.batch_read
        return blocking(lambda: read(self.some(BATCH)), 1, seconds)

    def batch_read_used(self, seconds: float) -> Made:
        """With every bin looked at: a driver may put off decoding until then."""
        read = self.client.batch_read

        def step() -> None:
            for row in read(self.some(BATCH)).batch_records:
                for _value in row.record[2].values():
                    pass

        return blocking(step, 1, seconds)

    def async_get(self, seconds: float) -> Made:
        get = self.async_client.get
        return self.run(lambda: [get(key) for key in self.some(CONCURRENT)], seconds)

    def async_put(self, seconds: float) -> Made:
        put = self.async_client.put
        return self.run(lambda: [put(key, BINS) for key in self.some(CONCURRENT)], seconds)

    def run(self, step: Step, seconds: float) -> Made:
        return self.loop.run_until_complete(awaited(step, seconds))

    def some(self, count: int) -> list[Any]:
        """The next keys, round and round."""
        return list(itertools.islice(self.keys, count))


CALLS: dict[str, Callable[[Driver, float], Made]] = {
    "sync get": Driver.sync_get,
    "sync put": Driver.sync_put,
    "async get": Driver.async_get,
    "async put": Driver.async_put,
    "batch_read": Driver.batch_read,
    "batch_read, all bins used": Driver.batch_read_used,
}


def main() -> None:
    """Obeys standard input."""
    module, host, port = sys.argv[1:]
    driver = Driver(module, host, int(port))
    print("ready", flush=True)
    for line in sys.stdin:
        call, seconds = line.rsplit(maxsplit=1)
        print(*driver.measure(call, float(seconds)), flush=True)


main()
