import numpy as np
import pytest
from forecasters import ESN, F, S, T, each_model, fitted
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import forecast, next_step
from reservoirs.forecasting import closed_loop_model


def test_a_setting_that_became_nonsense_after_the_fit_is_refused_until_it_is_mended():
    model = fitted(ESN)
    model.forecast(5, exog=F[:5])

    model.set_params(leak_rate=-1.0)
    for _ in range(2):
        with pytest.raises(ValueError, match="'leak_rate' parameter"):
            model.forecast(5, exog=F[:5])
        with pytest.raises(ValueError, match="'leak_rate' parameter"):
            model.predict(np.hstack([S, F])[:5])

    assert np.isfinite(model.set_params(leak_rate=ESN.leak_rate).forecast(5, exog=F[:5])).all()


def test_only_our_models_can_be_forecast():
    with pytest.raises(TypeError, match="a regressor of this library.*got Pipeline"):
        forecast(make_pipeline(StandardScaler(), Ridge()).fit(S[:9], S[1:10]), 3)


def test_a_regressor_is_its_own_model_and_a_pipeline_one_of_parts():
    alone = fitted(ESN)
    pipeline = make_pipeline(StandardScaler(), ESN).fit(*next_step(S[:T], F))

    assert closed_loop_model(alone) is alone
    assert list(closed_loop_model(pipeline).node.parts()) == [pipeline[-1]]


@each_model
def test_a_model_that_is_not_fitted_says_so(model):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        forecast(clone(model), 3)
