"""A script of the gallery, run alone, shows what it draws and needs nothing beside it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks  # noqa: F401 # the scripts use all three packages: left out without torch

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "examples").rglob("plot_*.py"))
WIDTH = 80
COUNTING = """
import runpy, sys
from matplotlib import pyplot
counts = []
pyplot.show = lambda *args, **kwargs: counts.append(len(pyplot.get_fignums()))
runpy.run_path(sys.argv[1], run_name="__main__")
assert counts and counts[-1], f"{sys.argv[1]} shows {counts} figures"
"""


def _shows(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "pyplot.show"
    )


def _code_lines(text):
    """Yield the lines that the gallery shows as code: no titles, no blocks of prose."""
    prose, end = False, ast.parse(text).body[0].end_lineno
    for number, line in enumerate(text.splitlines(), 1):
        prose = line.startswith("# %%") or (prose and line.startswith("#"))
        if number > end and not prose:
            yield line


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_shows_its_figures_in_code_that_a_page_shows_whole(script):
    text = script.read_text(encoding="utf-8")
    tree = ast.parse(text)
    last = tree.body[-1]
    if isinstance(last, ast.If):  # if __name__ == "__main__": main()
        last = next(n for n in tree.body if getattr(n, "name", "") == "main").body[-1]

    assert _shows(last), f"{script.name} must end with pyplot.show()"
    assert [line for line in _code_lines(text) if len(line) > WIDTH] == []


@pytest.mark.slow  # minutes for all; each build of the documentation runs them, too
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_runs_alone_from_an_empty_folder(script, tmp_path):
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": paths}
    finished = subprocess.run(
        [sys.executable, "-c", COUNTING, str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert finished.returncode == 0, finished.stderr[-2000:]
