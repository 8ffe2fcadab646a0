"""Targets of the next k observations: closed loops by hand, ends of training, containers."""

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import backtest, load, save
from reservoirs.sequences import Layout
from reservoirs.targets import Targets
from trainers import RNNRegressor
from trainers.rnn.several_steps import find_steps

T = np.arange(160)
S = np.stack([np.sin(0.3 * T), 2.0 + np.cos(0.2 * T)], axis=1)
SMALL = RNNRegressor(n_units=6, max_iter=3, dtype="float64", random_state=0)


def steps_ahead(series, k):
    """Return X and y with the next k rows in every row of y."""
    windows = sliding_window_view(series[1:], k, axis=0)  # (n, d, k)
    return series[:-k], np.swapaxes(windows, 1, 2).reshape(len(windows), -1)


def loop_by_hand(model, series, n, k):
    """Return a forecast from the whole past, predicting again from all rows after every k."""
    known = series.copy()
    while len(known) < len(series) + n:
        known = np.vstack([known, model.predict(known)[-1].reshape(k, -1)])
    return known[len(series) : len(series) + n]


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("settings", [{}, {"window": 7}, {"cell": "gru", "n_layers": 2}], ids=str)
def test_a_forecast_takes_k_predictions_at_once_and_goes_on(k, d, settings):
    model = clone(SMALL).set_params(**settings, bound=None)
    model.fit(*steps_ahead(S[:, :d], k))

    expected = loop_by_hand(model, S[:, :d], 2 * k + 1, k)

    assert model.n_ahead_ == k
    assert_allclose(model.forecast(2 * k + 1), expected, rtol=1e-10)
    assert_allclose(model.forecast(2 * k + 1, context=S[:, :d]), expected, rtol=1e-10)
    earlier = model.forecast(k + 1, context=S[:90, :d])
    assert_allclose(earlier, loop_by_hand(model, S[:90, :d], k + 1, k), rtol=1e-10)


def test_what_the_targets_are_is_found_and_not_taken_for_other_outputs():
    one = Layout("single", (len(S) - 3,))
    X, y = steps_ahead(S, 3)
    assert find_steps(X, Targets(y, "per_step", False), one)[0] == 3
    assert find_steps(X, Targets(y[:, :2], "per_step", False), one)[0] == 1
    shuffled = Targets(y[:, [0, 1, 4, 5, 2, 3]], "per_step", False)
    assert find_steps(X, shuffled, one) == (1, None)
    assert find_steps(X * 3.0 + 1.0, Targets(y, "per_step", False), one)[0] == 3
    with pytest.raises(ValueError, match="the loop cannot close"):
        clone(SMALL).fit(X, shuffled.rows).forecast(3)


def test_several_series_exog_gaps_and_pieces():
    pieces = [steps_ahead(s, 4) for s in (S[:70], S[40:])]
    model = clone(SMALL).fit([X for X, _ in pieces], [y for _, y in pieces])
    for forecast, series in zip(model.forecast(6), (S[:70], S[40:]), strict=True):
        assert_allclose(forecast, loop_by_hand(model, series, 6, 4), rtol=1e-9)

    force = np.cos(0.1 * np.arange(200))[:, None]
    X, y = steps_ahead(S[:, :1], 4)
    driven = clone(SMALL).fit(np.hstack([X, force[: len(X)]]), y)
    # a target tells no input: the forecast goes on after the first of its steps
    n = len(X)
    ahead = driven.forecast(7, exog=force[n : n + 7])
    again = driven.forecast(7, context=S[: n + 1, :1], exog=force[: n + 7])
    assert_allclose(ahead, again, rtol=1e-10)

    holes = S[:, :1].copy()
    holes[[30, 31, 80]] = np.nan
    filled = clone(SMALL).fit(*steps_ahead(holes, 3))
    assert filled.n_ahead_ == 3
    assert np.isfinite(filled.forecast(5)).all()
    holes[-1] = np.nan
    assert np.isfinite(clone(SMALL).fit(*steps_ahead(holes, 3)).forecast(5)).all()


def test_frames_files_warm_starts_intervals_and_backtests(tmp_path):
    X, y = steps_ahead(S[:, :1], 3)
    dates = pd.date_range("2024", periods=len(S), freq="D")
    names = ["y", "y+1", "y+2"]
    frame = clone(SMALL).fit(
        pd.DataFrame(X, index=dates[:-3], columns=["y"]),
        pd.DataFrame(y, index=dates[:-3], columns=names),
    )
    ahead = frame.forecast(4)
    assert list(ahead.columns) == ["y"]
    assert ahead.index[0] == dates[-1] + pd.Timedelta(days=1)
    model = clone(SMALL).set_params(warm_start=True).fit(X, y)
    assert_array_equal(ahead.to_numpy(), model.forecast(4))
    save(model, tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").forecast(4), model.forecast(4))
    mean, low, high = model.forecast(4, level=80)
    assert (low < mean).all() and (mean < high).all()
    truth, predicted = backtest(model, S[:, :1], horizon=5, step=40)
    origin = int(np.argmin(np.abs(sliding_window_view(S[:, 0], 5) - truth[0, :, 0]).sum(axis=1)))
    assert_allclose(predicted[0], model.forecast(5, context=S[:origin, :1]), rtol=1e-9)
    model.fit(X, y).partial_fit(X, y)
    assert_allclose(model.forecast(4), loop_by_hand(model, S[:, :1], 4, 3), rtol=1e-9)
    with pytest.raises(ValueError, match="outputs"):
        model.partial_fit(X, y[:, :2])


def test_bounds_hold_and_scores_are_of_all_steps():
    X, y = steps_ahead(S[:, :1], 3)
    model = clone(SMALL).set_params(learning_rate=0.02, max_iter=20).fit(X, y)

    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.5
    low, high = model.training_end_.target_range
    margin = 0.25 * (high - low)
    values = model.forecast(300)
    assert (values >= low - margin - 1e-6).all() and (values <= high + margin + 1e-6).all()
