import itertools

import numpy as np
import pandas as pd
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, NVARRegressor, next_step
from reservoirs.missing import MissingValuesError
from reservoirs.model_selection import forecast_scorer

ALPHA = 1e-4
MODELS = {
    "ESN": ESNRegressor(n_units=20, random_state=0, alpha=ALPHA, washout=2),
    "NVAR": NVARRegressor(n_delays=3, degree=1, alpha=ALPHA),
}


class Twin:
    """The same by hand: one row after the other, each from all rows before it; dense ridge."""

    def __init__(self, model):
        self.model, self.esn = model, isinstance(model, ESNRegressor)
        self.skipped = model.washout if self.esn else model.features_.reach

    def features(self, rows):
        if self.esn:
            r = self.model.reservoir_
            states = reference.states(
                rows, r.recurrent_weights_.toarray(), r.input_weights_, r.bias_, r.leak_rate,
                np.zeros(r.n_units),
            )  # fmt: skip
            return np.hstack([states, rows])
        return self.model.features_.transform(rows)

    def solve(self, inputs, targets):
        z = np.concatenate([self.features(x)[self.skipped :] for x in inputs])
        y = np.concatenate([y[self.skipped :] for y in targets])
        known = ~np.isnan(y).any(axis=1)
        size = 1.0 if self.esn else np.sqrt(np.mean(z[known] ** 2, axis=0))
        C, self.c = reference.ridge(z[known] / size, y[known], ALPHA)
        self.C = C / size

    def fit(self, inputs, targets):
        in_gap = [np.isnan(x).any(axis=1, keepdims=True) for x in inputs]
        left_out = [np.where(gap, np.nan, y) for gap, y in zip(in_gap, targets, strict=True)]
        known = [y[~np.isnan(y).any(axis=1)] for y in targets]
        self.limit = 1.25 * np.abs(np.concatenate(known)).max()
        self.solve([pd.DataFrame(x).ffill().to_numpy() for x in inputs], left_out)
        self.solve([self.filled(x) for x in inputs], targets)
        return self

    def output(self, rows):
        return self.C @ self.features(rows)[-1] + self.c

    def held(self, rows):
        return np.clip(self.output(rows), -self.limit, self.limit)

    def filled(self, rows):
        rows = rows.copy()
        for t, missing in enumerate(np.isnan(rows)):
            if missing.any():
                n_outputs = len(self.c)
                fill = self.held(rows[:t])
                row = rows[t, :n_outputs]
                rows[t, :n_outputs] = np.where(missing[:n_outputs], fill, row)
        return rows

    def predict(self, rows):
        return self.features(self.filled(rows)) @ self.C.T + self.c

    def forecast(self, rows, y, exog):
        """Go on after rows, whose last target is y where that is known."""
        rows = self.filled(rows)
        value, ahead = np.where(np.isnan(y), self.held(rows), y), []
        for known in exog:
            rows = np.vstack([rows, np.concatenate([value, known])])
            value = self.output(rows)
            ahead.append(value)
        return np.array(ahead)


def waves(n_series, n_outputs, n_exog, seed, n_steps=70):
    """Return series with gaps, one at the end, and forces that go on for ten steps."""
    rng, t = np.random.default_rng(seed), np.arange(n_steps + 10)[:, None]
    series, forces = [], []
    for _ in range(n_series):
        sines = np.sin(rng.uniform(0.2, 0.6, n_outputs + n_exog) * t + rng.uniform(0, 6))
        observed = sines[:n_steps, :n_outputs].copy()
        observed[6:][rng.random((n_steps - 6, n_outputs)) < 0.1] = np.nan
        observed[30:34], observed[-2:] = np.nan, np.nan
        series.append(observed)
        forces.append(sines[:, n_outputs:])
    return series, forces


CASES = list(itertools.product(MODELS, [1, 3], [1, 2], [0, 1]))


def sampled(n_quick, n_slow):
    """Return numbers of draws, the later ones for the slow suite."""
    return [range(n_quick), pytest.param(range(n_quick, n_slow), marks=pytest.mark.slow)]


