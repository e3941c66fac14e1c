#!/usr/bin/env python3
"""Replays recordings of a real server against the emulator and compares the replies.

The recordings are not part of the project. They lie in a folder of their own (GOLDEN_DIR) with the program that replays
them (replay.py, which tells how replies are compared) and the configuration that they expect (aerospike.conf). Each is
replayed against an emulator process of its own, several at once: most of the time goes into the pauses of recordings.

floors.json holds the share of matching replies that each recording has reached. A recording below its floor fails the
run; --raise-floors lifts floors to what this run reached, and never lowers one.

Python 3.10 or later, standard library only.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLOORS = HERE / "floors.json"
RESULTS = HERE / "results"
SUFFIX = ".rec.gz"
# Seconds that one recording may take, beyond the time that recording it took. What never matches is asked for again and
# again, so a recording of what the emulator cannot do takes long: it is given up and counts as nothing.
PATIENCE = 120
# How often a recording below its floor is tried again: on a busy machine background work may come late.
RETRIES = 2


@dataclass
class Result:
    """What came of one recording."""

    name: str
    compared: int
    matched: int
    seconds: float
    # Why it was not replayed to its end; None = it was.
    failure: str | None = None
    # Whether the emulator ended before it was stopped.
    crashed: bool = False

    @property
    def share(self) -> float:
        """Matching replies among those compared, 0 to 1."""
        if self.failure is not None:
            return 0.0
        return self.matched / self.compared if self.compared else 1.0


class Golden:
    """A folder of recordings and the emulator to hold against them."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.server = server

    def path(self, name: str) -> Path:
        """The file of a recording."""
        return self.folder / (name + SUFFIX)

    def recordings(self, patterns: Sequence[str]) -> list[str]:
        """Names of recordings (`generated/gen-kv-1`), those that take longest first."""
        names = [str(path.relative_to(self.folder))[: -len(SUFFIX)] for path in self.folder.rglob("*" + SUFFIX)]
        wanted = [name for name in names if not patterns or any(pattern in name for pattern in patterns)]
        return sorted(wanted, key=lambda name: -span(self.path(name)))

    def replay_all(self, names: Sequence[str], jobs: int) -> list[Result]:
        """Replays recordings, several at once."""
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(self.replay, names))

    def replay(self, name: str) -> Result:
        """Replays a recording against an emulator of its own."""
        started = time.monotonic()
        server = subprocess.Popen(
            [self.server, "--edition", "community", "--config-file", self.folder / "aerospike.conf", "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            ready = server.stdout.readline().split()
            if not ready:
                return Result(name, 0, 0, 0, "the emulator does not start", crashed=True)
            result = self._compare(name, ready[-1], started)
            if server.poll() is not None:
                result.failure, result.crashed = f"the emulator ended with status {server.returncode}", True
            return result
        finally:
            server.kill()
            server.communicate()

    def _compare(self, name: str, address: str, started: float) -> Result:
        path = self.path(name)
        try:
            replay = subprocess.run(
                [sys.executable, self.folder / "replay.py", "--json", address, path],
                capture_output=True,
                text=True,
                timeout=span(path) + PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Result(name, 0, 0, time.monotonic() - started, "takes too long")
        seconds = time.monotonic() - started
        try:
            stats = json.loads(replay.stdout)["files"][0]
            compared, matched = stats["exchanges"], stats["matched"]
        except (ValueError, KeyError, TypeError, IndexError):
            last = (replay.stderr.strip() or replay.stdout.strip() or "no output").splitlines()[-1]
            return Result(name, 0, 0, seconds, f"replay.py: {last}")
        write_json(RESULTS / f"{name.replace('/', '.')}.json", stats)
        return Result(name, compared, matched, seconds)


@functools.cache
def span(path: Path) -> float:
    """Seconds that a recording lasted; its replay takes no longer than that and the work itself."""
    last = ""
    with gzip.open(path, "rt") as lines:
        next(lines, None)
        for last in lines:  # noqa: B007 (the last line is wanted)
            pass
    return float(json.loads(last)[3]) if last else 0.0


def floor_of(share: float) -> float:
    """A share as floors hold it: four digits, never rounded up."""
    return math.floor(share * 10_000) / 10_000


def below(result: Result, floors: dict[str, float]) -> bool:
    """Whether a result fails the run."""
    return result.crashed or floor_of(result.share) < floors.get(result.name, 0.0)


def raised(floors: dict[str, float], results: Iterable[Result]) -> dict[str, float]:
    """Floors after a run: the higher of what was and what was reached."""
    reached = {result.name: floor_of(result.share) for result in results}
    names = sorted(floors.keys() | reached.keys())
    return {name: max(floors.get(name, 0.0), reached.get(name, 0.0)) for name in names}


def write_json(path: Path, value: Any) -> None:
    """Writes a file that is good to diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def percent(share: float) -> str:
    """A share for people; only a whole is 100 %."""
    return "100 %" if share == 1 else f"{min(math.floor(share * 1000) / 10, 99.9):.1f} %"


def table(results: list[Result], floors: dict[str, float]) -> list[str]:
    """One line for each recording, then one for each group of them."""
    width = max(len(result.name) for result in results)
    lines = [f"{'recording':{width}}  compared  matched    share    floor  seconds"]
    for result in sorted(results, key=lambda result: result.name):
        floor = floors.get(result.name)
        lines.append(
            f"{result.name:{width}}  {result.compared:8}  {result.matched:7}  {percent(result.share):>7}"
            f"  {percent(floor) if floor is not None else '-':>7}  {result.seconds:7.1f}"
            + (f"  {result.failure}" if result.failure else "  BELOW ITS FLOOR" if below(result, floors) else "")
        )
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(group(result.name), []).append(result)
    lines += ["", f"{'group':{width}}  compared  matched    share  given up"]
    for name, members in [*sorted(groups.items()), ("all", results)]:
        compared, matched = sum(r.compared for r in members), sum(r.matched for r in members)
        share = percent(matched / compared) if compared else "-"
        given_up = sum(r.failure is not None for r in members) or ""
        lines.append(f"{name:{width}}  {compared:8}  {matched:7}  {share:>7}  {given_up:>8}".rstrip())
    return lines


def group(name: str) -> str:
    """`generated/gen-kv-1` → `generated/gen-kv`; `suites/py-test_kv` → `suites/py`."""
    folder, _, file = name.rpartition("/")
    parts = file.split("-")
    return f"{folder}/{'-'.join(parts[:-1]) if file.startswith('gen-') else parts[0]}"


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Replay recordings of a real server against the emulator.")
    parser.add_argument("patterns", nargs="*", metavar="TEXT", help="only recordings whose names contain one of these")
    parser.add_argument("--server", type=Path, default=ROOT / "target/debug/aerospike-emulator", help="the binary")
    parser.add_argument("--jobs", type=int, default=12, metavar="N", help="recordings at once (%(default)s)")
    parser.add_argument("--raise-floors", action="store_true", help="write what was reached where it is higher")
    return parser.parse_args()


def main() -> int:
    """Runs what the command line asks for; returns the exit status."""
    options = parse()
    folder = Path(os.environ.get("GOLDEN_DIR") or ROOT.parent / "shared/golden")
    golden = Golden(folder, options.server)
    recordings = golden.recordings(options.patterns) if (folder / "replay.py").is_file() else []
    if not recordings:
        print(f"No recordings to replay in {os.path.relpath(folder)}: nothing is compared.")
        print("GOLDEN_DIR names the folder that holds them.")
        return 0
    if not options.server.is_file():
        print(f"There is no {os.path.relpath(options.server)}: `make golden` builds it.", file=sys.stderr)
        return 2
    floors: dict[str, float] = json.loads(FLOORS.read_text()) if FLOORS.is_file() else {}
    print(f"Replaying {len(recordings)} recordings, {options.jobs} at once ...", flush=True)
    started = time.monotonic()
    results = {result.name: result for result in golden.replay_all(recordings, options.jobs)}
    for _ in range(RETRIES):
        again = [name for name, result in results.items() if below(result, floors)]
        if again:
            print(f"Once more, a few at a time: {', '.join(sorted(again))}", flush=True)
            for result in golden.replay_all(again, jobs=2):
                results[result.name] = max(result, results[result.name], key=lambda result: result.share)
    print("\n".join(table(list(results.values()), floors)))
    failed = [name for name, result in results.items() if below(result, floors)]
    print(f"\n{len(results) - len(failed)} recordings at or above their floors, {len(failed)} below", end="")
    print(f", in {time.monotonic() - started:.0f} s")
    if options.raise_floors:
        write_json(FLOORS, raised(floors, results.values()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
