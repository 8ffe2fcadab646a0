"""Mistakes of use, each answered with what to write instead."""

import re
import warnings
from datetime import date, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy.sparse import csr_array
from sklearn.base import clone, is_classifier
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.metrics import nrmse
from trainers import RNNClassifier, RNNRegressor

N = 40
WAVE = np.sin(0.3 * np.arange(N))
DATES = pd.date_range("2024-03-01", periods=N, freq="h")
ESN = ESNRegressor(n_units=5, random_state=0)
MODELS = [
    ESN,
    ESNClassifier(n_units=5),
    NVARRegressor(),
    RNNRegressor(n_units=3, max_iter=1),
    Reservoir(n_units=5),
    SequenceScaler(),
    make_pipeline(SequenceScaler(), ESN),
]
DATE_COLUMNS = {
    "datetime64": DATES,
    "with a zone": DATES.tz_localize("Europe/Berlin"),
    "periods": DATES.to_period("h"),
    "objects": np.array([date(2024, 3, 1) + timedelta(days=i) for i in range(N)], dtype=object),
    "iso text": DATES.astype(str),
    "written dates": DATES.strftime("%d.%m.%Y"),
    "slashes": DATES.strftime("%m/%d/%y %H:%M"),
    "months": [f"Mar {2000 + i}" for i in range(N)],
    "quarters": [f"{2000 + i // 4}Q{1 + i % 4}" for i in range(N)],
    "hours": DATES.strftime("%H:%M"),
    "eight digits": (DATES + pd.Timedelta("9D")).strftime("%Y%m%d"),
}


def test_a_column_of_dates_is_named_and_belongs_into_the_index():
    for model in MODELS:
        for kind, column in DATE_COLUMNS.items():
            for frame in (
                pd.DataFrame({"when": column, "value": WAVE}),
                pd.DataFrame({"when": column}),
            ):
                with pytest.raises(ValueError, match=r"column 'when' of X holds dates") as caught:
                    model.fit(frame, WAVE > 0)

                assert "set_index('when')" in str(caught.value), kind


