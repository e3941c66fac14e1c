"""Metrics: histograms, their text for Prometheus, and a server for it."""

from __future__ import annotations

import contextlib
import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import perf_counter
from typing import Any

SYSTEM = "aerospike"
BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Upper bounds of the histogram's buckets, in seconds."""
METRICS = {
    "db_client_operation_duration_seconds": "Duration of database client operations.",
    "db_client_internal_stage_seconds": "Duration of what the driver does with an answer in Python.",
}
OPERATION, STAGE = METRICS


Labels = tuple[tuple[str, str], ...]


class Histogram:
    """How often and how long."""

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.sum = 0.0
        self.buckets = [0] * (len(BOUNDS) + 1)

    def add(self, seconds: float) -> None:
        """Counts one more."""
        self.sum += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


_histograms: dict[str, dict[Labels, Histogram]] = {name: {} for name in METRICS}
_lock = threading.Lock()


def count(metric: str, labels: Labels, seconds: float) -> None:
    """Adds one to a histogram."""
    with _lock:
        histograms = _histograms[metric]
        histogram = histograms.get(labels)
        if histogram is None:
            histogram = histograms[labels] = Histogram()
        histogram.add(seconds)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def get_metrics() -> str:
    """The metrics in the text format of Prometheus.

    ``db_client_operation_duration_seconds`` is a histogram of commands, labelled with ``db_system_name``,
    ``db_namespace``, ``db_collection_name`` (the set), ``db_operation_name`` and ``error_type`` (an exception's name,
    empty without one).
    """
    lines: list[str] = []
    for name, text in METRICS.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} histogram"]
        with _lock:
            found = [(labels, one.sum, list(one.buckets)) for labels, one in _histograms[name].items()]
        for labels, total, buckets in found:
            words = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
            lines += [f"{name}_sum{{{words}}} {total}", f"{name}_count{{{words}}} {sum(buckets)}"]
            for at, bound in enumerate((*BOUNDS, "+Inf")):
                lines.append(f'{name}_bucket{{le="{bound}",{words}}} {sum(buckets[: at + 1])}')
    return "\n".join([*lines, "# EOF\n"])


# ---------------------------------------------------------------- what is switched on


listeners: list[Callable[[], None]] = []
"""Called when metrics are switched on or off."""


class Switches:
    """What is measured."""

    metrics = False
    stages = os.environ.get("AEROSPIKE_PY_INTERNAL_METRICS", "").lower() in ("1", "true", "yes", "on")


def set_metrics_enabled(enabled: bool) -> None:
    """Switches metrics of commands on or off. They are off at first, for they cost a microsecond per command.

    Args:
        enabled: whether to measure from now on, in all clients. What was measured stays.

    Raises:
        TypeError: not a bool.
    """
    Switches.metrics = _checked(enabled)
    for listener in listeners:
        listener()


def is_metrics_enabled() -> bool:
    """Whether commands are measured."""
    return Switches.metrics


def set_internal_stage_metrics_enabled(enabled: bool) -> None:
    """Switches on or off ``db_client_internal_stage_seconds``, of conversions of answers in Python.

    Stages are ``to_dict``, ``to_numpy`` and ``merge_to_dict``. The environment variable
    ``AEROSPIKE_PY_INTERNAL_METRICS=1`` switches it on from the start.

    Raises:
        TypeError: not a bool.
    """
    Switches.stages = _checked(enabled)


def is_internal_stage_metrics_enabled() -> bool:
    """Whether stages are measured."""
    return Switches.stages


@contextlib.contextmanager
def internal_stage_profiling() -> Generator[None]:
    """Measures stages inside of a ``with`` block; afterwards it is as before."""
    before = Switches.stages
    Switches.stages = True
    try:
        yield
    finally:
        Switches.stages = before


@contextlib.contextmanager
def stage(name: str) -> Generator[None]:
    """Measures the block as a stage, if that is switched on."""
    if not Switches.stages:
        yield
        return
    start = perf_counter()
    try:
        yield
    finally:
        count(STAGE, (("db_system_name", SYSTEM), ("stage", name)), perf_counter() - start)


def _checked(enabled: Any) -> bool:
    if not isinstance(enabled, bool):
        raise TypeError(f"'{type(enabled).__name__}' object is not an instance of 'bool'")
    return enabled


# ---------------------------------------------------------------- server


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/metrics":
            self.send_error(404)
            return
        body = get_metrics().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody wants a line for every scrape."""


_server: ThreadingHTTPServer | None = None
_server_lock = threading.Lock()


def start_metrics_server(port: int = 9464, address: str = "127.0.0.1") -> None:
    """Serves :func:`get_metrics` over HTTP, at ``/metrics``, and switches metrics on.

    A server that runs already is replaced.

    Args:
        port: port.
        address: address to listen on; ``"0.0.0.0"`` for scrapers on other machines.

    Raises:
        OSError: the port is taken.
        OverflowError: there is no such port.
    """
    global _server  # noqa: PLW0603 - one for the process
    stop_metrics_server()
    server = ThreadingHTTPServer((address, port), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="aerospike-py-metrics", daemon=True).start()
    with _server_lock:
        _server = server
    set_metrics_enabled(True)


def stop_metrics_server() -> None:
    """Stops the server of :func:`start_metrics_server`, if it runs; metrics stay on."""
    global _server
    with _server_lock:
        server, _server = _server, None
    if server is not None:
        server.shutdown()
        server.server_close()
