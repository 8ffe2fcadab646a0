"""What a step notes of y: learned by the regressor that gets that very y, and forgotten with it."""

import gc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import Difference, NVARRegressor, SequenceScaler, next_step
from reservoirs.forecasting import levels

SERIES = np.cumsum(np.random.default_rng(0).standard_normal(60))


def test_what_was_noted_is_what_y_becomes_and_goes_with_it():
    X, y = next_step(SERIES)
    Difference(lag=3).fit_transform(X, y)

    noted = levels._noted(y)
    assert_allclose(noted[2:, 0], SERIES[3:] - SERIES[:-3])
    assert np.isnan(noted[:2]).all()
    assert levels._noted(y.copy()) is None

    key = id(y)
    del X, y
    gc.collect()
    assert key not in levels._NOTED


def test_a_regressor_of_other_rows_learns_y_itself():
    X, y = next_step(SERIES)
    Difference().fit_transform(X, y)

    model, alone = (NVARRegressor(degree=1).fit(X, values) for values in (y, y.copy()))

    assert_array_equal(model.predict(X), alone.predict(X))
    assert not hasattr(model, "transformed_target_")


def test_lists_are_noted_too_and_numbers_in_lists_are_not():
    X, y = next_step([SERIES[:30, None], SERIES[30:, None]])
    Z = SequenceScaler().fit_transform(Difference().fit_transform(X, y))
    model = NVARRegressor(degree=1).fit(Z, y)
    assert model.transformed_target_

    X, y = next_step(SERIES)
    listed = y.tolist()
    with pytest.raises(TypeError, match=r"not noted of a plain list: pass y as an array"):
        Difference().fit_transform(X, listed)
    assert levels._noted(listed) is None
