"""Logging in, managing users and being refused, as the vendor's client does it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator, tls_init
from drivers import vendor_config

aerospike: Any = pytest.importorskip("aerospike", reason="users and roles are managed with the vendor's client here")

CONFIG = """
security {
    enable-quotas true
    user root {
        password secret
        roles user-admin, sys-admin, read-write-udf
    }
}
"""

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def secured() -> Iterator[Emulator]:
    with Emulator(config=CONFIG, namespaces={"test": {"default-ttl": 0}}) as emulator:
        yield emulator


@pytest.fixture
def connect(secured: Emulator) -> Iterator[Connect]:
    """Connects as a user; all connections are closed at the end."""
    clients: list[Any] = []

    def connect(user: str | None = None, password: str = "secret") -> Any:
        config = vendor_config(secured.address) | {"policies": {"login_timeout_ms": 5000}}
        if user is not None:
            config |= {"user": user, "password": password}
        client = aerospike.client(config).connect()
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def root(connect: Connect) -> Iterator[Any]:
    """An administrator; the users and roles that a test has made are gone afterwards."""
    client = connect("root")
    yield client
    for user in set(client.admin_query_users_info()) - {"root", "admin"}:
        client.admin_drop_user(user)
    for role, told in client.admin_get_roles().items():
        if len(told["privileges"]) != 1 or role.startswith("test-"):
            client.admin_drop_role(role)


@contextlib.contextmanager
def fails(*codes: int) -> Iterator[None]:
    with pytest.raises(aerospike.exception.AerospikeError) as caught:
        yield
    assert caught.value.code in codes


@pytest.mark.scenario("login-02")
def test_without_credentials(connect: Connect) -> None:
    with fails(80):
        connect()


@pytest.mark.scenario("login-02")
def test_wrong_credentials(connect: Connect) -> None:
    with fails(62, 65):
        connect("root", "wrong")
    with fails(60):
        connect("nobody")


@pytest.mark.scenario("login-03")
def test_default_administrator(connect: Connect) -> None:
    admin = connect("admin", "admin")
    assert admin.admin_query_user_info("admin")["roles"] == ["user-admin"]
    with fails(81):
        admin.put(("test", "demo", 1), {"a": 1})
    with fails(81):
        admin.get(("test", "demo", 1))


@pytest.mark.scenario("security-01", "security-02", "login-01", "login-05", "security-07")
def test_users(root: Any, connect: Connect) -> None:
    assert root.admin_create_user("ann", "secret", ["read-write", "sys-admin", "read"]) == 0
    assert root.admin_query_user_info("ann") == {
        "roles": ["read", "read-write", "sys-admin"],
        "read_info": [0, 0, 0, 0],
        "write_info": [0, 0, 0, 0],
        "conns_in_use": 0,
    }
    with fails(61):
        root.admin_create_user("ann", "secret", ["read"])
    assert root.admin_revoke_roles("ann", ["sys-admin", "read-write"]) == 0
    assert root.admin_grant_roles("ann", ["truncate"]) == 0
    assert root.admin_query_users_info()["ann"]["roles"] == ["read", "truncate"]
    ann = connect("ann")
    with fails(81):
        ann.put(("test", "demo", 1), {"a": 1})
    with fails(81):
        ann.admin_create_user("ben", "secret", ["read"])
    with fails(2):
        ann.get(("test", "demo", "missing"))
    assert root.admin_drop_user("ann") == 0
    with fails(60):
        root.admin_query_user_info("ann")
    with fails(80, 60, 66):
        ann.get(("test", "demo", "missing"))


@pytest.mark.scenario("login-04")
def test_password(root: Any, connect: Connect) -> None:
    root.admin_create_user("ann", "old", ["read-write"])
    ann = connect("ann", "old")
    assert ann.admin_change_password("ann", "new") == 0
    with fails(62, 65):
        connect("ann", "old")
    connect("ann", "new").put(("test", "demo", 1), {"a": 1})
    assert root.admin_set_password("ann", "newer") == 0
    connect("ann", "newer")
    with fails(60):
        root.admin_set_password("nobody", "x")


@pytest.mark.scenario("security-03", "security-04")
def test_roles(root: Any) -> None:
    scoped = [
        {"code": code, "ns": "test", "set": "demo"}
        for code in (aerospike.PRIV_READ, aerospike.PRIV_READ_WRITE, aerospike.PRIV_TRUNCATE)
    ]
    everywhere = [{"code": aerospike.PRIV_SYS_ADMIN, "ns": "", "set": ""}]
    assert root.admin_create_role("test-role", everywhere + scoped[:1], read_quota=20, write_quota=30) == 0
    assert root.admin_grant_privileges("test-role", scoped[1:]) == 0
    assert root.admin_revoke_privileges("test-role", scoped[:1]) == 0
    assert root.admin_set_whitelist("test-role", ["127.0.0.1", "10.1.2.0/24"]) == 0
    assert root.admin_set_quotas("test-role", read_quota=250) == 0
    assert root.admin_get_role("test-role") == {
        "privileges": everywhere + scoped[1:],
        "whitelist": ["127.0.0.1", "10.1.2.0/24"],
        "read_quota": 250,
        "write_quota": 30,
    }
    with fails(71):
        root.admin_create_role("test-role", everywhere)
    with fails(72):
        root.admin_grant_privileges("test-role", [{"code": 64, "ns": "test", "set": "demo"}])
    with fails(73):
        root.admin_set_whitelist("test-role", ["bad_IP"])
    root.admin_create_user("ann", "secret", ["test-role"])
    assert root.admin_drop_role("test-role") == 0
    assert root.admin_query_user_info("ann")["roles"] == []
    with fails(70):
        root.admin_get_role("test-role")


@pytest.mark.scenario("security-06")
def test_scope(root: Any, connect: Connect) -> None:
    root.admin_create_role("test-demo", [{"code": aerospike.PRIV_READ_WRITE, "ns": "test", "set": "demo"}])
    root.admin_create_user("ann", "secret", ["test-demo"])
    ann = connect("ann")
    ann.put(("test", "demo", 1), {"a": 1})
    with fails(81):
        ann.put(("test", "other", 1), {"a": 1})
    assert len(ann.query("test", "demo").results()) >= 1
    with fails(81):
        ann.query("test").results()
    rows = ann.batch_read([("test", "demo", 1), ("test", "other", 1)]).batch_records
    assert [row.result for row in rows] == [0, 81]


@pytest.mark.scenario("security-08")
def test_whitelist(root: Any, connect: Connect) -> None:
    root.admin_create_role("test-far", [{"code": aerospike.PRIV_READ, "ns": "", "set": ""}], whitelist=["123.4.5.6"])
    root.admin_create_user("ann", "secret", ["test-far"])
    with fails(82):
        connect("ann")


@pytest.mark.scenario("security-05")
def test_predefined_roles(root: Any) -> None:
    assert set(root.admin_get_roles()) >= {
        "user-admin",
        "sys-admin",
        "data-admin",
        "udf-admin",
        "sindex-admin",
        "read",
        "read-write",
        "read-write-udf",
        "write",
        "truncate",
    }


@pytest.mark.scenario("security-07")
def test_a_reader(root: Any, connect: Connect, tmp_path: Path) -> None:
    root.admin_create_user("ann", "secret", ["read"])
    ann = connect("ann")
    with fails(81):
        ann.put(("test", "demo", 1), {"a": 1})
    with fails(81):
        ann.index_single_value_create("test", "demo", "a", aerospike.INDEX_NUMERIC, "i")
    module = tmp_path / "some.lua"
    module.write_text("function one(r) return 1 end")
    with fails(81):
        ann.udf_put(str(module))
    with fails(81):
        ann.truncate("test", "demo", 0)
    assert ann.query("test", "demo").results() is not None


@pytest.mark.scenario("security-10")
def test_many_users(root: Any) -> None:
    for number in range(100):
        root.admin_create_user(f"user-{number}", "x", ["read", "write"])
    users = root.admin_query_users_info()
    assert len(users) == 102
    assert users["user-7"]["roles"] == ["read", "write"]


@pytest.mark.scenario("security-09")
def test_quota(root: Any, connect: Connect) -> None:
    root.admin_create_role("test-slow", [{"code": aerospike.PRIV_READ_WRITE, "ns": "", "set": ""}], write_quota=5)
    root.admin_create_user("ann", "secret", ["test-slow"])
    ann = connect("ann")
    with fails(83):
        for number in range(200):
            ann.put(("test", "demo", number), {"a": 1})
    # Usage is averaged over two seconds.
    time.sleep(3.1)
    ann.put(("test", "demo", 1), {"a": 1})


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Path]]:
    """A server with a TLS port, and the directory of its certificates; the client's is root's."""
    directory = tmp_path_factory.mktemp("tls")
    tls_init(directory, user="root")
    with Emulator(config=CONFIG, namespaces=["test"], tls=directory) as emulator:
        yield emulator, directory


def encrypted_config(encrypted: tuple[Emulator, Path], **tls: str) -> dict[str, Any]:
    emulator, directory = encrypted
    files = {name: str(directory / file) for name, file in ({"cafile": "ca.pem"} | tls).items()}
    return {
        "hosts": [("127.0.0.1", emulator.tls_port, "localhost")],
        "tls": {"enable": True, **files},
        "policies": {"login_timeout_ms": 5000},
    }


@pytest.mark.scenario("tls-01", "tls-04")
def test_tls(encrypted: tuple[Emulator, Path]) -> None:
    config = encrypted_config(encrypted) | {"user": "root", "password": "secret"}
    client = aerospike.client(config).connect()
    key = ("test", "demo", "tls")
    client.put(key, {"a": "x" * 500_000})
    assert len(client.get(key)[2]["a"]) == 500_000
    assert len(client.query("test", "demo").results()) == 1
    client.close()


@pytest.mark.scenario("tls-02")
def test_tls_of_an_unknown_authority(encrypted: tuple[Emulator, Path], tmp_path: Path) -> None:
    tls_init(tmp_path)
    config = encrypted_config(encrypted) | {"user": "root", "password": "secret"}
    config["tls"]["cafile"] = str(tmp_path / "ca.pem")
    with pytest.raises(aerospike.exception.AerospikeError):
        aerospike.client(config).connect()


@pytest.mark.scenario("tls-03")
def test_login_by_certificate(encrypted: tuple[Emulator, Path]) -> None:
    config = encrypted_config(encrypted, certfile="client.pem", keyfile="client.key")
    config["policies"]["auth_mode"] = aerospike.AUTH_PKI
    client = aerospike.client(config).connect()
    assert client.admin_create_pki_user("ann", ["read-write"]) == 0
    assert client.admin_query_user_info("ann")["roles"] == ["read-write"]
    with fails(64):
        client.admin_set_password("ann", "secret")
    client.close()
