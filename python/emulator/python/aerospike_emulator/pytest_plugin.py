"""Fixtures for pytest; installed with the package, nothing to import.

    def test_greeting(aerospike_clean):
        client = aerospike.client({"hosts": [aerospike_clean.address]}).connect()

To configure the server, override ``aerospike_options`` in ``conftest.py``:

    @pytest.fixture(scope="session")
    def aerospike_options():
        return {"namespaces": ["test", "cache"], "default_ttl": 60}

Under pytest-xdist each worker process has a server of its own, on a port of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ._emulator import Emulator


@pytest.fixture(scope="session")
def aerospike_options() -> dict[str, Any]:
    """Arguments of :class:`aerospike_emulator.Emulator` for the session's server. Override it to change them."""
    return {}


@pytest.fixture(scope="session")
def aerospike_server(aerospike_options: dict[str, Any]) -> Iterator[Emulator]:
    """A running emulator, one for the whole session, or for each worker of pytest-xdist.

    Tests share its data: take another set for each, or ask for ``aerospike_clean``.
    """
    with Emulator(**aerospike_options) as emulator:
        yield emulator


@pytest.fixture
def aerospike_clean(aerospike_server: Emulator) -> Emulator:
    """The session's emulator with all namespaces empty.

    They are emptied before the test, so that after a failure its data can still be looked at.
    """
    aerospike_server.truncate()
    return aerospike_server
