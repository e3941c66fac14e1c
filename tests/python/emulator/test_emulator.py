"""The emulator as an object: options, life cycle, threads."""

from __future__ import annotations

import gc
import importlib
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator, EmulatorError
from conftest import Wire, ask

# The vendor's type stubs leave too much open to be of use.
aerospike: Any = importlib.import_module("aerospike")


def connect(emulator: Emulator) -> Any:
    return aerospike.client({"hosts": [emulator.address]}).connect()


def test_starts_on_a_free_port() -> None:
    with Emulator() as emulator:
        assert emulator.host == "127.0.0.1"
        assert emulator.port > 0
        assert emulator.address == (emulator.host, emulator.port)
        assert ask(emulator.address, "namespaces") == "test"
        assert repr(emulator) == f"<Emulator on 127.0.0.1:{emulator.port}>"


def test_start_and_stop_may_be_repeated() -> None:
    emulator = Emulator()
    assert not emulator.running
    emulator.stop()
    assert emulator.start() is emulator
    port = emulator.port
    emulator.start()
    assert emulator.port == port
    emulator.stop()
    emulator.stop()
    assert not emulator.running


def test_starts_again_empty() -> None:
    emulator = Emulator()
    with emulator:
        client = connect(emulator)
        client.put(("test", "s", "k"), {"a": 1})
        client.close()
    with emulator:
        client = connect(emulator)
        assert client.exists(("test", "s", "k"))[1] is None
        client.close()


def test_stopped_emulator_says_so() -> None:
    emulator = Emulator()
    for use in (lambda: emulator.port, lambda: emulator.address, lambda: emulator.host, emulator.truncate):
        with pytest.raises(EmulatorError, match="does not run"):
            use()
    assert repr(emulator) == "<Emulator, not running>"


def test_stop_closes_connections() -> None:
    with Emulator() as emulator:
        wire = Wire(emulator.address)
        assert wire.info("status") == "ok"
        address = emulator.address
    with pytest.raises(ConnectionError):
        wire.info("status")
    with pytest.raises(ConnectionRefusedError):
        Wire(address)
    wire.socket.close()


def test_many_at_once_share_nothing() -> None:
    emulators = [Emulator(namespaces=[f"ns{number}"]).start() for number in range(10)]
    assert len({emulator.port for emulator in emulators}) == 10
    for number, emulator in enumerate(emulators):
        assert ask(emulator.address, "namespaces") == f"ns{number}"
    for emulator in emulators:
        emulator.stop()


def test_is_stopped_when_nobody_holds_it() -> None:
    emulator = Emulator().start()
    address, alive = emulator.address, weakref.ref(emulator)
    del emulator
    gc.collect()
    assert alive() is None
    with pytest.raises(ConnectionRefusedError):
        Wire(address)


