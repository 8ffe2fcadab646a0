"""Faults that real data and public questions found, each as it was reported.

Those that need a process, a file of the benchmark or a network are named in `ELSEWHERE`.
"""

import os
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from reservoirs import (
    ESNClassifier,
    ESNRegressor,
    Reservoir,
    SequenceScaler,
    forecast,
    load,
    next_step,
    save,
)
from reservoirs.diagnostics import reservoir_report
from reservoirs.metrics import amplitude_ratio, nrmse, valid_prediction_time
from reservoirs.model_selection import forecast_scorer

S = np.sin(0.3 * np.arange(200))
HOURS = pd.date_range("2024-01-01", periods=300, freq="h")


def esn(**settings):
    return ESNRegressor(**{"n_units": 50, "random_state": 0, **settings})


def panel():
    days = pd.date_range("2024", periods=40)
    values = np.tile([0.0, 1, 0, -1], 20) + np.repeat([0, 100], 40)
    return pd.DataFrame({"y": values}, index=pd.MultiIndex.from_product([["A", "B"], days]))


def test_a1_the_series_of_a_panel_are_not_mixed():
    f = panel()
    X, y = next_step(f)
    model = ESNRegressor(n_units=30, random_state=0, washout=4).fit(X, y)

    found = model.forecast(2)
    again = model.forecast(2, context=f)

    assert len(X) == 78
    assert_allclose(found.loc["A", "y"], [0.0, 1.0], atol=0.2)
    assert_allclose(found.loc["B", "y"], [100.0, 101.0], atol=0.2)
    assert_allclose(again, found, atol=0.2)
    assert found.loc["A"].index[0] == pd.Timestamp("2024-02-10")


def test_a2_the_dates_of_a_forecast_follow_the_last_observation():
    df = pd.DataFrame({"a": np.sin(0.2 * np.arange(300))}, index=HOURS.rename("when"))

    with pytest.warns(UserWarning, match="2024-01-13 10:00"):
        index = esn().fit(*next_step(df.drop(HOURS[-2]))).forecast(3).index

    assert list(index) == list(pd.date_range("2024-01-13 12:00", periods=3, freq="h"))
    assert index.name == "when"
    for bad in (df.sample(frac=1, random_state=0), df.iloc[[*range(300), 299]], df.iloc[::-1]):
        with pytest.raises(ValueError, match="2024-01"):
            next_step(bad)
    one_row = esn().fit(*next_step(df)).forecast(2, context=df.iloc[-1:])
    assert one_row.index[0] == HOURS[-1] + pd.Timedelta("1h")


def test_a3_a_pipeline_refuses_what_its_estimator_refuses():
    f = pd.DataFrame({"temp": np.cos(0.2 * np.arange(200)), "y": S})
    y, X = f["y"].shift(-1).dropna(), f.iloc[:-1]
    exog = np.cos(0.2 * np.arange(199, 202))[:, None]

    for model in (esn(), make_pipeline(StandardScaler(), esn())):
        with pytest.raises(ValueError, match="next_step"):
            forecast(model.fit(X, y), 3, exog=exog)


def test_a4_a_step_with_a_state_carries_it_through_the_forecast():
    s = np.sin(0.2 * np.arange(1060))[:, None]
    X, y = next_step(s[:1000])
    first = Reservoir(n_units=50, random_state=0)
    for last in (ESNRegressor(n_units=50, random_state=1, alpha=1e-10), Ridge(alpha=1e-10)):
        found = forecast(make_pipeline(first, last).fit(X, y), 60)

        assert nrmse(s[1000:], np.reshape(found, (-1, 1))) < 1e-2


def test_a5_rows_that_do_not_follow_the_training_rows_are_not_scored():
    X, y = next_step(S)
    for cv in (KFold(5), TimeSeriesSplit(3, gap=5)):
        for model in (esn(), make_pipeline(StandardScaler(), esn())):
            with pytest.raises(ValueError, match="RollingOriginSplit"):
                cross_val_score(model, X, y, cv=cv, scoring=forecast_scorer(), error_score="raise")


