"""The leaky cell of one file does all that the built-in cells do."""

import numpy as np
import pytest
import torch
from extending.leaky_cell import LeakyCell, registered
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from small_network import suited
from torch.func import jvp

import reservoirs
from reservoirs import next_step
from trainers import RNNClassifier, RNNRegressor, gradient_flow, solvers
from trainers.network.initialization import INITS
from trainers.network.losses import LOSSES
from trainers.network.stack import Network

LEAK = 0.5
X, Y = next_step(np.sin(0.3 * np.arange(120.0))[:, None])
SMALL = RNNRegressor(
    cell="leaky", n_units=6, max_iter=3, truncation=30, dtype="float64", random_state=0
)


@pytest.fixture(autouse=True)
def leaky():
    with registered():
        yield


def plain_run(network, theta, inputs):
    """Return outputs and all pre-activations, as anybody would write them."""
    weights, below, pre = network.split(theta), inputs.unbind(0), []
    for layer in range(network.n_layers):
        h = torch.zeros(inputs.shape[1], network.n_units, dtype=theta.dtype)
        if network.learn_initial_state:
            h = weights[f"initial_state_{layer}"].expand(inputs.shape[1], -1)
        rows = []
        for x in below:
            z = (
                x @ weights[f"input_weights_{layer}"].T
                + h @ weights[f"recurrent_weights_{layer}"].T
            )
            z = z + weights.get(f"bias_{layer}", 0.0)
            h = (1 - LEAK) * h + LEAK * torch.tanh(z)
            rows.append(h)
            pre.append(z)
        below = rows
    outputs = torch.stack(below) @ weights["output_weights"].T + weights["output_bias"]
    return outputs, torch.stack(pre)


def case(n_layers, learn):
    generator = torch.Generator().manual_seed(0)
    network = Network("leaky", 3, 4, n_layers, 2, learn_initial_state=learn)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return network, 0.5 * draw(network.n_weights), draw(7, 5, 3), draw


@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_its_gradient_is_that_of_autograd(n_layers, learn):
    network, theta, inputs, draw = case(n_layers, learn)
    grad, tracked = draw(7, 5, 2), theta.clone().requires_grad_(True)
    expected, _ = plain_run(network, tracked, inputs)
    (expected * grad).sum().backward()

    run = network.forward(theta, inputs)

    torch.testing.assert_close(run.outputs, expected.detach())
    torch.testing.assert_close(network.backward(run, grad), tracked.grad)


@pytest.mark.parametrize("n_layers", [1, 2])
def test_its_r_forward_pass_is_forward_mode_differentiation(n_layers):
    network, theta, inputs, draw = case(n_layers, learn=True)
    v = draw(network.n_weights)
    _, (expected, expected_pre) = jvp(lambda t: plain_run(network, t, inputs), (theta,), (v,))

    r_outputs, r_z = network.r_forward(network.forward(theta, inputs), v)

    torch.testing.assert_close(r_outputs, expected)
    torch.testing.assert_close(torch.cat(r_z), expected_pre)


def test_its_slopes_are_those_of_its_activation():
    network, theta, inputs, _ = case(1, learn=False)
    _, pre = plain_run(network, theta, inputs)

    (slopes,) = network.forward(theta, inputs).slopes

    torch.testing.assert_close(slopes, 1 - torch.tanh(pre) ** 2)


@pytest.mark.parametrize("solver", sorted(solvers.SOLVERS))
@pytest.mark.parametrize(
    "settings",
    [
        {"window": 8},
        {"learn_initial_state": True},
        {"hidden_bias": False, "validation_fraction": 0.2},
    ],
    ids=str,
)
def test_every_solver_trains_it(solver, settings):
    model = suited(clone(SMALL).set_params(solver=solver, **settings)).fit(X, Y)

    assert model.loss_curve_[-1] < model.loss_curve_[0]


@pytest.mark.parametrize("init", sorted(INITS))
def test_every_start_and_stacked_layers_train_it(init):
    model = clone(SMALL).set_params(init=init, n_layers=2, max_iter=10).fit(X, Y)

    assert model.loss_curve_[-1] < model.loss_curve_[0]


@pytest.mark.parametrize(("solver", "max_iter"), [("adam", 40), ("hessian_free", 8)])
def test_series_of_several_lengths_are_masked_and_labels_learned(solver, max_iter):
    slow, fast = np.sin(0.1 * np.arange(30.0)), np.sin(1.3 * np.arange(24.0))
    series = [slow[:, None], fast[:, None], slow[5:, None], fast[7:, None]]
    model = RNNClassifier(
        cell="leaky", n_units=8, max_iter=max_iter, learning_rate=0.02, random_state=0
    ).set_params(solver=solver)
    model = suited(model)

    assert model.fit(series, [0, 1, 0, 1]).score(series, [0, 1, 0, 1]) == 1.0


@pytest.mark.parametrize("settings", [{}, {"n_layers": 2}, {"window": 8}], ids=str)
def test_it_forecasts_what_its_predictions_fed_back_give(settings):
    model = clone(SMALL).set_params(**settings).fit(X, Y)
    row, rows, expected = X[:10], X[:10], []
    for _ in range(5):
        expected.append(model.predict(rows)[-1])
        rows = np.vstack([rows, expected[-1]])

    forecast = model.forecast(5, context=row)

    assert_allclose(forecast, expected, rtol=1e-10)


