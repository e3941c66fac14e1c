"""A driver for Aerospike with a synchronous and an asynchronous client.

    import aerospike_py as aerospike

    client = aerospike.client({"hosts": [("127.0.0.1", 3000)]}).connect()
    client.put(("test", "demo", "user1"), {"name": "Alice"})
"""

from __future__ import annotations

import os as _os

from . import _aerospike, _distribution, exception, types
from ._client import AsyncClient, Client, async_client, client
from ._constants import *  # noqa: F403
from ._constants import __all__ as _constants
from .exception import *  # noqa: F403
from .exception import __all__ as _exceptions
from .types import *  # noqa: F403
from .types import __all__ as _types

__version__: str = _distribution.version()

_distribution.warn_of_others()

if hasattr(_os, "register_at_fork"):
    _os.register_at_fork(after_in_child=_aerospike._after_fork_in_child)

__all__ = [
    "AsyncClient",
    "Client",
    "__version__",
    "async_client",
    "client",
    "exception",
    "types",
    *_constants,
    *_exceptions,
    *_types,
]