@pytest.mark.filterwarnings("ignore:the forecast that fills a gap leaves:UserWarning")
@pytest.mark.parametrize("draws", sampled(6, 96), ids=str)
def test_a_fit_across_gaps_equals_the_slow_twin(draws):
    for seed in draws:
        name, n_series, n_outputs, n_exog = CASES[3 * seed % len(CASES)]
        series, forces = waves(n_series, n_outputs, n_exog, seed)
        exog = [f[:70] for f in forces] if n_exog else None
        X, y = next_step(series, exog)
        ahead = [f[69:75] for f in forces]

        model = clone(MODELS[name]).fit(X, y)
        start = {"initial_state": "zero"} if name == "ESN" else {}
        predictions = model.predict(X, **start)
        forecasts = model.forecast(6, exog=ahead if n_exog else None)

        twin = Twin(model).fit(X, y)
        assert_allclose(model.coef_, twin.C, rtol=1e-9, atol=1e-9)
        assert_allclose(model.intercept_, twin.c, rtol=1e-9, atol=1e-9)
        for i in range(n_series):
            assert_allclose(predictions[i], twin.predict(X[i]), rtol=1e-9, atol=1e-9)
            wanted = twin.forecast(X[i], y[i][-1], ahead[i])
            assert_allclose(forecasts[i], wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_rows_without_a_target_are_not_regressed_on(model):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    y = np.stack([X.sum(axis=1), X[:, 0] ** 2], axis=1)
    holes = y.copy()
    holes[rng.choice(np.arange(5, 80), 20, replace=False), rng.integers(2, size=20)] = np.nan

    fitted = clone(model).fit(X, holes)

    twin = Twin(fitted)
    twin.solve([X], [holes])
    assert_allclose(fitted.coef_, twin.C, rtol=1e-9, atol=1e-9)
    known = ~np.isnan(holes).any(axis=1)
    weights = known.astype(float)
    assert fitted.score(X, holes) == pytest.approx(fitted.score(X, y, weights), rel=1e-12)
    assert_array_equal(clone(model).fit(X, np.ma.masked_invalid(holes)).coef_, fitted.coef_)


def test_series_without_a_target_are_not_regressed_on():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(20 + i, 2)) for i in range(30)]
    y = np.array([x.sum() for x in X])
    y[[3, 17]] = np.nan
    model = ESNRegressor(n_units=10, random_state=0)
    whole = [i for i in range(30) if i not in (3, 17)]

    fitted = clone(model).fit(X, y)

    assert_allclose(fitted.coef_, clone(model).fit([X[i] for i in whole], y[whole]).coef_)


@pytest.mark.parametrize("solver", ["auto", "cholesky", "qr"])
@pytest.mark.parametrize("alpha_cv", [None, 3])
def test_folds_and_solvers_count_only_rows_with_a_target(solver, alpha_cv):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 1))
    y = X[:, 0] + 0.1 * rng.normal(size=300)
    model = ESNRegressor(
        n_units=10, random_state=0, alpha=[1e-6, 1.0, 1e3], alpha_cv=alpha_cv, solver=solver
    )
    state = clone(model).fit(X, y).reservoir_.transform(X)
    y[rng.choice(300, 100, replace=False)] = np.nan
    known = ~np.isnan(y)

    fitted = clone(model).fit(X, y)

    C, c = reference.ridge(np.hstack([state, X])[known], y[known, None], fitted.alpha_)
    assert_allclose(fitted.coef_, C, rtol=1e-7)
    assert_allclose(fitted.intercept_, c, rtol=1e-7)


def test_a_prediction_across_a_gap_knows_nothing_of_what_comes_later():
    (series,), _ = waves(1, 2, 0, seed=3)
    X, y = next_step(series)
    model = clone(MODELS["ESN"]).fit(X, y)

    whole = model.predict(X)

    for t in (5, 32, 33, 34, 60):
        assert_allclose(model.predict(X[:t]), whole[:t], rtol=1e-12, atol=1e-12)
    head, state = model.predict(X[:40], return_state=True)
    assert_allclose(model.predict(X[40:], initial_state=state), whole[40:], rtol=1e-10)
    first = int(np.argmax(np.isnan(X).any(axis=1)))
    rest = model.predict(X[first:], context=X[:first])
    assert_allclose(rest, whole[first:], rtol=1e-10, atol=1e-12)
    assert_allclose(model.predict(X[40:], context=X[:40]), whole[40:], rtol=1e-10)
    assert_allclose(head, whole[:40], rtol=1e-12, atol=1e-12)


