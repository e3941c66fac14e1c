"""Scenarios by their ids in scenarios.md, and a file of what became of them: ``--results FILE``.

A test says what it covers with ``@pytest.mark.scenario("records-01", …)``. It may show one scenario or several, and one
scenario may need several tests: the worst result counts.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest

LISTED = frozenset(
    re.findall(r"^- \**([a-z]+-\d+)", (Path(__file__).parents[1] / "scenarios.md").read_text(), re.MULTILINE)
)
DISTRIBUTIONS = {"aerospike": "aerospike", "aerospike_py": "aerospike-py"}

# What a client offers no way to do.
NO_ASYNC = "the client has no asynchronous interface"
NO_BACKUPS = "the vendor's backup library is for Go alone"
NOT_APPLICABLE = {
    "aerospike": {
        "connect-07": "with one node, the client refuses to start when any of its seeds is dead",
        "filter-15": "the client has no such switch",
        "operate-11": "the client has no operation that reads all bins",
        **{f"async-{number:02}": NO_ASYNC for number in range(1, 7)},
        **{f"backup-{number:02}": NO_BACKUPS for number in range(1, 5)},
    },
    "aerospike_py": {
        "info-02": "the client asks for one info command at a time",
    },
}


class Results:
    """Collects what became of each scenario, and writes it in the form that scenarios.md describes."""

    def __init__(self, client: str, file: Path | None) -> None:
        self.client = client
        self.file = file
        self.failed: dict[str, str] = {}
        self.passed: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if unknown := set(ids(item)) - LISTED:
                raise pytest.UsageError(f"{item.nodeid}: not in scenarios.md: {', '.join(sorted(unknown))}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> pytest.TestReport:
        report = yield
        if report.failed:
            self.failed |= {scenario: f"{item.name}: {message(report)}" for scenario in ids(item)}
        elif report.when == "call" and report.passed:
            self.passed |= set(ids(item))
        return report

    def pytest_sessionfinish(self) -> None:
        if self.file is None:
            return
        distribution = DISTRIBUTIONS[self.client]
        lines = [("client", distribution, importlib.metadata.version(distribution))]
        lines += [(scenario, "passed") for scenario in sorted(self.passed - self.failed.keys())]
        lines += [(scenario, "failed", why) for scenario, why in sorted(self.failed.items())]
        lines += [(scenario, "not applicable", why) for scenario, why in NOT_APPLICABLE[self.client].items()]
        self.file.write_text("".join("\t".join(line) + "\n" for line in lines))


def ids(item: pytest.Item) -> list[str]:
    """The scenarios that a test covers."""
    return [scenario for mark in item.iter_markers("scenario") for scenario in mark.args]


def message(report: pytest.TestReport) -> str:
    """What went wrong, on one line."""
    text = report.longrepr.reprcrash.message if hasattr(report.longrepr, "reprcrash") else str(report.longrepr)
    return " ".join(text.split())[:200]
