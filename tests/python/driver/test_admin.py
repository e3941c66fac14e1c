"""Users, roles, logins; connections with encryption."""

# pyright: basic

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import time

import aerospike_py as aerospike
import pytest
from conftest import command, serving

_numbers = itertools.count()


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    """Port of an emulator with users and roles; ``admin`` may do everything."""
    with serving(tmp_path_factory.mktemp("secured"), "--security", "--edition", "enterprise") as port:
        with aerospike.client(configured(port)).connect("admin", "admin") as admin:
            admin.admin_grant_roles("admin", ["read-write-udf", "sys-admin", "data-admin"])
        yield port


def configured(port, **more):
    return {"hosts": [("127.0.0.1", port)], "cluster_name": "docker", **more}


@pytest.fixture
def admin(make_client, secured):
    client = make_client(configured(secured))
    client.connect("admin", "admin")
    return client


@pytest.fixture
def name():
    return f"name{next(_numbers)}"


class TestUsers:
    def test_life(self, admin, make_client, secured, name):
        admin.admin_create_user(name, "secret", ["read", "read-write"])
        user = admin.admin_query_user(name)
        assert user == admin.admin_query_user_info(name)
        assert (user["user"], user["roles"], user["conns_in_use"]) == (name, ["read", "read-write"], 0)
        assert user["read_info"] == user["write_info"] == [0, 0, 0, 0]
        assert name in {user["user"] for user in admin.admin_query_users()}
        assert name in {user["user"] for user in admin.admin_query_users_info()}
        admin.admin_grant_roles(name, ["sys-admin"])
        admin.admin_revoke_roles(name, ["read"])
        assert admin.admin_query_user(name)["roles"] == ["read-write", "sys-admin"]
        client = make_client(configured(secured, user=name, password="secret"))
        client.connect()
        client.put(("test", "secured", name), {"a": 1})
        assert client.get(("test", "secured", name)).bins == {"a": 1}
        admin.admin_drop_user(name)
        with pytest.raises(aerospike.AdminError) as caught:
            admin.admin_query_user(name)
        assert caught.value.result_code == 60

    def test_passwords(self, admin, make_client, secured, name):
        admin.admin_create_user(name, "first", ["read"])
        own = make_client(configured(secured))
        own.connect(name, "first")
        own.admin_change_password(name, "second")
        assert own.ping()
        own.close()
        with pytest.raises(aerospike.ClusterError):
            own.connect(name, "first")
        own.connect(name, "second")
        admin.admin_change_password(name, "third")
        own.close()
        own.connect(name, "third")
        # The client's own connections go on with the changed password.
        own.admin_change_password(name, "fourth")
        for _ in range(3):
            own.admin_change_password(name, "fourth")

    def test_refused(self, admin, name):
        for call, code in (
            (lambda: admin.admin_create_user("admin", "x", []), 61),
            (lambda: admin.admin_create_user(name, "x", [""]), 70),
            (lambda: admin.admin_drop_user(name), 60),
            (lambda: admin.admin_grant_roles(name, ["read"]), 60),
        ):
            with pytest.raises(aerospike.AdminError) as caught:
                call()
            assert caught.value.result_code == code
        with pytest.raises(TypeError):
            admin.admin_create_user(name, "x", "read")


