import numpy as np
import pytest
import torch
from sklearn.base import clone

from trainers import RNNRegressor, gradient_flow
from trainers.network.regularization import vanishing_penalty
from trainers.network.stack import Network


def signals():
    """Return the error signals of a small network whose loss is at the last step."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    network = Network("rnn", 2, 5, 1, 1)
    theta, inputs = 0.4 * draw(network.n_weights), draw(9, 3, 2)
    run = network.forward(theta, inputs)
    grad = torch.zeros(9, 3, 1, dtype=torch.float64)
    grad[-1] = 1.0
    layers = []
    network.backward(run, grad, on_layer=lambda _, layer_errors: layers.append(layer_errors))
    return layers[0].errors.clone(), layers[0].delta_h.clone(), run.weights["recurrent_weights_0"]


def omega(errors, delta, W):
    """Return the penalty as the paper writes it, step by step and series by series."""
    total = 0.0
    for i in range(errors.shape[1]):
        for t in range(1, len(errors)):
            total += float(((delta[t, i] @ W).norm() / errors[t, i].norm() - 1.0) ** 2)
    return total / errors.shape[1]


def test_the_penalty_is_the_published_sum():
    errors, delta, W = signals()

    assert vanishing_penalty(errors, delta, W)[0] == pytest.approx(omega(errors, delta, W))


def test_the_gradient_is_that_of_the_immediate_part():
    errors, delta, W = signals()
    _, gradient = vanishing_penalty(errors, delta, W)
    step, expected = 1e-6, torch.zeros_like(W)
    for i in range(5):
        for j in range(5):
            change = torch.zeros_like(W)
            change[i, j] = step
            expected[i, j] = omega(errors, delta, W + change) - omega(errors, delta, W - change)

    torch.testing.assert_close(gradient, expected / (2 * step), rtol=1e-6, atol=1e-7)


def test_steps_after_the_last_target_count_for_nothing():
    errors, delta, W = signals()
    no_signal = torch.zeros(4, 3, 5, dtype=torch.float64)
    longer = torch.cat([errors, no_signal]), torch.cat([delta, no_signal])

    value, gradient = vanishing_penalty(*longer, W)

    assert value == pytest.approx(vanishing_penalty(errors, delta, W)[0])
    assert torch.isfinite(gradient).all()


def test_error_signals_keep_their_norm_with_the_penalty():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 30, 1))
    y = X[:, 0, 0]

    plain = RNNRegressor(solver="sgd", n_units=20, max_iter=60, clip_norm=1.0, random_state=0)
    penalised = clone(plain).set_params(vanishing_penalty=2.0)

    gains = [abs(np.log(gradient_flow(m.fit(X, y), X, y).gain)) for m in (plain, penalised)]

    assert gains[1] < 0.2 * gains[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "lstm"}, "vanishing_penalty is for cell='rnn'"),
        ({"solver": "hessian_free"}, "HessianFreeSolver does not use vanishing_penalty"),
    ],
)
def test_it_is_refused_where_it_is_not_defined(settings, message):
    model = RNNRegressor(vanishing_penalty=1.0).set_params(**settings)

    with pytest.raises(ValueError, match=message):
        model.fit(np.zeros((9, 1)), np.zeros(9))