def test_a6_names_and_labels_count_in_every_verb():
    days = pd.date_range("2024-01-01", periods=210)
    noise = np.random.default_rng(0).normal(size=210)
    y = np.zeros(210)
    for t in range(1, 210):
        y[t] = 0.5 * y[t - 1] + noise[t - 1]
    F, Y = pd.DataFrame({"f": noise}, index=days), pd.DataFrame({"y": y}, index=days)
    model = esn(alpha=1e-8).fit(*next_step(Y[:200], F[:200]))
    right = model.forecast(5, exog=F[199:204])

    assert_allclose(model.forecast(5, exog=F), right)
    with pytest.raises(ValueError, match=r"exog.*2024"):
        model.forecast(5, exog=F[200:205])
    with pytest.raises(ValueError, match="2024"):
        next_step(Y, F.set_axis(days + pd.Timedelta("31D")))
    two = pd.DataFrame({"y": S, "z": np.cos(0.2 * np.arange(200))})
    both = esn().fit(*next_step(two))
    assert_array_equal(both.forecast(2, context=two[["z", "y"]]), both.forecast(2, context=two))


def test_a7_inputs_known_ahead_enter_with_the_value_that_they_explain():
    days = pd.date_range("2024-01-01", periods=330)
    promo = (np.random.default_rng(0).random(330) < 0.3).astype(float)
    sales = pd.DataFrame({"y": 10 + 5 * promo + np.sin(0.4 * np.arange(330))}, index=days)
    F = pd.DataFrame({"promo": promo}, index=days)
    errors = {}
    for align in ("target", "observation"):
        model = make_pipeline(StandardScaler(), esn(alpha=1.0, exog_align=align))
        model.fit(*next_step(sales[:300], F[:300], align=align))
        found = forecast(model, 30, exog=F, bound=None)
        errors[align] = float(np.abs(found["y"] - sales["y"][300:]).mean())

    assert errors["target"] < 0.8
    assert errors["observation"] > 2.0


def test_a8_a_mask_is_missing_and_the_fill_value_is_never_learned():
    missing = np.arange(200) // 3 == 33
    holes = np.where(missing, np.nan, S)
    masked = np.ma.array(np.where(missing, -9999.0, S), mask=missing)

    assert_array_equal(
        esn().fit(*next_step(masked)).forecast(5), esn().fit(*next_step(holes)).forecast(5)
    )


def test_a9_the_report_looks_at_the_data_of_the_fit():
    prices = 3e4 + 500 * S
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = esn(input_scaling=0.2).fit(*next_step(prices))
        report = str(reservoir_report(model))

    assert "!!" in report


def test_a11_unscaled_inputs_are_announced_with_the_remedy():
    with pytest.warns(UserWarning, match="make_pipeline"):
        esn().fit(*next_step(1e6 + 1e5 * S))


def test_b1_what_save_writes_load_reads(tmp_path):
    named = pd.DataFrame({"y": S}, index=pd.CategoricalIndex([str(i) for i in range(200)]))
    ticks = pd.DataFrame({"y": S}, index=pd.Index(range(0, 400, 2), name="ticks"))
    for frame in (named, ticks):
        model = esn().fit(*next_step(frame))
        save(model, tmp_path / "model")

        assert_array_equal(load(tmp_path / "model").predict(frame[:9]), model.predict(frame[:9]))
    assert load(tmp_path / "model").forecast(2).index.equals(pd.Index([400, 402], name="ticks"))
    long = pd.DataFrame({"y": np.tile(S, 50)}, index=pd.date_range("2020", periods=10000, freq="h"))
    model = esn(n_units=20, degree=5).fit(*next_step(long))
    save(model, tmp_path / "model")
    starts = sum(values.nbytes for values in vars(model.start_states_).values())
    assert starts < 120_000 and os.path.getsize(tmp_path / "model") - starts < 60_000