class TestRoles:
    def test_life(self, admin, name):
        privileges = [{"code": aerospike.PRIV_READ, "ns": "test", "set": "demo"}, {"code": aerospike.PRIV_SYS_ADMIN}]
        admin.admin_create_role(name, privileges, whitelist=["127.0.0.1"])
        role = admin.admin_query_role(name)
        assert role["name"] == role["role"] == name
        assert sorted(role["privileges"], key=lambda privilege: privilege["code"]) == [
            {"code": 1},
            {"code": 10, "ns": "test", "set": "demo"},
        ]
        assert role["allowlist"] == ["127.0.0.1"]
        assert (role["read_quota"], role["write_quota"]) == (0, 0)
        assert {"read", name} <= {role["name"] for role in admin.admin_query_roles()}
        admin.admin_grant_privileges(name, [{"code": "write", "ns": "test"}])
        admin.admin_revoke_privileges(name, [{"code": aerospike.PRIV_SYS_ADMIN}])
        codes = sorted(privilege["code"] for privilege in admin.admin_query_role(name)["privileges"])
        assert codes == [10, 13]
        admin.admin_set_whitelist(name, ["127.0.0.1", "10.0.0.0/8"])
        assert admin.admin_query_role(name)["allowlist"] == ["127.0.0.1", "10.0.0.0/8"]
        admin.admin_set_whitelist(name, [])
        assert admin.admin_query_role(name)["allowlist"] == []
        admin.admin_drop_role(name)
        with pytest.raises(aerospike.AdminError) as caught:
            admin.admin_query_role(name)
        assert caught.value.result_code == 70

    def test_quotas(self, admin, name):
        admin.admin_create_role(name, [{"code": aerospike.PRIV_READ}])
        # They are to be switched on in the server's configuration.
        with pytest.raises(aerospike.AdminError) as caught:
            admin.admin_set_quotas(name, read_quota=100, write_quota=50)
        assert caught.value.result_code == 74

    def test_privileges_are_checked(self, admin, name):
        for privilege, error in (
            ({"code": 99}, aerospike.InvalidArgError),
            ({"code": "nonsense"}, aerospike.InvalidArgError),
            ({}, aerospike.InvalidArgError),
            ({"code": aerospike.PRIV_SYS_ADMIN, "ns": "test"}, aerospike.InvalidArgError),
            ("read", TypeError),
        ):
            with pytest.raises(error):
                admin.admin_create_role(name, [privilege])


class TestLogins:
    def test_what_a_role_allows(self, admin, make_client, secured, name):
        admin.admin_create_role(name, [{"code": aerospike.PRIV_READ, "ns": "test", "set": "secured"}])
        admin.admin_create_user(name, "x", [name])
        admin.put(("test", "secured", "shared"), {"a": 1})
        client = make_client(configured(secured))
        client.connect(name, "x")
        assert client.get(("test", "secured", "shared")).bins == {"a": 1}
        for call in (
            lambda: client.put(("test", "secured", "shared"), {"a": 2}),
            lambda: client.get(("test", "other", "shared")),
            client.admin_query_users,
            lambda: client.index_integer_create("test", "secured", "a", f"index-{name}"),
        ):
            with pytest.raises(aerospike.AdminError) as caught:
                call()
            assert caught.value.result_code == 81
        rows = client.batch_write([(("test", "secured", "shared"), {"a": 2})]).batch_records
        assert [row.result for row in rows] == [81]

    @pytest.mark.parametrize("credentials", [("admin", "wrong"), ("nobody", "x"), (None, None)])
    def test_refused(self, make_client, secured, credentials):
        client = make_client(configured(secured, timeout=2_000))
        with pytest.raises(aerospike.ClusterError, match="Connection error: "):
            client.connect(*credentials)
        assert not client.is_connected()

    def test_every_connection_is_logged_in(self, secured):
        async def main():
            config = configured(secured, user="admin", password="admin", min_conns_per_node=4)
            async with aerospike.AsyncClient(config) as client:
                await client.connect()
                key = ("test", "secured", "many")
                await client.put(key, {"a": 1})
                rows = await asyncio.gather(*[client.get(key) for _ in range(100)])
                assert all(row.bins == {"a": 1} for row in rows)
                (user,) = [user for user in await client.admin_query_users() if user["user"] == "admin"]
                assert user["conns_in_use"] >= 4

        asyncio.run(main())

    def test_queries_and_functions(self, admin, tmp_path):
        module = tmp_path / "secured.lua"
        module.write_text("function f(r) return 7 end")
        admin.udf_put(str(module))
        key = ("test", "logged-in", "a")
        admin.put(key, {"n": 1})
        assert admin.apply(key, "secured", "f") == 7
        admin.index_integer_create("test", "logged-in", "n", "logged-in-n")
        admin.truncate("test", "logged-in")

    def test_modes(self, make_client, secured):
        client = make_client(configured(secured, user="admin", password="admin", auth_mode=7))
        with pytest.raises(ValueError, match="auth_mode"):
            client.connect()
        external = make_client(
            configured(secured, user="admin", password="admin", auth_mode=aerospike.AUTH_EXTERNAL, timeout=2_000)
        )
        # Whether an internal user may log in this way is the server's to say.
        with contextlib.suppress(aerospike.ClusterError):
            external.connect()


def test_without_security(client):
    for call in (
        client.admin_query_users,
        lambda: client.admin_create_user("a", "b", []),
        lambda: client.admin_change_password("a", "b"),
        client.admin_query_roles,
    ):
        with pytest.raises(aerospike.AdminError, match="SecurityNotSupported") as caught:
            call()
        assert caught.value.result_code == 51


