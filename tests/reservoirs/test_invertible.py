"""Log and Difference as transformers: which columns, which rows, what is refused."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import Difference, ESNRegressor, Log, forecast, next_step

T = np.arange(120.0)
SALES = (100 + T) * (1 + 0.3 * np.sin(2 * np.pi * T / 12))
MONTHS = pd.date_range("2015-01-01", periods=120, freq="MS")
FORCE = np.cos(0.7 * T)
ESN = {"n_units": 30, "alpha": 1e-2, "random_state": 0}


def test_known_inputs_stay_as_they_are():
    series, force = np.cumsum(0.5 + FORCE), FORCE[:, None]
    model = make_pipeline(Difference(), StandardScaler(), ESNRegressor(**ESN))

    model.fit(*next_step(series[:100], force))

    step = model[0]
    X, _ = next_step(series[:100], force)
    assert step.n_levels_ == 1
    assert_array_equal(step.transform(X)[:, 1], FORCE[:99])
    assert_allclose(forecast(model, 9, exog=force[99:108]), series[100:109], atol=0.2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Difference(lag=12).fit(SALES[:12, None]), "lower lag"),
        (lambda: Log().fit(T[:, None]), "needs values above"),
        (lambda: Log().fit(-T[:, None]), "Negative values"),
        (lambda: Difference(lag=0).fit(SALES[:, None]), "lag"),
    ],
)
def test_mistakes_are_answered(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_a_next_observation_all_columns_are_transformed():
    X = np.column_stack([SALES, FORCE + 2])

    differences = Difference(lag=2).fit_transform(X, FORCE)

    assert np.isnan(differences[:2]).all()
    assert_allclose(differences[2:], X[2:] - X[:-2])
    step = Log(shift=1.0).fit(X)
    assert_allclose(step.inverse_transform(step.transform(X)), X)
    table = Log().set_output(transform="pandas").fit_transform(pd.DataFrame(X, MONTHS, ["a", "b"]))
    assert list(table.columns) == ["a", "b"] and table.index.equals(MONTHS)
