"""Log levels, and reports of errors that should not be possible."""

# pyright: basic

from __future__ import annotations

import asyncio
import logging
import time

import aerospike_py as aerospike
import pytest
from aerospike_py import _types
from aerospike_py._bug_report import catch_unexpected, log_unexpected_error


@pytest.fixture(autouse=True)
def levels():
    loggers = [logging.getLogger(name) for name in ("aerospike_py", "_aerospike", "aerospike_core", "aerospike")]
    before = [logger.level for logger in loggers]
    yield loggers
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (aerospike.LOG_LEVEL_OFF, 51),
        (aerospike.LOG_LEVEL_ERROR, 40),
        (aerospike.LOG_LEVEL_WARN, 30),
        (aerospike.LOG_LEVEL_INFO, 20),
        (aerospike.LOG_LEVEL_DEBUG, 10),
        (aerospike.LOG_LEVEL_TRACE, 5),
    ],
)
def test_levels(levels, level, expected):
    aerospike.set_log_level(level)
    assert {logger.level for logger in levels} == {expected}


@pytest.mark.parametrize("level", [5, -2, "x", None, []])
def test_what_is_no_level(level):
    with pytest.raises(ValueError, match="Invalid log level"):
        aerospike.set_log_level(level)


def test_nothing_is_dropped():
    assert aerospike.dropped_log_count() == 0


def test_reports(caplog):
    log_unexpected_error("Client.get", ValueError("it's broken"))
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.name == "aerospike_py"
    text = record.getMessage()
    assert "Client.get" in text
    assert "ValueError: it's broken" in text
    assert "gh issue create" in text
    assert f"version: {aerospike.__version__}" in text


def test_what_is_unexpected(caplog):
    @catch_unexpected("Client.get")
    def fail(error):
        raise error

    @catch_unexpected("AsyncClient.get")
    async def fail_later(error):
        raise error

    for error in (aerospike.RecordNotFound("x"), asyncio.CancelledError(), KeyboardInterrupt()):
        for call in (lambda error=error: fail(error), lambda error=error: asyncio.run(fail_later(error))):
            with pytest.raises(type(error)):
                call()
    assert not caplog.records
    for error in (RuntimeError("x"), aerospike.RustPanicError("y")):
        with pytest.raises(type(error)):
            fail(error)
        with pytest.raises(type(error)):
            asyncio.run(fail_later(error))
    assert ["AsyncClient.get" in record.getMessage() for record in caplog.records] == [False, True] * 2
    assert fail.__name__ == "fail"


def test_operations_with_entries_to_leave_out():
    assert _types._build_op(1001, "b", val=None, list_policy=_types._UNSET) == {"op": 1001, "bin": "b", "val": None}


def test_the_core_logs(config, caplog):
    with caplog.at_level(logging.DEBUG, logger="aerospike_core"):
        aerospike.set_log_level(aerospike.LOG_LEVEL_DEBUG)
        aerospike.client(config).connect().close()
        deadline = time.monotonic() + 10
        while "node added" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "node added" in caplog.text
        aerospike.set_log_level(aerospike.LOG_LEVEL_OFF)
        time.sleep(0.6)
        caplog.clear()
        aerospike.client(config).connect().close()
        time.sleep(0.6)
        assert caplog.text == ""
    assert aerospike.dropped_log_count() == 0
