import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, Reservoir, forecast, next_step

HOURS = pd.date_range("2024-01-01", periods=260, freq="h")
T = np.arange(260.0)
SERIES = pd.DataFrame({"y": np.sin(0.3 * T), "z": np.cos(0.2 * T)}, index=HOURS)[:200]
EXOG = pd.DataFrame({"f": np.sin(0.1 * T), "g": np.cos(0.17 * T)}, index=HOURS)


@pytest.fixture(scope="module")
def model():
    return ESNRegressor(n_units=30, random_state=0).fit(*next_step(SERIES, EXOG))


@pytest.fixture(scope="module")
def right(model):
    return model.forecast(5, exog=EXOG.to_numpy()[199:204])


@pytest.mark.parametrize(
    "exog",
    [
        EXOG,
        EXOG[["g", "f"]],
        EXOG.assign(more=0.0)[["more", "g", "f"]],
        EXOG.iloc[199:204],
        EXOG.iloc[150:230],
        pl.DataFrame(EXOG[199:204]).select("g", "f"),
    ],
    ids=["longer", "turned", "wider", "exact", "around", "polars"],
)
def test_exog_is_taken_by_column_and_by_label(model, right, exog):
    assert_array_equal(model.forecast(5, exog=exog), right)


@pytest.mark.parametrize(
    ("exog", "message"),
    [
        (EXOG[200:205], "no row for 1 of the 5 labels.*first is 2024-01-09 07:00"),
        (EXOG[["f"]], "exog has no column 'g'"),
        (EXOG[:202], "no row for 2 of the 5 labels.*first is 2024-01-09 10:00"),
        (EXOG.tz_localize("UTC"), "no row for 5 of the 5 labels.*UTC"),
        (EXOG.reset_index(drop=True), "no row for 5 of the 5 labels"),
        (EXOG[::-1], "labels of exog must increase"),
        (EXOG.to_numpy()[199:206], r"exog must have shape \(5, 2\)"),
    ],
)
def test_exog_that_lacks_a_label_or_a_column_is_refused_by_name(model, exog, message):
    with pytest.raises(ValueError, match=message):
        model.forecast(5, exog=exog)


def test_a_context_is_taken_by_column(model):
    known = SERIES[100:150]

    expected = model.forecast(5, context=known, exog=EXOG)

    assert_array_equal(model.forecast(5, context=known[["z", "y"]], exog=EXOG), expected)
    assert expected.index[0] == known.index[-1] + pd.Timedelta(hours=1)
    with pytest.raises(ValueError, match="context has no column 'y'"):
        model.forecast(5, context=known.rename(columns={"y": "x"}), exog=EXOG)


def test_a_context_of_one_row_goes_on_as_the_training_labels_do(model):
    one = model.forecast(3, context=SERIES[40:41], exog=EXOG)

    assert list(one.index) == list(HOURS[41:44])


def test_labels_without_a_frequency_number_the_steps_and_say_so():
    uneven = SERIES.set_axis(HOURS[0] + pd.to_timedelta(np.cumsum(1 + T[:200] % 7) ** 1.01, "s"))
    model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(uneven))

    with pytest.warns(UserWarning, match="follow no frequency"):
        found = model.forecast(3)

    assert list(found.index) == [0, 1, 2]


def test_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="both have a column 'y'"):
        next_step(SERIES, EXOG.rename(columns={"f": "y"}))


def test_text_reaches_a_pipeline_that_makes_numbers_of_it():
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OneHotEncoder

    day = pd.DataFrame({"day": np.where(T % 7 < 5, "work", "free")}, index=HOURS)
    X, y = next_step(SERIES[["y"]], day)
    order = make_column_transformer(
        ("passthrough", ["y"]), (OneHotEncoder(sparse_output=False), ["day"])
    )
    model = make_pipeline(order, ESNRegressor(n_units=30, random_state=0)).fit(X, y)
    by_hand = ESNRegressor(n_units=30, random_state=0).fit(order.fit_transform(X), y.to_numpy())
    ahead = np.stack([day["day"] == "free", day["day"] == "work"], axis=1)[199:204].astype(float)

    found = forecast(model, 5, exog=day)

    np.testing.assert_allclose(found, by_hand.forecast(5, exog=ahead), rtol=1e-8)


@pytest.mark.parametrize("last", [[ESNRegressor(n_units=20, random_state=0)], None])
def test_frames_know_how_their_inputs_were_aligned(last):
    labels = pd.date_range("2024", periods=110, freq="h")
    series = pd.DataFrame({"y": np.sin(0.2 * np.arange(100))}, index=labels[:100])
    inputs = pd.DataFrame({"u": np.cos(0.2 * np.arange(110))}, index=labels)
    X, y = next_step(series, inputs, align="target")
    if last is not None:
        with pytest.raises(
            ValueError, match="built with next_step.*fit it with exog_align='target"
        ):
            forecast(make_pipeline(StandardScaler(), *last).fit(X, y), 3, exog=inputs)
        model = make_pipeline(StandardScaler(), last[0].set_params(exog_align="target")).fit(X, y)
    else:  # no part of it has a word in it
        model = make_pipeline(Reservoir(n_units=20, random_state=0), Ridge(1e-6)).fit(X, y)

    found = forecast(model, 3, exog=inputs.iloc[100:])

    assert found.index[0] == labels[100]
    np.testing.assert_allclose(found, forecast(model, 3, exog=inputs))


def test_columns_named_by_numbers_or_pairs_are_found_by_name():
    numbers = SERIES.set_axis([0, 1], axis=1), EXOG.set_axis([2, 3], axis=1)
    pairs = [frame.set_axis([("of", name) for name in frame], axis=1) for frame in (SERIES, EXOG)]
    for series, exog in (numbers, pairs):
        model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(series, exog))
        backwards = series[series.columns[::-1]], exog[exog.columns[::-1]]

        wanted = model.forecast(3, context=series, exog=exog)
        found = model.forecast(3, context=backwards[0], exog=backwards[1])

        assert_array_equal(found, wanted)
    model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(numbers[0]))
    turned = numbers[0][[1, 0]]
    assert_array_equal(model.forecast(3, context=turned), model.forecast(3, context=numbers[0]))
