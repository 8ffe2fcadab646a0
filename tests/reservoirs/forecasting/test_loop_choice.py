"""alpha="closed_loop": the choice equals that of refits and single loops; refusals; traps."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import (
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    datasets,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.forecasting.loop_choice import PENALTIES
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

RNG = np.random.default_rng(0)
WAVE = np.sin(0.2 * np.arange(500)) + 0.05 * RNG.standard_normal(500)


def esn(**settings):
    return ESNRegressor(
        **{"n_units": 30, "alpha": "closed_loop", "washout": 10, "random_state": 0, **settings}
    )


def nvar(**settings):
    return NVARRegressor(**{"n_delays": 3, "alpha": "closed_loop", **settings})


def refits(model, X, y, horizon, n_startup):
    """Return the error of every loop of every penalty, (n_loops, n_alphas), by refitting."""
    washout = getattr(model, "washout", 2)  # NVAR has two rows without delays
    exact, zero = ({"solver": "qr"}, "zero") if hasattr(model, "washout") else ({}, None)
    n_rows, length = len(X) - washout, horizon + horizon // 2
    starts = np.arange(max(washout, n_startup) + 1, len(X) - length + 1)
    errors = []
    for first in starts[np.linspace(0, len(starts) - 1, 20).round().astype(int)]:
        left_out = y.copy()
        left_out[first : first + length] = np.nan
        for begin in (first, first + horizon // 2):
            of_loop = []
            for alpha in n_rows * PENALTIES:
                refit = clone(model).set_params(alpha=alpha, **exact).fit(X, left_out)
                known = X[: begin + 1, 0]
                ahead = refit.forecast(horizon, context=known, initial_state=zero)
                of_loop.append(np.sqrt(np.mean((ahead - y[begin : begin + horizon]) ** 2)))
            errors.append(of_loop)
    return np.array(errors) / y.std()


@pytest.mark.parametrize("make", [esn, nvar])
def test_scores_are_those_of_refits_and_single_forecasts(make, monkeypatch):
    X, y = next_step(WAVE[:200])
    monkeypatch.setattr("reservoirs.esn.startup.startup_rows", lambda *_: 30)
    monkeypatch.setattr("reservoirs.forecasting.loop_choice.PENALTIES", PENALTIES[[4, 8, 12]])
    monkeypatch.setitem(globals(), "PENALTIES", PENALTIES[[4, 8, 12]])
    model = make(alpha_horizon=9).fit(X, y)

    # NVAR scales its monomials by all rows, a refit by those that are left
    errors = refits(model, X, y, 9, 30 if make is esn else 0)
    expected = np.exp(np.log(errors).mean(axis=0))
    known = np.isfinite(model.alpha_scores_[:, 1])
    assert known.any()
    assert_allclose(model.alpha_scores_[known, 1], expected[known], rtol=1e-4)
    worst = errors.max(axis=0)
    assert not known[worst > 3 * worst.min()].any()
    assert model.alpha_ == model.alpha_scores_[np.argmin(model.alpha_scores_[:, 1]), 0]


def test_the_readout_is_that_of_the_chosen_penalty():
    model = esn().fit(*next_step(WAVE))
    by_hand = esn(alpha=model.alpha_, solver="qr").fit(*next_step(WAVE))

    assert_array_equal(model.coef_, by_hand.coef_)
    assert model.alpha_scores_.shape == (15, 2) and model.n_diverged_loops_ == 0


def test_chaos_is_forecast_far_longer_than_with_a_penalty_for_one_step():
    series = datasets.lorenz63(1600, random_state=3)
    series = (series - series[:1200].mean(axis=0)) / series[:1200].std(axis=0)
    errors = []
    for alpha in ("closed_loop", 1e-6):
        model = esn(n_units=200, alpha=alpha, washout=0).fit(*next_step(series[:1200]))
        truth, found = model.backtest(series[1200:], horizon=60, step=30)
        errors.append(np.exp(np.log(np.abs(truth - found).max(axis=(1, 2))).mean()))
    assert errors[0] < 0.5 * errors[1]


def test_series_exog_gaps_frames_pipelines_and_searches():
    force = RNG.standard_normal(500)
    index = pd.date_range("2021-01-01", periods=500, freq="h")
    frame, exog = pd.DataFrame({"y": WAVE}, index=index), pd.DataFrame({"f": force}, index=index)
    gaps = WAVE.copy()
    gaps[[100, 101, 300]] = np.nan

    assert esn().fit(*next_step(frame, exog)).forecast(5, exog=exog[-6:].shift(5, freq="h")).shape
    assert np.isfinite(esn().fit(*next_step(gaps)).forecast(20)).all()
    parts = [WAVE[:200, None], WAVE[200:330, None], WAVE[330:, None]]
    assert len(esn().fit(*next_step(parts)).forecast(5)) == 3
    piped = make_pipeline(StandardScaler(), esn()).fit(*next_step(100 + 10 * WAVE))
    assert np.isfinite(forecast(piped, 30)).all()
    search = GridSearchCV(
        esn(),
        {"alpha": ["closed_loop", 1e-4]},
        cv=RollingOriginSplit(2, horizon=20),
        scoring=forecast_scorer(),
    ).fit(*next_step(WAVE))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_short_series_takes_shorter_loops():
    for n_rows in (12, 20, 40):
        model = esn(washout=0).fit(*next_step(WAVE[:n_rows]))
        assert np.isfinite(model.forecast(10)).all()


def test_what_cannot_choose_by_loops_says_so():
    X, y = next_step(WAVE)
    with pytest.raises(ValueError, match="not the next observation"):
        esn().fit(X, RNG.standard_normal(len(y)))
    with pytest.raises(ValueError, match="one target per series"):
        esn().fit([X[:100], X[100:]], [1.0, 2.0])
    with pytest.raises(ValueError, match="of four rows or more"):
        esn(washout=0).fit(*next_step(WAVE[:3]))
    for make in (esn, nvar):
        with pytest.raises(ValueError, match="too large for float64"):
            make(**{"washout": 0} if make is esn else {"degree": 1}).fit(1e155 * X, 1e155 * y)
    with pytest.raises(ValueError, match="rows in a row"):
        esn(alpha_horizon=400).fit(X, y)
    for make in (esn, nvar):
        with pytest.raises(ValueError, match=r"alpha_horizon=200 leaves \d+ of \d+ rows"):
            make(alpha_horizon=200).fit(X, y)
        with pytest.raises(ValueError, match=r"grid of such, got \['closed_loop'\]"):
            make(alpha=["closed_loop"]).fit(X, y)
        with pytest.raises(ValueError, match="'alpha_horizon' parameter"):
            make(alpha_horizon=True).fit(X, y)
    with pytest.raises(ValueError, match="partial_fit cannot choose"):
        esn().partial_fit(X, y)
    with pytest.raises(ValueError, match="alpha"):
        ESNClassifier(n_units=10, alpha="closed_loop").fit(X, y > 0)
    with pytest.raises(ValueError, match="alpha"):
        esn(alpha="open_loop").fit(X, y)


def test_a_model_in_a_file_keeps_what_chose(tmp_path):
    for model in (esn(), nvar()):
        save(model.fit(*next_step(WAVE)), tmp_path / "model")
        loaded = load(tmp_path / "model")
        assert_array_equal(loaded.alpha_scores_, model.alpha_scores_)
        assert loaded.n_diverged_loops_ == model.n_diverged_loops_
        assert_array_equal(loaded.forecast(9), model.forecast(9))


@pytest.mark.parametrize("call", [ESNRegressor.fit, ESNRegressor.partial_fit, NVARRegressor.fit])
def test_a_number_after_it_leaves_nothing_behind(call):
    model = (nvar if call is NVARRegressor.fit else esn)().fit(*next_step(WAVE))
    call(model.set_params(alpha=1e-6), *next_step(WAVE))
    assert not hasattr(model, "alpha_scores_") and not hasattr(model, "n_diverged_loops_")


@pytest.mark.parametrize("make", [esn, nvar])
def test_constant_columns_meet_no_bound(make):
    model = make().fit(*next_step(np.column_stack([np.full(500, 0.1), WAVE])))
    assert model.n_diverged_loops_ == make().fit(*next_step(WAVE)).n_diverged_loops_ == 0
