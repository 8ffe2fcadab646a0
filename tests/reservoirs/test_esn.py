import numpy as np
import pandas as pd
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, datasets, metrics, next_step

X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
Y = np.cumsum(X, axis=0)[:, :1] * 0.1 + X[:, 1:]
SMALL = ESNRegressor(n_units=30, leak_rate=0.5, alpha=1e-4, random_state=0)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def fitted(**settings):
    return clone(SMALL).set_params(**settings).fit(X, Y)


def test_the_whole_fit_equals_the_slow_loop_and_dense_ridge():
    model = fitted(washout=20)

    W = model.reservoir_.recurrent_weights_.toarray()
    slow = reference.states(
        X, W, model.reservoir_.input_weights_, model.reservoir_.bias_, 0.5, np.zeros(30)
    )
    C, c = reference.ridge(np.hstack([slow, X])[20:], Y[20:], 1e-4)
    assert_allclose(model.coef_, C, rtol=1e-6, atol=1e-8)
    assert_allclose(model.intercept_, c, rtol=1e-6, atol=1e-8)
    assert_allclose(model.mean_state_, slow[20:].mean(axis=0), rtol=1e-10)
    assert_allclose(model.last_states_[0], slow[-1], rtol=1e-10)


def test_refitting_equals_a_fresh_fit_bitwise():
    model = fitted()
    first = model.coef_.copy()

    model.fit(X[:100], Y[:100])
    again = model.fit(X, Y)

    assert_array_equal(again.coef_, first)


@pytest.mark.parametrize("container", ["list", "series_id", "frame"])
def test_the_container_changes_no_bit_of_the_model(container):
    cut = [X[:100], X[100:250], X[250:]]
    targets = [Y[:100], Y[100:250], Y[250:]]
    expected = clone(SMALL).fit(cut, targets)
    ids = np.repeat([0, 1, 2], [100, 150, 50])

    if container == "list":
        model = clone(SMALL).fit(tuple(cut), targets)
    elif container == "series_id":
        model = clone(SMALL).fit(X, Y, series_id=ids)
    else:
        index = pd.MultiIndex.from_arrays([ids, np.arange(300)])
        model = clone(SMALL).fit(pd.DataFrame(X, index=index), Y)

    assert_array_equal(model.coef_, expected.coef_)


def test_the_order_of_series_changes_nothing_beyond_rounding():
    cut, targets = [X[:100], X[100:250], X[250:]], [Y[:100], Y[100:250], Y[250:]]

    forward = clone(SMALL).fit(cut, targets).predict(X)
    backward = clone(SMALL).fit(cut[::-1], targets[::-1]).predict(X)

    assert_allclose(forward, backward, atol=1e-6 * Y.std())


