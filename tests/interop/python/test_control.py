"""What only an emulator has, through the client's own info call; and what the vendor's client makes of faults."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aerospike_emulator import Emulator
from drivers import Driver, Key

TIMEOUT = 9
KEY_BUSY = 14
DEVICE_OVERLOAD = 18
CONNECTION = -10

# One attempt, and two more.
ONCE = {"total_timeout": 2000, "socket_timeout": 150, "max_retries": 0}
THRICE = {**ONCE, "max_retries": 2}


@pytest.fixture(autouse=True)
def undisturbed(aerospike_clean: Emulator) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    aerospike_clean.reset()


def ask(driver: Driver, command: str) -> Any:
    """The answer to a control command, sent as any info command is."""
    answer = driver.info(f"emulator-{command}")
    return answer if answer == "ok" else json.loads(answer)


# ---------------------------------------------------------------- through the info call


def test_clock(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1}, ttl=60)
    assert ask(driver, "clock:freeze")["frozen"]
    ask(driver, "clock:advance=30")
    assert driver.get(key).ttl in range(28, 32)
    ask(driver, "clock:advance=31")
    assert driver.exists(key) is None
    assert ask(driver, "clock:reset")["offset_ms"] == 0
    assert abs(ask(driver, "clock")["unix_ms"] / 1000 - time.time()) < 5


def test_faults(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    ask(driver, "fault:add;kind=get;key=key;action=key-busy")
    with driver.fails(KEY_BUSY):
        driver.get(key)
    (rule,) = ask(driver, "fault")
    assert (rule["kind"], rule["key"], rule["hits"] > 0) == ("get", "key", True)
    assert ask(driver, "fault:clear") == 1
    assert driver.get(key).bins == {"a": 1}


def test_log(driver: Driver, key: Key) -> None:
    ask(driver, "log:clear")
    ask(driver, "log:start")
    driver.put(key, {"a": 1})
    driver.get(key)
    driver.increment(key, "a", 1)
    assert ask(driver, "log:count;kind=get") == 1
    assert [entry["kind"] for entry in ask(driver, "log:set=demo")] == ["put", "get", "add"]
    assert ask(driver, "log:wait;kind=put;timeout=1s")["bins"] == ["a"]


def test_snapshots(driver: Driver, key: Key) -> None:
    driver.put(key, {"a": 1})
    assert ask(driver, "snapshot:take=before") == "ok"
    driver.put(key, {"a": 2})
    (change,) = ask(driver, "snapshot:diff=before")
    assert (change["before"]["bins"], change["after"]["bins"]) == ({"a": 1}, {"a": 2})
    assert ask(driver, "snapshot:restore=before") == 1
    assert driver.get(key).bins == {"a": 1}
    assert ask(driver, "snapshot:drop=before") == "ok"


def test_data(driver: Driver, key: Key) -> None:
    assert ask(driver, 'data:put;namespace=test;set=demo;key=key;bins={"a": [1, "x"]}') == "ok"
    assert driver.get(key).bins == {"a": [1, "x"]}
    assert ask(driver, "data:count;namespace=test;set=demo") == 1


def test_refusals(driver: Driver) -> None:
    for wrong in ("clock:fly", "fault:add", "snapshot:restore=never taken", "data:count;namespace=x"):
        try:
            answer = driver.info(f"emulator-{wrong}")
        except driver.module.exception.AerospikeError as error:
            # Some clients look into answers for errors.
            answer = f"ERROR:{driver.code(error)}:"
        assert answer.startswith("ERROR:4:"), answer


# ---------------------------------------------------------------- what the vendor's client reports
#
# A write is in doubt as soon as it may have been done: the client has sent it, and has no answer.


class Attempt:
    """What became of a command under a fault."""

    def __init__(self, emulator: Emulator, kind: str, policy: dict[str, Any], client: Any, key: Key) -> None:
        self.code, self.in_doubt = 0, False
        with emulator.recording() as log:
            try:
                match kind:
                    case "get":
                        client.get(key, policy)
                    case "put":
                        client.put(key, {"n": 2}, {}, policy)
                    case _:
                        client.increment(key, "n", 1, {}, policy)
            except client_errors() as error:
                self.code, self.in_doubt = error.code, error.in_doubt
        self.commands = log.count(kind=kind)
        record = emulator.get(*key)
        self.value = record and record.bins["n"]


def client_errors() -> Any:
    import aerospike  # noqa: PLC0415 (there are scenarios without it)

    return aerospike.exception.AerospikeError


@pytest.fixture
def prepared(vendor: Any, key: Key) -> Any:
    vendor.put(key, {"n": 1})
    return vendor


@pytest.mark.parametrize("kind", ["get", "put", "add"])
@pytest.mark.parametrize(
    ("action", "code", "is_done"),
    [
        ("drop-reply", TIMEOUT, True),
        ("close-after", CONNECTION, True),
        ("close-before", CONNECTION, False),
        ("truncate", CONNECTION, True),
        ("device-overload", DEVICE_OVERLOAD, False),
    ],
)
def test_one_attempt(
    prepared: Any, aerospike_clean: Emulator, key: Key, kind: str, action: str, code: int, is_done: bool
) -> None:
    aerospike_clean.faults.add(action, kind=kind)
    attempt = Attempt(aerospike_clean, kind, ONCE, prepared, key)
    assert (attempt.code, attempt.commands) == (code, 1)
    # An answer that says no leaves no doubt.
    assert attempt.in_doubt == (kind != "get" and action != "device-overload")
    assert attempt.value == (2 if is_done and kind != "get" else 1)


@pytest.mark.parametrize("action", ["drop-reply", "close-after", "close-before", "truncate", "device-overload"])
def test_a_retry_hides_a_fault(prepared: Any, aerospike_clean: Emulator, key: Key, action: str) -> None:
    aerospike_clean.faults.add(action, kind="put", times=1)
    attempt = Attempt(aerospike_clean, "put", THRICE, prepared, key)
    assert (attempt.code, attempt.commands, attempt.value) == (0, 2, 2)


@pytest.mark.parametrize(
    ("action", "value"),
    [("drop-reply", 3), ("close-after", 3), ("truncate", 3), ("close-before", 2), ("device-overload", 2)],
)
def test_a_retry_counts_twice(prepared: Any, aerospike_clean: Emulator, key: Key, action: str, value: int) -> None:
    """What is not idempotent is done once for each attempt that the server has seen."""
    aerospike_clean.faults.add(action, kind="add", times=1)
    attempt = Attempt(aerospike_clean, "add", THRICE, prepared, key)
    assert (attempt.code, attempt.commands, attempt.value) == (0, 2, value)


@pytest.mark.parametrize(
    ("action", "code"), [("drop-reply", TIMEOUT), ("close-before", CONNECTION), ("device-overload", DEVICE_OVERLOAD)]
)
def test_all_attempts_fail(prepared: Any, aerospike_clean: Emulator, key: Key, action: str, code: int) -> None:
    aerospike_clean.faults.add(action, kind="put")
    attempt = Attempt(aerospike_clean, "put", THRICE, prepared, key)
    assert (attempt.code, attempt.commands) == (code, 3)
    # After several attempts the client is in doubt whatever the last answer says.
    assert attempt.in_doubt


def test_a_delay_within_the_timeout_is_waited_for(prepared: Any, aerospike_clean: Emulator, key: Key) -> None:
    aerospike_clean.faults.add("delay", kind="get", delay=0.05)
    attempt = Attempt(aerospike_clean, "get", ONCE, prepared, key)
    assert (attempt.code, attempt.commands) == (0, 1)


def test_a_delay_beyond_the_timeout_leaves_a_write_in_doubt(prepared: Any, aerospike_clean: Emulator, key: Key) -> None:
    aerospike_clean.faults.add("delay", kind="put", delay=0.4, times=1)
    with aerospike_clean.recording() as log:
        attempt = Attempt(aerospike_clean, "put", ONCE, prepared, key)
        assert (attempt.code, attempt.in_doubt, attempt.value) == (TIMEOUT, True, 1)
        # The server does it all the same, when nobody waits any more.
        log.wait(kind="put", timeout=5)
    record = aerospike_clean.get(*key)
    assert record is not None
    assert record.bins == {"n": 2}


def test_a_delay_beyond_the_timeout_is_passed_by(prepared: Any, aerospike_clean: Emulator, key: Key) -> None:
    aerospike_clean.faults.add("delay", kind="get", delay=0.4, times=1)
    attempt = Attempt(aerospike_clean, "get", THRICE, prepared, key)
    assert attempt.code == 0