FRAME = pd.DataFrame(
    {"load": np.sin(0.3 * np.arange(60)), "heat": np.cos(0.2 * np.arange(60))},
    index=pd.date_range("2024-01-01", periods=60, freq="h"),
)


def with_gap(row, column):
    frame = FRAME.copy()
    frame.loc[frame.index[row], column] = np.nan
    return frame


def fit(frame, model="ESN"):
    return clone(MODELS[model]).fit(*next_step(frame[["load"]], frame[["heat"]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fit(with_gap(7, "heat")),
            r"X contains NaN: 1 row.*row 7 \(2024-01-01 07.*column 'heat'.*interpolate",
        ),
        (
            lambda: fit(FRAME).predict(with_gap(7, "heat").iloc[:20]),
            r"X contains NaN.*row 7 \(2024-01-01 07.*'heat'",
        ),
        (
            lambda: fit(with_gap(0, "heat"), "NVAR"),
            r"X contains NaN: 1 row.*row 0 \(2024-01-01 00.*column 'heat'",
        ),
        (
            lambda: fit(FRAME).predict(with_gap(0, "load")),
            r"where a series begins, at row 0 \(2024-01-01 00.*leave out its first 1 row",
        ),
        (
            lambda: fit(FRAME.assign(load=np.nan)),
            "NaN in every row: nothing is left to learn from",
        ),
        (
            lambda: clone(MODELS["ESN"]).fit(
                *next_step([FRAME.to_numpy(), FRAME.to_numpy() * np.nan])
            ),
            "begins, at row 0 of series 1: .*drop the series",
        ),
        (
            lambda: clone(MODELS["ESN"]).fit(with_gap(9, "load"), np.ones(60)),
            r"X contains NaN: 1 row.*row 9 \(.*column 'load'",
        ),
        (
            lambda: clone(MODELS["ESN"]).fit(FRAME, np.where(np.arange(60) > 1, np.nan, 1.0)),
            "no row of y after washout=2 is without NaN",
        ),
        (
            lambda: clone(MODELS["NVAR"]).fit(FRAME, np.where(np.arange(60) > 1, np.nan, 1.0)),
            r"no row of y after the first .* = 2 is without NaN",
        ),
        (
            lambda: clone(MODELS["ESN"]).partial_fit(*next_step(with_gap(9, "load")["load"])),
            r"X contains NaN: 1 row.*row 9 \(2024-01-01 09.*column 'load'.*partial_fit",
        ),
        (
            lambda: clone(MODELS["ESN"]).partial_fit(FRAME, with_gap(9, "load")),
            r"y contains NaN: 1 row.*row 9 \(2024-01-01 09.*column 'load'.*partial_fit",
        ),
        (lambda: fit(FRAME.replace(FRAME.iloc[5, 0], np.inf)), "infinity"),
    ],
)
def test_a_gap_that_nothing_fills_is_refused_with_the_ways_out(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_forecast_goes_on_from_the_label_of_the_last_row_though_it_is_a_gap():
    frame = with_gap(59, "load")

    ahead = fit(frame).forecast(3, exog=FRAME[["heat"]].shift(freq="2h"))

    assert ahead.index[0] == FRAME.index[-1] + pd.Timedelta("1h")
    assert np.isfinite(ahead.to_numpy()).all()


def test_a_fill_that_leaves_the_range_of_the_targets_is_held_there():
    s = 0.5 * 1.1 ** np.arange(40.0)  # grows by itself
    model = NVARRegressor(n_delays=1, degree=1).fit(*next_step(s))
    long_gap = s[:, None].copy()
    long_gap[20:] = np.nan
    long_gap[:20] *= 8

    with pytest.warns(UserWarning, match="leaves the range of the training targets, first at row"):
        predictions = model.predict(long_gap)

    assert predictions.max() <= 1.25 * 1.1 * s.max() + 1e-6


def test_tags_say_what_a_fitted_model_takes():
    s = np.sin(np.arange(50.0))
    loop, other = (clone(MODELS["ESN"]) for _ in range(2))

    loop.fit(*next_step(s))
    other.fit(s[:, None], np.cos(7 * np.arange(50.0) ** 2))

    assert loop.__sklearn_tags__().input_tags.allow_nan
    assert not other.__sklearn_tags__().input_tags.allow_nan
    assert issubclass(MissingValuesError, ValueError)


def leading(n_missing, series):
    """Every container of series that begin with missing rows, and the list of what follows them."""
    holes = [s.copy() for s in series]
    for s, n in zip(holes, n_missing, strict=True):
        s[:n] = np.nan
    days = pd.date_range("2024", periods=len(series[0]), freq="h")
    frames = [pd.DataFrame(s, index=days) for s in holes]
    rest = [s[n:] for s, n in zip(holes, n_missing, strict=True)]
    if len(series) == 1:
        return rest, [holes[0], frames[0], np.ma.masked_invalid(holes[0])]
    ids = np.repeat(["a", "b"], [len(s) for s in holes])
    return rest, [holes, np.stack(holes), frames, pd.concat(frames, keys=["a", "b"]), ids]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_series_that_begins_in_a_gap_is_learned_from_its_first_whole_row(model):
    rng = np.random.default_rng(0)
    noisy = [np.c_[np.sin(0.3 * np.arange(60) + i), np.cos(0.2 * np.arange(60))] for i in (0, 1)]
    noisy = [s + 0.01 * rng.normal(size=s.shape) for s in noisy]
    inside = [s.copy() for s in noisy]
    for s in inside:
        s[30:33, 0] = np.nan
    for series in (noisy, inside):
        for n_missing in ([7], [7, 0], [3, 9]):
            rest, containers = leading(n_missing, series[: len(n_missing)])
            pairs = [next_step(s) for s in rest]
            X, y = zip(*pairs, strict=True)
            if len(n_missing) == 1:
                expected = clone(model).fit(X[0], y[0])
            else:
                expected = clone(model).fit(list(X), list(y))
            for container in containers:
                if isinstance(container, np.ndarray) and container.ndim == 1:
                    flat = next_step(np.concatenate(containers[0]), series_id=container)
                    ids = np.repeat(["a", "b"], [len(x) for x in flat[0]])
                    found = clone(model).fit(*map(np.vstack, flat), series_id=ids)
                else:
                    found = clone(model).fit(*next_step(container))
                ahead = np.asarray(found.forecast(4)).reshape(-1, 2)
                assert_array_equal(ahead, np.reshape(np.asarray(expected.forecast(4)), (-1, 2)))
                if isinstance(container, pd.DataFrame):
                    first = found.forecast(4).index.get_level_values(-1)[0]
                    assert first == pd.Timestamp("2024-01-03 12:00")


def test_a_fold_may_train_from_a_gap_on():
    series = np.sin(0.2 * np.arange(200))
    series[[0, 1, 2, 60, 61, 62]] = np.nan
    X, y = next_step(series)
    model = ESNRegressor(n_units=20, alpha=1e-4, random_state=0)
    folds = [(np.arange(60, 120), np.arange(120, 150)), (np.arange(61, 150), np.arange(150, 180))]

    for scaled in (model, make_pipeline(StandardScaler(), model)):
        for scoring in (None, forecast_scorer()):
            scores = cross_val_score(scaled, X, y, cv=folds, scoring=scoring, error_score="raise")
            assert np.isfinite(scores).all()
    scores = cross_val_score(model, X, y, cv=TimeSeriesSplit(4), error_score="raise")
    assert (scores > 0.9).all()
    one = np.r_[[np.nan] * 9, 1.0, 2.0]
    with pytest.raises(ValueError, match="X contains NaN: 9 row"):
        model.fit(one[:-1, None], one[1:])
