"""Configuration, connect, close, and what goes wrong there."""

# pyright: basic
# Tests pass what a type checker would refuse.

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
import warnings

import aerospike_py as aerospike
import pytest
from aerospike_py import _distribution

KEY = ("test", "driver", "connection")


def test_connect_and_close(make_client, config):
    client = make_client(config)
    assert not client.is_connected()
    assert client.connect() is not None
    assert client.is_connected()
    assert len(client.get_node_names()) == 1
    client.put(KEY, {"a": 1})
    client.close()
    assert not client.is_connected()
    client.close()
    client.connect()
    assert client.get(KEY).bins == {"a": 1}


def test_connect_returns_the_client(config):
    with aerospike.client(config).connect() as client:
        assert isinstance(client, aerospike.Client)
    assert not client.is_connected()


def test_async_connect_returns_the_client(config):
    async def go():
        async with aerospike.AsyncClient(config) as client:
            assert not client.is_connected()
            assert await client.connect() is client
            assert await client.get_node_names() == client.get_node_names()
            assert isinstance(client.get_node_names()[0], str)
        assert not client.is_connected()

    asyncio.run(go())


def test_a_context_manager_hands_exceptions_on(make_client, config):
    def fail():
        with aerospike.client(config) as client:
            assert not client.is_connected()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    make_client(config).close()


CALLS = {
    "get": (KEY,),
    "put": (KEY, {"a": 1}),
    "select": (KEY, ["a"]),
    "exists": (KEY,),
    "remove": (KEY,),
    "touch": (KEY,),
    "append": (KEY, "a", "x"),
    "prepend": (KEY, "a", "x"),
    "increment": (KEY, "a", 1),
    "remove_bin": (KEY, ["a"]),
    "operate": (KEY, []),
    "operate_ordered": (KEY, []),
    "batch_read": ([KEY],),
    "batch_operate": ([KEY], []),
    "batch_remove": ([KEY],),
    "get_node_names": (),
}


@pytest.mark.parametrize("name", CALLS)
def test_use_before_connect_and_after_close(make_client, config, name):
    client = make_client(config)
    with pytest.raises(aerospike.ClientError, match="not connected"):
        getattr(client, name)(*CALLS[name])
    client.connect()
    client.close()
    with pytest.raises(aerospike.ClientError, match="not connected"):
        getattr(client, name)(*CALLS[name])


def test_arguments_of_put_come_before_the_connection(make_client, config):
    client = make_client(config)
    with pytest.raises(TypeError, match="must be a dict"):
        client.put(KEY, [])
    with pytest.raises(ValueError, match="must not be empty"):
        client.put(KEY, {"": 1})
    with pytest.raises(aerospike.ClientError):
        client.put(KEY, {"": 1})
    with pytest.raises(TypeError):
        client.put("key", {"a": 1})


def test_second_connect(client):
    with pytest.raises(aerospike.ClientError, match="already connected"):
        client.connect()
    assert client.is_connected()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"hosts": None}, TypeError, "list"),
        ({"hosts": (("127.0.0.1", 3000),)}, TypeError, "list"),
        ({"hosts": []}, ValueError, "hosts"),
        ({"hosts": [["127.0.0.1", 3000]]}, TypeError, r"Host must be a \(host, port\) tuple or a string"),
        ({"hosts": [()]}, ValueError, "empty"),
        ({"hosts": [("127.0.0.1", "3000")]}, TypeError, None),
        ({"hosts": [("127.0.0.1", 70_000)]}, OverflowError, None),
        ({"hosts": ["127.0.0.1:abc"]}, ValueError, "Invalid port"),
        ({"cluster_name": 5}, TypeError, None),
        ({"timeout": "x"}, TypeError, None),
        ({"timeout": -1}, OverflowError, None),
        ({"bytes_key_type": "x"}, ValueError, "bytes_key_type"),
        ({"cluster_name": "other"}, aerospike.ClusterError, "^Connection error: .*cluster name"),
        ({"max_conns_per_node": 0}, aerospike.ClusterError, "^Connection error: "),
        ({"hosts": [("no-such-host.invalid", 3000)]}, aerospike.ClusterError, "^Connection error: "),
        ({"user": "admin", "password": "admin"}, aerospike.ClusterError, "^Connection error: "),
    ],
)
def test_bad_configurations(make_client, config, change, error, text):
    client = make_client({**config, **change})
    with pytest.raises(error, match=text):
        client.connect()
    assert not client.is_connected()


