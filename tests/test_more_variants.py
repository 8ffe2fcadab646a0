"""More inputs tried by one who knew the rules alone; those of a kind in one loop."""

import numpy as np
import pandas as pd
import pytest
import torch
from containers import naming
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from reservoirs import (
    NVAR,
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
from reservoirs.model_selection import forecast_scorer
from trainers import HessianFree, SutskeverMomentum

T = np.arange(120)
S = np.sin(0.3 * T)
X, Y = next_step(S)
ESN = ESNRegressor(n_units=12, random_state=0)
DAYS = pd.date_range("2024", periods=130)
TWO = [S[:, None], 5 + np.cos(0.2 * T[:90])[:, None]]
IDS = np.repeat([0, 1], [120, 90])


def panel_of(series, names="AB"):
    frames = [pd.DataFrame({"y": v[:, 0]}, index=DAYS[: len(v)]) for v in series]
    return pd.concat(frames, keys=list(names), names=["who", "day"])


def test_series_are_told_apart_by_ids_of_any_kind_and_in_any_order():
    esn_of_two = clone(ESN).fit(*next_step(TWO))
    kinds = {
        "text": np.where(IDS, "b", "a"),
        "categories": pd.Categorical(IDS),
        "dates": pd.to_datetime(np.where(IDS, "2024-01-01", "2023-01-01")),
        "pairs": pd.Series([("a", int(i)) for i in IDS], index=IDS + 1000),
    }
    for name, ids in kinds.items():
        with naming(name):
            found = clone(ESN).fit(*next_step(np.concatenate(TWO), series_id=ids)).forecast(3)
            for values, expected in zip(found, esn_of_two.forecast(3), strict=True):
                assert_array_equal(values, expected)
    panel = panel_of(TWO)
    turned = esn_of_two.forecast(3, context=panel.loc[["B", "A"]])
    assert list(turned.index.get_level_values(0).unique()) == ["B", "A"]
    assert_array_equal(turned.loc["A"], esn_of_two.forecast(3, context=panel).loc["A"])
    mixed = panel.swaplevel().sort_index().swaplevel()
    for call in (next_step, esn_of_two.predict, lambda p: esn_of_two.forecast(2, context=p)):
        with pytest.raises(ValueError, match="contiguous|stand together|rows of"):
            call(mixed)


def test_dates_go_on_by_the_clock_and_the_calendar():
    friday = pd.offsets.LastWeekOfMonth(weekday=4)
    for freq, zone in ((friday, None), ("30min", "Australia/Lord_Howe"), ("ME", "UTC")):
        labels = pd.date_range("2024-03-05", periods=len(S) + 3, freq=freq, tz=zone)
        with naming((freq, zone)):
            frame = pd.DataFrame({"y": S}, index=pd.DatetimeIndex(list(labels[: len(S)])))
            assert list(clone(ESN).fit(*next_step(frame)).forecast(3).index) == list(labels[-3:])
    autumn = pd.date_range("2024-10-26", periods=len(S), freq="h", tz="Europe/Berlin")
    with pytest.raises(ValueError, match="2024-10-27 02:00:00 comes twice.*ambiguous='infer'"):
        next_step(pd.DataFrame({"y": S}, index=autumn.tz_localize(None)))


STEPS = {
    "mixed": PCA(2),
    "turned": make_column_transformer((StandardScaler(), [1, 0])),
    "delays": NVAR(n_delays=2),
}
SIDE = np.cos(0.2 * np.arange(130))[:, None]


def test_pairs_that_are_not_of_the_next_step_close_no_loop_behind_any_step():
    wrong = {
        "the second column": (np.c_[SIDE[:119], S[:-1]], S[1:]),
        "two steps ahead": (np.c_[S[:-2], SIDE[:118]], S[2:]),
        "differences": (np.c_[S[:-1], SIDE[:119]], np.diff(S)),
    }
    for name, step in STEPS.items():
        model = make_pipeline(step, clone(ESN))
        assert len(forecast(model.fit(*next_step(S, SIDE[:120])), 2, exog=SIDE[119:121])) == 2
        for how, pairs in wrong.items():
            with naming((name, how)), pytest.raises(ValueError, match="the loop cannot close"):
                forecast(model.fit(*pairs), 2, exog=SIDE[119:121])


@pytest.mark.filterwarnings("ignore:.*X is too")
def test_steps_that_look_back_without_a_state_are_refused_by_name():
    looking_back = {
        "largest so far": lambda rows: np.maximum.accumulate(rows, axis=0),
        "lagged": lambda rows: np.vstack([rows[:1], rows[:-1]]),
        "ranks": lambda rows: pd.DataFrame(rows).rank().to_numpy(),
    }
    for name, function in looking_back.items():
        model = make_pipeline(FunctionTransformer(function), clone(ESN)).fit(X, Y)
        for context in (None, S[:20]):
            with naming(name), pytest.raises(ValueError, match="functiontransformer"):
                forecast(model, 3, context=context)


def test_lists_in_another_order_and_shorter_ones_are_not_scored():
    rows, targets = next_step(TWO)
    model = clone(ESN).fit([r[:60] for r in rows], [t[:60] for t in targets])
    rest, ends = [r[60:80] for r in rows], [t[60:80] for t in targets]
    assert np.isfinite(forecast_scorer()(model, rest, ends))
    for wrong in (slice(None, None, -1), slice(1), slice(1, None)):
        with pytest.raises(ValueError, match="do not follow the training rows"):
            forecast_scorer()(model, rest[wrong], ends[wrong])


def test_inputs_are_found_by_their_names_and_dates():
    exog = pd.DataFrame({"f": SIDE[:, 0], "g": np.sin(0.9 * np.arange(130))}, index=DAYS)
    frame = pd.DataFrame({"y": S, "z": SIDE[:120, 0]}, index=DAYS[:120])
    for align in ("observation", "target"):
        model = clone(ESN).set_params(exog_align=align)
        model.fit(*next_step(frame, exog[:120], align=align))
        expected = model.forecast(4, exog=exog)
        given = {
            "twice a day": exog.resample("12h").ffill(),
            "with text": exog.assign(note="a")[["note", "g", "f"]],
            "from later on": exog.iloc[119:],
        }
        for name, inputs in given.items():
            with naming((align, name)):
                pd.testing.assert_frame_equal(model.forecast(4, exog=inputs), expected)
        for inputs in (exog.tz_localize("UTC"), exog.to_period("D"), exog.reset_index(drop=True)):
            with pytest.raises((ValueError, TypeError), match="exog"):
                model.forecast(4, exog=inputs)
        rows, targets = next_step(frame, exog[:120], align=align)
        with pytest.raises(ValueError, match="'z', 'y'"):
            model.score(rows, targets[["z", "y"]])


def test_what_a_mask_hides_is_missing_whatever_its_type():
    hidden = T // 3 == 20
    numbers = np.round(2 * S).astype(int)
    pairs = {
        "integers": (np.ma.array(np.where(hidden, -9999, numbers), mask=hidden), numbers * 1.0),
        "single": (np.ma.masked_where(hidden, S.astype("f4")), S.astype("f4").astype(float)),
        "the last": (np.ma.array(S, mask=T == 119), np.where(T == 119, np.nan, S)),
    }
    for name, (masked, whole) in pairs.items():
        missing = np.where(np.ma.getmaskarray(masked), np.nan, whole)
        with naming(name):
            found = clone(ESN).fit(*next_step(masked)).forecast(3)
            assert_array_equal(found, clone(ESN).fit(*next_step(missing)).forecast(3))
    with pytest.raises(ValueError, match="series_id"):
        clone(ESN).fit(X, Y, series_id=np.ma.array(np.zeros(119), mask=T[1:] > 60))


@pytest.mark.filterwarnings("ignore:.*X is too")
def test_a_report_looks_at_every_input_and_after_loading(tmp_path):
    long = np.sin(0.3 * np.arange(300))
    model = clone(ESN).fit(*next_step(long, 1e6 * np.cos(np.arange(300))))
    save(model, tmp_path / "model")
    search = GridSearchCV(clone(ESN), {"alpha": [1e-6]}, cv=2).fit(*next_step(1e5 * long))
    for reported in (model, load(tmp_path / "model"), search):
        assert "!!" in reservoir_report(reported)


def test_labels_of_a_classifier_and_their_weights_come_back_with_their_types(tmp_path):
    for labels in (np.where(Y > 0, "a", "\u00e9"), Y > 0, np.where(Y > 0, 7, -3)):
        weights = {label: 1.0 + i for i, label in enumerate(np.unique(labels))}
        model = ESNClassifier(n_units=9, random_state=0, class_weight=weights).fit(X, labels)
        save(model, tmp_path / "model")
        again = load(tmp_path / "model")
        assert again.class_weight == weights
        assert again.predict(X).dtype == labels.dtype
        assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_the_order_of_a_grid_and_the_size_of_the_targets_choose_no_other_penalty():
    grid = [1e-2, 1e-8, 1e-5]
    chosen = clone(ESN).set_params(alpha=grid).fit(X, Y).alpha_
    assert clone(ESN).set_params(alpha=sorted(grid)).fit(X, Y).alpha_ == chosen
    assert clone(ESN).set_params(alpha=grid).fit(X, 1e155 * Y).alpha_ == chosen
    for bad in ([], [-1.0], [np.nan, 1.0], [[1e-3, 1.0]]):
        with pytest.raises(ValueError, match="alpha"):
            clone(ESN).set_params(alpha=bad).fit(X, Y)


def test_settings_of_an_optimizer_out_of_their_range_are_refused():
    layer = torch.nn.Linear(2, 1)
    for bad in ({"lr": float("nan")}, {"momentun": 0.9}, {"weight_decay": -1}):
        with pytest.raises((ValueError, TypeError), match=next(iter(bad))):
            SutskeverMomentum(layer.parameters(), **{"lr": 0.1, **bad})
    for bad in ({"lr": -1}, {"dampng": 1.0}, {"damping": float("nan")}):
        with pytest.raises((ValueError, TypeError), match=next(iter(bad))):
            HessianFree(layer.parameters(), **bad)


def test_output_as_frames_changes_no_forecast():
    union = make_union(Reservoir(n_units=5, random_state=0), NVAR(n_delays=2))
    models = [make_pipeline(union, Ridge()), make_pipeline(SequenceScaler(), clone(ESN))]
    for data in (S, TWO):
        for model in models[isinstance(data, list) :]:
            expected = forecast(clone(model).fit(*next_step(data)), 3)
            for output in ("pandas", "polars"):
                with naming((model, output)), config_context(transform_output=output):
                    found = forecast(clone(model).fit(*next_step(data)), 3)
                    several = isinstance(data, list)  # the container may be a frame
                    pairs = zip(found, expected, strict=True) if several else [(found, expected)]
                    for values, wanted in pairs:
                        assert_allclose(np.ravel(values), np.ravel(wanted), rtol=1e-12)
