"""The guide's examples, as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aerospike_emulator import Emulator

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "testing.md").read_text()
EXAMPLES: list[str] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
TESTS = [example for example in EXAMPLES if "def test_" in example]
# What all of them need: imports, constants.
PREAMBLE = [example for example in EXAMPLES if "def test_" not in example]


def test_there_is_one_for_each_problem() -> None:
    assert len(TESTS) == len(re.findall(r"^## \d+\. ", GUIDE, re.MULTILINE)) == 12
    assert all(len(example.splitlines()) < 10 for example in TESTS)


def test_all_examples(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("\n".join([*PREAMBLE, *TESTS]))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--timeout", "60")
    result.assert_outcomes(passed=12)


def test_json_of_the_guide(pytester: pytest.Pytester) -> None:
    (records,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    (pytester.path / "users.json").write_text(records)
    with Emulator(load=pytester.path / "users.json") as emulator:
        assert emulator.count("test", "users") == 1