def test_b2_the_order_of_an_array_in_memory_changes_no_bit():
    X, y = next_step(np.column_stack([S, S[::-1], np.cos(S)]))
    plain = esn().fit(X, y)
    other = esn().fit(np.asfortranarray(X), np.asfortranarray(y))

    assert_array_equal(plain.coef_, other.coef_)
    assert_array_equal(plain.predict(X), other.predict(np.asfortranarray(X)))


def test_c_frames_go_in_and_frames_come_out():
    frame = pd.DataFrame({"y": S}, index=pd.date_range("2024", periods=200))
    exog = pd.DataFrame({"x": np.cos(S)}, index=frame.index)
    X, y = next_step(frame, exog)

    assert list(X.columns) == ["y", "x"]
    assert X.index.equals(frame.index[:-1])
    model = make_pipeline(StandardScaler(), esn()).fit(*next_step(frame))
    with_context = forecast(model, 3, context=frame)
    assert_allclose(forecast(model, 3), with_context)
    assert forecast(model, 3).index.equals(with_context.index)


def test_c_missing_values_are_named_with_the_ways_out():
    broken = S.copy()[:, None]
    broken[7] = np.nan
    with pytest.raises(ValueError, match="NaN") as caught:
        ESNClassifier(n_units=9).fit(broken, S > 0)

    assert "row 7" in str(caught.value)
    assert "HistGradientBoosting" not in str(caught.value)


def test_c_a_search_forecasts_as_its_best_model():
    search = GridSearchCV(esn(), {"alpha": [1e-6, 1e-3]}, cv=TimeSeriesSplit(2))
    search.fit(*next_step(S))

    assert_array_equal(forecast(search, 3), search.best_estimator_.forecast(3))


def test_c_series_of_different_size_are_scaled_for_themselves_and_taken_back():
    series = [S[:, None], 1e4 + 500 * np.sin(0.5 * np.arange(200))[:, None]]
    model = make_pipeline(SequenceScaler(per_series=True), esn(alpha=1e-8))

    found = forecast(model.fit(*next_step(series)), 10)

    assert_allclose(found[0][:, 0], np.sin(0.3 * np.arange(200, 210)), atol=0.05)
    assert_allclose(found[1][:, 0], 1e4 + 500 * np.sin(0.5 * np.arange(200, 210)), atol=25)


def test_c_text_beside_the_series_forecasts_through_a_pipeline():
    exog = pd.DataFrame({"day": np.array(["mo", "tu"])[np.arange(203) % 2]})
    encode = make_column_transformer(("passthrough", ["y"]), remainder=OneHotEncoder())
    model = make_pipeline(encode, esn()).fit(*next_step(pd.DataFrame({"y": S}), exog[:200]))

    assert np.isfinite(np.asarray(forecast(model, 3, exog=exog))).all()


def test_c_words_of_other_libraries_are_answered():
    for wrong, right in [("n_unit", "n_units"), ("sr", "spectral_radius"), ("lr", "leak_rate")]:
        with pytest.raises(TypeError, match=rf"ESNRegressor.*did you mean '{right}'"):
            ESNRegressor(**{wrong: 1})


def test_c_channels_before_time_are_announced():
    with pytest.warns(UserWarning, match=re.escape("np.swapaxes(X, 1, 2)")):
        ESNClassifier(n_units=9).fit(np.random.default_rng(0).normal(size=(6, 2, 30)), [0, 1] * 3)


def test_d1_a_failed_fit_leaves_the_model_as_it_was():
    X, y = next_step(S[:, None])
    model = esn().fit(X, y)
    before, score = model.coef_.copy(), model.score(X, y)
    with pytest.raises(ValueError, match="too large"):
        model.fit(X * 1e300, y * 1e300)

    assert_array_equal(model.coef_, before)
    assert model.score(X, y) == score


def test_d3_shapes_that_do_not_match_and_ids_that_are_none_are_refused():
    for metric in (nrmse, valid_prediction_time, amplitude_ratio):
        with pytest.raises(ValueError, match="shape"):
            metric(np.ones((10, 2)), np.ones((2, 10)))
    X, y = next_step(S[:, None])
    with pytest.raises(ValueError, match="series_id"):
        esn().fit(X, y, series_id=np.full(len(X), np.nan))


