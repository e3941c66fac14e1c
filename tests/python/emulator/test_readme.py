"""The examples of the emulator in both of its READMEs, as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
EXAMPLES: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def example(text: str) -> str:
    """The one that has this text."""
    (found,) = [example for example in EXAMPLES if text in example]
    return found


@pytest.mark.parametrize("options", [False, True])
def test_with_pytest(pytester: pytest.Pytester, options: bool) -> None:
    conftest, test = example("def client(aerospike_server)").split("# test_visits.py\n")
    pytester.makeconftest(conftest + (example("def aerospike_options") if options else ""))
    pytester.makepyfile(test_visits=test)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)


def test_without_pytest() -> None:
    program = example("with Emulator() as emulator")
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    host, port = output.split()
    assert host == "127.0.0.1"
    assert int(port) > 0


def test_several_nodes() -> None:
    program = example("Emulator(nodes=3)")
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output == "4 running\n"


def test_package() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "python/emulator/README.md").read_text(), re.DOTALL)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "{'name': 'Alice'}\n"


def test_control(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(example("def test_control"))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
