"""Noise on inputs and dropout between layers: the gradient with them, seeds, and where they are."""

import numpy as np
import plain_torch
import pytest
import torch
from numpy.testing import assert_array_equal
from small_network import X, Y, fitted

from trainers.data.batches import Batch
from trainers.network.cells import CELLS
from trainers.network.stack import Network
from trainers.training.perturbations import Perturbations

STACKED = {"n_layers": 2, "dropout": 0.3}


def batch_of(n_steps=7, n_series=5):
    rng = np.random.default_rng(0)
    inside = torch.ones(n_steps, n_series, 1, dtype=torch.float64)
    inside[5:, 2] = 0.0
    rows = torch.from_numpy(rng.normal(size=(n_steps, n_series, 3))) * inside
    targets = torch.zeros(n_steps, n_series, 2, dtype=torch.float64)
    return Batch(rows, targets, inside, inside)


def test_noise_has_its_deviation_and_leaves_padding():
    batch, rng = batch_of(400, 50), np.random.default_rng(1)
    noisy = Perturbations(input_noise=0.5).inputs(batch, rng)

    difference = (noisy - batch.inputs)[batch.inside[..., 0] > 0]
    assert float(difference.std()) == pytest.approx(0.5, rel=0.02)
    assert (noisy[5:, 2] == 0).all()
    assert Perturbations().inputs(batch, rng) is batch.inputs


@pytest.mark.parametrize("cell", sorted(CELLS))
@pytest.mark.parametrize("n_layers", [2, 3])
def test_the_gradient_with_dropout_equals_autograd(cell, n_layers):
    network, batch = Network(cell, 3, 4, n_layers, 2), batch_of()
    rng = np.random.default_rng(2)
    theta = torch.from_numpy(0.5 * rng.normal(size=network.n_weights))
    masks = Perturbations(dropout=0.4).masks(batch, network, rng)
    run = network.forward(theta, batch.inputs, masks=masks)
    tracked = theta.clone().requires_grad_(True)

    outputs, _ = plain_torch.run(network, tracked, batch.inputs, masks)
    outputs.square().sum().backward()

    torch.testing.assert_close(run.outputs, outputs.detach())
    torch.testing.assert_close(network.backward(run, 2 * run.outputs), tracked.grad)


def test_masks_keep_the_mean_and_are_one_a_layer_below_the_last():
    batch, rng = batch_of(300, 40), np.random.default_rng(3)
    masks = Perturbations(dropout=0.25).masks(batch, Network("rnn", 3, 4, 3, 1), rng)

    assert len(masks) == 2
    for mask in masks:
        assert set(mask.unique().tolist()) == {0.0, 1 / 0.75}
        assert float(mask.mean()) == pytest.approx(1.0, abs=0.02)
    assert Perturbations().masks(batch, Network("rnn", 3, 4, 3, 1), rng) == []


@pytest.mark.parametrize("settings", [{"input_noise": 0.2}, STACKED, {**STACKED, "window": 5}])
def test_training_is_seeded_goes_on_bitwise_and_predicts_without(settings):
    whole, same = fitted(**settings, max_iter=4), fitted(**settings, max_iter=4)
    parts = fitted(**settings, max_iter=2, warm_start=True).fit(X, Y)
    other = fitted(**settings, max_iter=4, random_state=1)

    for name, weights in whole.weights_.items():
        assert_array_equal(same.weights_[name], weights)
        assert_array_equal(parts.weights_[name], weights)
    assert (whole.weights_["output_weights"] != other.weights_["output_weights"]).any()
    assert_array_equal(whole.predict(X), whole.predict(X))


def test_noise_on_inputs_is_ridge_regression_for_a_linear_network():
    settings = {"activation": "identity", "window": 1, "solver": "sgd", "max_iter": 60}
    model = fitted(X, X[:, :1], input_noise=1.0, **settings, learning_rate=0.02, batch_size=8)

    slopes = model.predict(np.eye(2)) - model.predict(np.zeros((2, 2)))
    assert slopes[0, 0] == pytest.approx(0.5, abs=0.08)  # 1 / (1 + deviation^2)
    assert abs(slopes[1, 0]) < 0.08


def test_dropout_without_stacked_layers_and_full_batches_are_refused():
    with pytest.raises(ValueError, match="between stacked layers, got n_layers=1"):
        fitted(dropout=0.2)
    with pytest.raises(ValueError, match="'dropout' parameter"):
        fitted(dropout=1.0, n_layers=2)
