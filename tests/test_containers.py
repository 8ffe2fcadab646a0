"""verb(container) equals [verb(series) for series in container], for every container and verb."""

import itertools

import pytest
from containers import CASES, assert_verbs_are_those_of_each_series, naming, sampled

from reservoirs import ESNRegressor, NVARRegressor

MODELS = [
    ESNRegressor(n_units=20, random_state=0, washout=5),
    NVARRegressor(n_delays=2, degree=1, alpha=1e-6),
]


@pytest.mark.filterwarnings("ignore::reservoirs.ForecastDivergedWarning")  # wild models
@pytest.mark.parametrize("cases", sampled(CASES, 12))
def test_every_verb_of_a_container_is_that_of_its_series(cases):
    for model, case in itertools.product(MODELS, cases):
        with naming((model, case)):
            assert_verbs_are_those_of_each_series(model, case)