def test_a_user_where_there_is_no_security(make_client, config):
    client = make_client({**config, "timeout": 2_000})
    with pytest.raises(aerospike.ClusterError):
        client.connect("admin", "admin")


# ---------------------------------------------------------------- encryption


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory):
    """Port, and folder of the certificates, of an emulator with users and an encrypted port."""
    folder = tmp_path_factory.mktemp("tls")
    certificates = folder / "certificates"
    subprocess.run([*command(), "tls-init", str(certificates)], check=True, stdout=subprocess.DEVNULL)
    log = folder / "out"
    flags = ["--security", "--edition", "enterprise", "--tls-dir", str(certificates), "--tls-port", "0"]
    with log.open("w") as out, serving(folder, *flags, stdout=out):
        deadline = time.monotonic() + 10
        while "TLS on port" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.01)
        yield int(log.read_text().split("TLS on port")[1].split()[0]), certificates


def test_tls(make_client, encrypted):
    port, certificates = encrypted
    tls = {"enable": True, "cafile": str(certificates / "ca.pem")}
    client = make_client({"hosts": [("127.0.0.1", port)], "tls": tls, "user": "admin", "password": "admin"})
    client.connect()
    client.admin_grant_roles("admin", ["read-write"])
    key = ("test", "encrypted", "a")
    client.put(key, {"text": "x" * 200_000})
    assert len(client.get(key).bins["text"]) == 200_000
    client.batch_write([(("test", "encrypted", n), {"n": n}) for n in range(2_000)])
    rows = client.batch_read([("test", "encrypted", n) for n in range(2_000)])
    assert len(rows) == 2_000
    named = make_client({"hosts": [("127.0.0.1", port, "localhost")], "tls": tls, "user": "admin", "password": "admin"})
    named.connect()
    assert named.get(key).meta.gen >= 1


def test_many_commands_over_tls(encrypted):
    port, certificates = encrypted

    async def main():
        tls = {"cafile": certificates / "ca.pem"}
        config = {"hosts": [("127.0.0.1", port)], "tls": tls, "user": "admin", "password": "admin"}
        async with aerospike.AsyncClient(config) as client:
            await client.connect()
            await client.admin_grant_roles("admin", ["read-write"])
            keys = [("test", "encrypted", f"many{n}") for n in range(300)]
            await asyncio.gather(*[client.put(key, {"text": "y" * 50_000}) for key in keys])
            rows = await asyncio.gather(*[client.get(key) for key in keys])
            assert {len(row.bins["text"]) for row in rows} == {50_000}
            assert len(await client.scan("test", "encrypted")) >= 300

    asyncio.run(main())


def test_a_certificate_as_a_user(make_client, encrypted):
    port, certificates = encrypted
    tls = {
        "cafile": str(certificates / "ca.pem"),
        "certfile": str(certificates / "client.pem"),
        "keyfile": str(certificates / "client.key"),
    }
    client = make_client({"hosts": [("127.0.0.1", port)], "tls": tls, "user": "admin", "auth_mode": aerospike.AUTH_PKI})
    client.connect()
    assert client.admin_query_user("admin")["user"] == "admin"


def test_whom_not_to_trust(make_client, encrypted, tmp_path):
    port, certificates = encrypted
    subprocess.run([*command(), "tls-init", str(tmp_path / "other")], check=True, stdout=subprocess.DEVNULL)
    base = {"hosts": [("127.0.0.1", port)], "user": "admin", "password": "admin", "timeout": 2_000}
    strange = make_client({**base, "tls": {"cafile": str(tmp_path / "other" / "ca.pem")}})
    with pytest.raises(aerospike.ClusterError, match="certificate"):
        strange.connect()
    misnamed = {**base, "hosts": [("127.0.0.1", port, "elsewhere.example")]}
    with pytest.raises(aerospike.ClusterError, match="certificate"):
        make_client({**misnamed, "tls": {"cafile": str(certificates / "ca.pem")}}).connect()


def test_tls_settings(make_client, config, tmp_path):
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    for tls, error in (
        ({"enable": True}, ValueError),
        ({"cafile": str(text)}, ValueError),
        ({"cafile": str(tmp_path / "missing")}, ValueError),
        (7, TypeError),
    ):
        with pytest.raises(error):
            make_client({**config, "tls": tls}).connect()
    client = make_client({**config, "tls": {"enable": False}})
    client.connect()
