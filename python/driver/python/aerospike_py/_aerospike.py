"""Names that other packages of this API have in their native module, for code that imports them from there."""

from __future__ import annotations

from ._async_client import AsyncClient
from ._client import Client
from ._observe import init_tracing, shutdown_tracing
from ._query import AsyncQuery, Query, Scan
from .exception import *  # noqa: F403

__all__ = ["AsyncClient", "AsyncQuery", "Client", "Query", "Scan", "init_tracing", "shutdown_tracing"]
