"""What README shows is run, and what it promises is there."""

import re
from pathlib import Path

import pytest

import benchmarks  # noqa: F401 # the pages show all three packages: left out without torch

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(page.name, block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))
]
THEIRS = re.findall(r"```py\n(.*?)```", (ROOT / "docs" / "moving.md").read_text(), re.S)
BEGINNING = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -q -c constraints.txt -e '.[all]'"
)


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_every_python_block_runs(page, block, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    exec(compile(block, f"<a block of {page}>", "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("block", THEIRS)
@pytest.mark.filterwarnings("default")
def test_what_we_say_of_other_libraries_runs(block):
    for name in re.findall(r"^from (\w+)", block, re.M):
        pytest.importorskip(name, reason="needs the extra peers")

    exec(compile(block, "<a block of moving.md>", "exec"), {"__name__": "readme"})


def test_the_two_lines_are_there_word_by_word():
    lines = (ROOT / "README.md").read_text().splitlines()

    assert f"{BEGINNING} && .venv/bin/reservoirs-bench run" in lines
    assert f"{BEGINNING} && .venv/bin/python -m pytest" in lines
