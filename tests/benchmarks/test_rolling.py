"""Real series: a model fitted anew before each of several origins."""

import importlib.util

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks.cells.cell import Cell
from benchmarks.cli.console import print_results
from benchmarks.methods.base import Method
from benchmarks.methods.registry import METHODS
from benchmarks.methods.rolling import BASELINES, LEARNERS, LaggedRegression, Repeat, lag_count
from benchmarks.protocols.evaluate import evaluate
from benchmarks.report import write_page
from benchmarks.results.records import newest_records, write_record
from benchmarks.results.rolling import overall
from benchmarks.running.plan import plan_cells
from benchmarks.running.suites import load_suite
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.kinds import Rolling
from benchmarks.tasks.real_files import FILES, FRESH

MONTHS = np.arange(72.0)
SEASONAL = 10 * np.sin(2 * np.pi * MONTHS / 6) + 0.3 * MONTHS + 40
NOISY = SEASONAL + np.random.default_rng(0).normal(size=72)
needs_statsmodels = pytest.mark.skipif(
    importlib.util.find_spec("statsmodels") is None, reason="needs statsmodels"
)


def run(data, method, **settings):
    task = Task("own", "A task of the test", lambda seed: data, kind=Rolling)
    return evaluate(task, data, method, settings, 0)


class Fixed:
    """Forecasts values known beforehand, with intervals of half width 1 and 3."""

    def __init__(self, ahead):
        self.ahead, self.fitted = ahead, []

    def fit(self, X):
        self.fitted.append(X)
        return self

    def forecast(self, n_steps, level=None):
        assert (n_steps, level) == (2, [80, 90])
        mean = np.array(self.ahead[len(self.fitted) - 1])
        return mean, mean[:, None] - [1, 3], mean[:, None] + [1, 3]


def test_forecasts_are_scored_against_the_season_before():
    series = np.array([0.0, 1, 1, 2, 2, 3, 3, 4, 3, 6])
    model = Fixed([[4.0, 5.5], [0.0, 7.0]])

    outcome = run(Rolling(series, 2, 2, n_origins=2), Method("own", "", lambda *build: model))

    assert [len(rows) for rows in model.fitted] == [8, 6]
    # the truths are (3, 6) and (3, 4), the seasons before them (3, 4) and (2, 3)
    assert_allclose(outcome.arrays["ratios"], [np.sqrt(1.25 / 4), 3.0])
    assert outcome.metrics == pytest.approx(
        {
            "relative_rmse": np.sqrt((1.25 + 18) / (4 + 2)),
            "mase": (0.75 + 3) / 2,
            "worse": 0.5,
            "coverage80": 0.5,
            "coverage90": 1.0,
            "met_bound": 0.0,
        }
    )
    assert_allclose(outcome.arrays["truths"], [[3, 4], [3, 6]])  # the earliest first
    assert_allclose(outcome.arrays["forecasts"], [[0, 7], [4, 5.5]])


def test_a_forecast_that_is_not_finite_is_a_failure():
    model = Fixed([[4.0, np.nan], [0.0, 7.0]])
    series = np.array([0.0, 1, 1, 2, 2, 3, 3, 4, 3, 6])

    outcome = run(Rolling(series, 2, 2, n_origins=2), Method("own", "", lambda *build: model))

    assert outcome.status == "diverged" and "not finite" in outcome.reason
    assert outcome.metrics["relative_rmse"] == 1e6 and outcome.metrics["mase"] == np.inf


@needs_statsmodels
@pytest.mark.parametrize("name", [*BASELINES, *LEARNERS])
def test_every_method_forecasts_a_seasonal_series(name):
    data = Rolling(NOISY, season=6, horizon=6, n_origins=1)
    try:
        outcome = run(data, METHODS[name], **({"n_members": 1} if name == "forecaster" else {}))
    except ImportError as error:
        pytest.skip(str(error))

    best = {"naive": 8.0, "seasonal_naive": 1.0, "lightgbm": 1.2, "esn_default": 3.0}
    assert outcome.metrics["relative_rmse"] <= best.get(name, 0.9)
    assert ("coverage80" in outcome.metrics) == (name in LEARNERS)


def test_a_method_whose_package_is_missing_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("benchmarks.methods.peers.import_module", missing)

    with pytest.raises(ImportError, match=r"needs statsmodels: pip install 'reservoirs\[real-data"):
        run(Rolling(NOISY, 6, 6), METHODS["ets"])
    with pytest.raises(ImportError, match="needs lightgbm: pip install lightgbm"):
        run(Rolling(NOISY, 6, 6), METHODS["lightgbm"])


def test_a_regression_on_lags_goes_on_with_a_wave():
    class Ridge:
        def fit(self, X, y):
            self.w = np.linalg.lstsq(X, y)[0]

        def predict(self, X):
            return X @ self.w

    wave = np.sin(2 * np.pi * MONTHS / 6)
    for differences in (False, True):
        model = LaggedRegression(Ridge(), 6, differences=differences).fit(wave[:60])

        assert_allclose(model.forecast(12), wave[60:], atol=1e-9)
        assert model.n_lags == lag_count(60, 6) == 7


