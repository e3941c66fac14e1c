"""The console command that comes with the wheel."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ask

COMMAND = Path(sys.executable).with_name("aerospike-emulator")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", [False, True], ids=["command", "module"])
def test_serves_until_a_signal(ending: signal.Signals, module: bool, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aerospike_emulator"] if module else [str(COMMAND)]
    port_file = tmp_path / "port"
    server = subprocess.Popen(
        [*command, "--port", "0", "--namespace", "mine", "--port-file", str(port_file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    ready = server.stdout.readline()
    address = ("127.0.0.1", int(port_file.read_text()))
    assert ready == f"aerospike-emulator ready on {address[0]}:{address[1]}\n"
    assert ask(address, "namespaces") == "mine"
    server.send_signal(ending)
    _, errors = server.communicate(timeout=10)
    assert server.returncode == 0
    assert errors == ""


def test_help() -> None:
    ended = run("--help")
    assert ended.returncode == 0
    assert "--config-file" in ended.stdout


def test_wrong_flag() -> None:
    ended = run("--no-such-flag")
    assert ended.returncode == 2
    assert "--no-such-flag" in ended.stderr


def test_port_in_use() -> None:
    server = subprocess.Popen([COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().rpartition(":")[2].strip()
    ended = run("--port", port)
    server.terminate()
    server.communicate()
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"aerospike-emulator: cannot listen on 127.0.0.1:{port}")
    assert ended.stderr.count("\n") == 1


def test_other_threads_of_the_interpreter_go_on(tmp_path: Path) -> None:
    """Held back by the command, the main thread would never come to end it."""
    port_file = tmp_path / "port"
    program = f"""
import os, signal, threading, time
from aerospike_emulator._native import run_command

arguments = ["aerospike-emulator", "--port", "0", "--port-file", {str(port_file)!r}]
command = threading.Thread(target=run_command, args=(arguments,))
command.start()
while not os.path.exists({str(port_file)!r}):
    time.sleep(0.01)
time.sleep(0.1)
os.kill(os.getpid(), signal.SIGTERM)
command.join()
print("ended")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)
    assert ended.stdout.endswith("ended\n"), ended.stderr
