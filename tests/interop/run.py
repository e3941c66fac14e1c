"""Runs the scenarios of all clients, two languages at a time, and makes the README's compatibility table.

    run.py [LANGUAGE ...]   run these, or all whose folder has a recipe `run`; results go to target/interop
    run.py --record         take over what the last run found into tests/interop/results, and the table from there
    run.py --check          is the README's table that of tests/interop/results?

A language whose toolchain is not on the machine is skipped, and says so. `scenarios.md` tells the form of results.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FRESH, RECORDED = ROOT / "target" / "interop", HERE / "results"
README = ROOT / "README.md"
BEGIN, END = "<!-- made by `make interop-table` -->", "<!-- end of what `make interop-table` makes -->"
NO_TOOLCHAIN = 77
# Seconds for one language; a suite that takes longer hangs.
LIMIT = 600
# From best to worst: the worst of several results counts.
ORDER = ("passed", "not applicable", "failed")
LANGUAGES = {
    "go": "Go",
    "java": "Java",
    "node": "Node.js",
    "python": "Python",
    "aerospike-py": "Python",
    "rust": "Rust",
}


@dataclass
class Suite:
    """What one client made of the scenarios."""

    language: str
    client: str = ""
    version: str = ""
    # By scenario id: a result, and why.
    results: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Suite:
        """Reads a file of results; raises ValueError where it is none."""
        suite = cls(file.stem)
        for line in file.read_text(encoding="utf-8").splitlines():
            name, *rest = line.split("\t")
            if name == "client":
                suite.client, suite.version = rest
                continue
            result, why = rest[0], rest[1] if len(rest) > 1 else ""
            if result not in ORDER or name not in listed():
                raise ValueError(f"{file.name}: {line!r}")
            known = suite.results.get(name, ("passed", ""))
            if name not in suite.results or ORDER.index(result) > ORDER.index(known[0]):
                suite.results[name] = (result, why)
        if not suite.client:
            raise ValueError(f"{file.name} does not name its client")
        return suite

    def count(self, result: str, group: str = "") -> int:
        """How many scenarios, of a group or of all, ended so."""
        return sum(got == result and name.startswith(group) for name, (got, _) in self.results.items())

    def cell(self, group: str) -> str:
        """What the table says of a group."""
        of = sum(name.startswith(group + "-") for name in listed())
        passed, failed, none = (self.count(result, group + "-") for result in ("passed", "failed", "not applicable"))
        if failed:
            return f"✘ {failed} of {of} fail"
        if passed + none == of:
            return f"✔ {passed}" if passed else "n/a"
        return f"{passed} of {of}" if passed else "–"


def listed() -> dict[str, str]:
    """All scenarios: group headings by id, in the order of the list."""
    found: dict[str, str] = {}
    heading = ""
    for line in (HERE / "scenarios.md").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"## [a-z]+: (.*)", line):
            heading = match[1]
        elif match := re.match(r"## ([a-z]+)$", line):
            heading = {"truncate": "truncation"}.get(match[1], match[1])
        elif match := re.match(r"- \**([a-z]+-\d+)\**:", line):
            found[match[1]] = heading
    return found


# ---------------------------------------------------------------- running


def run(language: str) -> tuple[str, int, float]:
    """Runs a language's recipe; its exit status and the seconds it took."""
    file, log = FRESH / f"{language}.tsv", FRESH / f"{language}.log"
    file.unlink(missing_ok=True)
    environment = {"EMULATOR": str(ROOT / "target" / "debug" / "aerospike-emulator")} | os.environ
    start = time.monotonic()
    with log.open("w") as output:
        try:
            command = [HERE / language / "run", file]
            status = subprocess.run(
                command, stdout=output, stderr=subprocess.STDOUT, env=environment, timeout=LIMIT, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            print(f"not finished after {LIMIT} s", file=output)
            status = 1
    return language, status, time.monotonic() - start


def report(language: str, status: int, seconds: float) -> tuple[int, int, int]:
    """Says how a language went; scenarios passed, failed, skipped."""
    log = (FRESH / f"{language}.log").read_text(errors="replace").rstrip()
    if status == NO_TOOLCHAIN:
        print(f"{language}: {log.splitlines()[-1] if log else 'SKIPPED'}")
        return 0, 0, 1
    try:
        suite = Suite.read(FRESH / f"{language}.tsv")
    except (OSError, ValueError, IndexError) as error:
        print(f"{log}\n{language}: no results: {error}")
        return 0, 1, 0
    passed, failed, none = (suite.count(result) for result in ("passed", "failed", "not applicable"))
    if status != 0:
        print(log)
    for name, (result, why) in suite.results.items():
        if result == "failed":
            print(f"{language}: {name} failed: {why}")
    print(
        f"{language}: {suite.client} {suite.version}: {passed} passed, {failed} failed, {none} n/a in {seconds:.0f} s"
    )
    return passed, max(failed, int(status != 0)), none


def run_all(languages: list[str]) -> int:
    """Runs languages; the process's exit status."""
    FRESH.mkdir(parents=True, exist_ok=True)
    # The longest first.
    languages = languages or sorted(
        (recipe.parent.name for recipe in HERE.glob("*/run")), key=lambda n: (n != "python", n)
    )
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(run, languages))
    for at, (language, status, seconds) in enumerate(runs):
        if status not in {0, NO_TOOLCHAIN}:
            report(language, status, seconds)
            # Some scenarios are about time, as when nodes hang: what fails beside another language runs by itself.
            print(f"{language}: failed beside others, runs once more by itself")
            runs[at] = run(language)
    totals = [report(*ended) for ended in runs]
    passed, failed, skipped = (sum(column) for column in zip(*totals, strict=True))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return int(failed > 0)


