import logging

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import datasets, metrics, next_step
from trainers import ESNInit, RNNRegressor, solvers
from trainers.network.cells import CELLS
from trainers.network.initialization import initial_weights
from trainers.network.stack import Network

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(240, 2))
Y = 0.5 * X[:, :1] - np.vstack([np.zeros((1, 1)), X[:-1, 1:]])
SMALL = RNNRegressor(
    n_units=8, max_iter=4, truncation=30, learning_rate=0.02, dtype="float64", random_state=0
)
SOLVERS = sorted(solvers.SOLVERS)


def fitted(X=X, Y=Y, **settings):
    return clone(SMALL).set_params(**settings).fit(X, Y)


@pytest.mark.parametrize("window", [None, 5])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_it_learns_a_function_of_the_last_two_inputs(cell, window):
    model = fitted(cell=cell, window=window, max_iter=80, n_units=16)

    assert model.score(X, Y) > 0.9


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_lowers_the_loss(solver):
    rate = {"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "adam": 0.02, "rmsprop": 0.01}
    model = fitted(solver=solver, window=5, max_iter=25, learning_rate=rate.get(solver))

    assert model.loss_curve_[-1] < 0.3 * model.loss_curve_[0]
    assert model.n_iter_ == len(model.loss_curve_) == 25


@pytest.mark.parametrize(
    "settings",
    [{}, {"window": 5}, {"learn_initial_state": True}, {"hidden_bias": False}, {"n_layers": 2}],
)
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_a_prefix_is_predicted_as_the_prefix(cell, settings):
    model = fitted(cell=cell, **settings)

    assert_allclose(model.predict(X[:40]), model.predict(X)[:40], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_splitting_and_carrying_the_state_over_changes_nothing(cell):
    model = fitted(cell=cell, n_layers=2)
    whole = model.predict(X)

    head, state = model.predict(X[:100], return_state=True)
    tail = model.predict(X[100:], initial_state=state)
    with_context = model.predict(X[100:], context=X[:100])

    assert_allclose(np.vstack([head, tail]), whole, rtol=1e-12, atol=1e-12)
    assert_allclose(with_context, whole[100:], rtol=1e-12, atol=1e-12)


def test_a_window_sees_only_its_rows():
    model = fitted(window=5)
    changed = X.copy()
    changed[:50] = 9.0

    assert_array_equal(model.predict(changed)[54:], model.predict(X)[54:])
    assert not np.allclose(model.predict(changed)[53], model.predict(X)[53])


def test_context_supplies_the_earlier_rows_of_a_window():
    model = fitted(window=5)

    assert_allclose(model.predict(X[100:], context=X[:100]), model.predict(X)[100:], rtol=1e-12)


def test_one_row_can_be_predicted():
    for window in (None, 5):
        assert fitted(window=window).predict(X[:1]).shape == (1, 1)


def test_the_held_out_tail_is_scored_with_the_rows_before_it_as_context():
    model = fitted(window=5, validation_fraction=0.25, max_iter=6)

    predicted = model.predict(X)[180:]
    scaled = (predicted - Y[180:]) / model.target_scale_
    assert_allclose(model.validation_curve_[-1], 0.5 * np.mean(scaled**2), rtol=1e-9)


def test_the_last_series_are_held_out_of_many():
    cut, targets = [X[:80], X[80:160], X[160:]], [Y[:80], Y[80:160], Y[160:]]

    model = fitted(cut, targets, validation_fraction=0.3, max_iter=6)

    scaled = (model.predict(cut[2]) - targets[2]) / model.target_scale_
    assert_allclose(model.validation_curve_[-1], 0.5 * np.mean(scaled**2), rtol=1e-9)


def test_held_out_rows_do_not_change_what_is_learned():
    swapped = Y.copy()
    swapped[180:] = Y[180:][::-1]  # the same mean and deviation, so the same scaling

    a = fitted(X, Y, validation_fraction=0.25, window=5)
    b = fitted(X, swapped, validation_fraction=0.25, window=5)

    assert_allclose(a.loss_curve_, b.loss_curve_, rtol=1e-9)
    assert not np.allclose(a.validation_curve_, b.validation_curve_)


def test_early_stopping_keeps_the_best_weights():
    noise = RNG.normal(size=(60, 1))

    model = fitted(X[:60], noise, early_stopping=True, n_iter_no_change=5, max_iter=400,
                   n_units=32, validation_fraction=0.5, window=5)  # fmt: skip

    scaled = (model.predict(X[:60])[30:] - noise[30:]) / model.target_scale_
    assert model.status_ == "converged"
    assert_allclose(min(model.validation_curve_), 0.5 * np.mean(scaled**2), rtol=1e-8)


def test_running_out_of_epochs_warns_only_when_convergence_was_asked_for():
    with pytest.warns(ConvergenceWarning, match="max_iter=3 before it converged"):
        fitted(tol=1e-9, max_iter=3)


def test_divergence_keeps_the_best_weights_and_names_the_knob():
    with pytest.warns(ConvergenceWarning, match="diverged in epoch .*lower learning_rate"):
        model = fitted(solver="sgd", learning_rate=1e6, activation="relu", max_iter=50)

    assert model.status_ == "diverged"
    assert np.isfinite(model.predict(X)).all()


def test_an_interrupt_leaves_a_usable_estimator(monkeypatch):
    from trainers.training.epochs import MinibatchEpochs

    run_epoch, count = MinibatchEpochs.run_epoch, iter(range(100))

    def interrupted(self):
        if next(count) == 2:
            raise KeyboardInterrupt
        return run_epoch(self)

    monkeypatch.setattr(MinibatchEpochs, "run_epoch", interrupted)
    model = fitted(max_iter=50)

    assert model.status_ == "interrupted"
    assert model.n_iter_ == 2
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_going_on_with_warm_start_equals_never_having_stopped(solver):
    settings = {"solver": solver, "window": 5, "warm_start": True, "learning_rate": None}
    whole = fitted(**settings, max_iter=6)

    parts = fitted(**settings, max_iter=2)
    parts.set_params(max_iter=4).fit(X, Y)

    for name, weights in whole.weights_.items():
        assert_array_equal(parts.weights_[name], weights)
    assert parts.loss_curve_ == whole.loss_curve_


def test_a_gradient_is_clipped_to_its_limit():
    from trainers.training.epochs import clip_gradient

    gradient, norm = clip_gradient(torch.full((4,), 3.0), 1.0)

    assert norm == 6.0
    assert float(gradient.norm()) == pytest.approx(1.0)
    assert clip_gradient(torch.ones(1), None)[1] == 1.0


def test_the_seed_decides_everything_and_the_global_one_nothing():
    torch.manual_seed(1)
    a = fitted()
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    b = fitted()

    assert_array_equal(a.weights_["output_weights"], b.weights_["output_weights"])
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_dtype_auto_takes_float64_where_curvature_needs_it():
    assert fitted(dtype="auto").dtype_ == "float32"
    assert fitted(dtype="auto", solver="hessian_free").dtype_ == "float64"
    assert fitted(dtype="auto", solver="lbfgs", learning_rate=None).dtype_ == "float64"


def test_no_torch_object_is_kept():
    def tensors(value):
        if isinstance(value, torch.Tensor | torch.nn.Module):
            yield value
        elif isinstance(value, dict):
            for item in value.values():
                yield from tensors(item)
        elif isinstance(value, list | tuple):
            for item in value:
                yield from tensors(item)

    for solver in SOLVERS:
        assert not list(tensors(vars(fitted(solver=solver, learning_rate=None, max_iter=2))))


def test_predicting_changes_nothing():
    model = fitted()
    before = joblib.hash(vars(model))

    model.predict(X)

    assert joblib.hash(vars(model)) == before


def test_verbose_goes_through_logging(caplog, capsys):
    with caplog.at_level(logging.INFO, logger="trainers"):
        fitted(verbose=2)

    assert len(caplog.records) == 2
    assert "epoch 2 loss" in caplog.text
    assert capsys.readouterr().out == ""


def test_verbose_shows_the_step_record_of_hessian_free(caplog):
    with caplog.at_level(logging.INFO, logger="trainers"):
        fitted(solver="hessian_free", window=5, max_iter=1, validation_fraction=0.2, verbose=1)

    words = ["loss", "validation", "rho", "lambda", "iterate", "length", "progress"]
    assert all(word in caplog.text for word in words)


def test_hessian_free_records_every_step():
    model = fitted(solver="hessian_free", window=5, max_iter=3)

    record = model.history_[0]
    assert {"rho", "damping", "cg_iterations", "chosen_iterate", "step_length", "reason"} <= set(
        record
    )
    assert record["loss_before"] > record["loss_after"]


def test_grid_search_reaches_solver_and_init_settings():
    constant = solvers.NesterovSolver(schedule="constant")  # "rnn" begins with 0.9 whatever comes
    start = {"solver": constant, "init": ESNInit(), "max_iter": 2}
    pipeline = Pipeline([("scale", StandardScaler()), ("rnn", clone(SMALL).set_params(**start))])
    grid = {"rnn__solver__momentum": [0.5, 0.9], "rnn__init__spectral_radius": [0.2, 1.1]}

    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert len(set(search.cv_results_["mean_test_score"])) == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "transformer"}, "'cell' parameter.*'gru', 'lstm', 'rnn'|'cell' parameter"),
        ({"solver": "adamw"}, "'solver' parameter"),
        ({"init": "xavier"}, "'init' parameter"),
        ({"device": "cuda:9"}, r"device must be one of \['cpu'.*got 'cuda:9'"),
        ({"n_layers": 2, "solver": "hessian_free"}, "one layer, got n_layers=2"),
        ({"validation_fraction": 0.999}, "leaves none to train on"),
        ({"window": 0}, "'window' parameter"),
    ],
)
def test_a_bad_setting_is_refused_with_the_remedy(settings, message):
    with pytest.raises(ValueError, match=message):
        fitted(**settings)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fitted(X[:1], Y[:1]), "minimum of 2 is required"),
        (lambda: fitted(np.where(X > 0.99, np.nan, X), Y), "X contains NaN"),
        (lambda: fitted(X, Y[:9]), "y must match X"),
        (lambda: fitted().predict(X[:, :1]), "1 features, but RNNRegressor is expecting 2"),
        (lambda: fitted().predict(X, initial_state=np.zeros(3)), r"shape \(8,\)"),
        (lambda: fitted(window=4).predict(X, initial_state=np.zeros(8)), "as context"),
        (lambda: fitted(window=4).predict(X, return_state=True), "set window=None"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_typo_is_a_type_error():
    with pytest.raises(TypeError, match="lr"):
        RNNRegressor(lr=0.1)


def test_training_is_the_plain_torch_loop_from_the_same_weights_and_batches():
    settings = {"window": 20, "n_units": 16, "max_iter": 3, "dtype": "float64", "random_state": 0}
    X, y = next_step(datasets.lagged_sine(300))
    model = RNNRegressor(**settings).fit(X, y)

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


def test_an_rnn_forecasts_a_sine_in_a_closed_loop():
    series = np.sin(0.2 * np.arange(1200))
    start = ESNInit(spectral_radius=1.0, input_scale=0.03)
    model = RNNRegressor(
        solver="hessian_free", window=10, n_units=20, max_iter=15, init=start, random_state=0
    )

    free = model.fit(*next_step(series[:1000])).forecast(200)

    assert metrics.nrmse(series[1000:], free) < 0.5


def test_training_leaves_the_number_of_threads_as_it_was_and_does_not_depend_on_it():
    alone = fitted(window=5)
    torch.set_num_threads(2)
    try:
        among = fitted(window=5)
        predicted = among.predict(X)
        threads = torch.get_num_threads()
    finally:
        torch.set_num_threads(1)

    assert threads == 2
    assert_array_equal(predicted, alone.predict(X))
