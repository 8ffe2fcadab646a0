import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import ESNRegressor, Reservoir, diagnostics, next_step
from reservoirs.leak_rates import unit_rates

SERIES = np.random.default_rng(0).normal(size=(50, 2))
SMALL = {"n_units": 20, "random_state": 0}


def test_several_rates_split_the_units_evenly():
    rates = unit_rates(Reservoir(n_units=8, leak_rate=[0.1, 0.3, 0.9]))

    assert_array_equal(rates, [0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.9, 0.9])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_one_rate_in_a_list_is_that_rate_bitwise(dtype):
    one, listed = (
        Reservoir(**SMALL, leak_rate=rate, dtype=dtype).fit(SERIES) for rate in (0.3, [0.3])
    )

    assert_array_equal(one.transform(SERIES), listed.transform(SERIES))


@pytest.mark.parametrize("rate", [(0.1, 0.9), np.linspace(0.1, 1, 20)])
def test_states_are_those_of_the_slow_loop(rate):
    model = Reservoir(**SMALL, leak_rate=rate).fit(SERIES)
    W, W_in = model.recurrent_weights_.toarray(), model.input_weights_

    states = model.transform([SERIES, SERIES[:7]])[0]

    rates = unit_rates(model)
    expected = reference.states(SERIES, W, W_in, model.bias_, rates, np.zeros(20))
    assert_allclose(states, expected, rtol=1e-12)


def test_rates_changed_after_a_fit_count_and_bad_ones_are_refused():
    model = Reservoir(**SMALL, leak_rate=[0.1, 0.9]).fit(SERIES)
    expected = Reservoir(**SMALL, leak_rate=[0.2, 0.9]).fit_transform(SERIES)

    model.set_params(leak_rate=[0.2, 0.9])

    assert_array_equal(model.transform(SERIES), expected)
    for bad in ([[0.2, 0.9]], ["fast"], [0.1j]):
        with pytest.raises(ValueError, match="leak_rate must be"):
            model.set_params(leak_rate=bad).transform(SERIES)


def test_a_forecast_with_several_rates_is_its_own_loop_by_hand():
    X, y = next_step(np.sin(0.2 * np.arange(300)))
    model = ESNRegressor(n_units=30, leak_rate=[0.2, 0.8], random_state=0).fit(X, y)

    forecast = model.forecast(10, context=X[:100])

    value, state, by_hand = X[:100], None, []
    for _ in range(10):
        start = {} if state is None else {"initial_state": state}
        outputs, state = model.predict(value, return_state=True, **start)
        by_hand.append(outputs[-1])
        value = outputs[-1:][:, None]
    assert_allclose(forecast, by_hand, rtol=1e-9)


def test_a_report_names_the_rates():
    X, y = next_step(np.sin(0.2 * np.arange(300)))
    model = ESNRegressor(n_units=20, leak_rate=[0.2, 0.8], random_state=0).fit(X, y)

    assert "leak rates 0.2 to 0.8" in diagnostics.reservoir_report(model)
