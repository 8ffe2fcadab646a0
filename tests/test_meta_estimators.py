"""What scikit-learn and Optuna do around an estimator works around ours."""

from importlib.util import find_spec

import joblib
import numpy as np
import pandas as pd
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_score,
)
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wrapping import CHECKS

from reservoirs import (
    NVAR,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    datasets,
    next_step,
)
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

DATA = datasets.oscillator(500, force="hold", random_state=0)
X, Y = next_step(DATA.x, DATA.force[:, None])
ESN = ESNRegressor(n_units=40, input_scaling=0.05, leak_rate=0.3, washout=10, random_state=0)


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", processes=False
        ) as found,
        distributed.Client(found),
    ):
        yield


def search():
    grid = {"esnregressor__alpha": [1e-6, 1e-2]}
    model = make_pipeline(SequenceScaler(), clone(ESN))
    return GridSearchCV(model, grid, cv=TimeSeriesSplit(3), n_jobs=2)


def with_progress_bar(model):
    if find_spec("sklearn.callback") is None:  # scikit-learn before 1.9
        return model
    from sklearn.callback import ProgressBar

    return model.set_callbacks(ProgressBar())


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_a_search_with_a_progress_bar_gives_the_same_on_every_backend(backend, request, capsys):
    expected = search().set_params(n_jobs=1).fit(X, Y).cv_results_["mean_test_score"]
    if backend == "dask":
        request.getfixturevalue("cluster")

    with joblib.parallel_backend(backend):
        found = with_progress_bar(search()).fit(X, Y)

    assert_array_equal(found.cv_results_["mean_test_score"], expected)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_scikit_learn_may_wrap_our_regressors(check):
    for model in (ESN, NVARRegressor()):
        check(model, X, Y)


@pytest.mark.parametrize("wrapper", [RegressorChain, MultiOutputRegressor])
def test_several_outputs_one_model_each(wrapper):
    both = np.column_stack([Y, Y**2])

    found = wrapper(clone(ESN)).fit(X, both).predict(X)

    assert found.shape == both.shape
    assert_allclose(found[50:, 0], Y[50:], atol=0.05 * Y.std())


@pytest.mark.parametrize(
    "transformer", [Reservoir(n_units=5, random_state=0), NVAR(), SequenceScaler()], ids=str
)
def test_transformers_give_frames_that_keep_the_index(transformer):
    index = pd.date_range("2020-01-01", periods=len(X), freq="h")
    frame = pd.DataFrame(X, columns=["x", "force"], index=index)

    found = clone(transformer).set_output(transform="pandas").fit_transform(frame)

    assert found.index.equals(index)
    assert list(found.columns) == list(transformer.fit(frame).get_feature_names_out())


def test_polars_frames_go_in_and_come_out():
    frame = polars.DataFrame(X, schema=["x", "force"])

    model = clone(ESN).fit(frame, Y)
    states = (
        Reservoir(n_units=7, random_state=0).set_output(transform="polars").fit_transform(frame)
    )

    assert list(model.feature_names_in_) == ["x", "force"]
    assert_array_equal(model.predict(frame), clone(ESN).fit(X, Y).predict(X))
    assert isinstance(states, polars.DataFrame)
    assert states.shape == (len(X), 7)


def test_any_regressor_reads_out_a_reservoir():
    model = make_pipeline(Reservoir(n_units=40, random_state=0), Ridge(alpha=1e-6))

    assert cross_val_score(model, X, Y, cv=TimeSeriesSplit(3)).min() > 0.5


def test_a_random_search_scores_forecasts():
    found = RandomizedSearchCV(
        clone(ESN), {"leak_rate": [0.1, 0.3, 0.9]}, n_iter=2, random_state=0,
        cv=RollingOriginSplit(2, horizon=40), scoring=forecast_scorer(),
    ).fit(X, Y)  # fmt: skip

    assert -1.0 < found.best_score_ <= 0.0


def test_optuna_tunes_a_pipeline():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial):
        model = make_pipeline(StandardScaler(), clone(ESN)).set_params(
            esnregressor__leak_rate=trial.suggest_float("leak_rate", 0.05, 1.0, log=True)
        )
        return cross_val_score(
            model, X, Y, cv=RollingOriginSplit(2, horizon=40), scoring=forecast_scorer()
        ).mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=5)

    assert study.best_value > -1.0
