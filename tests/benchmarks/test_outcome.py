import numpy as np

from benchmarks.methods.baselines import Mean
from benchmarks.protocols.outcome import Outcome, sizes
from reservoirs import ESNRegressor, NVARRegressor, next_step

SERIES = np.sin(0.3 * np.arange(60.0))[:, None]


def test_a_fit_notes_its_time_and_its_weights():
    outcome = Outcome()

    outcome.fit(ESNRegressor(n_units=7, random_state=0), *next_step(SERIES))

    assert outcome.costs["t_fit"] > 0
    assert outcome.costs["n_params_trained"] == 7 + 1 + 1  # states, input, intercept
    assert outcome.costs["n_params_total"] > 9


def test_a_next_generation_reservoir_draws_nothing():
    model = NVARRegressor(n_delays=2, degree=2).fit(*next_step(SERIES))

    trained, fixed = sizes(model)

    assert trained == model.coef_.size + 1
    assert fixed == 0


def test_a_model_of_ones_own_says_how_many_weights_it_has():
    assert sizes(Mean()) == (1, 0)


def test_a_diverged_model_is_a_result_with_its_reason():
    outcome = Outcome()

    outcome.fail("training diverged")

    assert (outcome.status, outcome.reason) == ("diverged", "training diverged")
