import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_transformer
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)

from reservoirs import (
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    backtest,
    forecast,
    next_step,
)
from reservoirs.forecasting import closed_loop_model
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

T = np.arange(220)
WAVE = 2.0 + np.sin(0.2 * T)
ESN = ESNRegressor(n_units=40, random_state=0)
NEXT = 2.0 + np.sin(0.2 * np.arange(220, 240))


def two_columns(first):
    """Return rows whose first column is temperature or y, and y one step later."""
    frame = pd.DataFrame({"temp": np.cos(0.2 * T), "y": np.sin(0.3 * T)})
    frame = frame[[first, "y" if first == "temp" else "temp"]]
    return frame.iloc[:-1], frame["y"].shift(-1).dropna()


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler()],
        [StandardScaler(), PolynomialFeatures(2)],
        [PolynomialFeatures(2)],
        [PowerTransformer()],
        [Reservoir(n_units=20, random_state=0)],
        [StandardScaler(), Reservoir(n_units=20, random_state=0)],
        [FunctionTransformer(np.tanh), StandardScaler()],
    ],
)
def test_a_loop_that_cannot_close_is_refused_behind_any_step(steps):
    model = make_pipeline(*steps, ESN).fit(*two_columns("temp"))
    ahead = np.cos(0.2 * np.arange(219, 222))[:, None]

    with pytest.raises(ValueError, match="loop cannot close.*next_step"):
        forecast(model, 3, exog=ahead)


def test_the_observation_may_stand_first_behind_a_scaler():
    model = make_pipeline(StandardScaler(), ESN).fit(*two_columns("y"))

    with pytest.warns(UserWarning, match="numbered from 0.*next_step"):  # labels of y, or of X?
        found = forecast(model, 3, exog=np.cos(0.2 * np.arange(219, 222))[:, None])

    assert_allclose(found["y"], np.sin(0.3 * np.arange(220, 223)), atol=0.05)


@pytest.mark.parametrize("unit, offset", [(1e13, 0.0), (1e30, 0.0), (1e-30, 0.0), (1.0, 1e9)])
@pytest.mark.parametrize("factor, shift", [(1.0, 0.0), (1e3, 0.0), (-2.0, 3.0)])
def test_loops_close_behind_scalers_in_any_unit(unit, offset, factor, shift):
    """The context of a pressure of 1e9 pascal drove the model 500 deviations off its inputs."""
    X, y = next_step(WAVE)
    expected = forecast(make_pipeline(StandardScaler(), ESN).fit(X, y), 5, context=y[:100])

    X, y = next_step(offset + unit * WAVE)
    model = make_pipeline(StandardScaler(), ESN).fit(X, factor * y + shift * unit)
    found = forecast(model, 5, context=factor * y[:100] + shift * unit)

    found = ((found - shift * unit) / factor - offset) / unit
    assert_allclose(found, expected, atol=1e-9 + 1e-15 * offset / unit)


def test_targets_in_other_units_are_fed_back_in_those_of_the_inputs():
    X, y = next_step(WAVE)
    model = make_pipeline(StandardScaler(), ESN).fit(X, 10.0 * y + 3.0)

    assert_allclose(forecast(model, 20), 10.0 * NEXT + 3.0, atol=0.1)


def test_a_deep_network_forecasts():
    X, y = next_step(np.sin(0.2 * np.arange(1300))[:1000, None])
    deep = make_pipeline(
        Reservoir(n_units=50, random_state=0), ESNRegressor(n_units=50, random_state=1, alpha=1e-10)
    ).fit(X, y)
    truth = np.sin(0.2 * np.arange(1000, 1060))

    error = np.sqrt(np.mean((np.ravel(forecast(deep, 60)) - truth) ** 2)) / truth.std()

    assert error < 1e-4


class Roll(FunctionTransformer):
    """A step of somebody else that looks at the row before."""


def before(X):
    return np.hstack([X, np.vstack([X[:1], X[:-1]])])


@pytest.mark.parametrize(
    "step",
    [
        Roll(before),
        FunctionTransformer(lambda X: X - X.mean(axis=0)),
        make_union(FunctionTransformer(before), StandardScaler()),
        make_pipeline(StandardScaler(), Roll(before)),
    ],
)
def test_a_step_that_mixes_rows_is_refused_by_name(step):
    model = make_pipeline(step, ESN).fit(*next_step(WAVE))

    with pytest.raises(ValueError, match="(roll|functiontransformer).*does not take every row"):
        forecast(model, 3)
    with pytest.raises(ValueError, match="does not take every row"):
        forecast(model, 3, context=WAVE)


