import pytest
from forecasters import ESN, F, S, each_model, fitted
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import backtest


@each_model
def test_backtest_equals_a_loop_of_forecasts(model):
    model = fitted(model)
    series, exog = S[:200], F[:200]

    truth, found = backtest(model, series, horizon=20, step=45, exog=exog)

    origins = range(44, 180, 45)
    assert found.shape == (len(origins), 20, 1)
    for i, o in enumerate(origins):
        one = model.forecast(20, context=series[: o + 1], exog=exog[: o + 20])
        assert_allclose(found[i], one, rtol=1e-12, atol=1e-12)
        assert_array_equal(truth[i], series[o + 1 : o + 21])


@pytest.mark.parametrize(("horizon", "step"), [(0, 1), (1, 0), (500, 10)])
def test_backtest_refuses_what_leaves_no_origin(horizon, step):
    model = fitted(ESN)

    with pytest.raises(ValueError, match="must"):
        model.backtest(S[:200], horizon=horizon, step=step, exog=F[:200])
