"""Inputs of any size are learned as well as those of size one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import load, next_step, save
from trainers import RNNClassifier, RNNRegressor, gradient_flow

SINE = np.sin(0.3 * np.arange(300))
SIZES = {"large": (1e6, 1e5), "small": (0.0, 1e-3), "unit": (0.0, 1.0)}


def network(cell="gru", **settings):
    defaults = {"n_units": 8, "window": 8, "max_iter": 15, "learning_rate": 1e-2}
    return RNNRegressor(cell=cell, random_state=0, **{**defaults, **settings})


def error(model, offset, size):
    """Return the relative error one step ahead on rows that follow the training rows."""
    X, y = next_step(offset + size * SINE)
    fitted = model.fit(X[:200], y[:200])
    return np.std(fitted.predict(X[200:]) - y[200:]) / size


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("size", ["large", "small"])
def test_a_series_of_any_size_is_learned_as_the_unit_sine_is(cell, size):
    unit = error(network(cell), *SIZES["unit"])

    assert unit < 0.2
    assert_allclose(error(network(cell), *SIZES[size]), unit, rtol=0.02)
    assert error(network(cell, standardize=False), *SIZES[size]) > 1.3 * unit


@pytest.mark.parametrize("settings", [{}, {"window": None}], ids=["window", "carried"])
def test_every_verb_obeys(settings):
    a, b = 1e4, 30.0
    here = network(dtype="float64", **settings).fit(*next_step(SINE))
    there = network(dtype="float64", **settings).fit(*next_step(a + b * SINE))
    X = SINE[:50, None]

    assert_allclose(there.predict(a + b * X), a + b * here.predict(X), rtol=1e-7)
    assert_allclose(there.forecast(9), a + b * here.forecast(9), rtol=1e-7)
    assert_allclose(
        there.forecast(9, context=a + b * SINE[:30]), a + b * here.forecast(9, context=SINE[:30]),
        rtol=1e-7,
    )  # fmt: skip
    for moved, plain in zip(
        there.backtest(a + b * SINE[:60], horizon=3, step=20),
        here.backtest(SINE[:60], horizon=3, step=20),
        strict=True,
    ):
        assert_allclose(moved, a + b * plain, rtol=1e-7)
    flow, moved = gradient_flow(here, X, X[:, 0]), gradient_flow(there, a + b * X, a + b * X[:, 0])
    assert_allclose(moved.error_norms, flow.error_norms, rtol=1e-5)


def test_fitted_attributes_say_what_was_done():
    X = np.column_stack([5.0 + 2.0 * SINE, np.full(300, 0.1), 1e-200 * SINE, 1e200 * SINE])

    model = network(max_iter=1).fit(X, SINE)
    off = network(max_iter=1, standardize=False).fit(X[:, :1], SINE)

    assert_allclose(model.input_mean_, X.mean(axis=0))
    assert_allclose(model.input_scale_[[0, 2, 3]] / X.max(axis=0)[[0, 2, 3]], [
        2 * SINE.std() / X[:, 0].max(), SINE.std() / SINE.max(), SINE.std() / SINE.max()
    ])  # fmt: skip
    assert model.input_scale_[1] == 1.0
    assert_array_equal([off.input_mean_, off.input_scale_], [[0.0], [1.0]])


def test_chunks_and_warm_starts_keep_the_first_scale():
    X, y = next_step(SINE)
    model = network().partial_fit(X[:100], y[:100])
    first = model.input_mean_, model.input_scale_

    model.partial_fit(7.0 * X[100:], y[100:])

    assert_array_equal([model.input_mean_, model.input_scale_], first)
    warm = network(warm_start=True, max_iter=1).fit(X[:100], y[:100])
    first = warm.input_mean_, warm.input_scale_
    assert_array_equal([warm.fit(7.0 * X, y).input_mean_, warm.input_scale_], first)


def test_a_classifier_reads_inputs_of_any_size(tmp_path):
    steps = np.arange(20)
    X = [np.sin(f * steps + phase)[:, None] for f in (0.3, 0.9) for phase in range(6)]
    y = np.repeat(["slow", "fast"], 6)
    settings = {"cell": "gru", "n_units": 8, "learning_rate": 0.02, "max_iter": 40}
    model = RNNClassifier(**settings, random_state=0).fit([1e6 + 1e5 * x for x in X], y)

    save(model, tmp_path / "model")

    again = load(tmp_path / "model")
    assert model.score([1e6 + 1e5 * x for x in X], y) == 1.0
    assert_array_equal(again.input_scale_, model.input_scale_)
    assert_array_equal(again.predict_proba([1e6 + X[0]]), model.predict_proba([1e6 + X[0]]))