@pytest.mark.parametrize("config", [None, [], "hosts"])
def test_a_configuration_is_a_dict(make_client, config):
    with pytest.raises(TypeError, match="dict"):
        make_client(config).connect()


def test_hosts_are_required(make_client):
    with pytest.raises(ValueError, match="'hosts'"):
        make_client({}).connect()


def test_forms_of_hosts(make_client, config, port):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = unused.getsockname()[1]
        for hosts in (
            [f"127.0.0.1:{port}"],
            [("127.0.0.1", port, "ignored")],
            [("127.0.0.1", dead), ("127.0.0.1", port)],
        ):
            client = make_client({**config, "hosts": hosts, "cluster_name": None, "unknown": 1})
            client.connect()
            assert client.is_connected()


def test_nobody_listens(make_client):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = make_client({"hosts": [unused.getsockname()]})
        with pytest.raises(aerospike.ClusterError, match=r"^Connection error: failed to connect") as caught:
            client.connect()
        assert caught.value.result_code == -1
        assert not client.is_connected()


def test_the_configuration_is_not_changed(make_client, config):
    before = {**config}
    make_client(config).connect()
    assert config == before


def test_user_and_password(make_client, config):
    with pytest.raises(aerospike.ClientError, match="Password is required when username is provided"):
        make_client(config).connect("user")
    client = make_client(config)
    client.connect(None, "ignored")
    assert client.is_connected()


def test_a_failed_connect_may_be_repeated(make_client, config):
    client = make_client({**config, "cluster_name": "other"})
    for _ in range(2):
        with pytest.raises(aerospike.ClusterError):
            client.connect()


def test_subclasses(config):
    class Mine(aerospike.Client):
        def __init__(self, config, name):
            super().__init__(config)
            self.name = name
            self.closed = 0

        def close(self):
            self.closed += 1
            super().close()

    with Mine(config, "me").connect() as client:
        assert isinstance(client, Mine)
        assert client.name == "me"
        client.put(KEY, {"a": 1})
    assert client.closed == 1


def test_threads_share_a_client(config):
    client = aerospike.client(config).connect()
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for at in range(50):
                key = ("test", "driver", f"thread-{number}-{at}")
                client.put(key, {"n": number, "at": at})
                assert client.get(key).bins == {"n": number, "at": at}
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert errors == []


def test_few_connections_serve_many_threads(config):
    client = aerospike.client({**config, "max_conns_per_node": 2}).connect()
    results = []
    client.put(KEY, {"a": 1})
    threads = [threading.Thread(target=lambda: results.append(client.get(KEY).bins)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()
    assert results == [{"a": 1}] * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")
def test_a_forked_child_is_told(make_client, config):
    client = make_client(config)
    client.connect()
    client.put(KEY, {"a": 1})
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert not client.is_connected()
            with pytest.raises(aerospike.ClientError, match="fork"):
                client.get(KEY)
            client.close()
            fresh = aerospike.client(config).connect()
            assert fresh.get(KEY).bins == {"a": 1}
            fresh.close()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert client.get(KEY).bins == {"a": 1}, "the parent goes on"


def test_another_distribution_is_reported(tmp_path, monkeypatch):
    info = tmp_path / "aerospike_py-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: aerospike-py\nVersion: 1.2.3\n")
    other = tmp_path / "other-1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    (other / "top_level.txt").write_text("aerospike_py\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _distribution.warn_of_others()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.warns(RuntimeWarning, match="aerospike-py, other brings a package 'aerospike_py' too"):
        _distribution.warn_of_others()


def test_the_version_is_told():
    assert aerospike.__version__ != "0.0.0"
    assert aerospike.__version__
