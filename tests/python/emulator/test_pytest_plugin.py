"""The pytest plugin, as test suites of users see it."""

from __future__ import annotations

import pytest
from aerospike_emulator import Emulator

SUITE = """
import aerospike
import os
import pytest

KEY = ("test", "s", "k")

@pytest.fixture(scope="session")
def client(aerospike_server):
    client = aerospike.client({"hosts": [aerospike_server.address]}).connect()
    yield client
    client.close()

@pytest.mark.parametrize("round", range(6))
def test_clean(client, aerospike_clean, round):
    assert client.exists(KEY)[1] is None
    client.put(KEY, {"a": round})
    assert aerospike_clean.truncate() == 1
    client.put(KEY, {"b": round})

@pytest.mark.parametrize("round", range(6))
def test_servers(aerospike_server, round, pytestconfig):
    with open(pytestconfig.rootpath / "seen", "a") as seen:
        print(os.environ.get("PYTEST_XDIST_WORKER", "main"), aerospike_server.port, file=seen)
"""


def servers(pytester: pytest.Pytester) -> dict[str, set[str]]:
    seen: dict[str, set[str]] = {}
    for line in (pytester.path / "seen").read_text().splitlines():
        worker, port = line.split()
        seen.setdefault(worker, set()).add(port)
    return seen


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # In a process of its own: this one has the plugin's session already.
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def test_one_server_for_a_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    run(pytester).assert_outcomes(passed=12)
    assert [len(ports) for ports in servers(pytester).values()] == [1]


def test_one_server_for_each_worker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    # Every worker runs every test, at the same time as the others.
    run(pytester, "-n", "3", "--dist", "each").assert_outcomes(passed=36)
    seen = servers(pytester)
    assert all(len(ports) == 1 for ports in seen.values())
    assert len({port for ports in seen.values() for port in ports}) == len(seen) == 3


def test_options_are_a_fixture_to_override(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def aerospike_options():
            return {"namespaces": ["mine"]}
        """
    )
    pytester.makepyfile(
        """
        def test_it(aerospike_clean):
            assert aerospike_clean.truncate("mine") == 0
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_fixtures_are_listed_with_their_help(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--fixtures", "-q")
    result.stdout.fnmatch_lines(["aerospike_server*", "*A running emulator, one for the whole session*"])


def test_no_server_for_those_who_do_not_ask(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from aerospike_emulator import _emulator

        def test_it():
            assert not _emulator._alive
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_client_faults_clock_and_log(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import aerospike
        import pytest

        KEY = ("test", "users", "ada")

        @pytest.mark.parametrize("round", range(2))
        def test_clean(aerospike_client, aerospike_clean, round):
            assert aerospike_client.exists(KEY)[1] is None
            aerospike_client.put(KEY, {"a": 1})

        def test_clock(aerospike_client, aerospike_clock):
            aerospike_client.put(KEY, {"a": 1}, {"ttl": 60})
            aerospike_clock.advance(61)
            assert aerospike_client.exists(KEY)[1] is None

        def test_faults(aerospike_client, aerospike_faults):
            aerospike_faults.add("key-busy", kind="put")
            with pytest.raises(aerospike.exception.AerospikeError):
                aerospike_client.put(KEY, {"a": 1})

        def test_log_without_faults(aerospike_client, aerospike_log, aerospike_faults):
            aerospike_client.put(KEY, {"a": 1})
            assert aerospike_log.count(kind="put") == 1
            assert aerospike_faults.rules() == []

        @pytest.mark.aerospike(namespaces=["test", "cache"], default_ttl=60)
        def test_mark(aerospike_client, aerospike_clean):
            aerospike_client.put(("cache", "s", 1), {"a": 1})
            assert aerospike_clean.count("cache") == 1

        @pytest.mark.aerospike(security=True)
        def test_security(aerospike_client):
            aerospike_client.put(KEY, {"a": 1})
            aerospike_client.admin_create_user("eve", "secret", ["read"])

        def test_snapshot(aerospike_client, aerospike_snapshot):
            aerospike_client.index_integer_create("test", "users", "a", "by_a")
            aerospike_client.put(KEY, {"a": 1})
            assert len(aerospike_snapshot.differences()) == 1

        def test_after_snapshot(aerospike_client):
            assert "by_a" not in aerospike_client.info_random_node("sindex-list:namespace=test")
        """
    )
    run(pytester).assert_outcomes(passed=9)


def test_every_test_begins_with_the_same_data(pytester: pytest.Pytester) -> None:
    (pytester.path / "users.json").write_text('[{"namespace": "test", "set": "users", "key": "ada", "bins": {"n": 1}}]')
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def aerospike_options():
            return {"load": ["users.json"]}

        @pytest.mark.parametrize("round", range(2))
        def test_it(aerospike_client, round):
            assert aerospike_client.get(("test", "users", "ada"))[2] == {"n": 1}
            aerospike_client.remove(("test", "users", "ada"))
        """
    )
    run(pytester).assert_outcomes(passed=2)


def test_a_failure_shows_the_last_commands(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(aerospike_client):
            aerospike_client.put(("test", "users", "ada"), {"visits": 1})
            assert aerospike_client.exists(("test", "users", "eve"))[1] is not None
        """
    )
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*last Aerospike commands*", "put test.users * visits -> OK *", "exists test.users * -> NOT_FOUND *"]
    )


def test_against_a_real_cluster(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        KEY = ("test", "users", "ada")

        def test_first(aerospike_client):
            assert aerospike_client.exists(KEY)[1] is None
            aerospike_client.put(KEY, {"a": 1})

        def test_second(aerospike_client):
            assert aerospike_client.exists(KEY)[1] is None

        def test_clock(aerospike_client, aerospike_clock):
            aerospike_clock.advance(60)

        def test_server(aerospike_server):
            assert False
        """
    )
    # Seen from the tests, any address is a real cluster.
    with Emulator() as cluster:
        result = run(pytester, "--aerospike-host", f"{cluster.host}:{cluster.port}", "-rs")
        assert cluster.count("test") == 0
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["*needs an emulator: --aerospike-host names a real cluster*"])
    assert run(pytester, "--aerospike-host", "a:b").ret != 0
