"""What users of other libraries asked for in vain: rows of the complaint table, each a test."""

import tracemalloc

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor, Reservoir, datasets, next_step
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

ESN = ESNRegressor(n_units=40, alpha=1e-10, random_state=0)
SINE = np.sin(0.2 * np.arange(500))
RAGGED = [np.random.default_rng(i).normal(size=(20 + 3 * i, 2)) for i in range(8)]


def test_row_1_a_forecast_beyond_the_data_is_one_call():
    model = clone(ESN).set_params(input_scaling=0.1, washout=100).fit(*next_step(SINE[:400]))

    assert_allclose(model.forecast(100), SINE[400:], atol=1e-3)


def test_row_2_feedback_weights_are_columns_of_w_in_and_can_be_forced():
    rng = np.random.default_rng(0)
    exog = rng.uniform(size=(500, 1))
    model = clone(ESN).set_params(leak_rate=1.0).fit(*next_step(SINE, exog))
    feedback = model.reservoir_.input_weights_[:, 0]

    state = model.last_states_[0]
    pushed = model.predict([[1.0, 0.0]], initial_state=state, return_state=True)[1][0]
    rest = model.predict([[0.0, 0.0]], initial_state=state, return_state=True)[1][0]

    assert_allclose(np.arctanh(pushed) - np.arctanh(rest), feedback, atol=1e-9)


def test_row_5_a_grid_search_scores_closed_loop_forecasts():
    search = GridSearchCV(
        clone(ESN), {"alpha": [1e-10, 1e3]}, cv=RollingOriginSplit(2, horizon=40),
        scoring=forecast_scorer(),
    ).fit(*next_step(SINE))  # fmt: skip

    assert search.best_params_ == {"alpha": 1e-10}


def test_row_9_a_search_does_not_hold_the_states():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (30_000, 1))
    model = clone(ESN).set_params(n_units=50).fit(X[:2000], X[:2000, 0])

    tracemalloc.start()
    for alpha in (1e-10, 1e-5, 1.0):
        model.set_params(alpha=alpha).fit(X, X[:, 0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 30_000 * 50 * 8 / 2  # half of one matrix of all states


def test_row_10_a_network_can_learn_in_chunks():
    whole = clone(ESN).set_params(solver="qr").fit(*next_step(SINE))
    X, y = next_step(SINE)

    chunked = clone(ESN).set_params(solver="qr")
    for rows in np.array_split(np.arange(len(X)), 5):
        chunked.partial_fit(X[rows], y[rows])

    assert_array_equal(chunked.coef_, whole.coef_)


def test_row_12_the_washout_leaves_the_first_rows_out_of_the_regression():
    X, y = next_step(SINE)
    spoiled = y.copy()
    spoiled[:50] = 1e6

    kept, left_out = (clone(ESN).set_params(washout=50).fit(X, t) for t in (y, spoiled))

    assert_array_equal(kept.coef_, left_out.coef_)


def test_row_13_a_run_can_be_split_with_its_state_carried():
    model = clone(ESN).fit(*next_step(SINE))
    whole = model.predict(SINE[:, None])

    head, state = model.predict(SINE[:200, None], return_state=True)
    tail = model.predict(SINE[200:, None], initial_state=state)

    assert_allclose(np.concatenate([head, tail]), whole, atol=1e-12)


def test_row_14_one_label_per_series_needs_no_loop():
    labels = np.arange(8) % 2
    series = [s + 3.0 * label for s, label in zip(RAGGED, labels, strict=True)]
    model = ESNClassifier(n_units=20, alpha=1.0, random_state=0).fit(series, labels)

    assert model.predict(series).shape == (8,)
    assert model.score(series, labels) == 1.0
    stack = np.stack([s[:20] for s in series])
    assert ESNClassifier(n_units=20, random_state=0).fit(stack, labels).predict(stack).shape == (8,)


def test_row_15_series_of_different_lengths_are_one_fit():
    targets = [s.sum(axis=1) for s in RAGGED]

    found = clone(ESN).fit(RAGGED, targets).predict(RAGGED)

    assert [len(p) for p in found] == [len(s) for s in RAGGED]


def test_row_16_logistic_regression_can_read_the_states():
    model = make_pipeline(Reservoir(n_units=30, random_state=0), LogisticRegression())

    assert model.fit(SINE[:, None], SINE > 0).score(SINE[:, None], SINE > 0) > 0.95


def test_row_17_a_seed_fixes_every_number():
    fits = [clone(ESN).set_params(noise=1e-3).fit(*next_step(SINE)) for _ in range(2)]

    assert_array_equal(fits[0].coef_, fits[1].coef_)


@pytest.mark.parametrize("pooling", ["last", "mean", "both"])
def test_row_21_digits_are_finite_1d_targets_work_and_both_directions_are_read(pooling):
    from sklearn.datasets import load_digits

    digits = load_digits()
    model = ESNClassifier(
        n_units=50, pooling=pooling, bidirectional=True, input_scaling=0.02, random_state=0
    ).fit(digits.images[:400], digits.target[:400])

    assert np.isfinite(model.decision_function(digits.images[400:500])).all()
    assert model.score(digits.images[400:500], digits.target[400:500]) > 0.7
    assert clone(ESN).fit(SINE[:-1, None], SINE[1:]).predict(SINE[:5, None]).shape == (5,)


def test_row_24_float32_states_do_not_spoil_the_readout():
    X, y = next_step(datasets.lorenz63(1500, random_state=0) / 10.0)
    double, single = (
        clone(ESN).set_params(dtype=dtype, alpha=1e-6).fit(X, y) for dtype in ("float64", "float32")
    )

    assert_allclose(single.score(X, y), double.score(X, y), atol=1e-4)


def test_row_24_ill_conditioned_polynomials_are_solved():
    rows = datasets.lorenz63(402, dt=0.025, random_state=0)
    model = NVARRegressor(n_delays=2, degree=2, alpha=1e-14).fit(*next_step(rows))
    z = model.features_.transform(rows[:-1])[1:]

    direct = np.linalg.lstsq(np.column_stack([z, np.ones(len(z))]), rows[2:], rcond=None)[0]

    ours = model.predict(rows[:-1])[1:]
    theirs = np.column_stack([z, np.ones(len(z))]) @ direct
    assert np.abs(ours - rows[2:]).max() <= 1.5 * np.abs(theirs - rows[2:]).max()


def test_row_25_the_network_is_the_one_of_the_textbook():
    X, y = next_step(SINE)
    model = clone(ESN).set_params(leak_rate=0.4, washout=20, alpha=1e-4).fit(X, y)
    r = model.reservoir_

    states = reference.states(
        X, r.recurrent_weights_.toarray(), r.input_weights_, r.bias_, 0.4, np.zeros(40)
    )
    C, c = reference.ridge(np.hstack([states, X])[20:], y[20:, None], 1e-4)

    assert_allclose(model.coef_, C, rtol=1e-6, atol=1e-9)
    assert_allclose(model.intercept_, c, rtol=1e-6)


def test_row_27_a_state_for_other_series_is_refused():
    model = clone(ESN).fit(*next_step(SINE))

    with pytest.raises(ValueError, match=r"initial_state must have shape \(40,\) or \(2, 40\)"):
        model.predict([SINE[:9, None]] * 2, initial_state=np.zeros((3, 40)))
