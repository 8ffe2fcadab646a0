import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import (
    ESNClassifier,
    ESNRegressor,
    ForecastDivergedWarning,
    Reservoir,
    diagnostics,
    load,
    next_step,
    save,
)
from reservoirs.datasets import lorenz63
from reservoirs.diagnostics import report as report_file

T = np.arange(900)
NOISE = np.random.default_rng(0).normal(size=900)
SERIES = {
    "prices": 3e4 + 50 * np.cumsum(NOISE),
    "level": 1e6 + 1e5 * np.sin(0.3 * T),
    "small": 1e-3 * np.sin(0.3 * T),
    "scaled": np.sin(0.3 * T),
    "period of 16": np.sin(2 * np.pi * T / 16),
    "constant": np.full(900, 2.0),
    "spikes": 50.0 * (T % 97 == 0),
    "noise": NOISE,
    "units": np.column_stack([20 + 5 * NOISE, 1e5 + 500 * np.sin(0.1 * T), 0.1 * np.sin(0.2 * T)]),
    "small beside scaled": np.column_stack([np.sin(0.3 * T), 1e-4 * np.cos(0.3 * T)]),
}
NAMES = [*SERIES, "lorenz"]
UNSCALED = {"prices", "level", "small", "units"}
DEAF = {"input_scaling": 0.01}
SETTINGS = {}, {"dtype": "float32", "n_units": 50}, DEAF, {"leak_rate": 0.2, "spectral_radius": 1.3}


def lines(report, *wanted):
    """Return the mark of the line that holds each text, None without one."""
    found = [[line[:2] for line in report.splitlines() if text in line] for text in wanted]
    return [marks[0] if marks else None for marks in found]


def computed(model, X):
    """Return the verdicts on saturation, movement, columns and the loop, from all the states."""
    reservoir, end = model.reservoir_, model.training_end_
    states, spread = reservoir.transform(X)[len(X) // 4 :], X[len(X) // 4 :].std(axis=0)
    drives = spread * np.sqrt((reservoir.input_weights_**2).mean(axis=0))
    drives = drives[spread > 0]
    columns = None if len(drives) < 2 else drives.max() / drives.min() < 100
    y = np.vstack([X[1:, : end.n_outputs], end.last_observations])
    loop, quarter = (
        model.forecast(1000).reshape(1000, -1),
        np.ptp(y, axis=0) / 4 + 1e-6 * abs(y).max(),
    )
    stays = ((loop >= y.min(0) - quarter) & (loop <= y.max(0) + quarter)).all()
    dead = (np.ptp(loop[-251:], axis=0) < 1e-3 * np.ptp(y, axis=0)).all()
    stays &= not dead or not np.ptp(y, axis=0).any()
    good = (np.abs(states) > 0.95).mean() < 0.2, (states.std(axis=0) < 1e-3).mean() <= 0.5
    return [None if g is None else "ok" if g else "!!" for g in (*good, columns, stays)]


@pytest.fixture
def without_exponents(monkeypatch):
    """Leave out what takes most of the time of a report."""
    monkeypatch.setattr(report_file, "driven_exponents", lambda *_: np.array([-1.0]))


def check_verdicts(name, settings):
    series = lorenz63(900, random_state=0) if name == "lorenz" else SERIES[name]
    X, y = next_step(series.reshape(900, -1))
    model = ESNRegressor(**{"n_units": 30, "random_state": 0, **settings}).fit(X, y)

    report = diagnostics.reservoir_report(model)

    texts = "saturated", "deviate by less", "columns of X", "free run"
    assert lines(report, *texts) == computed(model, X), (name, settings, report)
    if name in UNSCALED and settings != DEAF:
        scaled = make_pipeline(StandardScaler(), clone(model)).fit(X, y)
        assert "!!" in report
        assert lines(diagnostics.reservoir_report(scaled), *texts[:2]) == ["ok", "ok"]
        assert lines(diagnostics.reservoir_report(scaled, X), *texts[:2]) == ["ok", "ok"]


@pytest.mark.usefixtures("without_exponents")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_verdicts_are_those_of_all_states_of_the_training_series():
    for number, name in enumerate(NAMES):
        check_verdicts(name, SETTINGS[number % len(SETTINGS)])


@pytest.mark.slow
@pytest.mark.usefixtures("without_exponents")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_verdicts_are_those_of_all_states_in_every_setting():
    for name in NAMES:
        for settings in SETTINGS:
            check_verdicts(name, settings)


@pytest.mark.usefixtures("without_exponents")
def test_a_saved_model_is_reported_as_it_was(tmp_path):
    model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(SERIES["scaled"]))

    save(model, tmp_path / "a.model")

    again = diagnostics.reservoir_report(load(tmp_path / "a.model"))
    assert again == diagnostics.reservoir_report(model)


@pytest.mark.usefixtures("without_exponents")
def test_chunks_keep_what_the_whole_keeps():
    X, y = next_step(np.column_stack([SERIES["noise"], SERIES["scaled"]]))
    whole = ESNRegressor(n_units=20, solver="qr", washout=7, random_state=0).fit(X, y)
    model = ESNRegressor(**whole.get_params())

    for rows in np.array_split(np.arange(len(X)), [3, 200, 201, 700]):
        model.partial_fit(X[rows], y[rows])

    for name, value in vars(whole.activity_).items():
        assert_array_equal(getattr(model.activity_, name), value)
    assert_array_equal(model.training_end_.target_range, whole.training_end_.target_range)
    assert diagnostics.reservoir_report(model) == diagnostics.reservoir_report(whole)


