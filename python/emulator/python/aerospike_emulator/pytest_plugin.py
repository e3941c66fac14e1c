"""Fixtures for pytest; installed with the package, nothing to import.

    def test_greeting(aerospike_client):
        aerospike_client.put(("test", "users", "ada"), {"name": "Ada"})

| fixture | what a test gets |
| --- | --- |
| ``aerospike_client`` | a connected client of whichever driver is installed, in front of clean data |
| ``aerospike_clean`` | the emulator with the data that it has started with, without faults, its clock right |
| ``aerospike_server`` | the session's emulator, as the tests before have left it |
| ``aerospike_address`` | host and port, of the emulator or of the cluster that ``--aerospike-host`` names |
| ``aerospike_clock``, ``aerospike_faults``, ``aerospike_log`` | what only an emulator has |
| ``aerospike_snapshot`` | a snapshot taken before the test; everything is restored after it |

To configure the server, override ``aerospike_options`` in ``conftest.py``, or mark tests, which then get a server of
their own options (one for all tests with the same):

    @pytest.mark.aerospike(namespaces=["test", "cache"], security=True)

With ``--aerospike-host HOST[:PORT]`` the same tests run against a real cluster: those that need an emulator are
skipped, and ``aerospike_client`` truncates the test's namespaces first. Under pytest-xdist each worker process has
servers of its own, on ports of their own.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from ._control import Clock, Faults, Log, Snapshot
from ._emulator import Emulator

#: Where the drivers are looked for, in this order.
DRIVERS = ("aerospike", "aerospike_py")
#: How many commands the report of a failed test shows.
LAST_COMMANDS = 20
#: The user of servers that are marked with ``security=True``, who may do everything.
USER = PASSWORD = "admin"  # noqa: S105 (it is no secret)
SECURITY = f"""security {{
    user {USER} {{
        password {PASSWORD}
        roles user-admin, sys-admin, data-admin, read-write-udf
    }}
}}
"""

_log = pytest.StashKey[Log]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options of the command line."""
    group = parser.getgroup("aerospike")
    group.addoption(
        "--aerospike-host",
        metavar="HOST[:PORT]",
        help="run the tests against this cluster; those that need an emulator are skipped. Namespaces are truncated!",
    )
    group.addoption("--aerospike-user", metavar="NAME", help="the user of that cluster")
    group.addoption("--aerospike-password", metavar="TEXT", help="the user's password")


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark known."""
    config.addinivalue_line(
        "markers",
        "aerospike(namespaces=…, security=…, **options): options of the emulator that the test gets, as Emulator takes "
        "them; security=True comes with a user admin, password admin, who may do everything",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the last commands in the report of a failed test."""
    report = yield
    log = item.stash.get(_log, None)
    if log is not None and report.when == "call" and report.failed:
        # A server that the test has stopped has no more to say.
        with contextlib.suppress(Exception):
            commands = "\n".join(str(command) for command in log.entries(last=LAST_COMMANDS))
            report.sections.append(("last Aerospike commands", commands or "none"))
    return report


class _Servers:
    """The emulators of a session, by their options."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._running: dict[str, tuple[Emulator, Snapshot]] = {}
        self._clients: dict[str, Any] = {}

    def emulator(self, options: dict[str, Any]) -> tuple[Emulator, Snapshot]:
        """The server with these options beside those of the session, and the data that it has started with."""
        options = {**self._options, **options}
        if options.get("security") is True and not {"config", "config_file"} & options.keys():
            options["config"] = SECURITY
        name = json.dumps(options, sort_keys=True, default=str)
        if name not in self._running or not self._running[name][0].running:
            emulator = Emulator(**options).start()
            self._running[name] = emulator, emulator.snapshot()
        return self._running[name]

    def client(self, address: tuple[str, int], credentials: dict[str, str]) -> Any:
        """A connected client of whichever driver is installed."""
        name = json.dumps([address, credentials])
        if name not in self._clients:
            self._clients[name] = _driver().client({"hosts": [address], **credentials}).connect()
        return self._clients[name]

    def stop(self) -> None:
        for client in self._clients.values():
            with contextlib.suppress(Exception):
                client.close()
        for emulator, _ in self._running.values():
            emulator.stop()


def _driver() -> Any:
    for name in DRIVERS:
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    pytest.skip(f"none of the drivers {', '.join(DRIVERS)} is installed")


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the test's marks say, the nearest first."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("aerospike"))):
        if mark.args:
            raise pytest.UsageError("the mark aerospike takes keyword arguments alone")
        options.update(mark.kwargs)
    return options


def _real_host(config: pytest.Config) -> tuple[str, int] | None:
    """The cluster to run against, if one is named."""
    named: str | None = config.getoption("--aerospike-host")
    if named is None:
        return None
    host, _, port = named.rpartition(":") if named.count(":") == 1 else (named, "", "")
    if port and not port.isdigit():
        raise pytest.UsageError(f"--aerospike-host takes HOST[:PORT], not {named!r}")
    return host, int(port or 3000)


def _skip_without_emulator(request: pytest.FixtureRequest) -> None:
    if _real_host(request.config) is not None:
        pytest.skip("needs an emulator: --aerospike-host names a real cluster")


@pytest.fixture(scope="session")
def aerospike_options() -> dict[str, Any]:
    """Arguments of :class:`aerospike_emulator.Emulator` for the session's server. Override it to change them."""
    return {}


