import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from reservoirs import datasets, next_step
from trainers import RNNRegressor
from trainers.network.initialization import initial_weights
from trainers.network.stack import Network
from trainers.training.epochs import clip_gradient


def test_a_gradient_is_clipped_to_its_limit():
    gradient, norm = clip_gradient(torch.full((4,), 3.0), 1.0)

    assert norm == 6.0
    assert float(gradient.norm()) == pytest.approx(1.0)
    assert clip_gradient(torch.ones(1), None)[1] == 1.0


def test_training_is_the_plain_torch_loop_from_the_same_weights_and_batches():
    settings = {"window": 20, "n_units": 16, "max_iter": 3, "dtype": "float64", "random_state": 0}
    X, y = next_step(datasets.lagged_sine(300))
    model = RNNRegressor(**settings, standardize=False).fit(X, y)

    rng = np.random.default_rng(np.random.RandomState(0).randint(np.iinfo(np.int32).max))
    network = Network("rnn", 1, 16, 1, 1)
    weights = network.split(torch.tensor(initial_weights(network, "default", np.zeros(1), rng)))
    recurrent = torch.nn.RNN(1, 16, batch_first=True, dtype=torch.float64)
    linear = torch.nn.Linear(16, 1, dtype=torch.float64)
    parameters = [*recurrent.parameters(), *linear.parameters()]
    names = (
        "input_weights_0",
        "recurrent_weights_0",
        "bias_0",
        None,
        "output_weights",
        "output_bias",
    )
    with torch.no_grad():
        for parameter, name in zip(parameters, names, strict=True):
            parameter.copy_(weights[name] if name else torch.zeros(16))
    trained = [p for p, name in zip(parameters, names, strict=True) if name]  # one bias, not two
    optimizer = torch.optim.Adam(trained, lr=1e-3)
    inputs = torch.tensor(np.stack([X[i : i + 20] for i in range(280)]))
    targets = torch.tensor((y[19:, None] - y.mean()) / y.std())
    for _ in range(3):
        order = rng.permutation(280)
        for first in range(0, 280, 32):
            batch = order[first : first + 32]
            optimizer.zero_grad()
            output = linear(recurrent(inputs[batch])[0][:, -1])
            (0.5 * (output - targets[batch]).square().mean()).backward()
            optimizer.step()

    for parameter, name in zip(parameters, names, strict=True):
        if name:
            assert_allclose(model.weights_[name], parameter.detach().numpy(), rtol=1e-8, atol=1e-9)