def test_small_and_large_networks_forecast_alike(monkeypatch):
    model = clone(SMALL).set_params(n_layers=2).fit(X, Y)

    small = model.forecast(20)
    monkeypatch.setattr("trainers.rnn.running.SMALL", 0)  # as for large networks

    assert_allclose(model.forecast(20), small, rtol=1e-10)


def test_states_are_carried_and_returned():
    model = clone(SMALL).set_params(n_layers=2).fit(X, Y)

    head, state = model.predict(X[:50], return_state=True)
    tail = model.predict(X[50:], initial_state=state)

    assert_allclose(np.vstack([head, tail]), model.predict(X), rtol=1e-12)


def test_a_backtest_is_its_forecasts_from_every_origin():
    model = clone(SMALL).fit(X, Y)

    truth, forecasts = model.backtest(X[:60], horizon=5, step=20)

    assert truth.shape == forecasts.shape == (2, 5, 1)
    assert_allclose(forecasts[0], model.forecast(5, context=X[:20]), rtol=1e-10)


def test_its_gradient_flow_is_measured_before_and_after_training():
    model = clone(SMALL).set_params(window=12)

    before = gradient_flow(model, X, Y)
    after = gradient_flow(model.fit(X, Y), X, Y)

    assert before.error_norms.shape == after.error_norms.shape == (12,)
    assert (after.jacobian_norms > 0).all()
    assert 0 <= after.saturated < 1


def test_its_jacobians_are_those_of_the_equations():
    model = clone(SMALL).set_params(standardize=False).fit(X[:10], Y[:10])
    W, U = model.weights_["recurrent_weights_0"], model.weights_["input_weights_0"]
    h, product, norms = np.zeros(6), np.eye(6), []
    for row in X[:10]:
        value = np.tanh(U @ row + W @ h + model.weights_["bias_0"])
        h = (1 - LEAK) * h + LEAK * value
        product = ((1 - LEAK) * np.eye(6) + LEAK * np.diag(1 - value**2) @ W) @ product
        norms.append(np.linalg.norm(product, 2))

    assert_allclose(gradient_flow(model, X[:10], Y[:10]).jacobian_norms, norms, rtol=1e-9)


def test_a_saved_model_predicts_and_forecasts_the_same(tmp_path):
    model = clone(SMALL).fit(X, Y)

    reservoirs.save(model, tmp_path / "model")
    loaded = reservoirs.load(tmp_path / "model")

    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.forecast(9), model.forecast(9))


def test_training_goes_on_from_a_saved_model(tmp_path):
    whole = clone(SMALL).set_params(max_iter=6).fit(X, Y)
    half = clone(SMALL).set_params(warm_start=True).fit(X, Y)

    reservoirs.save(half, tmp_path / "model")
    resumed = reservoirs.load(tmp_path / "model").fit(X, Y)

    np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))


def test_a_grid_search_compares_it_with_the_other_cells():
    grid = {"cell": ["rnn", "lstm", "gru", "leaky"]}

    search = GridSearchCV(SMALL, grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert search.best_params_["cell"] in grid["cell"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_the_message_about_a_misspelled_cell_lists_it():
    with pytest.raises(ValueError, match="'cell' parameter .*'leaky'"):
        clone(SMALL).set_params(cell="leaking").fit(X, Y)
    with pytest.raises(
        ValueError, match=r"must be one of \['cornn', 'gru', 'leaky', 'lstm', 'rnn'\]"
    ):
        Network("leaking", 1, 2, 1, 1).n_weights  # noqa: B018


def test_the_penalty_on_vanishing_gradients_is_refused():
    with pytest.raises(ValueError, match="vanishing_penalty is for .*got cell='leaky'"):
        clone(SMALL).set_params(vanishing_penalty=1.0).fit(X, Y)


def test_an_activation_is_ignored_as_its_equations_fix_it():
    model = clone(SMALL).set_params(activation="relu").fit(X, Y)

    np.testing.assert_array_equal(model.predict(X), clone(SMALL).fit(X, Y).predict(X))


def test_structural_damping_is_that_of_the_dense_matrix():
    network, theta, inputs, draw = case(1, learn=False)
    v, damping = draw(network.n_weights), 0.7
    run = network.forward(theta, inputs)

    r_outputs, r_z = network.r_forward(run, v)
    terms = [damping * r * slopes for r, slopes in zip(r_z, run.slopes, strict=True)]
    errors = LOSSES["squared_error"].hessian(run.outputs, run.outputs, r_outputs)
    product = network.backward(run, errors, terms)

    by_outputs, by_pre = torch.func.jacrev(lambda t: plain_run(network, t, inputs))(theta)
    J, J_z = by_outputs.flatten(0, -2), by_pre.flatten(0, -2)
    dense = J.T @ J + damping * J_z.T @ (run.slopes[0].reshape(-1, 1) * J_z)
    torch.testing.assert_close(product, dense @ v)


def test_the_cell_of_a_network_is_the_object_that_was_entered():
    assert type(Network("leaky", 1, 2, 1, 1).kind) is LeakyCell