@pytest.mark.parametrize("stop", [1, 50, 299])
def test_predictions_of_a_prefix_are_the_prefix_of_the_predictions(stop):
    model = fitted()

    assert_allclose(model.predict(X[:stop]), model.predict(X)[:stop], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stop", [1, 50, 299])
def test_splitting_and_carrying_the_state_over_changes_nothing(stop):
    model = fitted()
    whole = model.predict(X)

    head, state = model.predict(X[:stop], return_state=True)
    tail = model.predict(X[stop:], initial_state=state)
    with_context = model.predict(X[stop:], context=X[:stop])

    assert_allclose(np.vstack([head, tail]), whole, rtol=1e-12, atol=1e-12)
    assert_allclose(with_context, whole[stop:], rtol=1e-12, atol=1e-12)


def test_one_row_can_be_predicted():
    assert fitted().predict(X[:1]).shape == (1, 1)


def test_new_series_start_as_the_training_series_did():
    one_long = fitted()
    several = clone(SMALL).fit([X[:150], X[150:]], [Y[:150], Y[150:]])
    washed = clone(SMALL).set_params(washout=10).fit([X[:150], X[150:]], [Y[:150], Y[150:]])

    for model, start in ((one_long, "nearest"), (several, "zero"), (washed, "nearest")):
        assert_array_equal(model.predict(X), model.predict(X, initial_state=start))


def test_the_last_state_goes_on_from_training():
    model = clone(SMALL).fit(X[:200], Y[:200])

    assert_allclose(
        model.predict(X[200:], initial_state="last"),
        model.predict(X[200:], initial_state="zero", context=X[:200]),
        rtol=1e-12,
    )


def test_the_last_state_of_several_series_is_ambiguous():
    model = clone(SMALL).fit([X[:150], X[150:]], [Y[:150], Y[150:]])

    with pytest.raises(ValueError, match="exactly one training series, got 2"):
        model.predict(X, initial_state="last")


def test_predictions_come_back_in_the_container_of_X():
    model = clone(SMALL).fit(X, Y[:, 0])

    as_list = model.predict([X[:10], X[10:40]])
    as_stack = model.predict(X.reshape(3, 100, 2))

    assert [p.shape for p in as_list] == [(10,), (30,)]
    assert as_stack.shape == (3, 100)


@pytest.mark.parametrize("pooling", ["last", "mean", "both"])
def test_targets_per_series_are_read_from_pooled_states(pooling, rng):
    series = [rng.normal(loc=m, size=(20, 1)) for m in rng.uniform(-1, 1, 60)]
    means = np.array([s.mean() for s in series])

    model = clone(SMALL).set_params(pooling=pooling, leak_rate=0.1, alpha=1e-2)
    predicted = model.fit(series[:40], means[:40]).predict(series[40:])

    assert predicted.shape == (20,)
    assert np.corrcoef(predicted, means[40:])[0, 1] > 0.8


def test_noise_is_keyed_on_series_and_row():
    noisy = {"noise": 0.1, "solver": "cholesky"}
    long = np.vstack([X] * 5)

    a = clone(SMALL).set_params(**noisy).fit(long, np.vstack([Y] * 5))
    b = clone(SMALL).set_params(**noisy).fit(long, np.vstack([Y] * 5))
    quiet = fitted()

    assert_array_equal(a.coef_, b.coef_)
    assert not np.allclose(a.coef_, quiet.coef_)


def test_auto_takes_a_second_pass_by_qr_when_alpha_is_tiny():
    assert fitted(alpha=1e-2).readout_.method == "cholesky"
    assert fitted(alpha=1e-14).readout_.method == "qr"


def test_float32_states_predict_nearly_the_same():
    assert_allclose(fitted(dtype="float32").predict(X), fitted().predict(X), atol=1e-3)


def test_a_sine_is_forecast_for_a_thousand_steps():
    series = np.sin(0.2 * np.arange(2000))
    model = ESNRegressor(
        n_units=100, input_scaling=0.1, leak_rate=0.5, alpha=1e-14, washout=100, random_state=0
    )

    free = model.fit(*next_step(series[:1000])).forecast(1000)

    assert metrics.nrmse(series[1000:], free) < 1e-6


@pytest.mark.parametrize(("force", "target"), [("cos", 1e-5), ("multi", 1e-4), ("hold", 1e-4)])
def test_the_driven_oscillator_is_forecast_for_three_thousand_steps(force, target):
    data = datasets.oscillator(6000, eta=0.1, force=force, random_state=0)
    s, F = data.x / data.x[:3000].std(), data.force
    model = ESNRegressor(
        n_units=200, input_scaling=0.01, spectral_radius=0.3, leak_rate=0.2, alpha=1e-16,
        washout=500, random_state=0,
    )  # fmt: skip

    free = model.fit(*next_step(s[:3000], F)).forecast(3000, exog=F[2999:5999])

    assert metrics.nrmse(s[3000:], free) < target


def test_grid_search_reaches_nested_names():
    pipeline = Pipeline([("scale", StandardScaler()), ("esn", clone(SMALL))])
    grid = {"esn__spectral_radius": [0.1, 0.9], "esn__alpha": [1e-6, 1e3]}

    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3)).fit(X, Y)

    assert len(set(search.cv_results_["mean_test_score"])) == 4
    assert search.best_params_["esn__alpha"] == 1e-6


def test_cross_validation_of_one_long_series_is_meaningful():
    scores = cross_val_score(clone(SMALL), X, X[:, 0] + X[:, 1], cv=TimeSeriesSplit(3))

    assert scores.min() > 0.9


