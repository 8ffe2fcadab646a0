import numpy as np
import pandas as pd
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


@pytest.mark.parametrize("unit", [1e-280, 1e-160, 1e160, 1e306])
@pytest.mark.parametrize("per_series", [True, False])
def test_any_unit_is_scaled_as_one(unit, per_series):
    rows = np.random.default_rng(0).normal(size=(9, 3)) * [1.0, 1.0, 0.0] + [0.0, 5.0, 5.0]
    rows[2, 1] = np.nan
    mixed = rows * [unit, unit, 1.0]

    expected, found = (
        SequenceScaler(per_series=per_series).fit_transform([data, -data]) for data in (rows, mixed)
    )

    assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


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


def test_each_series_can_have_its_own_scale_which_is_remembered():
    names = pd.MultiIndex.from_tuples([("a", i) for i in range(40)] + [("b", i) for i in range(25)])
    frame = pd.DataFrame(np.vstack([A, B]), names, ["p", "q"])
    expected = [StandardScaler().fit_transform(s) for s in (A, B)]

    scaler = SequenceScaler(per_series=True)

    for X, ids in [([A, B], None), (frame, None), (np.vstack([A, B]), [0] * 40 + [1] * 25)]:
        scaled = scaler.fit(X, series_id=ids).transform(X, series_id=ids)
        flat = np.vstack(scaled) if isinstance(scaled, list) else np.asarray(scaled)
        assert_allclose(flat, np.vstack(expected), rtol=1e-12)
    stack = np.stack([A[:25], B])
    scaled = scaler.fit_transform(stack)
    assert_allclose(scaled[0], StandardScaler().fit_transform(A[:25]), rtol=1e-12)
    assert_allclose(scaler.inverse_transform(scaled), stack)
    # by place: other rows of the same series
    scaler.fit([A, B])
    assert_allclose(scaler.transform([A[:5], B[:5]])[1], expected[1][:5], rtol=1e-12)
    assert_allclose(scaler.inverse_transform(scaler.transform([A, B]))[1], B)
    # by name, in another order and fewer of them
    scaler.fit(frame)
    found = scaler.transform(frame.loc[["b"]])
    assert list(found.index) == list(frame.loc[["b"]].index)
    assert_allclose(found, expected[1], rtol=1e-12)
    assert_allclose(scaler.inverse_transform(found), B)


def test_series_without_names_that_are_unlike_those_of_fit_are_not_silently_taken_for_them():
    scaler = SequenceScaler(per_series=True).fit([A, 1000 * B])

    scaler.transform([A, 1000 * B])
    with pytest.warns(UserWarning, match="series 0 is taken for series 0 of fit.*MultiIndex"):
        scaler.transform([1000 * B, A])


def test_a_series_that_was_not_in_fit_is_scaled_by_its_own_rows_and_has_no_way_back():
    scaler = SequenceScaler(per_series=True).fit([A, B])

    assert_allclose(scaler.transform(A[:9]), StandardScaler().fit_transform(A[:9]), rtol=1e-12)
    with pytest.raises(ValueError, match="series other than the 2 of fit.*in their order"):
        scaler.inverse_transform(A[:9])


@pytest.mark.parametrize("n_columns", [1, 2, 5])
@pytest.mark.parametrize("n_rows", [7, 431, 3000])
@pytest.mark.parametrize("per_series", [True, False])
def test_a_constant_of_any_value_is_taken_to_0_whatever_rounding_its_mean_has(
    n_columns, n_rows, per_series
):
    rng = np.random.default_rng([n_rows, n_columns])
    for value in rng.normal(size=20) * 10.0 ** rng.uniform(-200, 200, size=20):
        rows = rng.normal(size=(n_rows, n_columns))
        rows[:, 0] = value

        scaler = SequenceScaler(per_series=per_series).fit([rows])
        scaled = scaler.transform([rows])[0]

        assert not scaled[:, 0].any(), value
        assert np.ravel(scaler.scale_)[0] == 1.0


def test_the_loop_of_a_constant_behind_the_scaler_is_that_of_its_values():
    rng = np.random.default_rng(0)
    for value in rng.normal(size=40) * 1e-6:
        series, force = np.full(rng.integers(50, 600), value), np.sin(np.arange(600.0))
        model = make_pipeline(SequenceScaler(), ESNRegressor(n_units=5, random_state=0))

        model.fit(*next_step(series, force[: len(series)]))

        assert (forecast(model, 3, exog=force[:3]) == value).all(), value
