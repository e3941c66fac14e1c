"""The runner itself: floors, and what it says when there is nothing to replay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from run import HERE, Result, below, floor_of, group, percent, raised, table


def result(share: float, name: str = "generated/gen-kv-1", crashed: bool = False) -> Result:
    return Result(name, 10_000, round(share * 10_000), 1.0, crashed=crashed)


def test_floor_is_never_rounded_up() -> None:
    assert floor_of(0.99999) == 0.9999
    assert floor_of(1.0) == 1.0


@pytest.mark.parametrize(("share", "failed"), [(1.0, False), (0.9, False), (0.8999, True), (0.0, True)])
def test_recording_below_its_floor_fails(share: float, failed: bool) -> None:
    assert below(result(share), {"generated/gen-kv-1": 0.9}) is failed


def test_recording_without_a_floor_passes_unless_the_emulator_crashed() -> None:
    assert not below(result(0.0), {})
    assert below(result(1.0, crashed=True), {})


def test_unfinished_recording_counts_as_nothing() -> None:
    unfinished = Result("generated/gen-kv-1", 10, 10, 1.0, failure="takes too long")
    assert unfinished.share == 0
    assert below(unfinished, {"generated/gen-kv-1": 0.1})


def test_floors_only_rise() -> None:
    floors = {"a/gen-x-1": 0.5, "a/gen-x-2": 0.9, "a/gone-1": 0.7}
    results = [result(0.75, "a/gen-x-1"), result(0.8, "a/gen-x-2"), result(1.0, "a/new-1")]
    assert raised(floors, results) == {"a/gen-x-1": 0.75, "a/gen-x-2": 0.9, "a/gone-1": 0.7, "a/new-1": 1.0}


def test_groups() -> None:
    assert group("generated/gen-kv-1") == "generated/gen-kv"
    assert group("suites/py-test_kv") == "suites/py"


def test_only_a_whole_is_shown_as_one() -> None:
    assert percent(1.0) == "100 %"
    assert percent(0.99999) == "99.9 %"
    assert percent(0.5) == "50.0 %"


def test_table_names_what_is_below() -> None:
    lines = table([result(0.5), result(1.0, "suites/py-test_kv")], {"generated/gen-kv-1": 0.9})
    assert any("BELOW ITS FLOOR" in line and "gen-kv-1" in line for line in lines)
    assert sum("BELOW" in line for line in lines) == 1
    assert "75.0 %" in lines[-1]


def test_table_counts_what_was_given_up_apart() -> None:
    lines = table([result(0.5), Result("generated/gen-kv-2", 0, 0, 120.0, failure="takes too long")], {})
    assert lines[-1].split() == ["all", "10000", "5000", "50.0", "%", "1"]
    assert any(line.endswith("takes too long") for line in lines)


def test_says_when_there_is_nothing_to_replay(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, HERE / "run.py"],
        env={**os.environ, "GOLDEN_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0
    assert ended.stdout.startswith("No recordings to replay in ")
