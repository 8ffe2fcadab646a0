import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, SequenceScaler, forecast, next_step

A, B = np.split(np.random.default_rng(0).normal(3, 2, size=(65, 2)), [40])


def test_it_scales_as_the_standard_scaler_does_all_rows_together():
    joined = np.vstack([A, B])

    scaled = SequenceScaler().fit_transform([A, B])

    assert_allclose(np.vstack(scaled), StandardScaler().fit_transform(joined), rtol=1e-12)


def test_going_back_gives_the_rows_again():
    scaler = SequenceScaler().fit([A, B])

    back = scaler.inverse_transform(scaler.transform([A, B]))

    assert_allclose(back[1], B)


def test_going_back_keeps_nan_and_refuses_another_width():
    scaler = SequenceScaler().fit(A)

    assert np.isnan(scaler.inverse_transform(np.full((3, 2), np.nan))).all()
    with pytest.raises(ValueError, match=r"2 columns as in fit, got shape \(40, 1\)"):
        scaler.inverse_transform(A[:, :1])


def test_a_constant_feature_stays_as_it_is():
    scaled = SequenceScaler().fit_transform(np.column_stack([A[:, 0], np.full(40, 7.0)]))

    assert_allclose(scaled[:, 1], 0.0)


def test_each_half_can_be_switched_off():
    assert_allclose(SequenceScaler(with_mean=False).fit(A).mean_, 0.0)
    assert_allclose(SequenceScaler(with_std=False).fit(A).scale_, 1.0)


def test_a_pipeline_takes_lists_and_forecasts_in_raw_units():
    series = [50 + 9 * np.sin(0.2 * np.arange(300) + p)[:, None] for p in (0.0, 1.0)]
    esn = ESNRegressor(n_units=50, input_scaling=0.2, leak_rate=0.5, alpha=1e-10, random_state=0)

    model = make_pipeline(SequenceScaler(), esn).fit(*next_step(series))

    predicted = forecast(model, 20)
    expected = 50 + 9 * np.sin(0.2 * np.arange(300, 320) + 1.0)
    assert_allclose(predicted[1][:, 0], expected, atol=0.05)
