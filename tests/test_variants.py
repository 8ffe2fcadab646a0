"""Inputs tried by an outsider who knew the rules alone; a loop each, so that many stay quick."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from containers import naming
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
    metrics,
    next_step,
    save,
)
from reservoirs.model_selection import forecast_scorer
from trainers import RNNRegressor

T = np.arange(120)
S = np.sin(0.3 * T)
X, Y = next_step(S)
ESN = ESNRegressor(n_units=12, random_state=0)
OFTEN = pd.offsets.CustomBusinessDay(weekmask="Mon Tue Wed")


def dates(freq, start="2024", **zone):
    return pd.date_range(start, periods=len(S), freq=freq, **zone)


KEPT = {  # an index of a training series, whose forecasts go on in the same way after loading
    "categories": pd.CategoricalIndex(T.astype(str)),
    "intervals": pd.interval_range(0, len(S)),
    "text and numbers": pd.Index([1, "a"] * (len(S) // 2)),
    "truths": pd.Index([True, False] * (len(S) // 2)),
    "days as objects": pd.Index(dates("D").date),
    "short floats": pd.Index(T, dtype="float32"),
    "short integers": pd.Index(T, dtype="int8"),
    "nullable": pd.Index(T, dtype="Int64"),
    "text": pd.Index(T.astype(str), dtype="string"),
    "a zone with summers": dates("h", tz="America/New_York"),
    "a fixed zone": dates("h", tz="+05:30"),
    "microseconds": dates("h").as_unit("us"),
    "seconds": dates("D").as_unit("s"),
    "hours of business": dates("bh"),
    "second Tuesdays": dates("WOM-2TUE"),
    "quarters": pd.period_range("1900", periods=len(S), freq="Q-FEB"),
    "quarters of an hour": pd.timedelta_range(0, periods=len(S), freq="15min"),
    "a name of two": pd.RangeIndex(len(S), name=("a", 1)),
    "long ago": dates("YE", "1700"),
}
COLUMNS = [[0, 1], [("a", 1), ("a", 2)], [0.5, 1.5], list(np.array(["x", "y"])), [True, False],
           ["\u00e9\U0001f600", "\x00"], pd.CategoricalIndex(["p", "q"]),
           pd.MultiIndex.from_tuples([("a", 1), ("b", 2)])]  # fmt: skip
SERIES = [["a", "b"], [1, 2], list(dates("D")[:2]), [("a", 1), ("b", 2)], [0.5, np.inf],
          list(pd.period_range("2024", periods=2, freq="M"))]  # fmt: skip


def assert_kept(frame, path):
    model = clone(ESN).fit(*next_step(frame))

    save(model, path)
    again = load(path)

    pd.testing.assert_frame_equal(again.forecast(3), model.forecast(3))


@pytest.mark.filterwarnings("ignore:the labels of the series follow no frequency")
def test_a_forecast_goes_on_after_loading_whatever_the_labels(tmp_path):
    path = tmp_path / "model"
    for name, index in KEPT.items():
        with naming(name):
            assert_kept(pd.DataFrame({"y": S}, index=index), path)
    for columns in COLUMNS:
        with naming(columns):
            assert_kept(pd.DataFrame(np.c_[S, np.cos(0.3 * T)], columns=columns), path)
    pieces = [pd.DataFrame({"y": S}), pd.DataFrame({"y": S[:90]})]
    for keys in SERIES:
        with naming(keys):
            assert_kept(pd.concat(pieces, keys=keys), path)
    starts = sum(values.nbytes for values in vars(load(path).start_states_).values())
    assert path.stat().st_size - starts < 20_000


def test_a_frequency_that_no_name_tells_is_not_saved_as_another(tmp_path):
    holidays = pd.offsets.CustomBusinessDay(holidays=["2024-01-01"])
    for freq in (OFTEN, holidays, pd.DateOffset(days=2, hours=3)):
        model = clone(ESN).fit(*next_step(pd.DataFrame({"y": S}, index=dates(freq))))

        with pytest.raises(TypeError, match=r"more than its name .* says.*asfreq"):
            save(model, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_the_order_of_memory_changes_no_bit():
    rng = np.random.default_rng(0)
    rows, targets = rng.normal(size=(2, 1500, 3))
    orders = {
        "Fortran": np.asfortranarray,
        "transposed": lambda a: a.T.copy().T,
        "backwards": lambda a: a[::-1].copy()[::-1],
        "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        "list": np.ndarray.tolist,
        "frame": pd.DataFrame,
        "columns": lambda a: pd.DataFrame(dict(enumerate(a.T))),
        "objects": lambda a: a.astype(object),
        "big-endian": lambda a: a.astype(">f8"),
        "read-only": lambda a: np.frombuffer(a.tobytes()).reshape(a.shape),
        "unaligned": lambda a: np.frombuffer(b"x" + a.tobytes(), offset=1).reshape(a.shape),
        "masked": np.ma.array,
        "long": lambda a: a.astype(np.longdouble),
    }
    for model in (ESN, NVARRegressor(n_delays=2, degree=1)):
        expected = clone(model).fit(rows, targets).coef_
        for name, order in orders.items():
            with naming(name):
                assert_array_equal(clone(model).fit(rows, order(targets)).coef_, expected)
                assert_array_equal(clone(model).fit(order(rows), targets).coef_, expected)
        pieces = clone(model).fit([rows], [targets]).coef_
        listed = clone(model).fit([rows], [np.asfortranarray(targets)]).coef_
        assert_array_equal(listed, pieces)


def test_labels_that_repeat_or_are_mixed_tell_no_order():
    for labels in (["mo", "tu", "we"] * 40, [1, "a"] * 60, [True, False] * 60):
        frame = pd.DataFrame({"y": S}, index=labels)

        X, y = next_step(frame.iloc[:-2])  # as many rows of each label in X and y

        assert_array_equal(clone(ESN).fit(X, y).coef_, clone(ESN).fit(*next_step(S[:-2])).coef_)
    mixed = pd.DataFrame({"y": S}, index=[*range(60), *map(str, range(60))])
    with pytest.raises(ValueError, match="y has the labels of the rows of X in another order"):
        clone(ESN).fit(mixed, mixed["y"].iloc[::-1])


WRONG = {
    "infinity in y": lambda m: m.fit(X, np.r_[Y[:-1], np.inf]),
    "infinity in X": lambda m: m.fit(np.r_[X[:-1], [[np.inf]]], Y),
    "no rows": lambda m: m.fit(X[:0], Y[:0]),
    "rows too few": lambda m: m.fit(X, Y[:-1]),
    "text": lambda m: m.fit(X.astype(str) + "x", Y),
    "four dimensions": lambda m: m.fit(X[None, None], Y),
    "a list of other widths": lambda m: m.fit([X, np.hstack([X, X])], [Y, Y]),
    "ids too few": lambda m: m.fit(X, Y, series_id=[1, 2]),
    "ids missing": lambda m: m.fit(X, Y, series_id=np.where(T[:-1] > 50, np.nan, 1.0)),
    "labels backwards": lambda m: m.fit(pd.DataFrame(X, index=T[:0:-1]), Y),
    "no targets": lambda m: m.fit(X, Y * np.nan),
}
CHUNKS = {
    "infinity": lambda m: m.partial_fit(X, np.r_[Y[:-1], np.inf]),
    "a gap": lambda m: m.partial_fit(X, np.where(T[:-1] == 5, np.nan, Y)),
    "other columns": lambda m: m.partial_fit(np.hstack([X, X]), Y),
    "other outputs": lambda m: m.partial_fit(X, np.c_[Y, Y]),
    "no rows": lambda m: m.partial_fit(X[:0], Y[:0]),
    "rows too few": lambda m: m.partial_fit(X, Y[:-1]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_call_that_is_refused_leaves_the_model_as_it_was():
    network = RNNRegressor(n_units=3, max_iter=1, random_state=0)
    models = [ESN, ESNClassifier(n_units=9, random_state=0), NVARRegressor(), network]
    models += [clone(network).set_params(warm_start=True), Reservoir(n_units=9), SequenceScaler()]
    for template in models:
        model = clone(template).fit(X, Y > 0 if isinstance(template, ESNClassifier) else Y)
        before = pickle.dumps(vars(model))
        for name, call in WRONG.items():
            with naming((template, name)):
                if name in ("infinity in y", "rows too few", "no targets") and not hasattr(
                    model, "predict"
                ):
                    continue  # y is no matter of a transformer
                with pytest.raises((ValueError, TypeError)):
                    call(model)
                assert pickle.dumps(vars(model)) == before
    streaming = clone(ESN).partial_fit(X, Y)
    before = pickle.dumps(vars(streaming))
    for name, call in CHUNKS.items():
        with naming(name):
            with pytest.raises(ValueError, match="."):
                call(streaming)
            assert pickle.dumps(vars(streaming)) == before
    again = copy.deepcopy(streaming)
    assert_array_equal(forecast(again, 3), forecast(streaming, 3))


def test_what_no_metric_can_compare_is_refused():
    a = np.arange(20.0).reshape(10, 2)
    pairs = [
        (a, a.T), (a, a.ravel()), (a, a[:1]), (a[:, :1], a), (a[None], a), (a[:0], a[:0]),
        (a * np.nan, a), (np.ma.masked_greater(a, 5), a), ([a, a[:5]], [a, a[:5]]), (a, a[:, 0]),
        (pd.DataFrame(a), a[:, 0]), (a, 1.0), (np.where(a > 3, np.inf, a), a),
    ]  # fmt: skip
    for name in ("nrmse", "nmse", "smape", "error_growth", "amplitude_ratio"):
        for number, pair in enumerate(pairs):
            with naming((name, number)), pytest.raises(ValueError, match="."):
                getattr(metrics, name)(*pair)


def test_inputs_of_any_wrong_size_are_announced_once():
    slow, fast, long = np.arange(300) * 0.031, np.arange(300) * 0.3, np.sin(0.3 * np.arange(300))
    large = [
        1e6 + 1e5 * long,
        1e5 * np.cos(slow),
        1e5 * np.cos(fast),
        -300 + long,
        3e4 * np.exp(long),
    ]
    large += [np.c_[long, 1e5 * np.cos(fast)], (1e5 * long).astype(int)]
    small = [1e-3 * long, 1e-12 * long, np.c_[long, long] * 1e-4]
    fair = [long, np.c_[long, np.cos(slow)], 3 + long, 0.3 * long, np.full(300, 5.0), long[:50]]
    for leak_rate in (1.0, 0.7):
        model = clone(ESN).set_params(leak_rate=leak_rate)
        for word, several in (("large", large), ("small", small), (None, fair)):
            for number, series in enumerate(several):
                with (
                    naming((leak_rate, word, number)),
                    warnings.catch_warnings(record=True) as seen,
                ):
                    warnings.simplefilter("always")
                    clone(model).fit(*next_step(series))
                    found = [str(w.message) for w in seen]
                    assert len(found) == (word is not None), found
                    assert not word or f"X is too {word}" in found[0]


def test_rows_that_do_not_follow_are_not_scored():
    X, y = next_step(np.sin(0.2 * np.arange(300)))
    train = np.arange(200)
    pieces = {
        "following": (train, np.arange(200, 250), None),
        "every second": (train, np.arange(200, 250, 2), "do not follow each other"),
        "one left out": (train, np.delete(np.arange(200, 250), 20), "of row 20 is not"),
        "the last swapped": (train, np.r_[200:248, 249, 248], "follow each other|must increase"),
        "a gap": (train, np.arange(201, 250), "do not follow the training rows"),
        "overlap": (train, np.arange(190, 250), "do not follow the training rows"),
        "backwards": (train, np.arange(249, 199, -1), "the training rows|must increase"),
        "of the past": (train + 50, np.arange(50), "do not follow the training rows"),
        "training every second": (train[::2], np.arange(200, 250), "the loop cannot close"),
        "training shuffled": (train[::-1], np.arange(200, 250), "cannot close|must increase"),
    }
    for name, (fit, test, message) in pieces.items():
        for wrap in (np.asarray, pd.DataFrame):
            rows, model = wrap(X), clone(ESN)
            take = rows.iloc if wrap is pd.DataFrame else rows
            with naming((name, wrap)):
                if message is None:
                    assert forecast_scorer()(model.fit(take[fit], y[fit]), take[test], y[test]) > -1
                    continue
                with pytest.raises(ValueError, match=message):
                    forecast_scorer()(model.fit(take[fit], y[fit]), take[test], y[test])


DAYS = dates("D")
WAVES = [S[:, None], 0.5 * np.cos(0.25 * T)[:, None]]
FRAMES = [pd.DataFrame(wave, columns=["y"], index=DAYS) for wave in WAVES]
PANELS = {
    "numbers": pd.concat(FRAMES, keys=[2, 1]),
    "dates": pd.concat(FRAMES, keys=[pd.Timestamp("2020"), pd.Timestamp("2019")]),
    "a level too many": pd.concat([*FRAMES, FRAMES[0]], keys=["a", "b", "c"]).loc[["a", "b"]],
    "categories": pd.concat(FRAMES, keys=pd.CategoricalIndex(["b", "a"])),
    "three levels": pd.concat({("x", "a"): FRAMES[0], ("x", "b"): FRAMES[1]}),
    "one column": pd.concat([frame["y"] for frame in FRAMES], keys=["a", "b"]),
    "a tuple": tuple(WAVES),
    "another order of memory": np.asfortranarray(np.stack(WAVES)),
    "polars": [pl.DataFrame({"y": wave[:, 0]}) for wave in WAVES],
}


def flat(values):
    parts = values if isinstance(values, list) else [values]
    return np.concatenate([np.ravel(np.asarray(part)) for part in parts])


def test_every_panel_is_its_series():
    expected = flat(clone(ESN).fit(*next_step(WAVES)).forecast(3))
    for name, panel in PANELS.items():
        with naming(name):
            assert_allclose(
                flat(clone(ESN).fit(*next_step(panel)).forecast(3)), expected, rtol=1e-9
            )
    for wrong, message in [
        (PANELS["one column"].swaplevel(), "swaplevel"),
        (PANELS["categories"].sort_index(level=1), "contiguous"),
        (pd.concat(FRAMES, keys=["a", np.nan]), "name the series"),
    ]:
        with pytest.raises(ValueError, match=message):
            next_step(wrong)


def test_dates_without_their_frequency_go_on():
    for freq, zone in [("QE-NOV", None), ("bh", None), ("36h", None), ("h", "Australia/Lord_Howe")]:
        every = dates(freq, tz=zone)
        known = pd.DatetimeIndex(every[:-2].delete(60), freq=None)
        with naming((freq, zone)), pytest.warns(UserWarning, match="no row for 1 step"):
            model = clone(ESN).fit(*next_step(pd.DataFrame({"y": S[:-3]}, index=known)))
        assert list(model.forecast(2).index) == list(every[-2:])


def test_targets_that_are_not_the_next_value_close_no_loop():
    targets = [np.diff(S), S[2:], S[1:] ** 2, np.log(S[1:] + 2), S[1:] + np.cos(T[1:])]
    for number, y in enumerate(targets):
        for steps in ([], [StandardScaler()], [Reservoir(n_units=8, random_state=0)]):
            model = make_pipeline(*map(clone, steps), clone(ESN)).fit(S[: len(y), None], y)
            with naming((number, steps)), pytest.raises(ValueError, match="loop cannot close"):
                forecast(model, 3)


def test_columns_and_rows_go_by_name_wherever_they_come():
    two = pd.DataFrame({"a": S, "b": np.cos(0.2 * T)}, index=DAYS)
    exog = pd.DataFrame({"p": np.cos(0.17 * T), "q": np.sin(0.11 * T)}, index=DAYS)
    model = clone(ESN).fit(*next_step(two[:100], exog[:100]))
    right = model.forecast(4, exog=exog)

    for other in (exog[["q", "p"]], exog.assign(z=1.0), pl.from_pandas(exog[["q", "p"]][99:103])):
        assert_array_equal(model.forecast(4, exog=other), right)
    for wrong, message in [
        (exog[["p"]], "'q'"), (exog.rename(columns={"p": "P"}), "'p'"),
        (exog.reset_index(drop=True), "no row"), (exog.tz_localize("UTC"), "no row"),
        (exog[::-1], "must increase"), (exog.shift(101, freq="D"), "2024-04-09"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            model.forecast(4, exog=wrong)
    assert_array_equal(
        backtest(model, two[["b", "a"]], horizon=2, step=50, exog=exog[["q", "p"]])[1],
        backtest(model, two, horizon=2, step=50, exog=exog)[1],
    )


def test_a_mask_is_missing_in_every_verb():
    holes = np.where(np.isin(T, [40, 41, 70]), np.nan, S)
    masked = np.ma.masked_array(np.where(np.isnan(holes), 1e20, holes), np.isnan(holes))
    model = clone(ESN).fit(*next_step(holes))
    for name, call in {
        "a list": lambda s: clone(ESN).fit(*next_step([s[:, None]] * 2)).forecast(2),
        "context": lambda s: model.forecast(2, context=s),
        "backtest": lambda s: backtest(model, s, horizon=2, step=30)[1],
        "targets": lambda s: clone(ESN).fit(X, s[1:]).predict(X),
        "score": lambda s: model.score(X, s[1:]),
        "scaler": lambda s: SequenceScaler().fit_transform(s[:, None]),
    }.items():
        with naming(name):
            assert_array_equal(flat(call(masked)), flat(call(holes)))


def test_words_of_other_libraries_are_known():
    for kind, word, meant in [
        (ESNRegressor, "ridge", "alpha"), (ESNRegressor, "seed", "random_state"),
        (RNNRegressor, "hidden_size", "n_units"), (RNNRegressor, "epochs", "max_iter"),
        (NVARRegressor, "delay", "n_delays"),
    ]:  # fmt: skip
        with pytest.raises(TypeError, match=f"did you mean '{meant}'"):
            kind(**{word: 1})


def test_output_as_frames_is_for_one_series_only():
    with config_context(transform_output="pandas"):
        for transformer in (Reservoir(n_units=5, random_state=0), SequenceScaler(), NVAR()):
            assert hasattr(transformer.fit_transform(X), "columns")
            assert isinstance(transformer.transform([X, X]), list)
            assert transformer.transform(np.stack([X, X])).ndim == 3


def test_nothing_is_assumed_finite():
    gap = np.where(T == 40, np.nan, S)
    model = clone(ESN).fit(X, Y)
    filled = clone(ESN).fit(*next_step(gap)).forecast(2), model.forecast(2, context=gap)
    with config_context(assume_finite=True):
        assert_array_equal(clone(ESN).fit(*next_step(gap)).forecast(2), filled[0])
        assert_array_equal(model.forecast(2, context=gap), filled[1])
        for bad in (np.inf, np.nan):
            rows = np.where(T[:-1, None] == 5, bad, X)
            with pytest.raises(ValueError, match="infinity|NaN"):
                ESNClassifier(n_units=9).fit(rows, Y > 0)
            with pytest.raises(ValueError, match="infinity|NaN"):
                clone(ESN).fit(*next_step(S, np.where(T == 5, bad, S)))
