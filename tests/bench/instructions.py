#!/usr/bin/env python3
"""Counts the instructions that the server executes for one request of each kind, and compares with a baseline.

Counted by callgrind, from the parsing of the request to the encoding of the reply, without socket and thread. A count
that has grown by more than a tenth fails the run; --write-baseline keeps what this run counted as the new baseline.

Needs valgrind. Python 3.10 or later, standard library only.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAM = ROOT / "target" / "release" / "instructions"
BASELINE = HERE / "instructions.json"
# Growth that is no failure: compilers differ.
MARGIN = 1.10
# The kinds of requests, and how many of each are counted.
KINDS = {
    "get": 2000,
    "put": 2000,
    "operate: add, read back": 2000,
    "get, filter of 3 clauses": 2000,
    "batch of 100": 100,
    "list append, 1,000": 500,
    "list rank range, 1,000": 300,
    "map put, 1,000": 500,
    "scan of 100,000": 1,
    "query, 100 of 100,000": 200,
    "UDF counter": 500,
}


def count(kind: str) -> int:
    """Instructions for one request of a kind."""
    requests = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [
            "valgrind",
            "--tool=callgrind",
            "--toggle-collect=*measured_requests*",
            f"--callgrind-out-file={out}",
            str(PROGRAM),
            kind,
            str(requests),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{kind}: {done.stderr}")
        total = re.search(r"^(?:totals|summary): (\d+)", out.read_text(), re.MULTILINE)
    if total is None or int(total[1]) == 0:
        sys.exit(f"{kind}: callgrind has counted nothing")
    return int(total[1]) // requests


def main() -> int:
    """Counts all kinds; 1 if one has grown too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write-baseline", action="store_true", help="keep this run's counts")
    options = parser.parse_args()
    baseline: dict[str, int] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    with ThreadPoolExecutor(2) as pool:
        counts = dict(zip(KINDS, pool.map(count, KINDS), strict=True))
    grown = 0
    for kind, instructions in counts.items():
        before = baseline.get(kind)
        change = "" if before is None else f"{instructions / before - 1:+.1%}"
        too_many = before is not None and instructions > before * MARGIN
        grown += too_many
        print(f"{kind:28} {instructions:>12,} {change:>8} {'GROWN' if too_many else ''}".rstrip())
    if options.write_baseline:
        BASELINE.write_text(json.dumps(counts, indent=2) + "\n")
        return 0
    missing = counts.keys() - baseline.keys()
    if missing:
        print(f"without a baseline: {', '.join(sorted(missing))}")
    print(f"{len(counts) - grown - len(missing)} passed, {grown + len(missing)} failed")
    return 1 if grown or missing else 0


if __name__ == "__main__":
    sys.exit(main())
