"""Every file of code that is more than a page has a test file of its name, or says which it has."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
PAGE = 60
ELSEWHERE = {  # one test file for several files that are one thing
    "reservoirs/compiled/plasticity_loops.py": "test_plasticity.py",
    "reservoirs/drawn.py": "test_reservoir.py",
    "reservoirs/estimators/classification.py": "test_classifier.py",
    "reservoirs/estimators/units.py": "test_scaling.py",
    "reservoirs/forecasting/filler.py": "test_gaps.py",
    "reservoirs/forecasting/composed_intervals.py": "test_intervals.py",
    "reservoirs/forecasting/held_out.py": "test_intervals.py",
    "reservoirs/forecasting/interval_rows.py": "test_intervals.py",
    "reservoirs/forecasting/mixin.py": "test_closed_loop.py",
    "reservoirs/nvar/loops.py": "test_intervals.py",
    "reservoirs/nvar/checks.py": "test_rates.py",
    "reservoirs/nvar/running.py": "test_rates.py",
    "reservoirs/readout/rolling.py": "test_intervals.py",
    "trainers/network/cell.py": "test_cells.py",
    "trainers/network/forcing_loops.py": "test_forcing.py",
    "trainers/network/gru.py": "test_cells.py",
    "trainers/network/gru_loops.py": "test_cells.py",
    "trainers/network/lstm.py": "test_cells.py",
    "trainers/network/lstm_loops.py": "test_cells.py",
    "trainers/network/modules.py": "test_torch_cell.py",
    "trainers/network/oscillator_loops.py": "test_cells.py",
    "trainers/rnn/own_cells.py": "test_torch_cell.py",
    "trainers/network/passes.py": "test_stack.py",
    "trainers/network/rnn_loops.py": "test_cells.py",
    "trainers/training/first_order.py": "test_nadam_solver.py",
    "trainers/training/problem.py": "test_rnn.py",
    "benchmarks/results/fields.py": "test_records.py",
    "benchmarks/running/plan.py": "test_runner.py",
    "benchmarks/running/session.py": "test_runner.py",
    "benchmarks/running/worker.py": "test_runner.py",
}
LONG = [
    path.relative_to(ROOT)
    for package in ("reservoirs", "trainers", "benchmarks")
    for path in sorted((ROOT / package).rglob("*.py"))
    if path.stem != "__init__" and len(path.read_text().splitlines()) > PAGE
]


def test_a_long_file_has_its_test_file():
    for path in LONG:
        own = {f"test_{path.stem}.py", f"test_{path.parent.name}.py"}
        own.add(f"test_{path.parent.name}_{path.stem}.py")
        own.add(ELSEWHERE.get(path.as_posix(), ""))

        assert own & TESTS, path


def test_no_file_is_listed_that_is_gone_or_short():
    assert {*ELSEWHERE} <= {path.as_posix() for path in LONG}


def test_no_property_is_computed_under_a_lock_that_a_fork_may_find_held():
    for package in ("reservoirs", "trainers"):
        for path in (ROOT / package).rglob("*.py"):
            assert "import cached_property" not in path.read_text(encoding="utf-8"), path


def test_ci_installs_the_lower_bounds_of_the_package():
    script = [sys.executable, str(ROOT / ".ci" / "lower_bounds.py")]
    printed = subprocess.run(script, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", printed, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed = dict(re.findall(r"'([\w-]+)>=([\d.]+)", str(project["dependencies"])))

    assert len(needed) >= 3
    assert {name: pinned[name] for name in needed} == needed
    assert "lower_bounds.py" in (ROOT / ".ci" / "wheel").read_text("utf-8")
