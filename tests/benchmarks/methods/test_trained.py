import numpy as np

from benchmarks.methods.registry import METHODS
from benchmarks.methods.trained import network
from benchmarks.tasks import TASKS
from trainers import ESNInit, RNNClassifier, RNNRegressor


def test_settings_of_the_solver_and_of_the_start_reach_them():
    settings = {
        "n_units": 5, "solver": "nesterov", "solver__momentum": 0.5, "init__spectral_radius": 0.7,
    }  # fmt: skip

    model = network(settings, 4)

    assert isinstance(model, RNNRegressor)
    assert (model.n_units, model.random_state, model.solver.momentum) == (5, 4, 0.5)
    assert isinstance(model.init, ESNInit)
    assert model.init.spectral_radius == 0.7
    assert model.standardize is False


def test_labels_are_learned_by_a_classifier():
    assert isinstance(network({}, 0, labels=True), RNNClassifier)
    task = TASKS["digits_rows"]
    built = METHODS["lstm_labels"].build({}, task, task.data("test", 0), 0)
    assert (type(built), built.cell) == (RNNClassifier, "lstm")


def test_the_rows_after_training_may_be_monitored():
    task = TASKS["lagged_sine"]
    data = task.data("test", 0)

    model = METHODS["rnn"].build({"n_units": 3}, task, data, 0)

    n_examples = data.n_train + data.n_monitored - 1
    assert data.n_monitored > 0
    assert round(model.validation_fraction * n_examples) == data.n_monitored


def test_solved_readouts_have_the_washout_of_the_task_and_no_bound():
    task = TASKS["sine_clean"]
    data = task.data("test", 0)
    built = {
        name: METHODS[name].build({"n_units": 6, "alpha": 1e-3}, task, data, 0)
        for name in ("levenberg_marquardt", "untrained")
    }

    for model in built.values():
        assert (model.readout, model.alpha, model.bound) == ("ridge", 1e-3, None)
        assert model.washout == data.washout > 0
        assert model.random_state == 0


def test_the_untrained_control_keeps_every_weight_as_drawn():
    task = TASKS["sine_clean"]
    data = task.data("test", 0).standardised()
    X, y = data.examples(data.n_train)
    control = METHODS["untrained"].build({"n_units": 6}, task, data, 0)
    moved = METHODS["untrained"].build({"n_units": 6, "learning_rate": 1e-300}, task, data, 0)

    control, moved = control.fit(X, y), moved.fit(X, y)

    for name in ("input_weights_0", "recurrent_weights_0", "bias_0"):
        np.testing.assert_allclose(control.weights_[name], moved.weights_[name], atol=1e-10)
