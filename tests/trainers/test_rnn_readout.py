"""Networks whose readout is solved: held to ridge regression on their states, by hand."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge
from small_network import SOLVERS, X, Y

from reservoirs import load, next_step, save
from trainers import RNNClassifier, RNNRegressor

BASE = RNNRegressor(n_units=5, max_iter=2, readout="ridge", alpha=0.3, random_state=0)
TWO = np.column_stack([Y[:, 0], Y[:, 0] ** 2])
READOUT = ("output_weights", "skip_weights", "output_bias")


def states(model, series):
    """[x; h] after every row of a series, by the network's forward pass from its start."""
    rows = (series - model.input_mean_) / model.input_scale_
    theta = torch.tensor(np.concatenate([w.ravel() for w in model.weights_.values()]))
    run = model.network_.forward(theta, torch.tensor(rows)[:, None])
    return np.column_stack([rows, run.tapes[-1].hidden[1:, 0].numpy()])


def assert_the_readout_is(model, features, targets, alpha=0.3):
    mean, scale = model.target_mean_, model.target_scale_
    ridge = Ridge(alpha=alpha, solver="svd").fit(features, (targets - mean) / scale)
    expected = np.atleast_2d(ridge.coef_)
    n_inputs = model.n_features_in_
    assert_allclose(model.weights_["skip_weights"], expected[:, :n_inputs], rtol=1e-8, atol=1e-10)
    assert_allclose(model.weights_["output_weights"], expected[:, n_inputs:], rtol=1e-8, atol=1e-10)
    assert_allclose(model.weights_["output_bias"], ridge.intercept_, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_readout_is_ridge_regression_on_the_states_whatever_trained_them(solver):
    model = clone(BASE).set_params(solver=solver, cell="gru").fit(X, TWO)

    assert_the_readout_is(model, states(model, X), TWO)
    predicted = model.predict(X)
    start = clone(model).set_params(max_iter=1, random_state=1).fit(X, TWO)
    assert not np.array_equal(predicted, start.predict(X))


def test_rows_that_are_not_scored_do_not_enter():
    y = Y.copy()
    y[50:60] = np.nan
    model = clone(BASE).set_params(n_layers=2, washout=20, validation_fraction=0.25).fit(X, y)

    learned = np.r_[20:50, 60:180]
    assert_the_readout_is(model, states(model, X)[learned], y[learned])


def test_series_windows_and_targets_per_series_have_their_own_features():
    series, targets = [X[:90], X[90:150], X[150:]], [TWO[:90], TWO[90:150], TWO[150:]]
    model = clone(BASE).fit(series, targets)
    assert_the_readout_is(model, np.vstack([states(model, s) for s in series]), TWO)

    last = np.array([t[-1] for t in targets])
    model = clone(BASE).fit(series, last)
    assert_the_readout_is(model, np.vstack([states(model, s)[-1] for s in series]), last)

    model = clone(BASE).set_params(window=7, hidden_bias=False).fit(X, TWO)
    ends = np.arange(7, len(X) + 1)
    features = np.vstack([states(model, X[end - 7 : end])[-1] for end in ends])
    assert_the_readout_is(model, features, TWO[6:])


def test_a_penalty_is_chosen_from_a_grid():
    noisy = Y + np.random.default_rng(1).normal(size=Y.shape)
    grid = np.array([1e-8, 1e-2, 1e1, 1e6])
    model = clone(BASE).set_params(alpha=grid).fit(X, noisy)

    features = states(model, X)
    A = features - features.mean(axis=0)
    scores = []
    for alpha in grid:
        hat = A @ np.linalg.solve(A.T @ A + alpha * np.eye(A.shape[1]), A.T)
        y = noisy - noisy.mean()
        scores.append(np.square(y - hat @ y).sum() / (len(y) - 1 - np.trace(hat)) ** 2)
    assert model.alpha_ == grid[np.argmin(scores)]
    assert_the_readout_is(model, features, noisy, model.alpha_)


@pytest.mark.parametrize("solver", ["lbfgs", "hessian_free", "levenberg_marquardt"])
def test_solvers_on_all_data_minimise_what_the_readout_leaves(solver):
    model = clone(BASE).set_params(solver=solver, max_iter=8).fit(X, TWO)

    errors = (model.predict(X) - TWO) / model.target_scale_
    squares = sum(np.square(model.weights_[name]).sum() for name in READOUT[:2])
    loss = 0.5 * (np.square(errors).sum() + 0.3 * squares) / len(X)
    assert model.loss_curve_[-1] == pytest.approx(loss, rel=1e-9)
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]


@pytest.mark.parametrize("solver", SOLVERS)
def test_training_goes_on_as_if_it_had_never_ended(solver):
    whole = clone(BASE).set_params(solver=solver, max_iter=4).fit(X, Y)
    model = clone(BASE).set_params(solver=solver, warm_start=True).fit(X, Y).fit(X, Y)

    for name, weight in whole.weights_.items():
        assert_array_equal(model.weights_[name], weight)


def test_it_forecasts_and_comes_back_from_a_file(tmp_path):
    y = 3.0 + 50.0 * np.sin(0.2 * np.arange(600))
    model = clone(BASE).set_params(n_units=30, alpha=1e-7, washout=60).fit(*next_step(y[:400]))

    assert_allclose(model.forecast(100), y[400:500], atol=0.5)
    save(model, tmp_path / "model")
    assert_array_equal(load(tmp_path / "model").forecast(100), model.forecast(100))
    by_steps = model.predict(y[:400, None], return_state=True)
    assert model.predict(y[400:410, None], initial_state=by_steps[1]).shape == (10,)
    model.partial_fit(*next_step(y[400:]))
    assert model.readout == "ridge"


def test_float32_is_kept_where_it_is_asked_for():
    model = clone(BASE).set_params(dtype="float32").fit(X, Y)

    assert model.weights_["skip_weights"].dtype == np.float32
    assert clone(BASE).fit(X, Y).weights_["skip_weights"].dtype == np.float64


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(ValueError, match="washout=9 leaves nothing of a series of 9 rows"):
        clone(BASE).set_params(washout=9).fit([X[:9], X[9:]], [Y[:9], Y[9:]])
    for settings, targets in [({"window": 3}, Y), ({}, Y[:2, 0])]:
        data = X if targets is Y else [X[:9], X[9:]]
        with pytest.raises(ValueError, match="washout=2 leaves out the first of the targets"):
            clone(BASE).set_params(washout=2, **settings).fit(data, targets)
    with pytest.raises(ValueError, match="readout='ridge' solves for squared error; leave loss="):
        clone(BASE).set_params(loss="huber").fit(X, Y)
    with pytest.raises(ValueError, match="alpha=.* is the penalty of a solved readout; set read"):
        clone(BASE).set_params(readout="trained", alpha=[0.1, 0.3]).fit(X, Y)
    with pytest.raises(TypeError, match="readout"):
        RNNClassifier(readout="ridge")