@pytest.mark.usefixtures("without_exponents")
def test_a_loop_that_diverges_is_told_with_its_step():
    X, y = next_step(np.sin(0.2 * T) + 0.3 * NOISE)
    model = ESNRegressor(n_units=50, spectral_radius=1.6, alpha=0.0, random_state=1).fit(X, y)
    model.coef_ = 3 * model.coef_
    with pytest.warns(ForecastDivergedWarning):
        forecast = model.forecast(1000)
    low, high = y.min(), y.max()
    outside = ~(np.abs(forecast - (low + high) / 2) <= 0.75 * (high - low) + 1e-6 * abs(y).max())

    (line,) = [li for li in diagnostics.reservoir_report(model).splitlines() if "free run" in li]

    assert line.startswith(
        f"!!  a free run of 1000 steps leaves the training range at step "
        f"{np.argmax(outside) + 1}: raise alpha"
    )


@pytest.mark.usefixtures("without_exponents")
def test_what_was_not_looked_at_is_told(tmp_path):
    exog = ESNRegressor(n_units=20, random_state=0).fit(*next_step(NOISE, np.sin(T)))
    labels = ESNClassifier(n_units=20, random_state=0).fit(NOISE[:, None], NOISE > 0)
    pieces = ESNRegressor(n_units=20, random_state=0).fit(NOISE.reshape(9, 100, 1), np.arange(9.0))
    old = load("tests/fixtures/files_0_1_0/ESNRegressor.model")

    reports = [diagnostics.reservoir_report(model) for model in (exog, labels, pieces, old)]

    assert "--  the closed loop needs 1 exogenous inputs" in reports[0]
    assert not any("free run" in report for report in reports)
    assert ["no training data are kept" in report for report in reports] == [False] * 3 + [True]


@pytest.mark.usefixtures("without_exponents")
def test_only_one_reservoir_at_the_end_of_a_pipeline_is_described():
    X, y = next_step(NOISE)
    esn, reservoir = ESNRegressor(n_units=9, random_state=0), Reservoir(n_units=9, random_state=0)
    union = FeatureUnion([("scaled", StandardScaler()), ("states", reservoir)])
    inside = make_pipeline(StandardScaler(), reservoir)

    for steps, name in [
        ((reservoir, esn), "'reservoir' \\(Reservoir\\)"),
        ((union, esn), "'featureunion' \\(FeatureUnion\\)"),
        ((inside, esn), "'pipeline' \\(Pipeline\\)"),
        ((reservoir, Ridge()), "'reservoir' \\(Reservoir\\)"),
        ((StandardScaler(), Ridge()), "got Ridge"),
    ]:
        with pytest.raises(TypeError, match=name):
            diagnostics.reservoir_report(make_pipeline(*steps).fit(X, y))
    assert "!!" not in diagnostics.reservoir_report(inside.fit(X), X)


def test_the_report_says_which_knob_to_turn(draw_reservoir):
    healthy = diagnostics.reservoir_report(draw_reservoir(spectral_radius=0.8, input_scaling=0.5))
    saturated = diagnostics.reservoir_report(draw_reservoir(input_scaling=50.0))
    deaf = diagnostics.reservoir_report(draw_reservoir(input_scaling=1e-9))
    wild = diagnostics.reservoir_report(draw_reservoir(spectral_radius=4.0, input_scaling=0.01))

    assert "!!" not in healthy
    assert "lower input_scaling" in saturated
    assert "raise input_scaling" in deaf
    assert "lower spectral_radius" in wild


def test_the_report_of_a_fitted_network_names_its_readout(driving):
    model = ESNRegressor(n_units=30, random_state=0).fit(*next_step(driving[:, 0]))

    assert "readout by" in diagnostics.reservoir_report(model)


def test_the_input_may_be_a_data_frame(recwarn, driving):
    frame = pd.DataFrame(driving[:200], columns=["u"])
    X, y = next_step(frame)
    model = ESNRegressor(n_units=9, random_state=0).fit(X, y)

    assert diagnostics.conditional_lyapunov(model, X)[0] < 0
    for fitted in (model, Reservoir(n_units=9, random_state=0).fit(frame)):
        assert "forgets its start" in diagnostics.reservoir_report(fitted)
        assert "forgets its start" in diagnostics.reservoir_report(fitted, frame)
    assert not recwarn.list


@pytest.mark.usefixtures("without_exponents")
@pytest.mark.filterwarnings("ignore:.*X is too small:UserWarning")
def test_a_loop_that_dies_to_a_constant_is_told_unless_the_series_does():
    wave = np.sin(0.3 * T)
    both = np.c_[wave, wave[::-1]]
    dying = [(wave, {"alpha": 10.0}), (NOISE, {"alpha": 1.0}), (both, {"alpha": 30.0})]
    living = [
        (wave, {}),
        (np.exp(-T / 100) * wave, {}),
        (np.full(900, 2.0), {}),
        (np.tanh(T / 50), {}),
        (np.c_[wave, np.full(900, 0.5)], {}),
        (1e-3 * NOISE.cumsum() + wave, {"alpha": 1e-8}),
    ]
    for cases, mark in ((dying, "!!"), (living, "ok")):
        for number, (series, settings) in enumerate(cases):
            model = ESNRegressor(n_units=50, random_state=0, **settings).fit(*next_step(series))
            report = diagnostics.reservoir_report(model)

            assert lines(report, "free run") == [mark], (number, report)
            assert ("dies to a constant after step" in report) == (mark == "!!"), report


def test_the_best_model_of_a_search_is_described():
    X, y = next_step(np.sin(0.2 * np.arange(300)))
    search = GridSearchCV(ESNRegressor(n_units=20, random_state=0), {"alpha": [1e-6]}, cv=2)

    found = diagnostics.reservoir_report(search.fit(X, y), random_state=0)

    assert found == diagnostics.reservoir_report(search.best_estimator_, random_state=0)
