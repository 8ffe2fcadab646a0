"""Modules of torch as cells: the one of the page, and those of torch beside our own."""

import pickle

import numpy as np
import pytest
import torch
from extending.torch_cell import GatedCell
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from small_network import suited
from torch.func import functional_call, jacrev

import reservoirs
from reservoirs import next_step
from trainers import RNNClassifier, RNNRegressor, gradient_flow, solvers
from trainers.network.cell import Cell
from trainers.network.modules import ModuleNetwork
from trainers.network.sensitivities import output_jacobian
from trainers.network.stack import Network
from trainers.second_order import curvature
from trainers.solvers import HessianFreeSolver

X, Y = next_step(np.sin(0.3 * np.arange(60.0))[:, None])
SMALL = RNNRegressor(
    cell=GatedCell, n_units=4, max_iter=2, truncation=30, dtype="float64", random_state=0
)
TORCH = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}
EXACT = {"rtol": 1e-10, "atol": 1e-12}


def draw(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def plain_run(network, theta, inputs):
    """Return the outputs of stacked gated cells, as anybody would write them."""
    W, below = network.split(theta), inputs.unbind(0)
    for layer in range(network.n_layers):
        names = [name for name, _ in network.layers[layer].cell.named_parameters()]
        parameters = {name: W[f"{name}_{layer}"] for name in names}
        h, rows = torch.zeros(inputs.shape[1], network.n_units, dtype=theta.dtype), []
        if network.learn_initial_state:
            h = W[f"initial_state_{layer}"].expand(inputs.shape[1], -1)
        for x in below:
            h = functional_call(network.layers[layer].cell, parameters, (x, h))
            rows.append(h)
        below = rows
    outputs = torch.stack(below) @ W["output_weights"].T + W["output_bias"]
    return outputs + inputs @ W["skip_weights"].T if network.skip else outputs


@pytest.mark.parametrize("options", [(1, False), (2, True)], ids=str)
def test_gradient_products_and_jacobian_equal_autograd(options):
    n_layers, more = options
    network = ModuleNetwork(GatedCell, 3, 4, n_layers, 2, learn_initial_state=more, skip=more)
    theta, inputs = 0.5 * draw(network.n_weights), draw(6, 2, 3)
    v, grad = draw(network.n_weights, seed=1), draw(4, 2, 2)
    dense = jacrev(lambda t: plain_run(network, t, inputs)[2:])(theta)

    with torch.inference_mode():  # as in training
        run = network.forward(theta, inputs, n_outputs=4)
        gradient, (product, _) = network.backward(run, grad), network.r_forward(run, v)
        jacobian = output_jacobian(network, run, network.n_weights)

    torch.testing.assert_close(run.outputs, plain_run(network, theta, inputs)[2:], **EXACT)
    torch.testing.assert_close(gradient, torch.tensordot(grad, dense, dims=3), **EXACT)
    torch.testing.assert_close(product, dense @ v, **EXACT)
    torch.testing.assert_close(jacobian, dense, **EXACT)


@pytest.mark.parametrize("name", TORCH)
def test_the_cells_of_torch_are_ours(name):
    theirs, ours = ModuleNetwork(TORCH[name], 3, 4, 2, 2), Network(name, 3, 4, 2, 2)
    theta, inputs = 0.5 * draw(ours.n_weights), draw(6, 2, 3)
    flat, grad = torch.zeros(theirs.n_weights, dtype=torch.float64), draw(6, 2, 2)
    names = {"input_weights": "weight_ih", "recurrent_weights": "weight_hh", "bias": "bias_ih"}
    pairs = {f"{a}_{k}": f"{b}_{k}" for a, b in names.items() for k in range(2)}
    pairs.update({name: name for name in ("output_weights", "output_bias")})
    for own, other in pairs.items():
        theirs.split(flat)[other].copy_(ours.split(theta)[own])

    run, expected = theirs.forward(flat, inputs), ours.forward(theta, inputs)
    gradient = theirs.split(theirs.backward(run, grad))

    torch.testing.assert_close(run.outputs, expected.outputs, **EXACT)
    torch.testing.assert_close(run.last, expected.last, **EXACT)
    for own, values in ours.split(ours.backward(expected, grad)).items():
        torch.testing.assert_close(gradient[pairs[own]], values, **EXACT)


@pytest.mark.parametrize("solver", sorted(solvers.SOLVERS))
def test_every_solver_trains_it(solver):
    settings = {"readout": "ridge"} if solver == "levenberg_marquardt" else {"n_layers": 2}
    model = suited(clone(SMALL).set_params(solver=solver, **settings))

    losses = model.fit(X[:40], Y[:40]).loss_curve_

    assert losses[-1] < losses[0]


def test_a_preconditioner_and_a_solved_readout_train_it():
    solver = HessianFreeSolver(preconditioner=True, max_cg=10)
    for settings in ({"window": 8}, {"readout": "ridge"}):
        model = clone(SMALL).set_params(solver=solver, truncation=100, **settings).fit(X, Y)

        assert model.loss_curve_[-1] < model.loss_curve_[0]


def test_squared_gradients_are_those_of_single_series():
    network, inputs = ModuleNetwork(GatedCell, 3, 4, 1, 2), draw(6, 2, 3)
    theta, grad = 0.5 * draw(network.n_weights), draw(6, 2, 2)
    run = network.forward(theta, inputs)

    squares = curvature._sum_of_squares(network, run, grad)

    alone = [network.backward(network.forward(theta, inputs[:, [i]]), grad[:, [i]]) for i in (0, 1)]
    torch.testing.assert_close(squares, alone[0] ** 2 + alone[1] ** 2, **EXACT)


def test_it_forecasts_what_its_predictions_fed_back_give():
    model = clone(SMALL).set_params(cell=torch.nn.LSTMCell, learn_initial_state=True).fit(X, Y)
    rows, expected = X[:10], []
    for _ in range(4):
        expected.append(model.predict(rows)[-1])
        rows = np.vstack([rows, expected[-1]])

    assert_allclose(model.forecast(4, context=X[:10]), expected, rtol=1e-10)
    head, state = model.predict(X[:20], return_state=True)
    tail = model.predict(X[20:], initial_state=state)
    assert_allclose(np.vstack([head, tail]), model.predict(X), rtol=1e-12)


def test_labels_are_learned_and_the_global_seed_is_left_alone():
    series = [np.sin(w * np.arange(20.0))[:, None] for w in (0.1, 1.3, 0.12, 1.2)]
    model = RNNClassifier(cell=torch.nn.GRUCell, n_units=6, max_iter=40, learning_rate=0.03)
    before = torch.get_rng_state()

    score = model.set_params(random_state=0).fit(series, [0, 1, 0, 1]).score(series, [0, 1, 0, 1])

    assert score == 1.0
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_seed_gives_the_same_model_and_pickles_hold_no_module():
    model, again = clone(SMALL).fit(X, Y), clone(SMALL).fit(X, Y)

    copied = pickle.loads(pickle.dumps(model))

    assert_array_equal(again.predict(X), model.predict(X))
    assert "layers" not in vars(copied.network_)
    assert_array_equal(copied.forecast(3), model.forecast(3))
    assert_array_equal(
        copied.set_params(warm_start=True).fit(X, Y).loss_curve_[:2], model.loss_curve_
    )


def test_no_file_holds_it(tmp_path):
    with pytest.raises(TypeError, match="cell is the module 'GatedCell', which no file can hold"):
        reservoirs.save(clone(SMALL).fit(X, Y), tmp_path / "model")


class Frozen(GatedCell):
    def __init__(self, n_inputs, n_units):
        super().__init__(n_inputs, n_units)
        self.gate.weight.requires_grad_(False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"init": "esn"}, "draws its own weights"),
        ({"hidden_bias": False}, "has its own biases"),
        ({"vanishing_penalty": 1.0}, "has no W_h to penalise"),
        ({"teacher_forcing": 0.5}, "not run on its own outputs"),
        ({"cell": GatedCell(1, 4)}, "pass its class"),
        ({"cell": Cell}, "got the class Cell; call it"),
        ({"cell": lambda n_inputs, n_units: n_units}, "must return a torch.nn.Module"),
        ({"cell": lambda n_inputs, n_units: torch.nn.RNNCell(n_inputs, 3)}, "hidden|state"),
        ({"cell": Frozen}, "not to be trained, gate.weight"),
    ],
)
def test_what_does_not_go_with_a_module_is_refused(settings, message):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=message):
        clone(SMALL).set_params(**settings).fit(X, Y)


def test_its_gradient_flow_is_refused():
    with pytest.raises(ValueError, match="looks into the passes of a Cell"):
        gradient_flow(SMALL, X, Y)