def test_started_from_several_threads_at_once() -> None:
    emulator = Emulator()
    ports = list[int]()
    threads = [threading.Thread(target=lambda: ports.append(emulator.start().port)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    emulator.stop()
    assert len(ports) == 8
    assert len(set(ports)) == 1


def test_port_in_use() -> None:
    with Emulator() as emulator:
        second = Emulator(port=emulator.port)
        with pytest.raises(EmulatorError, match=f"cannot listen on 127.0.0.1:{emulator.port}"):
            second.start()
        assert not second.running


def test_given_port(free_port: int) -> None:
    with Emulator(port=free_port) as emulator:
        assert emulator.port == free_port


def test_stops_when_the_interpreter_exits() -> None:
    program = "from aerospike_emulator import Emulator; e = Emulator().start(); print(e.port, flush=True)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert ended.stderr == ""
    with pytest.raises(ConnectionRefusedError):
        Wire(("127.0.0.1", int(ended.stdout)))


# ---------------------------------------------------------------- options


def config_of(emulator: Emulator, namespace: str) -> dict[str, str]:
    answer = ask(emulator.address, f"get-config:context=namespace;namespace={namespace}")
    return dict(setting.split("=", 1) for setting in answer.split(";"))


def test_namespaces_by_name() -> None:
    with Emulator(namespaces=["one", "two"]) as emulator:
        assert ask(emulator.address, "namespaces") == "one;two"


def test_namespaces_with_settings() -> None:
    with Emulator(namespaces={"one": {"default-ttl": "1h", "nsup_period": 5}, "two": {}}) as emulator:
        assert ask(emulator.address, "namespaces") == "one;two"


def test_default_ttl_reaches_records() -> None:
    with Emulator(default_ttl="90s") as emulator:
        client = connect(emulator)
        client.put(("test", "s", "k"), {"a": 1})
        _, meta = client.exists(("test", "s", "k"))
        assert meta["ttl"] in (89, 90)
        client.close()


def test_cluster_name() -> None:
    with Emulator(cluster_name="demo") as emulator:
        assert ask(emulator.address, "cluster-name") == "demo"


def test_enterprise_edition_is_the_default() -> None:
    with Emulator() as emulator:
        client = connect(emulator)
        client.put(("test", "s", "k"), {"a": 1})
        client.remove(("test", "s", "k"), policy={"durable_delete": True})
        assert client.exists(("test", "s", "k"))[1] is None
        client.close()


def test_community_edition() -> None:
    with Emulator(edition="community") as emulator:
        client = connect(emulator)
        client.put(("test", "s", "k"), {"a": 1})
        with pytest.raises(aerospike.exception.AerospikeError) as refused:
            client.remove(("test", "s", "k"), policy={"durable_delete": True})
        error: Any = refused.value
        assert error.code == 25
        client.close()


def test_config_file_and_options_over_it(tmp_path: Path) -> None:
    path = tmp_path / "aerospike.conf"
    path.write_text(
        "service {\n cluster-name filed\n}\nnamespace a {\n default-ttl 5\n nsup-period 1\n}\nnamespace b {\n}\n"
    )
    with Emulator(config_file=path) as emulator:
        assert ask(emulator.address, "namespaces") == "a;b"
        assert ask(emulator.address, "cluster-name") == "filed"
    with Emulator(config_file=str(path), cluster_name="given", namespaces=["b"]) as emulator:
        assert ask(emulator.address, "namespaces") == "b"
        assert ask(emulator.address, "cluster-name") == "given"


def test_config_text() -> None:
    with Emulator(config="namespace text {\n}\n") as emulator:
        assert ask(emulator.address, "namespaces") == "text"


def test_unknown_settings_of_a_file_are_warned_about() -> None:
    with pytest.warns(UserWarning, match=r"config:2: 'no-such-setting' in 'service' is not supported"):
        Emulator(config="service {\n no-such-setting 1\n}\n")


def test_namespace_that_will_refuse_writes_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="namespace a: writes will fail"):
        Emulator(namespaces={"a": {"default-ttl": 5, "nsup-period": 0}})


def test_default_ttl_works_whatever_the_configuration_says_of_collecting() -> None:
    with Emulator(config="namespace test {\n}\n", default_ttl=60) as emulator:
        client = connect(emulator)
        client.put(("test", "s", "k"), {"a": 1})
        assert client.exists(("test", "s", "k"))[1]["ttl"] in (59, 60)
        client.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 70000}, "port is between 0 and 65535, not 70000"),
        ({"bind": "everywhere"}, "bind takes an IP address"),
        ({"edition": "standard"}, "edition is 'community' or 'enterprise'"),
        ({"edition": "community", "strong_consistency": True}, "strong consistency needs the enterprise edition"),
        ({"namespaces": []}, "namespaces is empty"),
        ({"namespaces": ["a", "a"]}, "given twice"),
        ({"namespaces": ["a b"]}, "a namespace name has 1 to 31"),
        ({"namespaces": ["n" * 32]}, "a namespace name has 1 to 31"),
        ({"namespaces": {"a": {"default-tll": 1}}}, "namespace a: unknown setting 'default-tll'"),
        ({"namespaces": {"a": {"default-ttl": "soon"}}}, "namespace a: 'default-ttl' takes seconds"),
        ({"default_ttl": -1}, "'default-ttl' takes seconds"),
        ({"config": "namespace {\n}\n"}, "config:1: a namespace name has 1 to 31"),
        ({"config_file": "does/not/exist.conf"}, "cannot read the file"),
        ({"config_file": "a", "config": "b"}, "not both"),
    ],
    ids=str,
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Emulator(**options)


def test_namespaces_are_not_one_string() -> None:
    with pytest.raises(TypeError, match="not one string"):
        Emulator(namespaces="test")


# ---------------------------------------------------------------- truncate


def test_truncate() -> None:
    with Emulator(namespaces=["one", "two"]) as emulator:
        client = connect(emulator)

        def fill() -> None:
            for namespace in ("one", "two"):
                for set_name in ("s", "t"):
                    for number in range(10):
                        client.put((namespace, set_name, number), {"a": 1})

        fill()
        assert emulator.truncate() == 40
        assert emulator.truncate() == 0
        fill()
        assert emulator.truncate("one") == 20
        assert emulator.truncate("two", "s") == 10
        assert emulator.truncate("two", "none of this name") == 0
        assert client.exists(("two", "t", 3))[1] is not None
        with pytest.raises(ValueError, match="no namespace 'three'"):
            emulator.truncate("three")
        client.close()


def test_records_written_right_after_truncate_stay() -> None:
    with Emulator() as emulator:
        client = connect(emulator)
        for _ in range(100):
            client.put(("test", "s", "k"), {"a": 1})
            assert emulator.truncate() == 1
            client.put(("test", "s", "k"), {"b": 2})
            assert client.get(("test", "s", "k"))[2] == {"b": 2}
        client.close()