def test_any_readout_reads_a_reservoir_and_goes_on():
    model = make_pipeline(StandardScaler(), Reservoir(n_units=60, random_state=0), Ridge(1e-8))
    model.fit(*next_step(WAVE))

    assert_allclose(forecast(model, 20), NEXT, atol=0.05)


def test_dates_go_on_behind_a_pipeline():
    frame = pd.DataFrame({"y": WAVE}, index=pd.date_range("2024", periods=220, freq="D"))
    model = make_pipeline(StandardScaler(), Reservoir(n_units=30, random_state=0), ESN)

    found = forecast(model.fit(*next_step(frame)), 2)

    assert list(found.index) == list(pd.date_range("2024", periods=222, freq="D")[220:])


def test_a_panel_that_loses_its_labels_on_the_way_is_refused():
    frame = pd.DataFrame({"y": WAVE})
    panel = pd.concat({"a": frame, "b": frame + 5.0})
    model = make_pipeline(StandardScaler(), ESN)

    with pytest.raises(ValueError, match="dropped its labels.*set_output"):
        model.fit(*next_step(panel))
    model.set_output(transform="pandas").fit(*next_step(panel))
    assert_allclose(forecast(model, 5).loc["b"], forecast(model, 5).loc["a"] + 5.0, atol=0.2)


def test_one_array_is_not_the_state_of_two_parts():
    model = make_pipeline(Reservoir(n_units=20, random_state=0), ESN).fit(*next_step(WAVE))

    with pytest.raises(ValueError, match="2 parts that carry a state"):
        forecast(model, 3, context=WAVE, initial_state=np.zeros(40))
    assert closed_loop_model(model).n_features_in_ == 1


@pytest.mark.parametrize(
    "step",
    [
        make_union(PolynomialFeatures(2), StandardScaler()),
        make_union(StandardScaler(), PolynomialFeatures(2)),
        make_pipeline(StandardScaler(), PolynomialFeatures(2)),
    ],
)
def test_features_of_other_libraries_side_by_side_forecast_as_the_slow_loop(step):
    nvar = NVARRegressor(n_delays=2, degree=1, alpha=1e-4)
    model = make_pipeline(step, nvar).fit(*next_step(WAVE))

    past = list(WAVE)
    for _ in range(10):
        past.append(model.predict(np.array(past)[:, None])[-1])
    assert_allclose(forecast(model, 10), past[-10:], rtol=1e-9)


@pytest.mark.parametrize("n_steps", [1, 2, 9])
def test_a_mixing_step_between_ours_is_refused_for_any_number_of_steps(n_steps):
    middle = FunctionTransformer(lambda rows: rows - rows.mean(axis=0))
    model = make_pipeline(Reservoir(n_units=20, random_state=0), middle, Ridge(1e-6))
    model.fit(*next_step(WAVE))

    with pytest.raises(ValueError, match="does not take every row"):
        forecast(model, n_steps)


