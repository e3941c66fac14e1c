"""One server for all scenarios, and a client to run them with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aerospike_emulator import Emulator
from drivers import DRIVERS, Driver, Key
from results import Results


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--client", choices=sorted(DRIVERS), default="aerospike", help="the client to run scenarios with")
    parser.addoption("--results", type=Path, help="file to write what became of each scenario to")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scenario(id, …): what a test covers of scenarios.md")
    config.pluginmanager.register(Results(config.getoption("--client"), config.getoption("--results")))


def pytest_report_header(config: pytest.Config) -> str:
    return f"client: {config.getoption('--client')}"


@pytest.fixture(scope="session")
def aerospike_options() -> dict[str, Any]:
    # Records live for ever unless a scenario says otherwise; in `aging`, 100 seconds.
    aging = {"default-ttl": 100, "nsup-period": 1}
    return {"namespaces": {"test": {"default-ttl": 0, "nsup-period": 1}, "aging": aging}}


@pytest.fixture(scope="session")
def connected(aerospike_server: Emulator, request: pytest.FixtureRequest) -> Iterator[Driver]:
    """One client for the whole session, as programs use it."""
    driver = DRIVERS[request.config.getoption("--client")](aerospike_server.address)
    yield driver
    driver.close()


@pytest.fixture
def driver(connected: Driver, aerospike_clean: Emulator) -> Driver:
    """The client, in front of empty namespaces."""
    assert aerospike_clean.running
    return connected


@pytest.fixture
def vendor(driver: Driver) -> Any:
    """The vendor's client itself, in front of empty namespaces, for what only it can do."""
    if driver.name != "aerospike":
        pytest.skip("a scenario of the vendor's client")
    return driver.client


@pytest.fixture
def key() -> Key:
    """A key whose record does not exist yet."""
    return ("test", "demo", "key")
