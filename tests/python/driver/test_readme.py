"""The README's examples of the driver, as they stand there; the comment behind a ``print`` says what it prints."""

# pyright: basic

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = (Path(__file__).resolve().parents[3] / "README.md").read_text()
EXAMPLES = dict(re.findall(r"```python\n# driver: (\w+)\n(.*?)```", README, re.DOTALL))


@pytest.mark.parametrize("name", ["sync", "async"])
def test_example(name, own_port, capfd):
    example = EXAMPLES[name].replace("3000", str(own_port), 1)
    promised = re.findall(r"print\(.*\) *# ([^:\n]*)", example)
    assert promised
    capfd.readouterr()
    exec(compile(example, f"README.md, {name}", "exec"), {"__name__": "__main__"})  # noqa: S102
    assert capfd.readouterr().out.splitlines() == promised
