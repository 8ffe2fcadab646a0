import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from small_network import SMALL, SOLVERS, X, Y, fitted, suited

from reservoirs import next_step
from trainers import ESNInit, RNNRegressor


@pytest.mark.parametrize("solver", SOLVERS)
def test_partial_fit_on_the_same_chunk_is_fit(solver):
    model = suited(clone(SMALL).set_params(solver=solver, window=5))
    for _ in range(4):
        model.partial_fit(X, Y)

    at_once = fitted(solver=solver, window=5)

    for name, weights in at_once.weights_.items():
        assert_array_equal(weights, model.weights_[name])
    assert model.n_iter_ == 4
    assert model.loss_curve_ == at_once.loss_curve_
    assert [record["epoch"] for record in model.history_] == [1, 2, 3, 4]


def test_partial_fit_learns_from_fresh_series_and_forecasts_from_the_last():
    series = [np.sin(0.3 * np.arange(40.0) + shift)[:, None] for shift in range(4)]
    model = clone(SMALL)

    for one in series:
        model.partial_fit(*next_step(one))

    last = series[-1]
    assert_allclose(
        model.forecast(3), model.forecast(3, context=last, initial_state=None), rtol=1e-9
    )
    assert model.n_iter_ == 4
    with pytest.raises(ValueError, match="expecting 1 features"):
        model.partial_fit(X, Y)


def test_a_chunk_with_other_outputs_is_refused_and_changes_nothing():
    model = clone(SMALL).partial_fit(X, Y)
    before = model.predict(X)

    for targets in (np.hstack([Y, Y]), [1.0]):
        with pytest.raises(ValueError, match="pass the same in each chunk"):
            model.partial_fit([X], [targets] if np.ndim(targets) == 2 else targets)

    assert_array_equal(model.predict(X), before)


def test_centred_inputs_do_not_see_a_shift():
    here = fitted(init="esn")
    there = fitted(X + 5.0, Y, init="esn")

    assert_allclose(there.input_mean_, here.input_mean_ + 5.0)
    assert_allclose(there.predict(X + 5.0), here.predict(X), rtol=1e-8, atol=1e-9)
    as_they_are = fitted(init=ESNInit(center=False), standardize=False)
    assert (as_they_are.input_mean_ == 0).all()
    centred = fitted(init="esn", standardize=False)
    assert_allclose(centred.input_mean_, here.input_mean_)
    assert (centred.input_scale_ == 1).all()


def test_series_of_one_length_run_side_by_side_as_alone():
    model = fitted(cell="lstm", learn_initial_state=True)
    lengths = [5, 9, 5, 1, 9]
    series = [X[i : i + n] for i, n in enumerate(lengths)]

    together, states = model.predict(series, return_state=True)

    for one, values, state in zip(series, together, states, strict=True):
        alone, end = model.predict(one, return_state=True)
        assert_allclose(values, alone, rtol=1e-11, atol=1e-12)
        assert_allclose(state, end[0], rtol=1e-11, atol=1e-12)


LEARNER = RNNRegressor(
    cell="gru", n_units=16, max_iter=120, learning_rate=0.02, batch_size=8, random_state=0
)


def test_many_to_one_reads_a_series_and_answers_once(rng):
    series = list(rng.normal(size=(60, 12, 1)))
    y = np.array([s[:, 0].mean() for s in series])

    assert clone(LEARNER).fit(series, y).score(series, y) > 0.95


def test_one_to_many_unfolds_a_single_input(rng):
    start = rng.uniform(-1, 1, size=40)
    X = np.zeros((40, 15, 1))
    X[:, 0, 0] = start
    y = start[:, None] * np.cos(0.4 * np.arange(15)) * 0.9 ** np.arange(15)

    assert clone(LEARNER).fit(X, y).score(X, y) > 0.95


