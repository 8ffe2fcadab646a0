"""What README shows is run, and what it promises is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))
]
BEGINNING = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -q -c constraints.txt -e '.[all]'"
)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_python_block_runs(block, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})


def test_the_two_lines_are_there_word_by_word():
    lines = (ROOT / "README.md").read_text().splitlines()

    assert f"{BEGINNING} && .venv/bin/reservoirs-bench run" in lines
    assert f"{BEGINNING} && .venv/bin/python -m pytest" in lines
