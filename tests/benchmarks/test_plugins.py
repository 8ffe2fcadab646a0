import json
from pathlib import Path

import pytest

from benchmarks.cells import plugins
from benchmarks.cells.processes import Limits
from benchmarks.cli import main
from benchmarks.methods.registry import METHODS
from benchmarks.running import backends
from benchmarks.running.plan import plan_cells
from benchmarks.tasks import TASKS

OWN = """
import numpy as np
from benchmarks import Method, Split, Task
from sklearn.linear_model import LinearRegression

class Copycat:
    n_weights = 0
    def fit(self, X, y): return self
    def predict(self, X, context): return X
    def forecast(self, n_steps, *, context, exog): return np.repeat(context[-1:], n_steps, axis=0)

def wave(seed):
    series = np.cos(0.3 * np.arange(400) + seed % 7)[:, None]
    return Split(series, n_train=300, horizons=(20,))

TASKS = [Task("my_wave", "A wave of mine", wave)]
METHODS = [Method("copycat", "Copies", lambda settings, task, data, seed: Copycat())]
"""


@pytest.fixture
def forget(monkeypatch):
    """Forget what a test's plugins announced."""
    yield
    monkeypatch.setenv(plugins.VARIABLE, "")
    plugins.load_plugins()
    assert "my_wave" not in TASKS
    assert "copycat" not in METHODS


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return str(path)


def run(tmp_path, own, *more):
    out = ["--out", str(tmp_path / "out"), "--seeds", "2", "-j", "2"]
    return main(["run", "smoke", "--plugin", own, *out, *more])


def test_a_task_and_a_method_of_ones_own_run_beside_ours(tmp_path, own, forget):
    code = run(tmp_path, own, "-t", "my_wave", "-m", "copycat", "-m", "esn", "-m", "linear")

    found = [json.loads(p.read_text()) for p in (tmp_path / "out").rglob("cells/*.json")]
    assert code == 0
    assert {(r["task"], r["method"]) for r in found} == {
        ("my_wave", name) for name in ("copycat", "esn", "linear")
    }
    assert "Copies" in (tmp_path / "out" / "smoke" / "report.html").read_text()


def test_a_method_of_ones_own_runs_on_our_tasks(tmp_path, own, forget):
    assert run(tmp_path, own, "-m", "copycat") == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "line 1: ZeroDivisionError"),
        ("x = (", "SyntaxError"),
        ("x = 1", "defines neither TASKS nor METHODS"),
        ("TASKS = ['mine']", "TASKS holds 'mine', not a Task"),
        (OWN.replace('"copycat"', '"esn"'), "'esn' is taken; choose another name"),
    ],
)
def test_a_broken_plugin_is_named_and_nothing_runs(text, message, tmp_path, capsys, forget):
    path = tmp_path / "broken.py"
    path.write_text(text)

    code = run(tmp_path, str(path))

    assert code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_method_that_raises_fails_its_cells_alone(tmp_path, capsys, forget):
    path = tmp_path / "raises.py"
    path.write_text(OWN.replace("return self\n", "raise RuntimeError('no')\n", 1))

    code = run(tmp_path, str(path), "-m", "copycat", "-m", "mean")

    assert code == 1
    assert "RuntimeError: no" in capsys.readouterr().out


def test_a_task_that_raises_fails_its_cells_alone(tmp_path, capsys, forget):
    path = tmp_path / "diverges.py"
    path.write_text(OWN.replace("    series =", "    raise OverflowError('lost')\n    x ="))

    code = run(tmp_path, str(path), "-t", "my_wave", "-t", "lagged_sine", "-m", "mean")

    assert code == 1
    assert "OverflowError: lost" in capsys.readouterr().out


def test_a_worker_elsewhere_is_sent_the_plugins(own, forget):
    plugins.announce([Path(own)])
    plugins.load_plugins()
    cells = plan_cells(["my_wave"], ["copycat"], 2)
    plugins.announce([])

    folders = []
    for cell in cells:
        files = backends.run_isolated(cell, Limits(60.0, 8000.0), {"own.py": OWN.encode()})
        folders.append(plugins.plugin_files())
        assert json.loads(files[f"{cell.name}.json"])["status"] == "ok"
    assert folders[0] == folders[1]
    assert folders[0] != [Path(own)]


def test_a_task_whose_function_returns_a_number_says_so(tmp_path, capsys, forget):
    path = tmp_path / "own.py"
    path.write_text(OWN.replace("return Split(", "return 3 or Split("))
    out = ["--plugin", str(path), "--seeds", "1", "-j", "1", "--out", str(tmp_path / "out")]

    code = main(["run", "smoke", "-t", "my_wave", "-m", "mean", *out])

    printed = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "its function `make` returned one of type int; return a" in printed


@pytest.mark.parametrize("name", ["my/../x", "<script>", "a b"])
def test_a_plugin_names_its_task_so_that_a_file_can_be_named_after_it(name, own, capsys, forget):
    path = Path(own)
    path.write_text(OWN.replace('"my_wave"', repr(name)))

    code = main(["list", "--plugin", own])

    assert code == 2
    assert "the name of a task is made of letters" in " ".join(capsys.readouterr().err.split())
