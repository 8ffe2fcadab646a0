"""Faults that were reproduced in other libraries, each a test that this one must never fail."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Lasso, LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from reservoirs import NVAR, ESNClassifier, ESNRegressor, Reservoir, next_step

X = np.random.default_rng(0).uniform(-1, 1, size=(300, 2))
Y = np.column_stack([X[:, 0] * 0.5, np.cumsum(X[:, 1]) * 0.1])
ESN = ESNRegressor(n_units=30, random_state=0)
SINE = np.sin(0.2 * np.arange(400))


def test_reservoirpy_feedback_left_the_state_untouched():
    model = clone(ESN).fit(*next_step(SINE))

    states = [model.predict(SINE[:n, None], return_state=True)[1] for n in (10, 20)]

    assert not np.allclose(states[0], states[1])


def test_reservoirpy_fitting_twice_gave_different_weights():
    model = clone(ESN).fit(X, Y)
    first = model.coef_.copy()

    assert_array_equal(model.fit(X, Y).coef_, first)


def test_reservoirpy_first_predictions_depended_on_the_order_of_training_series():
    a, b = clone(ESN), clone(ESN)
    a.fit([X[:150], X[150:]], [Y[:150], Y[150:]])
    b.fit([X[150:], X[:150]], [Y[150:], Y[:150]])

    assert np.abs(a.predict(X[:5]) - b.predict(X[:5])).max() < 1e-6


@pytest.mark.parametrize("kind", [ESNRegressor, ESNClassifier, Reservoir, NVAR])
def test_reservoirpy_accepted_unknown_keywords(kind):
    with pytest.raises(TypeError):
        kind(noise_rc=0.1)


def test_reservoirpy_nvar_returned_zeros():
    assert np.abs(NVAR(n_delays=2).fit_transform(X)).min(axis=0).max() > 0


def test_reservoirpy_refitting_on_other_data_used_stale_weights():
    model = clone(ESN).fit(X, Y).fit(X[:, :1], Y)

    assert model.predict(X[:, :1]).shape == Y.shape
    assert_array_equal(model.coef_, clone(ESN).fit(X[:, :1], Y).coef_)


def test_pyrcn_clone_lost_a_parameter():
    settings = {
        "n_units": 7,
        "spectral_radius": 0.3,
        "leak_rate": 0.2,
        "alpha": 0.1,
        "washout": 3,
        "pooling": "both",
        "bidirectional": True,
        "dtype": "float32",
        "noise": 0.5,
    }

    copied = clone(ESNClassifier(**settings)).get_params()

    assert settings.items() <= copied.items()


def test_pyrcn_nested_grid_was_ignored():
    grid = {"esnregressor__spectral_radius": [0.1, 0.5, 0.9]}

    search = GridSearchCV(make_pipeline(clone(ESN)), grid, cv=TimeSeriesSplit(2)).fit(X, Y)

    assert len(set(search.cv_results_["mean_test_score"])) == 3


def test_pyrcn_partial_fit_ignored_the_washout():
    settings = {"washout": 100, "solver": "qr"}
    fit = clone(ESN).set_params(**settings).fit(X, Y)

    chunks = clone(ESN).set_params(**settings).partial_fit(X[:150], Y[:150])

    assert_array_equal(chunks.partial_fit(X[150:], Y[150:]).coef_, fit.coef_)


@pytest.mark.parametrize("readout", [RidgeCV(), Lasso(alpha=1e-3)])
def test_pyrcn_ridge_cv_could_not_be_a_readout(readout):
    model = make_pipeline(Reservoir(n_units=30, random_state=0), readout).fit(X, Y)

    assert model.predict(X).shape == Y.shape


def test_a_classifier_of_scikit_learn_can_be_a_readout():
    model = make_pipeline(Reservoir(n_units=30, random_state=0), LogisticRegression())

    assert model.fit(X, X[:, 0] > 0).score(X, X[:, 0] > 0) > 0.9


def test_echoes_dropped_the_first_sample():
    assert len(clone(ESN).fit(X, Y).predict(X)) == len(X)


def test_echoes_predictions_were_not_repeatable():
    model = clone(ESN).fit(*next_step(SINE))

    assert_array_equal(model.forecast(20), model.forecast(20))
    assert_array_equal(model.predict(SINE[:, None]), model.predict(SINE[:, None]))


@pytest.mark.parametrize("container", [X.tolist(), X.astype(np.float32), [X[:100], X[100:]]])
def test_resdag_rejected_arrays_and_lists(container):
    targets = (
        [Y[:100], Y[100:]] if isinstance(container[0], np.ndarray) and len(container) == 2 else Y
    )

    clone(ESN).fit(container, targets).predict(container)


def test_resdag_discarded_a_state_on_another_number_of_series():
    model = clone(ESN).fit(X, Y)

    with pytest.raises(ValueError, match="initial_state must have shape"):
        model.predict([X, X, X], initial_state=np.zeros((2, 30)))


def test_one_worker_or_two_fit_the_same_and_can_be_pickled():
    import pickle

    cut, targets = np.array_split(X, 4), np.array_split(Y, 4)
    model = clone(ESN).set_params(n_jobs=2).fit(cut, targets)

    again = pickle.loads(pickle.dumps(model))

    assert_array_equal(again.predict(X), model.predict(X))


def test_the_same_seed_gives_the_same_numbers_and_no_hidden_bias():
    a, b = clone(ESN).fit(X, Y), clone(ESN).fit(X, Y)
    unbiased = clone(ESN).set_params(bias_scaling=0.0).fit(X, Y)

    assert_array_equal(a.coef_, b.coef_)
    assert_array_equal(unbiased.reservoir_.bias_, 0.0)


def test_a_linear_trend_is_forecast():
    trend = np.arange(300.0)[:, None]
    from reservoirs import NVARRegressor

    model = NVARRegressor(n_delays=2, degree=1, alpha=1e-12).fit(*next_step(trend))

    np.testing.assert_allclose(model.forecast(50)[:, 0], np.arange(300.0, 350.0), rtol=1e-5)
