"""Metrics over HTTP, and the switch of the finest ones."""

from __future__ import annotations

import contextlib
import http.server
import os
import threading
import time
from collections.abc import Generator

from ._native import (
    get_metrics,
    is_internal_stage_metrics_enabled,
    is_metrics_enabled,
    record_stage,
    set_internal_stage_metrics_enabled,
    set_metrics_enabled,
)

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_lock = threading.Lock()
_server: http.server.ThreadingHTTPServer | None = None


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = get_metrics().encode()
        self.send_response(200)
        self.send_header("Content-Type", _CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A scrape is no news."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def start_metrics_server(port: int = 9464, address: str = "127.0.0.1") -> None:
    """Serves the metrics at ``/metrics``, in a thread; instead of where they are served already.

    Args:
        port: port.
        address: address to listen on; ``"0.0.0.0"`` for scrapers on other machines.

    Raises:
        OSError: the port is not free. A server that runs goes on.
        OverflowError: there is no such port.
    """
    global _server  # noqa: PLW0603 - there is one for the process
    with _lock:
        if _server is not None and _server.server_address[1] == port:
            _stop(_server)
            _server = None
        started = _Server((address, port), _Handler)
        threading.Thread(target=started.serve_forever, args=(0.05,), name="aerospike-metrics", daemon=True).start()
        if _server is not None:
            _stop(_server)
        _server = started


def stop_metrics_server() -> None:
    """Ends what :func:`start_metrics_server` began, if anything."""
    global _server  # noqa: PLW0603 - there is one for the process
    with _lock:
        if _server is not None:
            _stop(_server)
            _server = None


def _stop(server: http.server.ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def internal_stage_profiling() -> Generator[None]:
    """Times the parts of operations (encoding, input and output, decoding) for as long as the block runs."""
    before = is_internal_stage_metrics_enabled()
    set_internal_stage_metrics_enabled(True)
    try:
        yield
    finally:
        set_internal_stage_metrics_enabled(before)


@contextlib.contextmanager
def stage(name: str) -> Generator[None]:
    """Measures the block as a stage, if that is switched on."""
    if not is_internal_stage_metrics_enabled():
        yield
        return
    start = time.perf_counter()
    try:
        yield
    finally:
        record_stage(name, time.perf_counter() - start)


if os.environ.get("AEROSPIKE_PY_INTERNAL_METRICS", "").lower() in ("1", "true", "yes", "on"):
    set_internal_stage_metrics_enabled(True)

__all__ = [
    "get_metrics",
    "internal_stage_profiling",
    "is_internal_stage_metrics_enabled",
    "is_metrics_enabled",
    "set_internal_stage_metrics_enabled",
    "set_metrics_enabled",
    "start_metrics_server",
    "stop_metrics_server",
]
