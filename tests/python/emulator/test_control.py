"""What a real server cannot do, from Python: clock, snapshots, faults, command log, data without a client."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator, GeoJSON, HyperLogLog
from conftest import ask

# The vendor's type stubs leave too much open to be of use.
aerospike: Any = importlib.import_module("aerospike")
exception: Any = importlib.import_module("aerospike.exception")

KEY = ("test", "users", "ada")


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Emulator, Any]]:
    namespaces = {"test": {"default-ttl": 0, "nsup-period": 60}}
    with Emulator(namespaces=namespaces) as emulator:
        client = aerospike.client({"hosts": [emulator.address]}).connect()
        yield emulator, client
        client.close()


@pytest.fixture
def emulator(shared: tuple[Emulator, Any]) -> Emulator:
    shared[0].reset()
    shared[0].truncate()
    return shared[0]


@pytest.fixture
def client(shared: tuple[Emulator, Any]) -> Any:
    return shared[1]


def test_advance_expires_records(emulator: Emulator, client: Any) -> None:
    client.put(KEY, {"a": 1}, {"ttl": 60})
    client.put(("test", "users", "stays"), {"a": 1})
    emulator.clock.advance(30)
    assert client.get(KEY)[1]["ttl"] in (29, 30)
    emulator.clock.advance(timedelta(seconds=31))
    assert emulator.count("test") == 1
    with pytest.raises(exception.RecordNotFound):
        client.get(KEY)


def test_the_clock_can_be_set_and_frozen(emulator: Emulator) -> None:
    new_year = datetime(2030, 1, 1, tzinfo=timezone.utc)
    with emulator.clock.frozen() as clock:
        clock.set(new_year)
        time.sleep(0.01)
        assert clock.now() == new_year
        clock.advance(0.5)
        assert clock.now() == new_year + timedelta(seconds=0.5)
    emulator.clock.reset()
    assert abs(emulator.clock.now() - datetime.now(timezone.utc)) < timedelta(seconds=5)
    with pytest.raises(ValueError, match="2010-01-01"):
        emulator.clock.set(0)
    with pytest.raises(ValueError, match="no span of time"):
        emulator.clock.advance(-1)


def test_faults_are_counted_and_removed(emulator: Emulator, client: Any) -> None:
    client.put(KEY, {"a": 1})
    with emulator.faults.add("key-busy", kind="get", key="ada", times=2) as fault:
        no_retries = {"max_retries": 0}
        for _ in range(2):
            with pytest.raises(exception.AerospikeError) as caught:
                client.get(KEY, no_retries)
            assert caught.value.code == 14
        client.get(KEY, no_retries)
        assert (fault.seen, fault.hits) == (3, 2)
        assert [rule["action"] for rule in emulator.faults.rules()] == ["key-busy"]
    assert emulator.faults.rules() == []
    with pytest.raises(ValueError, match="no rule"):
        _ = fault.hits
    with pytest.raises(ValueError, match="there is no action 'fly'"):
        emulator.faults.add("fly")
    with pytest.raises(ValueError, match="unknown argument 'sett'"):
        emulator.faults.add("key-busy", sett="x")


def test_a_recording(emulator: Emulator, client: Any) -> None:
    client.put(KEY, {"a": 1})
    with emulator.recording() as log:
        for _ in range(3):
            client.get(KEY)
        client.put(KEY, {"b": 1})
    client.get(KEY)
    assert log.count(kind="get") == 3
    assert log.count(kind=["get", "put"]) == 4
    (write,) = log.entries(kind="put")
    assert (write.namespace, write.set, write.bins, write.operations) == ("test", "users", ["b"], ["write"])
    assert write.result == "OK"
    assert str(write).startswith("put test.users ")
    assert not emulator.log.running


def test_batches_are_logged_with_their_rows(emulator: Emulator, client: Any) -> None:
    client.put(KEY, {"a": 1})
    with emulator.recording() as log:
        client.batch_read([KEY, ("test", "users", "nobody")])
    assert log.count(kind="batch") == 1
    assert [row.code for row in log.entries(kind="get", in_batch=True)] == [0, 2]


def test_waiting_for_a_command(emulator: Emulator, client: Any) -> None:
    with emulator.recording() as log:
        later = threading.Timer(0.1, client.put, (KEY, {"a": 1}))
        later.start()
        assert log.wait(kind="put", key="ada", timeout=10).kind == "put"
        later.join()
        with pytest.raises(ValueError, match=r"within 0\.05 s"):
            log.wait(kind="delete", timeout=0.05)


def test_snapshots(emulator: Emulator, client: Any) -> None:
    client.put(KEY, {"a": 1})
    snapshot = emulator.snapshot()
    snapshot.assert_unchanged()
    client.put(KEY, {"a": 2})
    client.put(("test", "users", 7), {"a": 1})
    with pytest.raises(AssertionError, match="2 records have changed") as caught:
        snapshot.assert_unchanged()
    assert '{"a": 1} (generation 1) -> {"a": 2} (generation 2)' in str(caught.value)
    assert emulator.restore(snapshot) == 2
    snapshot.assert_unchanged()
    assert client.get(KEY)[2] == {"a": 1}
    with Emulator() as other, pytest.raises(ValueError, match="another emulator"):
        other.restore(snapshot)


def test_data_without_a_client(emulator: Emulator, client: Any) -> None:
    bins = {
        "text": "a;b=c\n", "number": -5, "double": 0.5, "flag": True, "bytes": b"\x00;\xff",
        "list": [1, "x", [2.5]], "map": {"k": [1], 5: b"x"}, "nan": float("inf"),
        "geo": GeoJSON('{"type": "Point", "coordinates": [1.5, 2.0]}'),
    }  # fmt: skip
    emulator.put("test", "users", "ada", bins, ttl=100)
    record = emulator.get("test", "users", "ada")
    assert record is not None
    assert record.bins == bins
    assert isinstance(record.bins["geo"], GeoJSON)
    assert (record.generation, record.ttl) == (1, 100)
    assert client.get(KEY)[2]["map"] == bins["map"]
    emulator.put("test", "a;b", 7, {"n": 1})
    emulator.put("test", "", b"\x01;", {"n": 1})
    assert client.exists(("test", "a;b", 7))[1] is not None
    assert emulator.sets("test") == {"": 1, "a;b": 1, "users": 1}
    assert (emulator.count("test"), emulator.count("test", "users"), emulator.count("test", "no")) == (3, 1, 0)
    assert 'a;b 7 {"n":1} generation=1 ttl=never\n' in emulator.dump("test")
    keys = [(record["set"], record["key"], record["ttl"]) for record in emulator.records("test")]
    assert keys == [("", b"\x01;", None), ("a;b", 7, None), ("users", "ada", 100)]
    assert emulator.remove("test", "", b"\x01;")
    assert not emulator.remove("test", "", b"\x01;")
    assert emulator.get("test", "users", "nobody") is None
    for bad in ({"n": object()}, {"n": HyperLogLog(b"x")}, {"a name that is too long": 1}):
        with pytest.raises(ValueError, match=r"cannot hold|refused"):
            emulator.put("test", "users", "bad", bad)
    with pytest.raises(ValueError, match="no namespace 'x'"):
        emulator.count("x")
    with pytest.raises(TypeError):
        emulator.get("test", "users", 1.5)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", ["data.json", "data.asb"])
def test_files(emulator: Emulator, tmp_path: Path, name: str) -> None:
    emulator.put("test", "users", "ada", {"n": 1, "list": ["x", {"k": b"v"}]})
    path = tmp_path / name
    emulator.save(path)
    before = emulator.dump("test")
    emulator.truncate()
    assert emulator.load(path) == 1
    assert emulator.dump("test") == before
    with Emulator(load=path) as other:
        assert other.get("test", "users", "ada") is not None
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ValueError, match=name), Emulator(load=path):
        pass


def test_a_seed_repeats_a_run() -> None:
    def run(seed: int) -> list[bool]:
        with Emulator(seed=seed) as emulator:
            assert emulator.seed == seed
            client = aerospike.client({"hosts": [emulator.address]}).connect()
            emulator.faults.add("key-busy", kind="exists", probability=0.5)
            found: list[bool] = []
            for _ in range(30):
                try:
                    client.exists(KEY, {"max_retries": 0})
                    found.append(True)
                except exception.AerospikeError:
                    found.append(False)
            client.close()
            return found

    assert run(5) == run(5)


def test_the_command_controls_a_server(emulator: Emulator, client: Any, tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("aerospike-emulator")
    address = f"{emulator.host}:{emulator.port}"

    def ctl(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [command, "ctl", address, *arguments], capture_output=True, text=True, timeout=20, check=False
        )

    client.put(KEY, {"a": 1}, {"ttl": 60})
    moved = ctl("clock", "advance=61")
    assert (moved.returncode, json.loads(moved.stdout)["frozen"]) == (0, False)
    assert emulator.count("test") == 0
    assert ctl("fault", "add", "kind=get", "action=key-busy").stdout.strip().isdigit()
    wrong = ctl("fault", "add", "kind=get")
    assert (wrong.returncode, wrong.stdout) == (1, "ERROR:4:'action=…' is missing\n")
    file = tmp_path / "users.json"
    file.write_text('[{"namespace": "test", "set": "users", "key": "eve", "bins": {"a": 1}}]')
    assert json.loads(ctl("data", f"load=@{file}").stdout)["records"] == 1
    assert emulator.count("test", "users") == 1
    assert ctl("data", "load=@/no/such/file").returncode == 1
    assert ctl("fly").returncode == 1
    assert ask(emulator.address, "emulator-log:status").startswith('{"last":')


def test_load_and_save_on_exit(tmp_path: Path) -> None:
    command = Path(sys.executable).with_name("aerospike-emulator")
    source, saved, port_file = tmp_path / "in.json", tmp_path / "out.asb", tmp_path / "port"
    source.write_text('[{"namespace": "test", "set": "users", "key": "eve", "bins": {"a": 1}, "ttl": null}]')
    arguments = ["--port", "0", "--port-file", port_file, "--load", source, "--save-on-exit", saved]
    server = subprocess.Popen([command, *arguments], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline().startswith("aerospike-emulator ready on")
    address = ("127.0.0.1", int(port_file.read_text()))
    assert ask(address, "emulator-data:count;namespace=test") == "1"
    server.terminate()
    server.communicate(timeout=10)
    assert server.returncode == 0
    assert "+ k S 3 eve\n" in saved.read_text()
    source.write_text("[")
    failed = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=20, check=False)
    assert failed.returncode == 1
    assert "in.json: JSON: " in failed.stderr


def test_the_log_tells_the_steps_of_a_transaction() -> None:
    with Emulator(strong_consistency=True) as emulator:
        client = aerospike.client({"hosts": [emulator.address]}).connect()
        other = ("test", "users", "bob")
        client.put(other, {"n": 1})
        transaction = aerospike.Transaction()
        with emulator.recording() as log:
            client.get(other, {"txn": transaction})
            client.put(KEY, {"n": 2}, policy={"txn": transaction})
            client.commit(transaction)
        steps = [entry.kind for entry in log.entries() if entry.kind != "info"]
        assert steps == ["get", "monitor", "put", "verify", "commit", "roll", "monitor"]
        (put,) = log.entries(kind="put")
        assert put.transaction == transaction.id % 2**64
        client.close()
