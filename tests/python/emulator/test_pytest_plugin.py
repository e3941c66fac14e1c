"""The pytest plugin, as test suites of users see it."""

from __future__ import annotations

import pytest

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
