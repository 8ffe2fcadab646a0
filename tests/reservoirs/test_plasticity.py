import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

from reservoirs import (
    ESNClassifier,
    ESNRegressor,
    Forecaster,
    IntrinsicPlasticity,
    Reservoir,
    load,
    next_step,
    save,
)

RULE = IntrinsicPlasticity(deviation=0.25, mean=0.1, learning_rate=2e-3, n_passes=3)
ROWS = np.random.default_rng(0).normal(size=(60, 2))
X, Y = next_step(np.sin(0.2 * np.arange(300)) + np.sin(0.0513 * np.arange(300)))


def slow_rule(reservoir, series, rule, rate):
    """Gains and biases by the equations, one row and one unit after the other."""
    W, W_in, b = reservoir.recurrent_weights_.toarray(), reservoir.input_weights_, reservoir.bias_
    O = getattr(reservoir, "mixing_weights_", np.eye(len(b)))  # noqa: E741 - its letter
    e, m, s2 = rule.learning_rate, rule.mean, rule.deviation**2
    g, h = np.ones(len(b)), np.zeros(len(b))
    for _ in range(rule.n_passes):
        for rows in series:
            x = np.zeros(len(b))
            for u in rows:
                z = W @ x + W_in @ u + b
                y = np.tanh(g * z + h)
                x = (1 - rate) * (O @ x) + rate * y
                dh = -e * (-m / s2 + y / s2 * (2 * s2 + 1 - y**2 + m * y))
                g, h = g + e / g + dh * z, h + dh
    return g, h


@pytest.mark.parametrize("settings", [{"leak_rate": 0.4}, {"mixing": 0.3}])
def test_gains_and_biases_are_those_of_the_rule_folded_into_the_weights(settings):
    plain = Reservoir(n_units=15, random_state=0, **settings).fit(ROWS)
    series = [ROWS[:40], ROWS[40:]]

    adapted = clone(plain).set_params(intrinsic_plasticity=RULE).fit(series)

    rate = next(iter(settings.values()))
    g, h = slow_rule(plain, series, RULE, rate)
    assert_allclose(adapted.intrinsic_gain_, g, rtol=1e-10)
    assert_allclose(adapted.intrinsic_bias_, h, rtol=1e-10)
    W = plain.recurrent_weights_.toarray()
    assert_allclose(adapted.recurrent_weights_.toarray(), g[:, None] * W, rtol=1e-10)
    assert_allclose(adapted.input_weights_, g[:, None] * plain.input_weights_, rtol=1e-10)
    assert_allclose(adapted.bias_, g * plain.bias_ + h, rtol=1e-9)
    assert_array_equal(clone(adapted).fit(series).bias_, adapted.bias_)


@pytest.mark.parametrize(("deviation", "step"), [(0.1, 2e-4), (0.3, 1e-3)])
def test_states_have_the_deviation_that_was_asked_for(deviation, step):
    rows = np.random.default_rng(1).normal(size=(1000, 1))
    rule = IntrinsicPlasticity(deviation=deviation, learning_rate=step, n_passes=30)
    reservoir = Reservoir(n_units=60, leak_rate=1.0, intrinsic_plasticity=rule, random_state=0)

    states = reservoir.fit_transform(rows)

    assert abs(states.std() / deviation - 1) < 0.1
    assert abs(states.mean()) < 0.1 * deviation


def test_an_echo_state_network_adapts_before_its_readout_and_forecasts():
    model = ESNRegressor(n_units=40, intrinsic_plasticity=RULE, random_state=0).fit(X, Y)

    drawn = Reservoir(n_units=40, intrinsic_plasticity=RULE, random_state=0).fit(X)
    assert_array_equal(model.reservoir_.bias_, drawn.bias_)
    states = drawn.transform(X)
    columns = np.hstack([states, X])
    assert_allclose(
        model.predict(X, initial_state="zero"), columns @ model.coef_[0] + model.intercept_[0],
        atol=1e-12,
    )  # fmt: skip
    value, start, by_hand = X[:100], {}, []
    for _ in range(5):
        outputs, state = model.predict(value, return_state=True, **start)
        by_hand.append(outputs[-1])
        start, value = {"initial_state": state}, outputs[-1:][:, None]
    assert_allclose(model.forecast(5, context=X[:100]), by_hand, rtol=1e-9)


def test_gaps_and_labels_are_no_hindrance():
    series = np.append(X[:, 0], Y[-1])
    series[50] = np.nan
    model = ESNRegressor(n_units=20, intrinsic_plasticity=RULE, random_state=0)

    assert np.isfinite(model.fit(*next_step(series)).forecast(3)).all()
    rows = [np.sin(w * np.arange(40))[:, None] for w in np.linspace(0.1, 0.9, 20)]
    labels = np.repeat([0, 1], 10)
    classifier = ESNClassifier(n_units=30, intrinsic_plasticity=RULE, random_state=0)
    assert classifier.fit(rows, labels).score(rows, labels) > 0.9


def test_a_file_keeps_it_and_a_search_tries_it(tmp_path):
    model = ESNRegressor(n_units=20, intrinsic_plasticity=RULE, random_state=0).fit(X, Y)
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    assert_array_equal(again.forecast(5), model.forecast(5))
    assert_array_equal(again.reservoir_.intrinsic_gain_, model.reservoir_.intrinsic_gain_)
    grid = {"intrinsic_plasticity__deviation": [0.1, 0.3]}
    search = GridSearchCV(model, grid, cv=TimeSeriesSplit(2)).fit(X, Y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_what_it_cannot_do_is_refused_in_words():
    model = ESNRegressor(n_units=10, intrinsic_plasticity=RULE, random_state=0)

    with pytest.raises(ValueError, match="needs all rows"):
        clone(model).partial_fit(X, Y)
    with pytest.raises(ValueError, match="made for activation='tanh'"):
        clone(model).set_params(activation="relu").fit(X, Y)
    with pytest.raises(ValueError, match="diverged with learning_rate=50"):
        clone(model).set_params(intrinsic_plasticity__learning_rate=50.0).fit(X, Y)
    with pytest.raises(ValueError, match="'deviation' parameter"):
        clone(model).set_params(intrinsic_plasticity__deviation=-1.0).fit(X, Y)
    with pytest.raises(ValueError, match="adapts a reservoir to training rows"):
        Forecaster(model, n_members=1).fit(2 + Y[:60])