def test_the_score_weighs_every_row_of_every_series():
    model = fitted()

    assert_allclose(model.score([X[:100], X[100:]], [Y[:100], Y[100:]]),
                    model.score(X, Y, series_id=[0] * 100 + [1] * 200))  # fmt: skip


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fitted(washout=300), r"washout must be in \[0, n_steps\), got washout=300"),
        (lambda: fitted(topology="ring"), "'topology' parameter.*'random'"),
        (lambda: fitted(solver="svd"), "'solver' parameter"),
        (lambda: fitted(alpha=-1.0), "'alpha' parameter|alpha must be a number >= 0"),
        (lambda: fitted(alpha=[1.0, -1.0]), "remove negative and non-finite values"),
        (lambda: fitted(alpha=[np.nan]), "remove negative and non-finite values"),
        (lambda: fitted(alpha=[]), "alpha must be a number >= 0 or a 1-D grid"),
        (lambda: fitted(alpha=[1.0, 2.0], alpha_cv=301), "alpha_cv=301 folds.*got 300; lower"),
        (
            lambda: fitted().partial_fit(X, Y).partial_fit(X, X),
            "y has 2 outputs per_step, earlier.* 1 per",
        ),
        (lambda: clone(SMALL).fit(1e200 * X, Y), "too large for float64; standardise X"),
        (lambda: clone(SMALL).fit(X[:1], Y[:1]), "minimum of 2 is required"),
        (lambda: clone(SMALL).fit([["a", "b"]] * 9, [0.0] * 9), "holds text, 'a' in row 0"),
        (lambda: clone(SMALL).fit(np.empty((0, 2)), []), r"0 sample\(s\)"),
        (lambda: clone(SMALL).fit(np.where(X > 0.99, np.nan, X), Y), "X contains NaN"),
        (lambda: clone(SMALL).fit(np.where(X > 0.99, np.inf, X), Y), "X contains infinity"),
        (lambda: fitted().predict(X[:, :1]), "1 features, but ESNRegressor is expecting 2"),
        (lambda: fitted().predict(X, initial_state="warm"), "'mean', 'zero', 'last'"),
        (lambda: fitted().predict([X, X], context=[X]), "one array per series of X, 2, got 1"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_typo_is_a_type_error():
    with pytest.raises(TypeError, match="leakrate"):
        ESNRegressor(leakrate=0.3)


CHUNKS = [[1, 2, 150, 299], [100, 200], list(range(7, 300, 7))]


@pytest.mark.parametrize("cuts", CHUNKS)
@pytest.mark.parametrize("settings", [{}, {"washout": 25, "noise": 0.1}, {"solver": "cholesky"}])
def test_any_cut_into_chunks_gives_bitwise_the_same_model(cuts, settings):
    whole = clone(SMALL).set_params(**settings).partial_fit(X, Y)

    parts = clone(SMALL).set_params(**settings)
    begun = max(settings.get("washout", 0) + 2, 2)  # the first chunk must hold two rows to learn
    edges = [0, *[c for c in cuts if c >= begun], 300]
    for first, last in zip(edges[:-1], edges[1:], strict=True):
        parts.partial_fit(X[first:last], Y[first:last])

    assert_array_equal(parts.coef_, whole.coef_)
    assert_array_equal(parts.intercept_, whole.intercept_)
    assert_array_equal(parts.mean_state_, whole.mean_state_)
    assert_array_equal(parts.last_states_, whole.last_states_)


@pytest.mark.parametrize("solver", ["qr", "cholesky"])
def test_partial_fit_equals_fit_bitwise(solver):
    long, targets = np.vstack([X] * 8), np.vstack([Y] * 8)
    settings = {"solver": solver, "washout": 30, "noise": 0.01}
    fit = clone(SMALL).set_params(**settings).fit(long, targets)

    parts = clone(SMALL).set_params(**settings)
    for first in range(0, 2400, 333):
        parts.partial_fit(long[first : first + 333], targets[first : first + 333])

    assert_array_equal(parts.coef_, fit.coef_)
    assert_array_equal(parts.mean_state_, fit.mean_state_)


def test_partial_fit_takes_many_series_one_after_the_other():
    cut, targets = [X[:100], X[100:250], X[250:]], [Y[:100], Y[100:250], Y[250:]]
    fit = clone(SMALL).set_params(solver="qr").fit(cut, targets)

    lists = clone(SMALL).partial_fit(cut[:2], targets[:2]).partial_fit(cut[2:], targets[2:])
    single = clone(SMALL).partial_fit(cut[0], targets[0])
    for part, target in zip(cut[1:], targets[1:], strict=True):
        single.partial_fit(part, target, new_series=True)

    assert_array_equal(lists.coef_, fit.coef_)
    assert_array_equal(single.coef_, fit.coef_)


def test_a_model_learned_in_chunks_forecasts():
    series = np.sin(0.2 * np.arange(900))
    inputs, targets = next_step(series[:801])
    whole = clone(SMALL).set_params(solver="qr").fit(inputs, targets)
    parts = clone(SMALL)
    for first in range(0, 800, 160):
        parts.partial_fit(inputs[first : first + 160], targets[first : first + 160])

    assert_array_equal(parts.forecast(50), whole.forecast(50))


def test_chunks_whose_border_does_not_close_cannot_be_forecast():
    inputs, targets = next_step(np.sin(0.2 * np.arange(400)))
    model = clone(SMALL).partial_fit(inputs[:100], targets[:100])

    model.partial_fit(inputs[200:300], targets[200:300])

    with pytest.raises(ValueError, match="loop cannot close"):
        model.forecast(3)


def test_fit_forgets_what_partial_fit_learned():
    model = clone(SMALL).partial_fit(X[:100], Y[:100]).fit(X, Y)

    assert_array_equal(model.coef_, fitted().coef_)
    assert_array_equal(model.partial_fit(X, Y).coef_, clone(SMALL).partial_fit(X, Y).coef_)


def test_partial_fit_keeps_rows_that_are_too_few_to_solve():
    model = clone(SMALL).set_params(washout=50, solver="qr").partial_fit(X[:20], Y[:20])

    with pytest.raises(NotFittedError):
        model.predict(X)

    whole = clone(SMALL).set_params(washout=50, solver="qr").fit(X, Y)
    assert_array_equal(model.partial_fit(X[20:], Y[20:]).coef_, whole.coef_)


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_the_number_of_jobs_changes_no_bit(n_jobs):
    cut, targets = np.array_split(X, 7), np.array_split(Y, 7)

    one = clone(SMALL).fit(cut, targets)
    many = clone(SMALL).set_params(n_jobs=n_jobs).fit(cut, targets)

    assert_array_equal(many.coef_, one.coef_)


@pytest.mark.parametrize("alpha_cv", [None, 5])
def test_of_a_grid_the_best_penalty_is_taken(alpha_cv, rng):
    noisy = Y + rng.normal(size=Y.shape)
    grid = np.logspace(-8, 4, 7)

    model = fitted(alpha=grid, alpha_cv=alpha_cv, n_units=200).fit(X[:150], noisy[:150])
    single = fitted(alpha=float(model.alpha_), n_units=200).fit(X[:150], noisy[:150])

    assert 1e-4 < model.alpha_ <= 1e4
    assert_allclose(model.predict(X), single.predict(X), rtol=1e-6, atol=1e-9)


def test_a_grid_works_in_chunks_too():
    model = clone(SMALL).set_params(alpha=[1e-4, 1e4])

    for first in range(0, 300, 60):
        model.partial_fit(X[first : first + 60], Y[first : first + 60])

    assert model.alpha_ == 1e-4


@pytest.mark.parametrize("backend", ["threading", "loky", "sequential"])
def test_any_backend_of_joblib_gives_the_same_bits(backend):
    from joblib import parallel_config

    cut, targets = np.array_split(X, 5), np.array_split(Y, 5)
    one = clone(SMALL).fit(cut, targets)

    with parallel_config(backend):
        many = clone(SMALL).set_params(n_jobs=2).fit(cut, targets)
        found = many.predict(cut)

    assert_array_equal(many.coef_, one.coef_)
    assert_array_equal(np.concatenate(found), np.concatenate(one.predict(cut)))
