"""A fit of a trained network takes effect as a whole; Ctrl-C in its epochs keeps the whole ones."""

import copy
import pickle

import numpy as np
import pytest
from interrupts import attributes, count_lines, raising_at, sample
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold
from small_network import SMALL, X, Y, suited

from trainers import RNNClassifier
from trainers.training.epochs import MinibatchEpochs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OLD_X, OLD_Y = X[:60] ** 2, Y[:60] ** 2
LABELS = (Y[:, 0] > 0).astype(int)
CLASSIFIER = RNNClassifier(
    n_units=4, max_iter=3, truncation=60, learning_rate=0.02, random_state=0, dtype="float64"
)
SMALL = clone(SMALL).set_params(max_iter=3, truncation=80, n_units=4)


def with_settings(**settings):
    return suited(clone(SMALL).set_params(**settings))


CASES = {
    "adam": (SMALL, lambda m: m.fit(X, Y)),
    "best weights": (
        with_settings(early_stopping=True, window=5, batch_size=200),
        lambda m: m.fit(X, Y),
    ),
    "momentum": (with_settings(solver="nesterov"), lambda m: m.fit(X, Y)),
    "l-bfgs": (with_settings(solver="lbfgs"), lambda m: m.fit(X, Y)),
    "hessian-free": (
        with_settings(solver="hessian_free", n_units=2, max_iter=2),
        lambda m: m.fit(X[:40], Y[:40]),
    ),
    "goes on": (with_settings(warm_start=True), lambda m: m.fit(X, Y)),
    "one epoch": (SMALL, lambda m: m.partial_fit(X, Y)),
    "labels": (CLASSIFIER, lambda m: m.fit(X, LABELS)),
    "one epoch of labels": (CLASSIFIER, lambda m: m.partial_fit(X, LABELS)),
}
KEPT = ("weights_", "solver_state_", "loss_curve_", "training_end_", "last_states_", "classes_")


def fitted(template):
    """Return a model that was fitted before, with everything that it computes lazily."""
    old_y = LABELS[:60] if isinstance(template, RNNClassifier) else OLD_Y
    model = clone(template).fit(OLD_X, old_y)
    model.predict(OLD_X)
    return model


def learned(model):
    """Return what was learned, as bytes."""
    return pickle.dumps(copy.deepcopy({k: v for k, v in vars(model).items() if k in KEPT}))


def whole_epochs(model, fit, n_epochs):
    """Return what a fit of a few epochs learns."""
    other = copy.deepcopy(model).set_params(max_iter=n_epochs)
    return learned(fit(other))


def check_interrupts(template, fit, numbers):
    model = fitted(template)
    before, n_before = attributes(model), len(model.history_) if template.warm_start else 0
    for number in numbers:
        other = copy.deepcopy(model)
        other.predict(OLD_X)
        before = attributes(other)

        with pytest.raises(KeyboardInterrupt), raising_at(number):
            fit(other)

        if attributes(other) == before:
            continue
        assert other.status_ == "interrupted"
        assert learned(other) == whole_epochs(model, fit, other.n_iter_ - n_before)
        assert np.isfinite(other.predict(X)).all()


def check_errors(template, fit, numbers):
    model = fitted(template)
    before = attributes(model)
    for number in numbers:
        with pytest.raises(MemoryError), raising_at(number, MemoryError):
            fit(model)

        assert attributes(model) == before


@pytest.mark.parametrize("name", CASES)
def test_an_error_at_any_line_leaves_a_network_as_it_was(name):
    template, fit = CASES[name]
    n_lines = count_lines(fit, fitted(template))

    check_errors(template, fit, sample(n_lines, 3, seed=2))


@pytest.mark.parametrize("name", CASES)
def test_an_interrupt_at_any_line_keeps_whole_epochs_only(name):
    template, fit = CASES[name]
    n_lines = count_lines(fit, fitted(template))

    check_interrupts(template, fit, sample(n_lines, 3, seed=3)[:-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_no_line_of_a_training_is_an_exception(name):
    template, fit = CASES[name]
    n_lines = count_lines(fit, fitted(template))
    step = max(n_lines // 1500, 1)

    check_errors(template, fit, range(0, n_lines, step))
    check_interrupts(template, fit, range(0, n_lines - 5, step))


def interrupt_epoch(monkeypatch, number):
    """Let the epoch of that number, counted over all fits from 0, raise KeyboardInterrupt."""
    run_epoch, numbers = MinibatchEpochs.run_epoch, iter(range(10**6))

    def interrupted(self):
        count = next(numbers)
        record = run_epoch(self)  # the weights have changed when it comes
        if count == number:
            raise KeyboardInterrupt
        return record

    monkeypatch.setattr(MinibatchEpochs, "run_epoch", interrupted)


def test_a_search_stops_at_an_interrupt(monkeypatch):
    interrupt_epoch(monkeypatch, 4)
    search = GridSearchCV(with_settings(max_iter=3), {"n_units": [2, 3, 4]}, cv=KFold(2))

    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)

    assert not hasattr(search, "best_estimator_")


def test_training_that_was_interrupted_goes_on_as_if_it_had_not_been(monkeypatch):
    straight = with_settings(max_iter=5).fit(X, Y)
    model = with_settings(max_iter=5, warm_start=True)
    interrupt_epoch(monkeypatch, 2)

    with pytest.raises(KeyboardInterrupt, match="2 whole epochs are kept"):
        model.fit(X, Y)
    model.set_params(max_iter=3).fit(X, Y)

    assert model.loss_curve_ == straight.loss_curve_
    assert_array_equal(model.predict(X), straight.predict(X))


def test_an_interrupt_in_the_first_epoch_keeps_nothing(monkeypatch):
    interrupt_epoch(monkeypatch, 0)
    model = clone(SMALL)

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)

    assert not hasattr(model, "weights_")
