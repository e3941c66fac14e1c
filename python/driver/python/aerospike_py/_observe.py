"""Commands are traced by wrapping the clients' methods.

Nothing is wrapped until tracing is switched on: the methods are native, and stay so.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import logging
import os
from collections.abc import Callable
from typing import Any, cast

from ._async_client import AsyncClient
from ._bug_report import log_unexpected_error
from ._client import Client
from ._query import AsyncQuery, AsyncScan, Query, Scan
from .exception import RustPanicError

logger = logging.getLogger("aerospike_py")

Place = tuple[str, str]
"""Namespace and set that a command is about."""


def _of_key(arguments: tuple[Any, ...], options: dict[str, Any]) -> Place:
    key: Any = arguments[1] if len(arguments) > 1 else options["key"]
    return key[0], key[1]


def _of_keys(arguments: tuple[Any, ...], options: dict[str, Any]) -> Place:
    keys: Any = arguments[1] if len(arguments) > 1 else options["keys"]
    return keys[0][0], keys[0][1]


def _of_records(arguments: tuple[Any, ...], options: dict[str, Any]) -> Place:
    records: Any = arguments[1] if len(arguments) > 1 else options["records"]
    return records[0][0][0], records[0][0][1]


def _of_query(arguments: tuple[Any, ...], options: dict[str, Any]) -> Place:  # noqa: ARG001 - like the others
    query: Any = arguments[0]
    return query._namespace, query._set_name


_KEY = ("put", "get", "select", "exists", "remove", "touch", "append", "prepend", "increment", "remove_bin")
_METHODS: dict[type, dict[str, tuple[str, Callable[..., Place]]]] = {
    **{
        client: {
            **{name: (name, _of_key) for name in (*_KEY, "operate", "operate_ordered", "apply")},
            **{name: (name, _of_keys) for name in ("batch_read", "batch_operate", "batch_remove", "batch_apply")},
            "batch_write": ("batch_write", _of_records),
        }
        for client in (Client, AsyncClient)
    },
    **{query: dict.fromkeys(("results", "foreach"), ("query", _of_query)) for query in (Query, AsyncQuery)},
    Scan: dict.fromkeys(("results", "foreach"), ("scan", _of_query)),
    AsyncScan: {"results": ("scan", _of_query)},
}


def _wrapper(method: Any, operation: str, place_of: Callable[..., Place]) -> Any:
    @functools.wraps(method)
    def watched(*arguments: Any, **options: Any) -> Any:
        try:
            place = place_of(arguments, options)
            watch = _Watch(arguments[0], operation, str(place[0]), str(place[1]))
        except (KeyError, IndexError, TypeError):
            # The method itself tells what is wrong with its arguments.
            return method(*arguments, **options)
        try:
            result = method(*arguments, **options)
        except BaseException as error:
            watch.ended(error)
            raise
        if isinstance(result, asyncio.Future):
            cast("asyncio.Future[Any]", result).add_done_callback(watch.future_done)
            return cast("Any", result)
        if asyncio.iscoroutine(result):
            return watch.awaited(result)
        watch.ended(None)
        return result

    return watched


class _Watch:
    """One command, from its start to its end."""

    __slots__ = ("name", "span")

    def __init__(self, owner: Any, operation: str, namespace: str, set_name: str) -> None:
        self.name = operation
        self.span: Any = _Tracing.start_span(owner, operation, namespace, set_name)

    def ended(self, error: BaseException | None) -> None:
        """Ends the command's span."""
        if isinstance(error, RustPanicError):
            log_unexpected_error(self.name, error)
        if self.span is not None:
            _Tracing.end_span(self.span, error)

    def future_done(self, future: asyncio.Future[Any]) -> None:
        """The command of an asynchronous client has ended."""
        self.ended(asyncio.CancelledError() if future.cancelled() else future.exception())

    async def awaited(self, coroutine: Any) -> Any:
        """Awaits a command."""
        try:
            result = await coroutine
        except BaseException as error:
            self.ended(error)
            raise
        self.ended(None)
        return result


# ---------------------------------------------------------------- tracing


