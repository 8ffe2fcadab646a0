"""Courses of the learning rate: their factors, and training that goes on where it was."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from small_network import SMALL, X, Y, fitted

from trainers.training.epochs import MinibatchEpochs
from trainers.training.schedules import COURSES, Schedule


def course(name, losses, **settings):
    schedule, factors = Schedule(name, **settings), []
    for loss in losses:
        factors.append(schedule.factor)
        schedule.observe(loss)
    return factors


def test_the_factors_of_every_course():
    flat = [1.0] * 10
    cosine = (1 + np.cos(np.pi * np.arange(10) / 10)) / 2

    assert course("constant", flat) == flat
    assert_allclose(course("cosine", flat, n_epochs=10), cosine)
    assert_allclose(course("cosine", flat * 2, n_epochs=10), [*cosine, *cosine])
    warm = course("warmup_cosine", [1.0] * 20, n_epochs=20)
    assert_allclose(warm[:3], [1 / 3, 2 / 3, 1.0])
    assert (np.diff(warm[2:]) < 0).all() and 0 < warm[-1] < 0.02
    assert 0 < course("warmup_cosine", [1.0], n_epochs=1)[0] < 1
    falling = [5.0, 4.0, 3.0, 3.0, 2.99999, 3.1, 2.0, 2.0, 2.0, 2.0]
    assert course("plateau", falling, patience=2) == [1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]


@pytest.mark.parametrize("name", sorted(COURSES))
@pytest.mark.parametrize("solver", ["adam", "nesterov"])
def test_an_interrupted_training_goes_on_bitwise(monkeypatch, name, solver):
    settings = {"schedule": name, "solver": solver, "n_iter_no_change": 2, "warm_start": True}
    whole = fitted(**settings, learning_rate=0.05, max_iter=6)
    run_epoch, count, parts = MinibatchEpochs.run_epoch, iter(range(100)), clone(whole)

    def interrupted(self):
        if next(count) == 2:
            raise KeyboardInterrupt
        return run_epoch(self)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MinibatchEpochs, "run_epoch", interrupted)
        parts.fit(X, Y)
    parts.set_params(max_iter=4).fit(X, Y)

    assert parts.loss_curve_ == whole.loss_curve_
    for key, weights in whole.weights_.items():
        assert_array_equal(parts.weights_[key], weights)


def test_the_rate_is_recorded_and_is_what_the_optimizer_used():
    model = fitted(schedule="cosine", solver="sgd", max_iter=3, truncation=240)
    rates = [record["learning_rate"] for record in model.history_]
    assert_allclose(rates, [0.02, 0.015, 0.005])
    assert "learning_rate" not in fitted().history_[0]

    by_hand = fitted(solver="sgd", max_iter=1, truncation=240, warm_start=True)
    for rate in rates[1:]:
        by_hand.set_params(learning_rate=rate).fit(X, Y)
    for name, weights in model.weights_.items():
        assert_allclose(by_hand.weights_[name], weights, rtol=1e-12)


def test_a_plateau_looks_at_held_out_rows():
    noise = np.random.default_rng(0).normal(size=(240, 1))
    settings = {"schedule": "plateau", "max_iter": 30, "n_iter_no_change": 4}
    held_out = clone(SMALL).set_params(**settings, validation_fraction=0.5).fit(X, noise)

    rates = [record["learning_rate"] for record in held_out.history_]
    assert rates[-1] < rates[0]
