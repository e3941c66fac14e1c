"""The documentation's examples, as they stand there.

The Python examples of a page run in order, in one namespace and an empty folder, against an emulator of their own. A
comment behind a ``print`` is what it prints; a block of text behind an example is all that it prints. A comment
``<!-- emulator: FLAGS -->`` in a page names flags of its emulator.
"""

# pyright: basic

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from conftest import serving

ROOT = Path(__file__).resolve().parents[3]
# The page about testing with the emulator has tests beside those of the emulator.
PAGES = sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != "testing.md")
PAGES.append(ROOT / "python/driver/README.md")

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PRINT = re.compile(r"^\s*print\(.*\)  +# (.*)$", re.MULTILINE)


def examples(text):
    """Line, code and expected output of each Python example."""
    blocks = list(BLOCK.finditer(text))
    for at, block in enumerate(blocks):
        if block[1] != "python":
            continue
        code, line = block[2], text.count("\n", 0, block.start()) + 1
        following = blocks[at + 1] if at + 1 < len(blocks) else None
        if following is not None and following[1] == "text" and not text[block.end() : following.start()].strip():
            promised = following[2].splitlines()
        else:
            promised = PRINT.findall(code)
            assert len(promised) == len(re.findall(r"^\s*print\(", code, re.MULTILINE)), f"line {line}: prints what?"
        yield line, code, promised


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page, tmp_path, monkeypatch):
    text = page.read_text()
    flags = [word for found in re.findall(r"<!-- emulator: (.*?) -->", text) for word in found.split()]
    folder = tmp_path / "examples"
    folder.mkdir()
    monkeypatch.chdir(folder)
    namespace = {"__name__": "__main__"}
    with serving(tmp_path, *flags) as port:
        for line, code, promised in examples(text):
            # The lines above keep the numbers of a traceback those of the page.
            program = "\n" * line + code.replace('("127.0.0.1", 3000)', f'("127.0.0.1", {port})')
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(program, str(page), "exec"), namespace)  # noqa: S102
            assert printed.getvalue().splitlines() == promised, f"line {line}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_page_is_in_the_index():
    index = (ROOT / "docs/README.md").read_text()
    listed = re.findall(r"^\d+\. \[.*?\]\((.*?)\)", index, re.MULTILINE)
    assert {page.name for page in PAGES if "aerospike_py" in page.read_text()} - {"README.md"} <= set(listed)
