"""A forked child cannot use its parent's emulator, and does not disturb it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

# In a process of its own: a fork of the test runner would take the runner's threads and buffers with it.
HEAD = """
import gc, os, signal, socket, sys, warnings
warnings.simplefilter("ignore")
from aerospike_emulator import Emulator, EmulatorError
sys.path.insert(0, {path!r})
from conftest import Wire

def refused(use):
    try:
        use()
    except EmulatorError as error:
        assert "parent of this forked process" in str(error), error
    else:
        raise AssertionError("not refused")

def in_child(work):
    child = os.fork()
    if child == 0:
        work()
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status

emulator = Emulator().start()
wire = Wire(emulator.address)
assert wire.info("status") == "ok"
"""


def run(body: str) -> str:
    program = HEAD.format(path=os.path.dirname(__file__)) + textwrap.dedent(body)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_every_use_is_refused_in_the_child() -> None:
    run(
        """
        def child():
            for name in ("address", "host", "port", "running"):
                refused(lambda: getattr(emulator, name))
            for method in (emulator.start, emulator.stop, emulator.truncate, emulator.__enter__):
                refused(method)
            assert repr(emulator) == f"<Emulator of process {os.getppid()}>"
        in_child(child)
        assert wire.info("status") == "ok"
        assert emulator.truncate() == 0
        """
    )


def test_parent_goes_on_whatever_the_child_drops() -> None:
    run(
        """
        def child():
            global emulator
            emulator = None
            gc.collect()
        in_child(child)
        assert wire.info("status") == "ok"
        Wire(emulator.address).info("status")
        emulator.stop()
        """
    )


def test_child_leaves_the_parents_block() -> None:
    run(
        """
        with Emulator() as inner:
            child = os.fork()
            if child == 0:
                sys.exit(7)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 7
            assert Wire(inner.address).info("status") == "ok"
        """
    )


def test_child_starts_its_own() -> None:
    run(
        """
        parents = emulator.address
        def child():
            with Emulator() as mine:
                assert mine.address != parents
                assert Wire(mine.address).info("status") == "ok"
                assert Wire(parents).info("status") == "ok"
        in_child(child)
        assert wire.info("status") == "ok"
        """
    )


def test_emulator_made_before_the_fork_and_not_started() -> None:
    run(
        """
        idle = Emulator()
        in_child(lambda: refused(idle.start))
        idle.start()
        """
    )


def test_killed_child_leaves_the_parent_alone() -> None:
    run(
        f"""
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), {signal.SIGKILL:d})
        os.waitpid(child, 0)
        assert wire.info("status") == "ok"
        """
    )
