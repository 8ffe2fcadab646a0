import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from small_network import SMALL, X, Y, fitted

from trainers.training.epochs import MinibatchEpochs


def test_early_stopping_keeps_the_best_weights(rng):
    noise = rng.normal(size=(60, 1))

    model = fitted(
        X[:60],
        noise,
        early_stopping=True,
        n_iter_no_change=5,
        max_iter=400,
        n_units=32,
        validation_fraction=0.5,
        window=5,
    )

    scaled = (model.predict(X[:60])[30:] - noise[30:]) / model.target_scale_
    assert model.status_ == "converged"
    assert_allclose(min(model.validation_curve_), 0.5 * np.mean(scaled**2), rtol=1e-8)


def test_running_out_of_epochs_warns_only_when_convergence_was_asked_for():
    with pytest.warns(ConvergenceWarning, match="max_iter=3 before it converged"):
        fitted(tol=1e-9, max_iter=3)


def test_divergence_keeps_the_best_weights_and_names_the_knob():
    with pytest.warns(ConvergenceWarning, match="diverged in epoch .*lower learning_rate"):
        model = fitted(solver="sgd", learning_rate=1e6, activation="relu", max_iter=50)

    assert model.status_ == "diverged"
    assert np.isfinite(model.predict(X)).all()


def test_an_interrupt_leaves_a_usable_estimator_and_goes_on(monkeypatch):
    run_epoch, count = MinibatchEpochs.run_epoch, iter(range(100))

    def interrupted(self):
        if next(count) == 2:
            raise KeyboardInterrupt
        return run_epoch(self)

    monkeypatch.setattr(MinibatchEpochs, "run_epoch", interrupted)
    model = clone(SMALL).set_params(max_iter=50)
    with pytest.raises(KeyboardInterrupt, match="2 whole epochs are kept"):
        model.fit(X, Y)

    assert model.status_ == "interrupted"
    assert model.n_iter_ == 2
    assert np.isfinite(model.predict(X)).all()


def test_verbose_prints_a_line_every_so_many_epochs(capsys):
    fitted()
    assert capsys.readouterr().out == ""

    fitted(verbose=2)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("epoch 2 loss")


def test_verbose_counts_on_along_chunks(capsys):
    model = clone(SMALL).set_params(verbose=2)
    for _ in range(5):
        model.partial_fit(X, Y)

    starts = [line.split(" loss")[0] for line in capsys.readouterr().out.splitlines()]
    assert starts == ["epoch 2", "epoch 4"]


def test_verbose_shows_the_step_record_of_hessian_free(capsys):
    fitted(solver="hessian_free", window=5, max_iter=1, validation_fraction=0.2, verbose=1)

    words = ["loss", "validation", "rho", "lambda", "iterate", "length", "progress"]
    printed = capsys.readouterr().out
    assert all(word in printed for word in words)
