import numpy as np
import pytest
import torch

from reservoirs import next_step
from trainers import RNNRegressor
from trainers.network.cells import CELLS
from trainers.network.row_by_row import row_runner
from trainers.network.stack import Network
from trainers.rnn import running

CASES = [
    {},
    {"n_layers": 2},
    {"learn_initial_state": True, "n_layers": 2},
    {"hidden_bias": False, "skip": True},
    {"activation": "relu"},
]


@pytest.mark.parametrize("options", CASES, ids=str)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_steps_equal_the_forward_pass(cell, options):
    network = Network(cell, n_inputs=2, n_units=5, n_outputs=3, **{"n_layers": 1, **options})
    theta = torch.randn(network.n_weights, dtype=torch.float64, generator=torch.manual_seed(0))
    rows = torch.randn(7, 1, 2, dtype=torch.float64, generator=torch.manual_seed(1))
    run = row_runner(network, {name: w.numpy() for name, w in network.split(theta).items()})

    at_once, last_state = run(rows[:, 0].numpy(), None)
    state = None
    for row in rows[:, 0].numpy():
        row_by_row, state = run(row[None], state)

    forward = network.forward(theta, rows)
    for outputs in (at_once, row_by_row):
        np.testing.assert_allclose(outputs, forward.outputs[-1, 0], rtol=1e-12, atol=1e-14)
    for reached in (last_state, state):
        np.testing.assert_allclose(reached, forward.last[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("window", [None, 6])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_small_and_large_networks_forecast_alike(cell, window, monkeypatch):
    X, y = next_step(np.sin(0.3 * np.arange(60))[:, None])
    model = RNNRegressor(
        cell=cell, n_units=6, window=window, max_iter=2, dtype="float64", random_state=0
    ).fit(X, y)

    small = model.forecast(20, context=X[:4])
    monkeypatch.setattr(running, "SMALL", 0)

    np.testing.assert_allclose(model.forecast(20, context=X[:4]), small, rtol=1e-10)
