import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from small_network import X, Y, fitted

from reservoirs import metrics, next_step
from trainers import ESNInit, RNNRegressor
from trainers.network.cells import CELLS


@pytest.mark.parametrize("window", [None, 5])
@pytest.mark.parametrize("cell", sorted(CELLS))
def test_it_learns_a_function_of_the_last_two_inputs(cell, window):
    model = fitted(cell=cell, window=window, max_iter=80, n_units=16)

    assert model.score(X, Y) > 0.9


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
    at_once = model.predict(X)

    head, state = model.predict(X[:100], return_state=True)
    tail = model.predict(X[100:], initial_state=state)
    with_context = model.predict(X[100:], context=X[:100])

    assert_allclose(np.vstack([head, tail]), at_once, rtol=1e-12, atol=1e-12)
    assert_allclose(with_context, at_once[100:], rtol=1e-12, atol=1e-12)


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


def test_the_seed_decides_everything_and_the_global_one_nothing():
    torch.manual_seed(1)
    a = fitted()
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    b = fitted()

    assert_array_equal(a.weights_["output_weights"], b.weights_["output_weights"])
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_predicting_changes_nothing():
    model = fitted()
    before = joblib.hash(vars(model))

    model.predict(X)

    assert joblib.hash(vars(model)) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "transformer"}, "'cell' parameter.*'gru', 'lstm', 'rnn'|'cell' parameter"),
        ({"solver": "adamax"}, "'solver' parameter"),
        ({"init": "xavier"}, "'init' parameter"),
        ({"device": "cuda:9"}, r"device must be one of \['cpu'.*got 'cuda:9'"),
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
