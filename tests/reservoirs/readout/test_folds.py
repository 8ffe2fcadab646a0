"""Folds choose a penalty by the rows that count for it; all rows are learned from."""

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.readout import fit_readout
from reservoirs.readout.folds import NO_FOLD, cut, number_folds


def test_folds_are_contiguous_and_have_as_many_scored_rows_each():
    rng = np.random.default_rng(0)
    for n_folds in (2, 3, 7):
        scored = rng.random(50) < 0.6
        folds = number_folds(scored, n_folds)

        counts = np.bincount(folds[scored], minlength=n_folds)
        assert (folds[~scored] == NO_FOLD).all() and np.ptp(counts) <= 1
        assert (np.diff(folds[scored]) >= 0).all()
        pieces = [*cut([(np.arange(50.0)[:, None], np.zeros(50))], folds)]
        assert_array_equal(np.concatenate([part[:, 0] for _, part, _ in pieces]), np.arange(50))
        assert all((folds[part[:, 0].astype(int)] == fold).all() for fold, part, _ in pieces)


def errors_by_hand(features, targets, scored, alphas, n_folds):
    """Return the squared error of every penalty on scored rows left out, one fold at a time."""
    errors = np.zeros(len(alphas))
    for rows in np.array_split(np.flatnonzero(scored), n_folds):
        kept = np.setdiff1d(np.arange(len(features)), rows)
        for j, alpha in enumerate(alphas):
            C, c = reference.ridge(features[kept], targets[kept], alpha)
            errors[j] += np.square(features[rows] @ C.T + c - targets[rows]).sum()
    return errors


@pytest.mark.parametrize("solver", ["auto", "cholesky", "qr"])
@pytest.mark.parametrize("n_features", [20, 80])
def test_rows_that_are_not_scored_are_learned_from_and_choose_nothing(solver, n_features):
    rng = np.random.default_rng(1)
    alphas, chosen = np.logspace(-3, 3, 7), []
    for strength in (0.1, 1.0, 5.0):
        features = rng.normal(size=(60, n_features))
        targets = features @ rng.normal(size=(n_features, 2)) + strength * rng.normal(size=(60, 2))
        targets[:12] += 30 * rng.normal(size=(12, 2))  # the rows that would choose
        scored = np.arange(60) >= 12
        scored[30:33] = False

        def blocks(features=features, targets=targets):
            for first in range(0, 60, 25):
                yield features[first : first + 25].copy(), targets[first : first + 25]

        settings = {"alpha": alphas, "solver": solver, "n_rows": 60, "folds": 4}
        readout = fit_readout(blocks, n_features, 2, **settings, scored=scored)

        errors = errors_by_hand(features, targets, scored, alphas, 4)
        C, c = reference.ridge(features, targets, readout.alpha)
        assert readout.alpha == alphas[np.argmin(errors)]
        assert_allclose(features @ readout.coefficients.T + readout.intercept, features @ C.T + c)
        chosen.append(fit_readout(blocks, n_features, 2, **settings).alpha != readout.alpha)
    assert any(chosen)


def test_too_few_scored_rows_are_refused():
    rows = np.random.default_rng(0).normal(size=(9, 2))
    with pytest.raises(ValueError, match="alpha_cv=5 folds.*forgotten.*got 4 of 9"):
        fit_readout(
            lambda: [(rows, rows)],
            2,
            2,
            alpha=[1.0, 2.0],
            solver="qr",
            n_rows=9,
            folds=5,
            scored=np.arange(9) < 4,
        )
