"""The clients: classes over the native ones, for users to subclass."""

from __future__ import annotations

from typing import Any

from . import _aerospike


class Client(_aerospike.Client):
    """A connection to a cluster, used from any number of threads.

    Args:
        config: see :class:`aerospike_py.types.ClientConfig`; read by :meth:`connect`, not before.
    """

    def __init__(self, config: Any) -> None:  # noqa: ARG002 - the native part took it
        super().__init__()


class AsyncClient(_aerospike.AsyncClient):
    """A connection to a cluster for ``asyncio``, usable from any number of event loops.

    Each loop has connections of its own, ``max_conns_per_node`` counts them all.

    Args:
        config: see :class:`aerospike_py.types.ClientConfig`; read by :meth:`connect`, not before.
    """

    def __init__(self, config: Any) -> None:  # noqa: ARG002 - the native part took it
        super().__init__()


def client(config: Any) -> Client:
    """A client that is not connected yet; see :class:`Client`."""
    return Client(config)


def async_client(config: Any) -> AsyncClient:
    """A client that is not connected yet; see :class:`AsyncClient`."""
    return AsyncClient(config)
