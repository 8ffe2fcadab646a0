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