def test_dates_are_refused_in_other_containers_and_verbs_too():
    frame = pd.DataFrame({"when": DATES, "value": WAVE})
    plain = np.column_stack([DATES.astype(str), WAVE])
    model = ESNRegressor(n_units=5, random_state=0).fit(*next_step(WAVE))

    for X, column in [
        (pl.from_pandas(frame), "'when'"), (plain, "0"), (plain.tolist(), "0"),
        ([frame.iloc[:20], frame.iloc[20:]], None), (np.asarray(DATES)[:, None], None),
        (plain.astype(object), "0"), (frame.to_numpy(), "0"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="dates") as caught:
            ESN.fit(X, WAVE)
        assert column is None or f"column {column} of X" in str(caught.value)
    for call in (
        lambda: model.predict(frame),
        lambda: model.forecast(2, context=frame[["when"]]),
        lambda: next_step(frame),
        lambda: next_step([frame, frame]),
        lambda: backtest(model, frame, horizon=2, step=2),
        lambda: ESN.fit(WAVE[:, None], DATES),
    ):
        with pytest.raises(ValueError, match="holds dates"):
            call()


def test_time_differences_become_numbers_by_hand_only():
    frame = pd.DataFrame({"age": DATES - DATES[0], "value": WAVE})

    hours = pl.DataFrame({"hour": [when.time() for when in DATES], "value": WAVE})

    for X in (frame, frame[["age"]], frame[["age"]].to_numpy(), pl.from_pandas(frame), hours):
        with pytest.raises(ValueError, match="time differences.*total_seconds"):
            ESN.fit(X, WAVE)


def test_text_is_named_with_its_row_and_encoded_in_a_pipeline():
    days = pd.Categorical(np.array(["mo", "tu"])[np.arange(N) % 2])
    mixed = pd.Series(WAVE).astype(object)
    mixed[7] = "n/a"

    for column, row, value in [(days, 0, "mo"), (np.asarray(days), 0, "mo"), (mixed, 7, "n/a")]:
        message = f"column 'day' of X holds text, '{value}' in row {row}: .*OneHotEncoder"
        with pytest.raises(ValueError, match=message):
            ESN.fit(pd.DataFrame({"value": WAVE, "day": column}), WAVE)


def as_text(rows):
    """Numbers as text in every container of rows, (n_rows, 1)."""
    text = rows.astype(str)
    yield from (text, text.astype(object), text.astype("S"), text.tolist(), [text, text])
    yield from ([*rows[:-1].tolist(), ["007"]], np.stack([text, text]))
    for kind in (object, "string", "category"):
        yield pd.DataFrame(text, columns=["v"]).astype(kind)
    yield pl.DataFrame({"v": text[:, 0]})
    yield pl.DataFrame({"v": text[:, 0]}).with_columns(pl.col("v").cast(pl.Categorical))


def test_text_that_reads_as_a_number_is_refused_in_every_place():
    rows = WAVE[:, None]
    exog = ESNRegressor(n_units=5, random_state=0).fit(*next_step(rows, rows))
    calls = {
        "X": lambda v: exog.predict(np.column_stack([v, v])),
        "context": lambda v: exog.forecast(2, context=v, exog=np.zeros((N + 1, 1))),
        "exog": lambda v: exog.forecast(2, context=rows[: N - 1], exog=v),
        "series": lambda v: ESN.fit(*next_step(rows)).backtest(v, horizon=2, step=9),
        "y_true": lambda v: nrmse(v, rows),
        "y_pred": lambda v: nrmse(rows, v),
    }

    for model in MODELS:
        for text in as_text(rows):
            many = isinstance(text, list) and isinstance(text[0], np.ndarray)
            y = (
                [WAVE > 0] * 2
                if many
                else np.stack([WAVE > 0] * 2)
                if np.ndim(text) == 3
                else WAVE > 0
            )
            with pytest.raises(ValueError, match=r"X holds numbers as text, .*astype\(float\)"):
                model.fit(text, y)
    for name, call in calls.items():
        for text in [rows.astype(str), rows.astype(str).astype(object), rows.astype(str).tolist()]:
            with pytest.raises(ValueError, match=f"{name} holds numbers as text"):
                call(text)
    for y in (WAVE.astype(str), WAVE.astype(str).tolist(), pd.Series(WAVE.astype(str))):
        for model in (ESN, NVARRegressor()):
            with pytest.raises(ValueError, match="y holds numbers as text.*ESNClassifier"):
                model.fit(rows, y)
    ESN.fit(rows.astype(object), WAVE.astype(object))  # numbers stay numbers


def test_names_written_in_digits_stay_names(tmp_path):
    days = np.array(["20240101", "007"])[(WAVE > 0).astype(int)]
    y = pd.DataFrame({"y": np.r_[WAVE, -WAVE]})
    panel = y.set_axis(pd.MultiIndex.from_product([["007", "7"], DATES]))
    ids = np.repeat(["007", "7"], N)

    labels = ESNClassifier(n_units=5).fit(WAVE[:, None], days)
    model = ESNRegressor(n_units=5, random_state=0).fit(*next_step(panel))
    save(model, tmp_path / "model")

    assert labels.classes_.tolist() == ["007", "20240101"]
    assert list(load(tmp_path / "model").forecast(1).index.get_level_values(0)) == ["007", "7"]
    X, targets = next_step(y.to_numpy(), series_id=ids)
    for series_id in (np.repeat(["007", "7"], N - 1), ["7"] * (N - 1) + [7] * (N - 1)):
        assert len(ESN.fit(np.vstack(X), np.vstack(targets), series_id=series_id).forecast(1)) == 2
    encode = make_column_transformer(("passthrough", ["y"]), remainder=OneHotEncoder())
    coded = make_pipeline(encode, ESN).fit(pd.DataFrame({"y": WAVE, "day": days}), WAVE)
    assert coded[-1].n_features_in_ == 3


def test_labels_are_for_classifiers():
    text = np.where(WAVE > 0, "up", "down")
    series = np.stack([WAVE[:, None]] * 4)

    for model in (ESN, NVARRegressor(), make_pipeline(SequenceScaler(), ESN)):
        for X, y in [
            (WAVE[:, None], text), (WAVE[:, None], text.tolist()), (WAVE[:, None], pd.Series(text)),
            (WAVE[:, None], text.astype(object)), (WAVE[:, None], pd.Categorical(text)),
            (series, ["a", "b", "a", "b"]), ([WAVE[:, None]] * 2, [text, text]),
            (WAVE[:, None], text[:, None]),
        ]:  # fmt: skip
            with pytest.raises(ValueError, match=r"y.* holds text, .*ESNClassifier"):
                model.fit(X, y)


def test_errors_of_other_things_stay_what_they_were():
    for X, message in [
        (np.full((9, 1), {}), "argument must be"),
        (WAVE[:, None] + 1j, "Complex data not supported"),
        (WAVE, "Expected 2D array"),
        (csr_array(WAVE[:, None]), "Sparse data was passed"),
        (3, "Expected 2D array"),
    ]:
        with pytest.raises((ValueError, TypeError), match=re.escape(message)):
            ESN.fit(X, WAVE)


LONG = np.sin(0.3 * np.arange(60))
LEARNERS = [
    ESN,
    ESNClassifier(n_units=10, random_state=0),
    NVARRegressor(),
    RNNRegressor(n_units=3, max_iter=1),
    RNNClassifier(n_units=3, max_iter=1),
]


def test_a_fit_without_y_says_how_to_build_it():
    series = [LONG, LONG[:, None], LONG.tolist(), pd.DataFrame({"y": LONG}), pd.Series(LONG)]
    series += [[LONG[:, None]] * 2, np.stack([LONG[:, None]] * 2)]
    for model in LEARNERS:
        for fit in (model.fit, getattr(model, "partial_fit", model.fit)):
            for X in series:
                with pytest.raises(TypeError, match=r"needs X and y.*fit\(\*next_step\(series\)\)"):
                    fit(X)
            with pytest.raises(ValueError, match=r"y is None.*fit\(\*next_step\(series\)\)"):
                fit(LONG[:, None], None)
    with pytest.raises(ValueError, match=r"y is None.*fit\(\*next_step\(series\)\)"):
        make_pipeline(SequenceScaler(), ESN).fit(LONG[:, None])


def test_a_fit_of_the_tuple_of_next_step_asks_for_the_star():
    two = np.column_stack([LONG, LONG])
    for pair in (next_step(LONG), next_step(two), next_step(pd.DataFrame({"y": LONG}))):
        for model in LEARNERS:
            with pytest.raises(TypeError, match=r"one tuple: write fit\(\*next_step\(series\)\)"):
                model.fit(pair)
    with pytest.raises(TypeError, match="with the star"):
        ESN.fit(X=next_step(LONG))
    frame = pd.DataFrame({"y": LONG})
    for series in (LONG, two, frame, [two, two], np.stack([two, two]), pl.from_pandas(frame)):
        for first in (StandardScaler(), PolynomialFeatures(2), SequenceScaler(), NVAR()):
            with pytest.raises(ValueError, match=r"one tuple: write fit\(\*next_step\(series\)\)"):
                make_pipeline(first, ESN).fit(next_step(series))
    for model in (SequenceScaler(), Reservoir(n_units=5), make_pipeline(SequenceScaler(), ESN)):
        with pytest.raises(ValueError, match=r"write fit\(\*next_step\(series\)\), with the star"):
            model.fit(next_step(LONG))


def test_channels_before_time_are_pointed_out_once_a_fit():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 3, 20)), np.arange(8) % 2
    for model in [*LEARNERS, Reservoir(n_units=5), SequenceScaler()]:
        if isinstance(model, NVARRegressor):
            continue  # no targets per series
        target = y if is_classifier(model) else y.astype(float)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = clone(model).fit(X, target)
            getattr(fitted, "predict", getattr(fitted, "transform", None))(X)

        assert ["np.swapaxes(X, 1, 2)" in str(w.message) for w in caught] == [True], model
        clone(model).fit(np.swapaxes(X, 1, 2), target)
        clone(model).fit(list(X), target)


