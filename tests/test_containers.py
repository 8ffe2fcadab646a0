"""verb(container) equals [verb(series) for series in container], for every container and verb."""

import pytest
from containers import CASES, assert_verbs_are_those_of_each_series, sampled

from reservoirs import ESNRegressor, NVARRegressor

MODELS = [
    ESNRegressor(n_units=20, random_state=0, washout=5),
    NVARRegressor(n_delays=2, degree=1, alpha=1e-6),
]


@pytest.mark.parametrize("case", sampled(CASES, 24))
@pytest.mark.parametrize("model", MODELS, ids=["esn", "nvar"])
def test_every_verb_of_a_container_is_that_of_its_series(model, case):
    assert_verbs_are_those_of_each_series(model, case)