@pytest.fixture(scope="session")
def _aerospike_servers(aerospike_options: dict[str, Any]) -> Iterator[_Servers]:
    servers = _Servers(aerospike_options)
    yield servers
    servers.stop()


@pytest.fixture(scope="session")
def aerospike_server(request: pytest.FixtureRequest, _aerospike_servers: _Servers) -> Emulator:
    """A running emulator, one for the whole session, or for each worker of pytest-xdist.

    Tests share its data: take another set for each, or ask for ``aerospike_clean``.
    """
    _skip_without_emulator(request)
    return _aerospike_servers.emulator({})[0]


@pytest.fixture
def aerospike_clean(request: pytest.FixtureRequest, _aerospike_servers: _Servers) -> Emulator:
    """The emulator of the test's mark, or the session's, with the records that it has started with.

    They are restored before the test, so that after a failure its data can still be looked at. Faults are gone, the
    clock is right, all nodes run. Indexes, UDF modules and users stay as they are; see ``aerospike_snapshot``.
    """
    _skip_without_emulator(request)
    emulator, data = _aerospike_servers.emulator(_marked(request))
    emulator.reset()
    data.restore(records_only=True)
    emulator.log.start(capacity=1000)
    request.node.stash[_log] = emulator.log
    return emulator


@pytest.fixture
def aerospike_address(request: pytest.FixtureRequest) -> tuple[str, int]:
    """Host and port: of the test's emulator, with clean data, or of the cluster that ``--aerospike-host`` names."""
    real = _real_host(request.config)
    return real or request.getfixturevalue("aerospike_clean").address


@pytest.fixture
def aerospike_client(
    request: pytest.FixtureRequest, aerospike_address: tuple[str, int], _aerospike_servers: _Servers
) -> Any:
    """A connected client of whichever driver is installed, in front of clean data.

    The client lives as long as the session. On a real cluster, the namespaces of the test's mark, or ``test``, are
    truncated first.
    """
    options, real = _marked(request), _real_host(request.config)
    if real is not None:
        config = request.config
        user, password = (config.getoption(f"--aerospike-{name}") for name in ("user", "password"))
        client = _aerospike_servers.client(real, {"user": user, "password": password or ""} if user else {})
        for namespace in options.get("namespaces", ["test"]):
            client.truncate(namespace, None, 0)
        return client
    secured = options.get("security") is True
    return _aerospike_servers.client(aerospike_address, {"user": USER, "password": PASSWORD} if secured else {})


@pytest.fixture
def aerospike_clock(aerospike_clean: Emulator) -> Iterator[Clock]:
    """The emulator's clock; it is set right after the test."""
    yield aerospike_clean.clock
    if aerospike_clean.running:
        aerospike_clean.clock.reset()


@pytest.fixture
def aerospike_faults(aerospike_clean: Emulator) -> Iterator[Faults]:
    """Rules that disturb commands; they are removed after the test."""
    yield aerospike_clean.faults
    if aerospike_clean.running:
        aerospike_clean.faults.clear()


@pytest.fixture
def aerospike_log(aerospike_clean: Emulator) -> Log:
    """The commands of the test."""
    return aerospike_clean.log


@pytest.fixture
def aerospike_snapshot(aerospike_clean: Emulator) -> Iterator[Snapshot]:
    """A snapshot taken before the test; all data, indexes, UDF modules and users are restored after it."""
    snapshot = aerospike_clean.snapshot()
    yield snapshot
    if aerospike_clean.running:
        aerospike_clean.restore(snapshot)
