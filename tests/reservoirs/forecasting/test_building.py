import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, NVARRegressor, forecast, next_step

WAVE = 2.0 + np.sin(0.2 * np.arange(220))
ESN = ESNRegressor(n_units=40, random_state=0)


def test_a_search_is_its_best_model():
    grid = {"alpha": [1e-8, 1e-2]}
    search = GridSearchCV(ESN, grid, cv=TimeSeriesSplit(2)).fit(*next_step(WAVE))

    assert_array_equal(forecast(search, 5), search.best_estimator_.forecast(5))


def test_a_vote_is_the_average_at_every_step():
    members = [("esn", ESN), ("nvar", NVARRegressor(degree=1)), ("ridge", Ridge(1e-6))]
    vote = VotingRegressor(members, weights=[2, 1, 1]).fit(*next_step(WAVE))

    found = forecast(vote, 5)

    state_of_esn, rows = vote.estimators_[0].last_states_[0], [WAVE[-2:-1]]
    latest = WAVE[-1]
    for value in found:
        row = np.array([[latest]])
        esn, state_of_esn = vote.estimators_[0]._drive(row, state_of_esn)
        nvar, _ = vote.estimators_[1]._drive(row, np.array([[rows[-1][0]]]))
        ridge = vote.estimators_[2].predict(row)
        expected = (2 * esn[0, 0] + nvar[0, 0] + ridge[0]) / 4
        assert value == pytest.approx(expected, rel=1e-12)
        rows.append(np.array([latest]))
        latest = value


def test_transformed_targets_are_fed_back_as_they_were():
    inside = NVARRegressor(n_delays=2, degree=2, alpha=1e-6)
    model = TransformedTargetRegressor(inside, func=np.sqrt, inverse_func=np.square)
    model.fit(*next_step(WAVE))

    past = list(WAVE)
    for _ in range(10):  # the whole model on the whole past at every step
        past.append(model.predict(np.array(past)[:, None])[-1])
    assert_allclose(forecast(model, 10), past[-10:], rtol=1e-10)
    assert_allclose(forecast(model, 10, context=WAVE), past[-10:], rtol=1e-10)


def test_a_scaler_of_named_columns_is_driven_on_arrays_and_left_as_it_is():
    frame = pd.DataFrame({"wave": WAVE}, index=pd.date_range("2024", periods=len(WAVE)))
    model = make_pipeline(StandardScaler(), ESN).set_output(transform="pandas")
    model.fit(*next_step(frame))
    before = joblib.hash(model)

    ahead = forecast(model, 5, context=frame)

    assert_array_equal(ahead, forecast(model, 5, context=WAVE))
    assert joblib.hash(model) == before


@pytest.mark.parametrize("model", [Ridge(), make_pipeline(StandardScaler(), Ridge()), 3])
def test_a_model_without_a_part_of_ours_is_refused(model):
    if hasattr(model, "fit"):
        model.fit(*next_step(WAVE))

    with pytest.raises(TypeError, match="forecast takes a regressor of this library"):
        forecast(model, 3)
