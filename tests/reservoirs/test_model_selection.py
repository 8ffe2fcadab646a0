from functools import partial

import numpy as np
import pandas as pd
import pytest
from containers import Case
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, Forecaster, datasets, metrics, next_step
from reservoirs.metrics import mase
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

DATA = datasets.oscillator(900, eta=0.1, random_state=0)
X, Y = next_step(DATA.x[:, None], DATA.force)
ESN = ESNRegressor(n_units=60, input_scaling=0.1, leak_rate=0.3, alpha=1e-10, random_state=0)


def test_origins_roll_to_the_end_of_the_data():
    folds = list(RollingOriginSplit(3, horizon=10, step=4).split(np.empty((50, 1))))

    assert [test[0] for _, test in folds] == [32, 36, 40]
    assert all(len(test) == 10 for _, test in folds)
    assert_array_equal(folds[0][0], np.arange(32))
    assert folds[-1][1][-1] == 49


def test_the_training_rows_may_slide():
    folds = list(RollingOriginSplit(2, horizon=5, max_train_size=20).split(np.empty((60, 1))))

    assert_array_equal(folds[1][0], np.arange(35, 55))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"horizon": 0}, "horizon must be an integer >= 1"),
        ({"horizon": 5, "n_splits": 0}, "n_splits must be"),
        ({"horizon": 5, "step": 0}, "step must be an integer >= 1, got 0"),
        ({"horizon": 5, "max_train_size": 0}, "max_train_size must be an integer >= 1, got 0"),
        ({"horizon": 30, "n_splits": 3}, "at least 91 are needed"),
    ],
)
def test_a_split_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        list(RollingOriginSplit(**settings).split(np.empty((60, 1))))


def test_the_score_is_the_closed_loop_error_after_training():
    model = clone(ESN).fit(X[:600], Y[:600])

    score = forecast_scorer()(model, X[600:700], Y[600:700])

    free = model.forecast(100, exog=X[600:700, 1:])
    assert_allclose(-score, metrics.nrmse(Y[600:700], free, scale=Y[:600].std(axis=0)))


def test_with_context_a_held_out_series_is_warmed_up_first():
    model = clone(ESN).fit(X[:400], Y[:400])

    score = forecast_scorer(context=100)(model, X[500:700], Y[500:700])

    free = model.forecast(100, context=Y[500:600], exog=X[501:700, 1:])
    assert_allclose(-score, metrics.nrmse(Y[600:700], free, scale=Y[:400].std(axis=0)))


@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_a_search_scores_closed_loop_forecasts_of_a_pipeline(search):
    pipeline = make_pipeline(StandardScaler(), clone(ESN))
    grid = {"esnregressor__alpha": [1e-10, 1e3], "esnregressor__leak_rate": [0.3]}
    extra = {"n_iter": 2, "random_state": 0} if search is RandomizedSearchCV else {}

    found = search(
        pipeline, grid, cv=RollingOriginSplit(3, horizon=50), scoring=forecast_scorer(), **extra
    ).fit(X, Y)

    assert found.best_params_["esnregressor__alpha"] == 1e-10
    assert found.best_score_ > -0.05


def test_a_forecast_that_diverges_has_the_worst_finite_score():
    model = clone(ESN).set_params(bound=None).fit(X[:600], Y[:600])
    model.coef_ = model.coef_ * 30

    assert forecast_scorer()(model, X[600:], Y[600:]) == -1e6


def test_it_works_in_cross_val_score_with_jobs():
    scores = cross_val_score(
        ESN, X, Y, cv=RollingOriginSplit(2, horizon=40), scoring=forecast_scorer(), n_jobs=2
    )

    assert (scores > -0.1).all()


@pytest.mark.parametrize("context", [-1, 1.5])
def test_a_bad_context_is_refused(context):
    with pytest.raises(ValueError, match="context must be an integer >= 0"):
        forecast_scorer(context=context)


def test_a_context_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="leaves none of 10 test rows"):
        forecast_scorer(context=10)(clone(ESN).fit(X, Y), X[:10], Y[:10])


@pytest.mark.parametrize("rows", [np.r_[230:200:-1], np.r_[200:230:2], np.r_[200:209, 210:230]])
def test_rows_after_a_context_follow_each_other(rows):
    X, y = pairs_of()
    model = clone(ESN).fit(X[:100], y[:100])
    assert forecast_scorer(context=5)(model, X[200:230], y[200:230]) > -2

    with pytest.raises(ValueError, match="do not follow each other"):
        forecast_scorer(context=5)(model, X[rows], y[rows])


def pairs_of(n_rows=300):
    return next_step(np.sin(0.2 * np.arange(n_rows)))


