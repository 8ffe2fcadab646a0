"""Every fit of every estimator takes effect as a whole, or not at all."""

import copy
import inspect

import numpy as np
import pytest
from interrupts import attributes, count_lines, raising_at, sample
from numpy.testing import assert_array_equal
from sklearn.base import clone

import reservoirs
from reservoirs import (
    NVAR,
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
)
from reservoirs.estimators import CommittingMixin

S = np.sin(0.3 * np.arange(700))[:, None]
X, Y = S[:-1], S[1:, 0]
OLD_X, OLD_Y = 0.5 * X[:40] ** 2, Y[:40] ** 2
LISTS = [X[:30], X[30:45], X[45:90]]
LABELS = (Y > 0).astype(int)
ESN = ESNRegressor(n_units=8, random_state=0)


def fitted(model):
    """Return a model that was fitted on other data, with another seed."""
    model = clone(model)
    if "random_state" in model.get_params():
        model.set_params(random_state=1)
    model.fit(OLD_X, OLD_Y > 0.3 if isinstance(model, ESNClassifier) else OLD_Y)
    return model.set_params(random_state=0) if "random_state" in model.get_params() else model


def streaming(model):
    """Return a model that has learned the first 600 rows."""
    return clone(model).partial_fit(X[:600], Y[:600])


FITS = {
    "esn": (ESN, lambda m: m.fit(X, Y)),
    "esn qr": (clone(ESN).set_params(solver="qr"), lambda m: m.fit(X[:100], Y[:100])),
    "esn list": (clone(ESN).set_params(noise=0.1), lambda m: m.fit(LISTS, LISTS)),
    "esn per series": (ESN, lambda m: m.fit(LISTS, [1.0, 2.0, 3.0])),
    "esn n_jobs": (clone(ESN).set_params(n_jobs=2), lambda m: m.fit(LISTS, LISTS)),
    "esn partial": (ESN, lambda m: m.partial_fit(X[:80], Y[:80])),
    "classifier": (ESNClassifier(n_units=8, random_state=0), lambda m: m.fit(X, LABELS)),
    "nvar regressor": (NVARRegressor(noise=0.01), lambda m: m.fit(X, Y)),
    "reservoir": (Reservoir(n_units=8, random_state=0), lambda m: m.fit(X)),
    "reservoir transform": (Reservoir(n_units=8, random_state=0), lambda m: m.fit_transform(LISTS)),
    "nvar": (NVAR(), lambda m: m.fit(X)),
    "nvar transform": (NVAR(), lambda m: m.fit_transform(LISTS)),
    "scaler": (SequenceScaler(), lambda m: m.fit(X)),
    "scaler transform": (SequenceScaler(), lambda m: m.fit_transform(LISTS)),
}
CHUNKS = {
    "goes on": lambda m: m.partial_fit(X[600:620], Y[600:620]),
    "completes a block": lambda m: m.partial_fit(np.tile(X, (2, 1)), np.tile(Y, 2)),
    "new series": lambda m: m.partial_fit(LISTS, LISTS),
}


def check_nothing_changed(model, fit, numbers):
    before = attributes(model)
    for number in numbers:
        error = (KeyboardInterrupt, MemoryError)[number % 2]

        with pytest.raises(error), raising_at(number, error):
            fit(model)

        assert attributes(model) == before


@pytest.mark.parametrize("is_fitted", [True, False], ids=["fitted", "unfitted"])
@pytest.mark.parametrize("name", FITS)
def test_what_is_raised_at_any_line_leaves_an_estimator_as_it_was(name, is_fitted):
    template, fit = FITS[name]
    model = fitted(template) if is_fitted else clone(template)

    check_nothing_changed(model, fit, sample(count_lines(fit, model), 4, seed=len(name)))

    assert is_fitted or vars(model).keys() == vars(clone(template)).keys()


@pytest.mark.parametrize("name", CHUNKS)
def test_a_chunk_that_was_interrupted_is_learned_once_when_tried_again(name):
    model = streaming(ESN)
    undisturbed = copy.deepcopy(model)
    n_lines = count_lines(CHUNKS[name], model)

    check_nothing_changed(model, CHUNKS[name], sample(n_lines, 6, seed=1))
    CHUNKS[name](model)

    CHUNKS[name](undisturbed)
    assert attributes(model) == attributes(undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("name", FITS)
def test_no_line_of_a_fit_is_an_exception(name):
    template, fit = FITS[name]
    model = fitted(template)

    check_nothing_changed(model, fit, range(count_lines(fit, model)))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHUNKS)
def test_no_line_of_a_chunk_is_an_exception(name):
    model = streaming(ESN)
    n_lines = count_lines(CHUNKS[name], model)

    check_nothing_changed(model, CHUNKS[name], range(n_lines))


def test_a_failed_solution_keeps_the_old_model_and_its_predictions():
    model = ESNRegressor(n_units=50).fit(X, Y)
    expected = model.predict(X)

    with pytest.raises(ValueError, match="too large for float64"):
        model.fit(X * 1e300, Y)

    assert_array_equal(model.predict(X), expected)


def test_a_first_chunk_of_one_row_leaves_no_readout_of_another_reservoir():
    model = fitted(ESN).partial_fit(X[:1], Y[:1])

    assert not model.__sklearn_is_fitted__()
    assert_array_equal(model.partial_fit(X[1:60], Y[1:60]).predict(X[:5]).shape, (5,))


def test_fits_that_a_subclass_defines_commit_at_their_end_too():
    class Shifted(ESNRegressor):
        def fit(self, X, y):
            self.shift_ = X.mean()
            super().fit(X - self.shift_, y)
            if self.shift_ > 10:
                raise RuntimeError("no such data")
            return self

    model = Shifted(n_units=8, random_state=0)
    assert model.fit(X, Y) is model
    before = attributes(model)

    with pytest.raises(RuntimeError):
        model.fit(X + 20, Y)

    assert attributes(model) == before


def test_another_thread_sees_the_old_model_until_the_new_one_is_whole():
    seen = []

    class Watched(NVARRegressor):
        def _solve(self, rows, layout, targets):
            seen.append(attributes(model))
            return super()._solve(rows, layout, targets)

    model = Watched()
    unfitted = attributes(model)
    model.fit(X, Y)
    first = attributes(model)
    model.fit(X[:90], Y[:90])

    assert seen == [unfitted, first]


def test_every_estimator_of_the_package_commits_at_its_end():
    estimators = [v for v in vars(reservoirs).values() if inspect.isclass(v) and hasattr(v, "fit")]

    assert len(estimators) >= 6
    assert all(issubclass(estimator, CommittingMixin) for estimator in estimators)