class _Tracing:
    tracer: Any = None
    api: Any = None
    provider: Any = None

    @classmethod
    def start_span(cls, owner: Any, operation: str, namespace: str, set_name: str) -> Any:
        if cls.tracer is None:
            return None
        attributes: dict[str, Any] = {
            "db.system.name": "aerospike",
            "db.namespace": namespace,
            "db.collection.name": set_name,
            "db.operation.name": operation.upper(),
        }
        host, port, cluster = owner._server()
        if host:
            attributes |= {"server.address": host, "server.port": port}
        if cluster:
            attributes["db.aerospike.cluster_name"] = cluster
        name = f"{operation.upper()} {namespace}.{set_name}"
        return cls.tracer.start_span(name, kind=cls.api.SpanKind.CLIENT, attributes=attributes)

    @classmethod
    def end_span(cls, span: Any, error: BaseException | None) -> None:
        if error is not None:
            span.set_attribute("error.type", type(error).__name__)
            code = getattr(error, "result_code", None)
            if code is not None:
                span.set_attribute("db.response.status_code", str(code))
            span.record_exception(error)
            span.set_status(cls.api.Status(cls.api.StatusCode.ERROR, str(error)))
        span.end()


def init_tracing() -> None:
    """Switches on a span for each command, named ``GET namespace.set`` and the like.

    Needs ``opentelemetry-api``; without it a warning is logged, and nothing else happens. Spans go to the tracer
    provider that the application has set. Where it has set none and ``opentelemetry-sdk`` is installed, one is set
    from ``OTEL_SERVICE_NAME`` (``aerospike-py`` by default) and ``OTEL_TRACES_EXPORTER`` (``otlp``, ``console`` or
    ``none``). ``OTEL_SDK_DISABLED=true`` leaves tracing off.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or _Tracing.tracer is not None:
        return
    try:
        api: Any = importlib.import_module("opentelemetry.trace")
    except ImportError:
        logger.warning("tracing needs opentelemetry-api, which is not installed")
        return
    if type(api.get_tracer_provider()).__name__ == "ProxyTracerProvider":
        with contextlib.suppress(ImportError):
            _Tracing.provider = _new_provider()
            api.set_tracer_provider(_Tracing.provider)
    _Tracing.api = api
    _Tracing.tracer = api.get_tracer("aerospike_py")
    _wrap_or_unwrap()


def shutdown_tracing() -> None:
    """Switches spans off, after sending those that wait. Again, or without :func:`init_tracing`: does nothing."""
    _Tracing.tracer = None
    _wrap_or_unwrap()
    if _Tracing.provider is not None:
        _Tracing.provider.force_flush()


def _new_provider() -> Any:
    sdk: Any = importlib.import_module("opentelemetry.sdk.trace")
    export: Any = importlib.import_module("opentelemetry.sdk.trace.export")
    resources: Any = importlib.import_module("opentelemetry.sdk.resources")
    name = os.environ.get("OTEL_SERVICE_NAME") or "aerospike-py"
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": name}))
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "otlp").lower()
    if exporter == "console":
        provider.add_span_processor(export.BatchSpanProcessor(export.ConsoleSpanExporter()))
    elif exporter == "otlp":
        try:
            otlp: Any = importlib.import_module("opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
        except ImportError:
            logger.warning("spans are not exported: opentelemetry-exporter-otlp is not installed")
        else:
            provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return provider


# ---------------------------------------------------------------- wrapping

_originals: dict[tuple[type, str], Any] = {}


def _wrap_or_unwrap() -> None:
    """Wraps all methods if tracing is switched on, else puts back what was there."""
    if _Tracing.tracer is not None:
        for owner, methods in _METHODS.items():
            for name, (operation, place_of) in methods.items():
                if (owner, name) not in _originals:
                    _originals[owner, name] = vars(owner).get(name)
                    setattr(owner, name, _wrapper(_unwrapped(owner, name), operation, place_of))
        return
    while _originals:
        (owner, name), original = _originals.popitem()
        if original is None:
            delattr(owner, name)
        else:
            setattr(owner, name, original)


def _unwrapped(owner: type, name: str) -> Any:
    """The method, also where the base class's is wrapped already."""
    for base in owner.__mro__:
        if (base, name) in _originals:
            if _originals[base, name] is not None:
                return _originals[base, name]
        elif name in vars(base):
            return vars(base)[name]
    raise AttributeError(name)
