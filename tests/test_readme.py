"""What README shows is run, and what it promises is there."""

import re
from pathlib import Path

import pytest

import benchmarks  # noqa: F401 # the pages show all three packages: left out without torch

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# a block of code, and below it what it prints, where the page shows that
CODE = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.S)
BLOCKS = [
    pytest.param(page.name, block, output, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (block, output) in enumerate(CODE.findall(page.read_text()))
]
THEIRS = re.findall(r"```py\n(.*?)```", (ROOT / "docs" / "moving.md").read_text(), re.S)
BEGINNING = (
    "python3 -m venv .venv && .venv/bin/python -m pip install -q -c constraints.txt -e '.[all]'"
)


@pytest.mark.parametrize(("page", "block", "output"), BLOCKS)
def test_every_python_block_runs_and_prints_what_is_shown(
    page, block, output, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(tmp_path)

    exec(compile(block, f"<a block of {page}>", "exec"), {"__name__": "readme"})

    assert not output or capsys.readouterr().out == output


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
