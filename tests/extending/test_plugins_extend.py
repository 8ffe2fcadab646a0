import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import plugins
from benchmarks.cli import main
from benchmarks.methods.registry import METHODS
from benchmarks.report import palette, summary
from benchmarks.tasks import TASKS

HERE = Path(__file__).parent
FILES = [HERE / name for name in ("my_task.py", "my_method.py", "my_baseline.py")]
GIVEN = [word for path in FILES for word in ("--plugin", str(path))]


@pytest.fixture
def announced(monkeypatch):
    """Load the three files, and forget them after the test."""
    monkeypatch.setenv(plugins.VARIABLE, "")
    plugins.announce(FILES)
    plugins.load_plugins()
    yield
    monkeypatch.setenv(plugins.VARIABLE, "")
    plugins.load_plugins()
    assert not {"pendulum"} & set(TASKS)
    assert not {"analogue", "seasonal"} & set(METHODS)


def test_a_task_a_method_and_a_baseline_are_listed(announced, capsys):
    assert main(["list", *GIVEN]) == 0

    listed = capsys.readouterr().out
    assert "Free pendulum, large angles" in listed
    assert "Nearest analogue" in listed
    assert "Seasonal: one period ago" in listed


def test_they_run_and_stand_in_the_table_and_on_the_page(announced, tmp_path, capsys):
    which = ["-t", "pendulum", "-m", "analogue", "-m", "seasonal", "-m", "linear"]

    code = main(["run", "smoke", *GIVEN, *which, "--seeds", "1", "-j", "2", "--out", str(tmp_path)])

    printed = capsys.readouterr().out
    page = (tmp_path / "smoke" / "report.html").read_text()
    cells = [json.loads(path.read_text()) for path in tmp_path.rglob("cells/*.json")]
    assert code == 0
    assert {cell["method"]: cell["status"] for cell in cells} == {
        "analogue": "ok",
        "seasonal": "ok",
        "linear": "ok",
    }
    assert "Nearest analogue" in printed
    assert '<tr class="baseline"><td>Seasonal: one period ago' in page
    assert "<tr><td>Nearest analogue" in page


def test_they_are_drawn_as_they_say(announced):
    assert palette.colour("analogue") == "#882255"
    assert palette.line("analogue") == "-"
    assert palette.line("seasonal") == ":"


def test_the_baseline_is_not_ranked_among_the_learners(announced):
    titles = {name: METHODS[name].title for name in ("esn", "analogue", "seasonal")}
    errors = np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]])

    figure = summary.ranks(titles, errors, "tasks")

    ranked, profile = figure.axes
    in_profile = {text.get_text() for text in profile.get_legend().get_texts()}
    assert in_profile == {"Echo state network", "Nearest analogue"}
    assert {text.get_text() for text in ranked.get_yticklabels()} == set(titles.values())


def test_the_method_is_tuned_like_all_others(announced):
    assert METHODS["analogue"].tuned
    assert not METHODS["analogue"].refusal(TASKS["pendulum"])
    assert METHODS["analogue"].refusal(TASKS["narma10"])


def test_the_task_draws_its_data_from_the_seed(announced):
    first, again, other = (TASKS["pendulum"].data("test", number) for number in (0, 0, 1))

    np.testing.assert_array_equal(first.series, again.series)
    assert not np.array_equal(first.series, other.series)