# ---------------------------------------------------------------- the table


def table() -> str:
    """The README's table, made from tests/interop/results."""
    suites = [Suite.read(file) for file in sorted(RECORDED.glob("*.tsv"))]
    headings = [f"{LANGUAGES[suite.language]}: `{suite.client}` {suite.version}" for suite in suites]
    lines = ["| | " + " | ".join(headings) + " |", "| --- |" + " --- |" * len(suites)]
    groups = {name.rpartition("-")[0]: heading for name, heading in listed().items()}
    for group, heading in groups.items():
        lines.append(f"| {heading} | " + " | ".join(suite.cell(group) for suite in suites) + " |")
    totals = [f"{suite.count('passed')}" for suite in suites]
    lines.append("| scenarios that pass | " + " | ".join(totals) + " |")
    lines += ["", "Not applicable:", ""]
    for suite in suites:
        reasons: dict[str, list[str]] = {}
        for name, (result, why) in sorted(suite.results.items()):
            if result == "not applicable":
                reasons.setdefault(why, []).append(name)
        told = "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
        if told:
            lines.append(f"- `{suite.client}`: {told}")
    return "\n".join(lines)


def with_table(text: str) -> str:
    """The README with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit("the README has no place for the table")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def record() -> None:
    """Takes over fresh results, and makes the table."""
    RECORDED.mkdir(exist_ok=True)
    for file in sorted(FRESH.glob("*.tsv")):
        suite = Suite.read(file)
        lines = [("client", suite.client, suite.version)]
        lines += [(name, *filter(None, suite.results[name])) for name in listed() if name in suite.results]
        (RECORDED / file.name).write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


def check() -> int:
    """Whether the README's table is up to date; the process's exit status."""
    text = README.read_text(encoding="utf-8")
    if with_table(text) != text:
        print("README.md: the compatibility table is not that of tests/interop/results: make interop-table")
        return 1
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--record"]:
            record()
        case ["--check"]:
            sys.exit(check())
        case languages:
            sys.exit(run_all(languages))
