"""Networks trained with teacher forcing below 1, by every solver and cell."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import load, next_step, save
from trainers import RNNRegressor
from trainers.network.cells import CELLS
from trainers.solvers import SOLVERS, HessianFreeSolver

T = np.arange(160)
NOISY = np.sin(0.2 * T) + 0.1 * np.random.default_rng(0).normal(size=len(T)) + 5.0
EXOG = np.cos(0.3 * T)[:, None]
BASE = RNNRegressor(n_units=4, max_iter=3, teacher_forcing=0.3, random_state=0)


def solver_named(name):
    return HessianFreeSolver(structural_damping=0.0) if name == "hessian_free" else name


def by_hand(model, rows):
    """One-step predictions by the plain network, mixed by hand in the units of the data."""
    weights = [w.ravel() for w in model.weights_.values()]
    theta, network = torch.tensor(np.concatenate(weights)), model.network_.unforced()
    predicted, state, said = [], None, float(model.target_mean_[0])
    for row in rows:
        mixed = np.array(row, dtype=float)
        mixed[0] = 0.3 * mixed[0] + 0.7 * said
        inputs = (mixed - model.input_mean_) / model.input_scale_
        run = network.forward(theta, torch.tensor(inputs)[None, None], state)
        state = run.last
        said = float(run.outputs) * model.target_scale_[0] + model.target_mean_[0]
        predicted.append(said)
    return np.array(predicted)


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("solver", sorted(SOLVERS))
def test_predictions_are_those_of_the_network_fed_its_own(solver, cell):
    X, y = next_step(NOISY[:, None], EXOG)
    model = clone(BASE).set_params(solver=solver_named(solver), cell=cell, dtype="float64")

    model.fit(X, y)

    assert_allclose(model.predict(X)[:, 0], by_hand(model, X), rtol=1e-9)
    start = clone(model).set_params(max_iter=1).fit(X, y)
    assert model.loss_curve_[-1] < start.loss_curve_[0]


def test_any_cut_of_the_rows_gives_the_same_and_a_forecast_goes_on():
    X, y = next_step(NOISY)
    model = clone(BASE).set_params(readout="ridge", max_iter=8, washout=20).fit(X, y)

    head, state = model.predict(X[:70], return_state=True)
    tail = model.predict(X[70:], initial_state=state)
    assert_allclose(np.concatenate([head, tail]), model.predict(X), rtol=1e-9)
    (_, state), fed = model.predict(X, return_state=True), [NOISY[-1]]
    for _ in range(6):
        said, state = model.predict([fed[-1:]], initial_state=state, return_state=True)
        fed.append(said[0])
    assert_allclose(model.forecast(6), fed[1:], rtol=1e-9)
    assert_allclose(model.forecast(6, context=NOISY), fed[1:], rtol=1e-9)


def test_inputs_and_targets_may_have_other_units():
    X, y = next_step(NOISY)
    model = clone(BASE).fit(X, y)

    scaled = clone(BASE).fit(100.0 - 7.0 * X, 3.0 * y + 1.0)

    assert_allclose(scaled.loss_curve_, clone(BASE).fit(-X, y).loss_curve_, rtol=1e-4)
    assert len(model.loss_curve_) == 3


def test_training_goes_on_and_a_file_gives_the_model_back(tmp_path):
    X, y = next_step(NOISY)
    model = clone(BASE).set_params(warm_start=True).fit(X, y).fit(X, y)
    whole = clone(BASE).set_params(max_iter=6).fit(X, y)
    assert_array_equal(model.predict(X), whole.predict(X))

    save(model, tmp_path / "model")

    assert_array_equal(load(tmp_path / "model").forecast(5), model.forecast(5))


def test_noise_is_averaged():
    clean, noise = np.sin(0.2 * np.arange(1500)), np.random.default_rng(2).normal(size=1500)
    X, y = next_step((clean + 0.1 * noise)[:1000])
    model = RNNRegressor(
        n_units=8, solver="levenberg_marquardt", readout="ridge", alpha=1e-2, washout=100,
        max_iter=30, teacher_forcing=0.1, random_state=0,
    ).fit(X, y)  # fmt: skip
    one_step = model.predict(X)[200:] - clean[201:1000]

    assert np.sqrt(np.mean(one_step**2)) < 0.05  # the noise is 0.1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"window": 5}, "set window=None; or set teacher_forcing=1"),
        ({"loss": "gaussian"}, "take another loss"),
        ({"solver": "hessian_free"}, r"take HessianFreeSolver\(structural_damping=0\)"),
        ({"vanishing_penalty": 0.1}, "set vanishing_penalty=0"),
        ({"dropout": 0.1, "n_layers": 2}, "set dropout=0"),
        ({"teacher_forcing": 0.0}, "teacher_forcing"),
        ({"teacher_forcing": [1.0, 0.0]}, "a number above 0 and at most 1, or a list of them"),
        ({"teacher_forcing": []}, "a number above 0 and at most 1, or a list of them"),
    ],
)
def test_what_does_not_go_with_it_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        clone(BASE).set_params(**settings).fit(*next_step(NOISY))


def test_targets_that_are_not_the_next_row_are_refused():
    X, y = next_step(NOISY)
    with pytest.raises(ValueError, match="take the targets of one step"):
        clone(BASE).fit(X[:-1], np.column_stack([y[:-1], y[1:]]))
    with pytest.raises(ValueError, match="this y is not the next row of X; build both by next_st"):
        clone(BASE).fit(NOISY[:, None], np.cumsum(NOISY) ** 2)
