"""Training in stages of teacher forcing."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from reservoirs import next_step
from trainers import RNNRegressor
from trainers.training.epochs import MinibatchEpochs

NOISY = np.sin(0.2 * np.arange(160)) + 0.1 * np.random.default_rng(0).normal(size=160)
BASE = RNNRegressor(n_units=4, max_iter=3, teacher_forcing=0.3, random_state=0)


def test_a_list_is_gone_through_in_stages():
    X, y = next_step(NOISY)
    stages = clone(BASE).set_params(teacher_forcing=[1.0, 0.5, 0.3], max_iter=9).fit(X, y)

    assert [record["epoch"] for record in stages.history_] == list(range(1, 10))
    assert stages.network_.forcing == 0.3
    plain = clone(BASE).set_params(teacher_forcing=1.0, max_iter=3).fit(X, y)
    assert_array_equal(stages.loss_curve_[:3], plain.loss_curve_)
    only = clone(BASE).set_params(teacher_forcing=[1.0], max_iter=3).fit(X, y)
    assert_array_equal(only.predict(X), plain.predict(X))


@pytest.mark.parametrize("n_whole", [3, 4])
def test_an_interrupt_keeps_the_whole_epochs_of_all_stages(n_whole, monkeypatch):
    X, y = next_step(NOISY)
    model = clone(BASE).set_params(teacher_forcing=[1.0, 0.5, 0.3], max_iter=9)
    whole = clone(BASE).set_params(teacher_forcing=[1.0, 0.5], max_iter=6).fit(X, y)
    run_epoch, calls = MinibatchEpochs.run_epoch, []

    def interrupted(self):
        calls.append(self)
        if len(calls) > n_whole:
            raise KeyboardInterrupt
        return run_epoch(self)

    monkeypatch.setattr(MinibatchEpochs, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)

    assert model.status_ == "interrupted"
    assert_array_equal(model.loss_curve_, whole.loss_curve_[:n_whole])
    assert np.isfinite(model.predict(X)).all()
    monkeypatch.undo()
    assert model.set_params(warm_start=True).fit(X, y).n_iter_ == n_whole + 9


def test_a_solver_that_has_converged_goes_on_with_the_next_stage():
    X, y = next_step(NOISY)
    model = clone(BASE).set_params(solver="levenberg_marquardt", teacher_forcing=[1.0, 0.5])
    model.set_params(readout="ridge", n_units=1, activation="identity", max_iter=400).fit(X, y)

    assert model.n_iter_ < 400
    assert model.status_ == "converged"
    dampings = [record["damping"] for record in model.history_]
    assert dampings.count(1.0) >= 2  # the second stage began anew


def test_every_stage_has_an_epoch_or_the_fit_is_refused():
    X, y = next_step(NOISY)
    for n_stages in (2, 3, 5, 7):
        shares = np.linspace(1.0, 0.3, n_stages).tolist()
        for max_iter in range(n_stages - 2, n_stages + 4):
            model = clone(BASE).set_params(teacher_forcing=shares, max_iter=max(max_iter, 1))
            if max_iter < n_stages:
                with pytest.raises(ValueError, match="raise max_iter, or pass fewer shares"):
                    model.fit(X, y)
                continue
            model.fit(X, y)
            assert model.n_iter_ == max_iter
            assert model.set_params(warm_start=True).fit(X, y).n_iter_ == 2 * max_iter