def test_the_season_repeats_from_its_last_rows():
    assert_allclose(Repeat(3).fit(np.arange(7.0)).forecast(5), [4, 5, 6, 4, 5])


def test_tuning_sees_only_the_rows_before_all_forecasts():
    data = Rolling(NOISY, season=6, horizon=3)

    assert data.origins == [69, 66, 63, 60]
    assert data.rows == [60, 72]
    assert len(data.for_tuning().series) == 60
    with pytest.raises(ValueError, match="4 forecasts of 20 steps need more than 86 rows"):
        Rolling(NOISY, season=6, horizon=20)


def test_a_file_whose_package_is_missing_says_so(monkeypatch):
    monkeypatch.setattr("benchmarks.tasks.real_files.find_spec", lambda package: None)

    with pytest.raises(ImportError, match=r"comes with sktime: pip install 'reservoirs\[real-da"):
        TASKS["real_airline"].data("test", 0)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_read_as_it_was_agreed(file):
    rows = {"lynx": 114, "sunspots": 309, "co2": 526, "elnino": 732, "nile": 100, "jobs": 120}
    rows |= {"airline": 144, "seatbelts": 192, "temps": 1200, "weather": 1461, "taylor": 1344}
    if importlib.util.find_spec(file.package) is None:
        pytest.skip(f"needs {file.package}")

    values = file.load()

    assert len(values) == {**rows, "elec_equip": 257}.get(file.name, 203)
    assert np.isfinite(values).all()


def test_the_suite_runs_each_file_once_unless_told_otherwise():
    suite = load_suite("real")
    names = [f"real_{file.name}" for file in (*FILES, *FRESH)]

    capped = plan_cells(names, ["forecaster", "naive"], suite.seeds, capped=True)

    assert set(names) < set(suite.tasks)
    assert len(capped) == 2 * len(names)
    assert len(plan_cells(names, ["naive"], 3)) == 3 * len(names)


def record(task, method, error, **about):
    metrics = {"relative_rmse": error, "mase": 2 * error, "worse": 0.25, "met_bound": 0.0}
    return {
        **{"task": task, "method": method, "seed": 0, "track": "stored", "settings": {}},
        **{"status": "ok", "reason": "", "key": "abcd", "task_version": 1, "costs": {"t_fit": 2.0}},
        **{"metrics": metrics | about.pop("metrics", {})},
        **about,
    }


RECORDS = [
    record("real_nile", "forecaster", 0.25, metrics={"coverage80": 0.7, "coverage90": 0.9}),
    record("real_gdp", "forecaster", 1.0, metrics={"coverage80": 0.9, "coverage90": 0.9}),
    record("real_nile", "ets", 0.5),
    record(
        "real_gdp", "ets", 0.5, status="error", reason="broken", metrics={"relative_rmse": None}
    ),
    record("real_nile", "lightgbm", 0.8),
    record("real_gdp", "lightgbm", 0.8, status="skipped", reason="needs lightgbm"),
    record("real_beer", "ets", 0.7),
    record("lagged_sine", "esn", 0.1),
]


def test_files_are_averaged_geometrically_and_studies_kept_apart():
    studies = overall(RECORDS)

    assert list(studies) == ["real", "real-fresh"]
    first, second, last = studies["real"]
    assert (first.method, first.relative_rmse, first.mase) == ("forecaster", 0.5, 1.0)
    assert (first.worst, first.worse, first.seconds) == (1.0, 0.25, 4.0)
    assert (first.coverage80, first.coverage90) == pytest.approx((0.8, 0.9))
    assert (second.method, second.n_files) == ("lightgbm", 1)  # what was skipped says nothing
    assert (last.method, last.relative_rmse) == ("ets", np.inf)
    assert np.isnan(last.coverage80)


def test_the_page_and_the_terminal_show_the_files_together(tmp_path, capsys):
    outcome = run(Rolling(NOISY, season=6, horizon=6), METHODS["seasonal_naive"])
    cell = Cell("real_nile", 1, "seasonal_naive", {}, 0, "stored")
    done = {"status": "ok", "reason": "", "metrics": outcome.metrics, "costs": outcome.costs}
    write_record(tmp_path, cell, done, outcome.arrays)
    records = [*RECORDS[:2], *newest_records(tmp_path)]

    write_page(tmp_path / "page.html", tmp_path, records, "A test")
    print_results(records)

    page, printed = (tmp_path / "page.html").read_text("utf-8"), capsys.readouterr().out
    assert "Fifteen real files" in page and "Fifteen real files" in printed
    assert "forecasts from every origin" in page and "every method on every file" in page
    assert "<td>Forecaster</td><td>2</td>" in page