def test_saving_into_a_missing_folder_or_over_a_folder_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"folder .*nowhere does not exist; make it with"):
        save(ESN, tmp_path / "nowhere" / "model")
    with pytest.raises(IsADirectoryError, match=re.escape(f"{tmp_path} is a folder; name a file")):
        save(ESN, tmp_path)


def test_categorical_exog_goes_through_a_pipeline_into_forecasts():
    when = pd.date_range("2024", periods=63, freq="h")
    days = np.array(["mo", "tu", "we"])[np.arange(63) % 3]
    exog = pd.DataFrame({"day": days, "temp": np.cos(np.arange(63))}, index=when)
    y = pd.DataFrame({"y": LONG}, index=when[:60])
    numbers = pd.concat([pd.get_dummies(exog["day"]).astype(float), exog[["temp"]]], axis=1)
    by_hand = clone(ESN).set_params(input_scaling=0.1).fit(*next_step(y, numbers))
    encode = make_column_transformer(
        ("passthrough", ["y"]), (OneHotEncoder(), ["day"]), remainder="passthrough"
    )

    found = make_pipeline(encode, clone(by_hand)).fit(*next_step(y, exog))

    assert_allclose(forecast(found, 3, exog=exog), by_hand.forecast(3, exog=numbers), rtol=1e-9)
    context = {"context": y[30:50]}
    assert_allclose(
        forecast(found, 3, exog=exog, **context), by_hand.forecast(3, exog=numbers, **context),
        rtol=1e-9,
    )  # fmt: skip
    unknown = exog.assign(day="su")
    with pytest.raises(ValueError, match="unknown categories"):
        forecast(found, 3, exog=unknown)


def test_verbose_prints_one_line_a_fit_and_nothing_by_default(capsys):
    X, y = next_step(LONG)
    clone(ESN).fit(X, y)
    assert capsys.readouterr().out == ""

    for model, target in [(ESN, y), (ESNClassifier(n_units=10), y > 0)]:
        clone(model).set_params(verbose=1, alpha=[1e-3, 1.0]).fit(X, target)
        line = f"{type(model).__name__}: 59 rows of 1 series, .* with alpha=.* of 2, .* s\n"
        assert re.fullmatch(line, capsys.readouterr().out)