def text_and_number(first):
    """Return rows of a number and a text column, and y one step later."""
    kind = np.array(["a", "b"])[(T // 5) % 2]
    y = np.sin(0.2 * T) + 0.5 * (kind == "a")
    temp = np.cos(0.37 * T)
    frame = pd.DataFrame({first: y if first == "y" else temp, "kind": kind})
    return frame.iloc[:-1], y[1:]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("further", [[], [PolynomialFeatures(2)]])
@pytest.mark.parametrize("n_steps", [1, 3])
def test_a_loop_that_cannot_close_is_refused_beside_inputs_that_are_text(order, further, n_steps):
    def model(name):
        columns = [("n", StandardScaler(), [name]), ("k", OneHotEncoder(), ["kind"])][::order]
        return make_pipeline(ColumnTransformer(columns), *further, ESN)

    ahead = pd.DataFrame({"kind": ["a"] * n_steps})
    with pytest.raises(ValueError, match=r"loop cannot close.*next_step"):
        forecast(model("temp").fit(*text_and_number("temp")), n_steps, exog=ahead.to_numpy())

    closes = model("y").fit(*text_and_number("y"))
    found = forecast(closes, n_steps, exog=ahead.to_numpy(), bound=None)
    assert np.isfinite(np.asarray(found)).all()


def test_the_scorer_takes_inputs_that_are_text():
    columns = [("k", OneHotEncoder(), ["kind"]), ("n", StandardScaler(), ["y"])]
    model = make_pipeline(ColumnTransformer(columns), ESN)
    X, y = text_and_number("y")
    folds = RollingOriginSplit(2, horizon=10)

    scores = cross_val_score(model, X, y, cv=folds, scoring=forecast_scorer(), error_score="raise")

    assert (scores > -0.5).all()


def test_a_step_that_keeps_only_the_sign_is_no_proof_that_the_loop_closes():
    X, y = two_columns("temp")
    with pytest.raises(ValueError, match="loop cannot close"):
        forecast(make_pipeline(Normalizer(), ESN).fit(X[["temp"]].to_numpy(), y.to_numpy()), 3)


def test_targets_transformed_twice_are_transformed_back_twice():
    inner = TransformedTargetRegressor(ESN, func=np.log, inverse_func=np.exp)
    outer = TransformedTargetRegressor(inner, transformer=MinMaxScaler((1.0, 2.0)))

    found = forecast(outer.fit(*next_step(WAVE)), 5)

    assert_allclose(found, NEXT[:5], atol=0.03)


RIDGE = Ridge(alpha=1e-3)
IMPUTERS = [
    make_pipeline(SimpleImputer(), ESN),
    make_pipeline(StandardScaler(), KNNImputer(), ESN),
    make_pipeline(SimpleImputer(add_indicator=True), NVARRegressor(n_delays=2, degree=1)),
    make_pipeline(SimpleImputer(), Reservoir(n_units=20, random_state=0), RIDGE),
    make_pipeline(ColumnTransformer([("y", "passthrough", [0]), ("f", SimpleImputer(), [1])]), ESN),
]
FORCE = np.cos(0.17 * np.arange(240))
FORCE[[20, 21, 150, 225]] = np.nan


def test_exogenous_inputs_that_a_step_fills_may_be_missing():
    X, y = next_step(WAVE, FORCE[:220])
    for model in IMPUTERS:
        model.fit(X, y)
        found = forecast(model, 12, exog=FORCE[219:231])
        past, exog = list(WAVE), FORCE
        for _ in range(12):
            rows = np.column_stack([past, exog[: len(past)]])
            ours = {"initial_state": "zero"} if isinstance(model[-1], ESNRegressor) else {}
            past.append(float(np.ravel(model.predict(rows, **ours))[-1]))

        assert_allclose(found, past[220:], rtol=1e-9)
        truth, ahead = backtest(model, WAVE, horizon=2, step=100, exog=FORCE[:220])
        assert np.isfinite(ahead).all()
        assert np.isfinite(forecast(model, 3, context=WAVE[:25], exog=FORCE[:27])).all()


def test_exogenous_inputs_that_no_step_fills_are_refused():
    X, y = next_step(WAVE, np.nan_to_num(FORCE[:220]))
    beside = make_union(SimpleImputer(), Reservoir(n_units=9, random_state=0))
    for model in (
        ESN,
        make_pipeline(StandardScaler(), ESN),
        make_pipeline(SimpleImputer(), StandardScaler(), ESN)[1:],
        make_pipeline(SequenceScaler(per_series=True), ESN),
        make_pipeline(beside, RIDGE),
    ):
        with pytest.raises(ValueError, match=r"exog contains NaN.*row 6.*SimpleImputer"):
            forecast(model.fit(X, y), 12, exog=FORCE[219:231])


def test_errors_behind_transformed_targets_are_divided_by_the_deviation_of_y():
    rng = np.random.default_rng(0)
    series = np.exp(rng.normal(size=400).cumsum() / 20)
    series[-2] *= 3.0  # the last value is no typical one
    X, y = next_step(series)
    scaled = [
        (StandardScaler(), 1e-12), (MinMaxScaler((1.5, 2)), 1e-12),
        (FunctionTransformer(lambda v: -2 * v, lambda v: -v / 2), 1e-12),
        (FunctionTransformer(np.log, np.exp), 0.1), (PowerTransformer(), 0.1),
    ]  # fmt: skip
    for transformer, tolerance in scaled:
        model = TransformedTargetRegressor(ESN, transformer=transformer).fit(X, y)
        end = closed_loop_model(model).training_end_

        assert_allclose(end.target_deviation, y.std(), rtol=tolerance)


def test_a_step_that_hides_a_part_of_ours_is_named():
    hidden = make_column_transformer((Reservoir(n_units=9, random_state=0), [0]))
    model = make_pipeline(hidden, Ridge()).fit(*next_step(np.sin(0.3 * np.arange(60))))

    with pytest.raises(TypeError, match="step 'columntransformer' hides one; put it in a FeatureU"):
        forecast(model, 3)
