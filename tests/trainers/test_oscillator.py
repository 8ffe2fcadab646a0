"""The cell of oscillators with numbers of one's own; test_cells holds its passes to autograd."""

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import expm
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from reservoirs import load, next_step, save
from trainers import OscillatorCell, RNNRegressor, gradient_flow
from trainers.network.stack import Network

X, Y = next_step(np.sin(0.3 * np.arange(90.0))[:, None])
STIFF = OscillatorCell(dt=0.2, gamma=3.0, epsilon=0.5)
SMALL = RNNRegressor(cell=STIFF, n_units=5, max_iter=3, dtype="float64", random_state=0)


@pytest.mark.parametrize("units", [0, 256], ids=["torch", "compiled"])
def test_a_unit_alone_swings_as_a_damped_oscillator(units, monkeypatch):
    monkeypatch.setattr("trainers.network.small.SMALL", units)
    dt, gamma, epsilon = 1e-4, 4.0, 0.3
    cell = OscillatorCell(dt=dt, gamma=gamma, epsilon=epsilon)
    network = Network(cell, 1, 1, 1, 1, learn_initial_state=True)
    theta = torch.zeros(network.n_weights, dtype=torch.float64)
    weights = network.split(theta)
    weights["initial_state_0"][:] = torch.tensor([1.0, -0.5])
    weights["output_weights"][:] = 1.0

    outputs = network.forward(theta, torch.zeros(5000, 1, 1, dtype=torch.float64)).outputs

    exact = expm(5000 * dt * np.array([[0.0, 1.0], [-gamma, -epsilon]])) @ [1.0, -0.5]
    assert float(outputs[-1]) == pytest.approx(exact[0], abs=5e-4)  # O(dt)


def test_its_numbers_are_those_of_the_equations():
    model = clone(SMALL).set_params(standardize=False, max_iter=1).fit(X, Y)
    W = {name: values for name, values in model.weights_.items()}
    h, v, outputs = np.zeros(5), np.zeros(5), []
    for row in X:
        z = W["input_weights_0"] @ row + W["recurrent_weights_0"] @ [*h, *v] + W["bias_0"]
        v = v + 0.2 * (np.tanh(z) - 3.0 * h - 0.5 * v)
        h = h + 0.2 * v
        outputs.append(W["output_weights"] @ h + W["output_bias"])

    expected = np.array(outputs) * model.target_scale_ + model.target_mean_
    assert_allclose(model.predict(X), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "levenberg_marquardt", "readout": "ridge", "n_layers": 2},
        {"solver": "levenberg_marquardt", "teacher_forcing": 0.5},
        {"solver": "hessian_free", "init": "esn"},
    ],
    ids=str,
)
def test_second_order_solvers_and_their_company_train_it(settings):
    losses = clone(SMALL).set_params(**settings).fit(X, Y).loss_curve_

    assert losses[-1] < losses[0]


def test_its_settings_are_searched_by_name_or_object():
    for cell in ("cornn", OscillatorCell(epsilon=0.2)):
        model = clone(SMALL).set_params(cell=cell, max_iter=1)
        search = GridSearchCV(model, {"cell__dt": [0.02, 0.3]}, cv=TimeSeriesSplit(2)).fit(X, Y)

        assert len(set(search.cv_results_["mean_test_score"])) == 2
        best = search.best_estimator_.cell
        assert best.epsilon == (1.0 if cell == "cornn" else 0.2)


def test_the_name_is_the_object_with_its_defaults():
    named = clone(SMALL).set_params(cell="cornn").fit(X, Y)
    given = clone(SMALL).set_params(cell=OscillatorCell()).fit(X, Y)

    assert_array_equal(named.predict(X), given.predict(X))


def test_files_and_pickles_hold_it(tmp_path):
    model = clone(SMALL).fit(X, Y)
    save(model, tmp_path / "model")

    for again in (load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert again.cell == STIFF
        assert_array_equal(again.forecast(5), model.forecast(5))


def test_a_number_changed_after_a_fit_is_refused_and_changes_no_weights():
    model = clone(SMALL).fit(X, Y)

    model.set_params(cell__dt=0.5)

    assert model.network_.cell.dt == 0.2
    with pytest.raises(ValueError, match="cell was changed after fit"):
        model.predict(X)


@pytest.mark.parametrize("bad", [{"dt": 0.0}, {"gamma": -1.0}, {"epsilon": "much"}], ids=str)
def test_numbers_without_a_meaning_are_refused(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"The '{name}' parameter of OscillatorCell must be"):
        clone(SMALL).set_params(cell=OscillatorCell(**bad)).fit(X, Y)


def test_gradients_reach_further_back_than_in_a_vanilla_network():
    def gain(cell):
        model = RNNRegressor(cell=cell, n_units=16, random_state=0)
        return gradient_flow(model, X, Y).gain

    assert gain(OscillatorCell(dt=0.01)) > 0.97 > gain("rnn")
