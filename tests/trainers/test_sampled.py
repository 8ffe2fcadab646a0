"""A start sampled from pairs of training rows, and fits that train nothing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import load, next_step, save
from trainers import ESNInit, RNNRegressor, SampledInit
from trainers.network.cells import CELLS

X, Y = next_step(np.random.default_rng(0).standard_normal((80, 2)).cumsum(axis=0))
SMALL = RNNRegressor(
    n_units=6, init=SampledInit(scale=0.7), readout="ridge", max_iter=0, random_state=0
)


@pytest.mark.parametrize("settings", [{}, {"n_layers": 2}], ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_two_rows_are_a_scale_apart_for_every_unit(cell, settings):
    model = clone(SMALL).set_params(cell=cell, **settings).fit(X, Y)
    W, seen = model.weights_["input_weights_0"], (X - model.input_mean_) / model.input_scale_

    for unit, w in enumerate(W):
        difference = 0.7 * w / (w @ w)  # x2 - x1, as w = s (x2 - x1) / norm^2
        gaps = seen[:, None] - seen[None]
        assert np.abs(gaps - difference).sum(axis=2).min() < 1e-9
        if cell == "rnn":
            at = seen @ w + model.weights_["bias_0"][unit]
            assert min(np.abs(at + 0.35).min(), np.abs(at - 0.35).min()) < 1e-9


def test_the_recurrent_weights_are_those_of_the_esn_start():
    sampled = clone(SMALL).fit(X, Y)
    drawn = clone(SMALL).set_params(init=ESNInit(spectral_radius=0.5)).fit(X, Y)

    assert_array_equal(
        sampled.weights_["recurrent_weights_0"], drawn.weights_["recurrent_weights_0"]
    )


def test_nothing_is_trained_and_the_readout_is_that_of_ridge_regression():
    model = clone(SMALL).set_params(alpha=1e-3, washout=5).fit(X, Y)
    W, h, rows = model.weights_, np.zeros(6), []
    seen = (X - model.input_mean_) / model.input_scale_
    for x in seen:
        h = np.tanh(W["input_weights_0"] @ x + W["recurrent_weights_0"] @ h + W["bias_0"])
        rows.append([*h, *x])
    A, targets = np.array(rows)[5:], ((Y - model.target_mean_) / model.target_scale_)[5:]
    A0, t0 = A - A.mean(axis=0), targets - targets.mean(axis=0)
    C = np.linalg.solve(A0.T @ A0 + 1e-3 * np.eye(8), A0.T @ t0)

    assert_allclose(np.hstack([W["output_weights"], W["skip_weights"]]), C.T, rtol=1e-7, atol=1e-9)
    assert (model.n_iter_, model.loss_curve_, model.status_) == (0, [], "max_iter")


def test_training_goes_on_from_a_fit_that_trained_nothing():
    model = clone(SMALL).set_params(warm_start=True, solver="lbfgs").fit(X, Y)

    assert len(model.set_params(max_iter=2).fit(X, Y).loss_curve_) == 2


def test_series_files_and_searches_know_it(tmp_path):
    model = (
        clone(SMALL)
        .set_params(init="sampled", init__scale=0.2)
        .fit([X[:50], X[50:]], [Y[:50], Y[50:]])
    )
    save(model, tmp_path / "model")

    assert model.init.scale == 0.2
    assert_array_equal(load(tmp_path / "model").predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("init", "rows", "message"),
    [(SampledInit(scale=0.0), X, "must be > 0"), (SampledInit(), 0 * X, "rows that differ")],
)
def test_what_cannot_be_sampled_is_refused(init, rows, message):
    with pytest.raises(ValueError, match=message):
        clone(SMALL).set_params(init=init).fit(rows, Y)