def test_in_step_answers_at_every_step(rng):
    X = rng.uniform(-1, 1, size=(30, 20, 1))
    y = np.maximum.accumulate(X[..., 0], axis=1)

    assert clone(LEARNER).fit(X, y).score(X, y) > 0.95


def test_delayed_answers_steps_later(rng):
    X = rng.uniform(-1, 1, size=(40, 20, 1))
    y = np.zeros((40, 20))
    y[:, 3:] = X[:, :-3, 0]

    assert clone(LEARNER).fit(X, y).score(X, y) > 0.95


@pytest.mark.parametrize("settings", [{}, {"solver": "hessian_free"}, {"truncation": 15}])
def test_only_the_last_targets_count(settings):
    rows, targets = list(X.reshape(6, 40, 2)), list(Y.reshape(6, 40, 1))
    other = [np.vstack([9.0 * np.ones((30, 1)), part[30:]]) for part in targets]

    here = fitted(rows, targets, n_scored=10, **settings)
    there = fitted(rows, other, n_scored=10, **settings)

    for name, weights in here.weights_.items():
        assert_array_equal(weights, there.weights_[name])
    assert_allclose(here.target_mean_, Y.reshape(6, 40)[:, 30:].mean())
    assert here.loss_curve_[-1] < here.loss_curve_[0]


@pytest.mark.parametrize("settings", [{"window": 5}, {"validation_fraction": 0.2}])
def test_last_targets_have_no_meaning_with_a_window_or_a_tail_held_out(settings):
    with pytest.raises(ValueError, match="set n_scored=None"):
        fitted(n_scored=10, **settings)


def test_without_hidden_bias_the_state_rests_where_the_input_does():
    model = fitted(hidden_bias=False, init="esn")

    outputs = model.predict(np.tile(model.input_mean_, (5, 1)))

    assert "bias_0" not in model.weights_
    assert_allclose(outputs, np.repeat(outputs[:1], 5, axis=0), rtol=1e-12)


def test_the_order_of_series_changes_nothing_in_prediction():
    model = fitted([X[:80], X[80:]], [Y[:80], Y[80:]])

    a, b = model.predict([X[:80], X[80:]])
    c, d = model.predict([X[80:], X[:80]])

    assert_array_equal(a, d)
    assert_array_equal(b, c)


@pytest.mark.parametrize("window", [None, 4])
@pytest.mark.parametrize("solver", ["adam", "hessian_free"])
def test_ragged_series_are_masked(solver, window):
    ragged = [X[:50], X[50:53], X[53:150], X[150:]]
    targets = [Y[:50], Y[50:53], Y[53:150], Y[150:]]
    batch = fitted(ragged, targets, solver=solver, window=window, max_iter=20, learning_rate=0.02)
    one_by_one = [batch.predict(part) for part in ragged]

    together = batch.predict(ragged)

    for a, b in zip(together, one_by_one, strict=True):
        assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert batch.score(ragged, targets) > 0.3


def test_one_target_per_series_is_read_at_the_last_step(rng):
    levels, lengths = rng.uniform(-1, 1, 50), rng.integers(5, 15, 50)
    series = [
        rng.normal(loc=level, size=(int(n), 1)) for level, n in zip(levels, lengths, strict=True)
    ]
    means = np.array([s.mean() for s in series])

    model = fitted(series[:40], means[:40], cell="gru", max_iter=60)

    assert model.predict(series[40:]).shape == (10,)
    assert np.corrcoef(model.predict(series[40:]), means[40:])[0, 1] > 0.8


def test_one_to_many_answers_from_a_single_input(rng):
    pulses = np.zeros((30, 12, 1))
    pulses[:, 0, 0] = rng.uniform(0.5, 1.5, 30)
    echoes = pulses[:, :1, 0] * np.exp(-0.3 * np.arange(12))

    model = fitted(pulses, echoes, cell="gru", max_iter=150)

    assert model.score(pulses, echoes) > 0.95