@pytest.mark.parametrize(
    "cv",
    [KFold(4), KFold(4, shuffle=True, random_state=0), TimeSeriesSplit(3, gap=5)],
    ids=["KFold", "shuffled", "gap"],
)
def test_rows_that_do_not_follow_are_refused(cv):
    X, y = pairs_of()
    model = make_pipeline(StandardScaler(), ESNRegressor(n_units=20, random_state=0))

    with pytest.raises(
        ValueError, match="(do not follow the training rows|loop cannot close).*RollingOriginSplit"
    ):
        cross_val_score(model, X, y, cv=cv, scoring=forecast_scorer(), error_score="raise")


@pytest.mark.parametrize("kind", ["list", "stack", "levels"])
def test_a_scorer_reads_every_container(kind):
    case = Case(kind, 1, 0)
    observed, _ = case.draw()
    model = ESNRegressor(n_units=20, random_state=0, washout=5)
    train = case.wrap([series[:101] for series in observed], ["y"])
    test = case.wrap([series[100:] for series in observed], ["y"])
    model.fit(*next_step(train))

    score = forecast_scorer()(model, *next_step(test))
    with_context = forecast_scorer(context=9)(model, *next_step(test))

    errors, later = [], []
    deviation = model.training_end_.target_deviation
    forecasts = case.unwrap(model.forecast(19))
    for i, series in enumerate(observed):
        errors.append(metrics.nrmse(series[101:], forecasts[i].reshape(-1, 1), scale=deviation))
        found = np.asarray(model.forecast(10, context=series[101:110])).reshape(-1, 1)
        later.append(metrics.nrmse(series[110:], found, scale=deviation))
    assert score == pytest.approx(-np.mean(errors))
    assert with_context == pytest.approx(-np.mean(later))


@pytest.mark.parametrize("as_groups", [True, False])
def test_rolling_origins_divide_every_series_of_a_panel(as_groups):
    names, rows = np.repeat(["b", "a"], [60, 50]), np.zeros((110, 1))
    labels = pd.MultiIndex.from_arrays([names, [*range(60), *range(50)]])
    panel = rows if as_groups else pd.DataFrame(rows, index=labels)
    folds = RollingOriginSplit(2, horizon=10).split(panel, groups=names if as_groups else None)

    pairs = [(train.tolist(), test.tolist()) for train, test in folds]

    assert pairs == [
        ([*range(40), *range(60, 90)], [*range(40, 50), *range(90, 100)]),
        ([*range(50), *range(60, 100)], [*range(50, 60), *range(100, 110)]),
    ]
    with pytest.raises(ValueError, match="50 rows are too few.*at least 61"):
        list(RollingOriginSplit(6, horizon=10).split(panel, groups=names if as_groups else None))


def test_a_panel_is_scored_by_the_forecasts_of_its_series():
    hours = pd.date_range("2024", periods=200, freq="h")
    waves = {phase: np.sin(0.2 * np.arange(200) + phase) for phase in (1, 0)}
    panel = pd.concat({phase: pd.DataFrame({"y": wave}, hours) for phase, wave in waves.items()})
    X, y = next_step(panel)
    folds = RollingOriginSplit(2, horizon=20)

    scores = cross_val_score(ESN, X, y, cv=folds, scoring=forecast_scorer(), error_score="raise")

    assert (scores > -0.1).all()


def test_a_metric_without_a_scale_is_called_without_one():
    model = make_pipeline(StandardScaler(), ESNRegressor(n_units=20, random_state=0))
    X, y = next_step(np.sin(0.2 * np.arange(200)))
    folds = RollingOriginSplit(2, horizon=9)

    def scores(metric):
        scorer = forecast_scorer(metric)
        return cross_val_score(model, X, y, cv=folds, scoring=scorer, error_score="raise")

    by_hand = scores(lambda y_true, y_pred, **_: np.abs(y_true - y_pred).mean())
    assert_allclose(scores(mean_absolute_error), by_hand)
    unit = np.abs(np.diff(y)).mean()
    assert_allclose(scores(partial(mase, y_train=y)), by_hand / unit)
    assert "partial" in repr(forecast_scorer(partial(mase, y_train=y)))


def test_a_metric_that_needs_more_is_refused_with_what_to_write():
    with pytest.raises(TypeError, match=r"mase needs y_train.*functools.partial\(mase, y_train="):
        forecast_scorer(mase)


def test_a_forecaster_with_exog_says_how_to_score_it():
    series, force = np.sin(0.2 * np.arange(60)), np.cos(0.2 * np.arange(60))
    model = Forecaster(n_members=1, horizon=6, season=None, random_state=0)
    model.fit(series[:50], exog=force[:50])

    with pytest.raises(ValueError, match="hands no exog to a scorer"):
        forecast_scorer()(model, series[50:])
