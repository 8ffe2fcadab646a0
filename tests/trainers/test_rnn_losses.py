"""Losses of RNNRegressor: what they learn, with every solver, and what no file can hold."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from small_network import SMALL, SOLVERS, X, Y, fitted, suited

from reservoirs import load, next_step, save
from trainers import RNNRegressor, gradient_flow
from trainers.network.heads import QUANTILES, REGRESSION_LOSSES, make_head
from trainers.solvers import SOLVERS as CLASSES

RNG = np.random.default_rng(0)
LOUD = RNG.normal(size=(400, 1))  # a constant that depends on the input's sign, with outliers
TRUTH = np.where(LOUD[:, 0] > 0, 1.0, -1.0)
NOISY = TRUTH + 0.1 * RNG.normal(size=400) + 8.0 * (RNG.random(400) < 0.15)


def half_square(outputs, targets):
    """Return the squared error, as a user would write it."""
    return 0.5 * (outputs - targets).square().sum(dim=-1)


@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_every_loss_trains_by_every_solver_and_goes_on_bitwise(loss):
    for solver in SOLVERS:
        if CLASSES[solver]().squared_error_only and loss != "squared_error":
            with pytest.raises(ValueError, match="is for squared error"):
                fitted(solver=solver, loss=loss)
            continue
        settings = {"solver": solver, "loss": loss, "window": 5, "learning_rate": None}
        model = suited(clone(SMALL).set_params(**settings, warm_start=True, max_iter=4)).fit(X, Y)
        parts = clone(model).set_params(max_iter=2).fit(X, Y).fit(X, Y)

        assert model.loss_curve_[-1] < model.loss_curve_[0], solver
        assert parts.loss_curve_ == model.loss_curve_, solver
        assert model.predict(X).shape == Y.shape


def test_a_function_trains_as_the_loss_of_its_name():
    for solver in ("adam", "hessian_free"):
        mine, ours = fitted(solver=solver, loss=half_square), fitted(solver=solver)
        for name, weights in ours.weights_.items():
            assert_allclose(mine.weights_[name], weights, rtol=1e-7, atol=1e-10)
    assert_array_equal(pickle.loads(pickle.dumps(mine)).predict(X), mine.predict(X))


def test_outliers_move_the_mean_and_not_the_median():
    errors = {}
    for loss in ("squared_error", "absolute", "huber", "quantile"):
        model = RNNRegressor(
            n_units=8, loss=loss, max_iter=60, learning_rate=0.02, truncation=20, random_state=0
        ).fit(LOUD, NOISY)
        errors[loss] = np.median(np.abs(model.predict(LOUD) - TRUTH))
    assert errors["squared_error"] > 0.6
    assert max(errors[loss] for loss in ("absolute", "huber", "quantile")) < 0.5, errors


def test_a_gaussian_learns_a_deviation_that_depends_on_the_input():
    x = RNG.uniform(-1, 1, size=(1500, 1))
    y = x[:, 0] + np.where(x[:, 0] > 0, 0.5, 0.05) * RNG.normal(size=1500)
    model = RNNRegressor(
        n_units=12, loss="gaussian", max_iter=60, learning_rate=0.02, truncation=30, random_state=0
    ).fit(x, y)

    head, plain = make_head("gaussian", QUANTILES), []
    for value in (-0.7, 0.7):
        rows = np.full((50, 1), value)
        outputs, _ = model._run_carried(rows[:, None], np.zeros((1, 12)))
        plain.append(np.exp(outputs[-1, 0, 1]) * model.target_scale_[0])
        mean = head.point(outputs)[-1, 0] * model.target_scale_ + model.target_mean_
        assert_allclose(mean, value, atol=0.15)
    assert_allclose(plain, [0.05, 0.5], rtol=0.4)


def test_weights_missing_targets_and_targets_per_series_reach_every_loss():
    y = np.where(RNG.random(Y.shape) < 0.2, np.nan, Y)
    weights = RNG.gamma(1.0, size=len(X))
    series, labels = list(X.reshape(24, 10, 2)), Y[:24, 0]
    for loss in (*REGRESSION_LOSSES, half_square):
        assert np.isfinite(
            fitted(X, y, loss=loss).fit(X, y, sample_weight=weights).predict(X)
        ).all()
        assert fitted(series, labels, loss=loss).predict(series).shape == (24,)
        assert np.isfinite(gradient_flow(fitted(loss=loss), X, Y).error_norms).all()


def test_quantiles_without_their_loss_and_bad_ones_are_refused():
    with pytest.raises(ValueError, match="are for loss='quantile', got loss='huber'"):
        fitted(loss="huber", quantiles=(0.1, 0.5, 0.9))
    with pytest.raises(ValueError, match="an odd number of shares"):
        fitted(loss="quantile", quantiles=(0.1, 0.9))
    with pytest.raises(ValueError, match="'loss' parameter"):
        fitted(loss="hinge")
    with pytest.raises(ValueError, match="leave out the mean"):
        fitted(loss=torch.nn.functional.mse_loss)


def test_files_hold_named_losses_and_refuse_functions(tmp_path):
    for loss in REGRESSION_LOSSES:
        settings = {"quantiles": (0.1, 0.5, 0.9)} if loss == "quantile" else {}
        model = fitted(*next_step(Y), loss=loss, max_iter=1, **settings)
        save(model, tmp_path / "model")
        again = load(tmp_path / "model")

        assert_array_equal(again.predict(X[:, :1]), model.predict(X[:, :1]))
        assert_array_equal(again.forecast(3), model.forecast(3))
        assert again.get_params() == model.get_params()
    with pytest.raises(
        TypeError, match="loss is the function 'half_square', which no file can hold"
    ):
        save(fitted(loss=half_square, max_iter=1), tmp_path / "other")


def test_a_search_tries_losses():
    grid = {"loss": ["squared_error", "huber", half_square]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = GridSearchCV(clone(SMALL), grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all() and scores[0] == pytest.approx(scores[2], abs=1e-6)
