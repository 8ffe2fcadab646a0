import re

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from reservoirs import next_step
from trainers import ESNInit, RNNClassifier, RNNRegressor, gradient_flow
from trainers.network.cells import CELLS

SERIES = np.sin(0.3 * np.arange(120.0)) + 0.5 * np.sin(0.71 * np.arange(120.0))
X, Y = next_step(SERIES[:, None])
SMALL = {"n_units": 6, "window": 12, "max_iter": 2, "dtype": "float64", "random_state": 0}


def test_error_norms_equal_automatic_derivatives():
    model = RNNRegressor(**SMALL, standardize=False).fit(X, Y)
    weights = {k: torch.tensor(v) for k, v in model.weights_.items()}
    norms = np.zeros(12)
    targets = (Y[11:] - model.target_mean_) / model.target_scale_
    for start in range(len(X) - 11):
        h, states = torch.zeros(6, dtype=torch.float64, requires_grad=True), []
        for row in torch.tensor(X[start : start + 12]):
            z = weights["input_weights_0"] @ row + weights["recurrent_weights_0"] @ h
            h = torch.tanh(z + weights["bias_0"])
            h.retain_grad()
            states.append(h)
        output = weights["output_weights"] @ h + weights["output_bias"]
        (0.5 * (output - torch.tensor(targets[start])) ** 2).sum().backward()
        norms += [float(h.grad.norm()) for h in reversed(states)]

    flow = gradient_flow(model, X, Y)

    assert_allclose(flow.error_norms, norms / (len(X) - 11), rtol=1e-10)


def test_jacobian_norms_are_those_of_the_product_of_step_jacobians():
    model = RNNRegressor(**{**SMALL, "window": None}, standardize=False).fit(X[:10], Y[:10])
    W, U = model.weights_["recurrent_weights_0"], model.weights_["input_weights_0"]
    h, product, norms = np.zeros(6), np.eye(6), []
    for row in X[:10]:
        h = np.tanh(U @ row + W @ h + model.weights_["bias_0"])
        product = np.diag(1 - h**2) @ W @ product
        norms.append(np.linalg.norm(product, 2))

    flow = gradient_flow(model, X[:10], Y[:10])

    assert_allclose(flow.jacobian_norms, norms, rtol=1e-9)
    assert flow.spectral_radius == pytest.approx(np.abs(np.linalg.eigvals(W)).max())


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_model_is_seen_before_and_after_training(cell):
    model = RNNRegressor(cell=cell, **SMALL)

    before = gradient_flow(model, X, Y)
    after = gradient_flow(model.fit(X, Y), X, Y)

    assert before.error_norms.shape == after.error_norms.shape == (12,)
    assert (before.jacobian_norms > 0).all()
    assert not np.allclose(before.error_norms, after.error_norms)


def test_what_is_seen_before_training_is_what_training_starts_from():
    untrained = {**SMALL, "learning_rate": 1e-300, "max_iter": 1}

    before = gradient_flow(RNNRegressor(**untrained), X, Y)
    after = gradient_flow(RNNRegressor(**untrained).fit(X, Y), X, Y)

    assert_allclose(before.error_norms, after.error_norms, rtol=1e-12)


@pytest.mark.parametrize(
    ("radius", "words"),
    [(0.2, "gradients vanish.*cell='lstm'"), (0.99, "arrive"), (3.0, "explode.*clip_norm")],
)
def test_it_says_what_happens_and_what_to_turn(radius, words):
    init = ESNInit(spectral_radius=radius, input_scale=1e-3, fan_in=20)
    model = RNNRegressor(n_units=20, activation="identity", init=init, window=40, random_state=0)

    flow = gradient_flow(model, X, Y)

    assert re.search(words, str(flow))


def test_saturated_units_are_counted():
    flat = RNNRegressor(**{**SMALL, "init": ESNInit(input_scale=100.0)})
    steep = RNNRegressor(**{**SMALL, "init": ESNInit(input_scale=1e-3)})

    assert gradient_flow(flat, X, Y).saturated > 0.5
    assert gradient_flow(steep, X, Y).saturated == 0.0


def test_classifiers_and_ragged_series_have_a_flow():
    series = [X[:15], X[:20], X[:17]]

    flow = gradient_flow(RNNClassifier(n_units=5, random_state=0), series, [0, 1, 1])

    assert flow.error_norms.shape == (15,)
    assert np.isfinite(flow.error_norms).all()
