"""Intervals by the distances that a network has learned, scaled by its loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtri
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import forecast, load, next_step, save
from reservoirs.forecasting import find_residuals, half_widths, plan_origins
from trainers import RNNRegressor

GAUSSIAN = RNNRegressor(n_units=6, max_iter=2, loss="gaussian", dtype="float64", random_state=0)
MODELS = {
    "gaussian": GAUSSIAN,
    "quantile": clone(GAUSSIAN).set_params(loss="quantile"),
    "window": clone(GAUSSIAN).set_params(window=4),
}


def noisy_sine(n, seed=0):
    rng = np.random.default_rng(seed)
    return np.sin(0.3 * np.arange(n)) + 0.1 * rng.standard_normal(n)


def distances_by_hand(model, observations, level):
    """Return the distances to the quantiles of a level after every observation, one by one."""
    rows, z = [], ndtri(0.5 + level / 200)
    for t in range(1, len(observations) + 1):
        kept = observations[:t][-(model.window or t) :, None]
        outputs, _ = model._raw_outputs(kept, model._start_states(None, 1)[0])
        o = outputs[-1]
        if model.loss == "gaussian":
            below = above = np.exp(o[1]) * z
        else:
            low, middle, high = np.sort(o)
            below, above = (np.array([middle - low, high - middle]) * z / ndtri(0.95)).tolist()
        rows.append([below * model.target_scale_[0], above * model.target_scale_[0]])
    return np.array(rows)


@pytest.mark.parametrize("name", MODELS)
def test_ends_are_the_learned_distances_times_the_widths_of_the_loops(name):
    series = noisy_sine(90)
    model = clone(MODELS[name]).set_params(interval_origins=5).fit(*next_step(series))
    mean, low, high = model.forecast(5, context=series[:60], level=80)
    residuals, origins = find_residuals(model), plan_origins(model, model.interval_rows_, 5)
    relative = []
    for error, first in zip(residuals[:, :, 0], origins.firsts, strict=True):
        fed_back = series[first + 1 : first + len(error)] - error[:-1]
        d = distances_by_hand(model, np.concatenate([series[: first + 1], fed_back]), 80)[first:]
        relative.append(error / np.where(error > 0, d[:, 1], d[:, 0]))
    widths = half_widths(np.stack(relative)[..., None], 5, [80.0], widened=1.0)[0, :, 0]
    d = distances_by_hand(model, np.concatenate([series[:60], mean[:-1]]), 80)[59:]

    assert_allclose(mean - low, widths * d[:, 0], rtol=1e-7)
    assert_allclose(high - mean, widths * d[:, 1], rtol=1e-7)


def test_levels_containers_files_and_exog(tmp_path):
    series = [noisy_sine(80)[:, None], noisy_sine(90)[:, None]]
    force = [np.cos(0.1 * np.arange(100))[:, None]] * 2
    X, y = next_step(series, [f[: len(s)] for f, s in zip(force, series, strict=True)])
    model = clone(GAUSSIAN).fit(X, y)
    ahead = [f[len(s) - 1 : len(s) + 4] for f, s in zip(force, series, strict=True)]

    mean, low, high = model.forecast(5, exog=ahead, level=[50, 90])

    assert [v.shape for v in low] == [v.shape for v in high] == [(5, 1, 2)] * 2
    assert (low[0][:, :, 1] < low[0][:, :, 0]).all() and (low[0][:, :, 0] < mean[0]).all()
    save(model, tmp_path / "model")
    again = load(tmp_path / "model").forecast(5, exog=ahead, level=[50, 90])
    for one, other in zip(again, (mean, low, high), strict=True):
        assert_array_equal(one, other)


def test_widths_follow_a_noise_that_changes():
    rng, t = np.random.default_rng(1), np.arange(1500)
    loud = (t // 50) % 2 == 1
    series = np.sin(0.3 * t) + np.where(loud, 0.3, 0.02) * rng.standard_normal(1500)
    X, y = next_step(series, loud[:, None].astype(float), align="target")
    model = RNNRegressor(
        loss="gaussian",
        n_units=12,
        window=10,
        max_iter=12,
        learning_rate=0.01,
        random_state=0,
        exog_align="target",
    ).fit(X[:1400], y[:1400])

    _, low, high = model.forecast(90, exog=loud[1401:1491, None].astype(float), level=90)

    widths, ahead = high - low, loud[1401:1491]
    assert widths[ahead].mean() > 3 * widths[~ahead].mean()


def test_behind_a_scaler_the_errors_of_the_loops_decide():
    model = make_pipeline(StandardScaler(), clone(GAUSSIAN)).fit(*next_step(noisy_sine(120)))

    mean, low, high = forecast(model, 5, level=80)

    assert_allclose(mean - low, high - mean)


def test_what_has_no_errors_is_refused():
    model = clone(GAUSSIAN).set_params(interval_origins=None).fit(*next_step(noisy_sine(60)))
    with pytest.raises(ValueError, match="interval_origins=None keeps none"):
        model.forecast(3, level=80)
    few = clone(GAUSSIAN).set_params(interval_origins=4).fit(*next_step(noisy_sine(60)))
    with pytest.raises(ValueError, match="raise interval_origins"):
        few.forecast(3, level=99)
