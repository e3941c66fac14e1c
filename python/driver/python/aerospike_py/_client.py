"""The clients: thin classes over the native ones, for users to subclass."""

from __future__ import annotations

from typing import Any

from . import _aerospike


class Client(_aerospike.Client):
    """A connection to a cluster, used from any number of threads.

    ``config`` is a dict, see :class:`aerospike_py.types.ClientConfig`; it is read by :meth:`connect`.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()


class AsyncClient(_aerospike.AsyncClient):
    """A connection to a cluster for ``asyncio``, usable from any number of event loops.

    ``config`` is a dict, see :class:`aerospike_py.types.ClientConfig`; it is read by :meth:`connect`.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()


def client(config: Any) -> Client:
    """A client that is not connected yet; see :class:`Client`."""
    return Client(config)


def async_client(config: Any) -> AsyncClient:
    """A client that is not connected yet; see :class:`AsyncClient`."""
    return AsyncClient(config)
