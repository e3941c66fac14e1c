"""Metrics, their server, tracing."""

# pyright: basic, reportAttributeAccessIssue=false, reportMissingModuleSource=false

from __future__ import annotations

import logging
import re
import socket
import subprocess
import sys
import types
import urllib.error
import urllib.request

import aerospike_py as aerospike
import pytest
from aerospike_py import _native


@pytest.fixture(autouse=True)
def cleared():
    aerospike.set_metrics_enabled(True)
    _native.clear_metrics()
    yield
    aerospike.stop_metrics_server()
    aerospike.set_metrics_enabled(True)
    aerospike.set_internal_stage_metrics_enabled(False)
    aerospike.shutdown_tracing()


def counts():
    """Operation and error of what was counted, and how often."""
    pattern = r'_seconds_count\{.*db_operation_name="(\w+)",error_type="(\w*)"\} (\d+)'
    return {(name, error): int(count) for name, error, count in re.findall(pattern, aerospike.get_metrics())}


def test_on_from_the_start():
    code = "import aerospike_py; print(aerospike_py.is_metrics_enabled())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "True"


def test_switched_off(client, key):
    aerospike.set_metrics_enabled(False)
    assert not aerospike.is_metrics_enabled()
    client.put(key, {"a": 1})
    assert counts() == {}


def test_commands_are_counted(client, key):
    for _ in range(3):
        client.put(key, {"a": 1})
    client.get(key)
    with pytest.raises(aerospike.RecordNotFound):
        client.get((*key[:2], "missing"))
    client.batch_read([key])
    client.operate(key, [{"op": aerospike.OPERATOR_READ, "bin": "a"}])
    client.get(key=key)
    with pytest.raises(TypeError):
        client.get()
    expected = {
        ("put", ""): 3,
        ("get", ""): 2,
        ("get", "RecordNotFound"): 1,
        ("batch_read", ""): 1,
        ("operate", ""): 1,
    }
    assert counts() == expected
    text = aerospike.get_metrics()
    labels = 'db_system_name="aerospike",db_namespace="test",db_collection_name="driver",db_operation_name="put"'
    assert f'db_client_operation_duration_seconds_bucket{{{labels},error_type="",le="+Inf"}} 3' in text
    assert "# TYPE db_client_operation_duration_seconds histogram" in text
    assert text.endswith("# EOF\n")
    aerospike.set_metrics_enabled(False)
    client.get(key)
    assert counts() == expected


@pytest.mark.parametrize("switch", [aerospike.set_metrics_enabled, aerospike.set_internal_stage_metrics_enabled])
def test_switches_take_bools(switch):
    for value in (1, "x", None):
        with pytest.raises(TypeError):
            switch(value)


def test_stages():
    batch = aerospike.BatchRecords(records=[])
    batch.to_dict()
    assert 'stage="' not in aerospike.get_metrics()
    with aerospike.internal_stage_profiling():
        assert aerospike.is_internal_stage_metrics_enabled()
        batch.to_dict()
        aerospike.BatchRecords.merge_to_dict([batch])
    assert not aerospike.is_internal_stage_metrics_enabled()
    for stage in ("to_dict", "merge_to_dict"):
        line = f'db_client_internal_stage_seconds_count{{db_system_name="aerospike",stage="{stage}"}} 1'
        assert line in aerospike.get_metrics()


def test_stages_of_commands(key, config):
    with aerospike.client(config).connect() as client, aerospike.internal_stage_profiling():
        client.put(key, {"a": 1})
    for stage in ("encode", "io", "decode"):
        labels = f'db_system_name="aerospike",stage="{stage}",db_operation_name="put"'
        assert f"db_client_internal_stage_seconds_count{{{labels}}} 1" in aerospike.get_metrics()


def test_labels_are_escaped(client):
    client.put(("test", 'a"b\\c', "k"), {"a": 1})
    assert r'db_collection_name="a\"b\\c"' in aerospike.get_metrics()


def test_queries_are_counted(client):
    scan = client.scan("test", "driver")
    if hasattr(scan, "results"):
        scan.results()
    assert counts() == {("query", ""): 1}


def test_server(client, key):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for _ in range(2):
        aerospike.start_metrics_server(port)
    client.put(key, {"a": 1})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
        assert reply.headers["Content-Type"].startswith("text/plain")
        assert 'db_operation_name="put"' in reply.read().decode()
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/other")
    aerospike.stop_metrics_server()
    aerospike.stop_metrics_server()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")
    with pytest.raises(OverflowError):
        aerospike.start_metrics_server(70000)


# ---------------------------------------------------------------- tracing


class Span:
    def __init__(self, name, attributes):
        self.name, self.attributes, self.errors, self.status, self.ended = name, dict(attributes), [], None, False

    def set_attribute(self, name, value):
        self.attributes[name] = value

    def record_exception(self, error):
        self.errors.append(type(error))

    def set_status(self, status):
        self.status = status

    def end(self):
        assert not self.ended
        self.ended = True


@pytest.fixture
def spans(monkeypatch):
    """What a tracer of the application is given."""
    found = []

    class Tracer:
        def start_span(self, name, kind, attributes):
            assert kind == "client"
            found.append(Span(name, attributes))
            return found[-1]

    api = types.ModuleType("opentelemetry.trace")
    api.get_tracer_provider = lambda: None
    api.get_tracer = lambda _name: Tracer()
    api.SpanKind = types.SimpleNamespace(CLIENT="client")
    api.StatusCode = types.SimpleNamespace(ERROR="error")
    api.Status = lambda code, text: (code, text)
    monkeypatch.setitem(sys.modules, "opentelemetry", types.ModuleType("opentelemetry"))
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", api)
    return found


def test_spans(client, key, config, spans, monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    aerospike.init_tracing()
    client.put(key, {"a": 1})
    assert spans == []
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    aerospike.init_tracing()
    aerospike.init_tracing()
    client.get(key)
    with pytest.raises(aerospike.RecordNotFound):
        client.get((*key[:2], "missing"))
    good, bad = spans
    port = config["hosts"][0][1]
    assert good.name == "GET test.driver"
    assert good.attributes == {
        "db.system.name": "aerospike",
        "db.namespace": "test",
        "db.collection.name": "driver",
        "db.operation.name": "GET",
        "server.address": "127.0.0.1",
        "server.port": port,
        "db.aerospike.cluster_name": "docker",
    }
    assert good.ended
    assert not good.errors
    assert bad.ended
    assert bad.errors == [aerospike.RecordNotFound]
    assert bad.status[0] == "error"
    assert bad.attributes["error.type"] == "RecordNotFound"
    assert bad.attributes["db.response.status_code"] == "2"
    aerospike.shutdown_tracing()
    aerospike.shutdown_tracing()
    client.get(key)
    assert len(spans) == 2


def test_spans_of_scans_and_queries(client, spans):
    aerospike.init_tracing()
    for statement in (client.scan("test", "none"), client.query("test", "none")):
        if not isinstance(statement, list):
            found = statement.results()
            if hasattr(found, "__await__"):
                found = client.loop.run_until_complete(found)
            assert found == []
    assert [span.name for span in spans] == ["SCAN test.none", "QUERY test.none"]
    assert all(span.ended for span in spans)


def test_tracing_without_opentelemetry(client, key, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with caplog.at_level(logging.WARNING):
        aerospike.init_tracing()
    assert "opentelemetry-api" in caplog.text
    client.put(key, {"a": 1})