def test_d10_output_as_frames_leaves_lists_and_3d_arrays():
    transformer = Reservoir(n_units=9, random_state=0).set_output(transform="pandas")
    listed = transformer.fit_transform([S[:, None], S[:50, None]])

    assert [len(part) for part in listed] == [200, 50]
    assert transformer.fit_transform(np.zeros((2, 8, 1))).shape == (2, 8, 9)


ELSEWHERE = {  # faults whose snippets are a process, a file or a network: where each is a test
    "B3": {
        "benchmarks/test_cli.py": [
            "test_an_empty_selection_ends_with_two_and_says_what_would_run",
            "test_the_page_shows_the_whole_folder_whatever_was_asked_for",
        ]
    },
    "D2": {"reservoirs/test_gcv.py": ["test_the_choice_is_that_of_50_digits_in_300_problems"]},
    "D4": {"test_house.py": ["test_ci_installs_the_lower_bounds_of_the_package"]},
    "D5": {
        "reservoirs/test_parallel.py": [
            "test_a_child_of_a_fork_waits_for_no_thread_and_has_the_blas_threads_before_all_fits"
        ]
    },
    "D6": {
        "trainers/test_optimizer_contract.py": [
            "test_a_copy_of_model_and_optimizer_goes_on_by_itself",
            "test_groups_have_settings_of_their_own_and_may_be_added",
        ],
        "trainers/test_optimizer_attempts.py": [
            "test_settling_or_looking_ahead_twice_is_once",
            "test_every_group_keeps_a_damping_of_its_own",
        ],
        "trainers/test_optimizer_tools.py": ["test_skorch_trains_copies_and_searches"],
    },
    "D7": {
        "reservoirs/test_closed_loops.py": ["test_ctrl_c_ends_a_long_forecast_between_two_calls"],
        "trainers/test_rnn_commit.py": [
            "test_an_interrupt_at_any_line_keeps_whole_epochs_only",
            "test_a_search_stops_at_an_interrupt",
        ],
    },
    "D8": {
        "benchmarks/test_records.py": ["test_every_command_goes_on_without_what_is_not_a_record"],
        "benchmarks/test_suites.py": [
            "test_a_suite_with_a_wrong_value_is_refused_with_what_is_right"
        ],
        "benchmarks/cells/test_files.py": ["test_what_fails_leaves_the_old_file_and_nothing_else"],
        "benchmarks/test_page.py": ["test_a_full_disk_leaves_the_old_page"],
    },
    "D9": {
        "reservoirs/persistence/test_attributes.py": [
            "test_no_file_hides_a_name_of_the_class_or_brings_a_new_one"
        ],
        "reservoirs/persistence/test_budget.py": [
            "test_a_file_that_claims_more_than_it_holds_is_refused_at_once"
        ],
        "benchmarks/test_page.py": ["test_no_hostile_text_becomes_a_tag_or_leaves_an_attribute"],
        "benchmarks/test_names.py": ["test_what_cannot_name_a_file_names_neither_task_nor_method"],
    },
}


def test_every_fault_has_a_test():
    tests = Path(__file__).parent
    names = re.findall(r"^def test_(\w+)", Path(__file__).read_text("utf-8"), re.MULTILINE)
    here = {name.partition("_")[0] for name in names}
    for files in ELSEWHERE.values():
        for file, names in files.items():
            text = (tests / file).read_text("utf-8")
            assert [name for name in names if f"def {name}(" not in text] == []

    # A10, the start of a held-out piece, has its test with initial_state="nearest"
    faults = {f"a{i}" for i in (*range(1, 10), 11)} | {f"b{i}" for i in (1, 2, 3)} | {"c"}
    faults |= {f"d{i}" for i in range(1, 11)}
    assert faults - here - {name.lower() for name in ELSEWHERE} == set()
