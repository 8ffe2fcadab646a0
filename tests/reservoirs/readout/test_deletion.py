"""Readouts without a block equal those fitted without it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import Reservoir, datasets
from reservoirs.readout import BlockDeletion, QRSums

PER_ROW = np.array([1e-14, 1e-7, 1e-4, 1.0])


def problem(kind, n_rows=400):
    rng = np.random.default_rng(0)
    if kind == "noise":
        Z = rng.standard_normal((n_rows, 30)) * np.logspace(0, -4, 30) + 5.0
        return Z, Z[:, :2] + 0.1 * rng.standard_normal((n_rows, 2)) - 3.0
    series = datasets.lorenz63(n_rows + 1, random_state=0)
    series = (series - series.mean(axis=0)) / series.std(axis=0)
    Z = Reservoir(n_units=60, random_state=0).fit_transform(series[:-1])
    return Z, series[1:]


def summed(Z, Y):
    sums = QRSums(Z.shape[1], Y.shape[1])
    sums.add(Z, Y)
    return sums


@pytest.mark.parametrize("kind", ["noise", "states"])
@pytest.mark.parametrize("block", [slice(60, 100), slice(150, 230), slice(399, 400)])
def test_a_readout_without_a_block_is_a_refit_without_it(kind, block):
    Z, Y = problem(kind)
    alphas = len(Z) * PER_ROW

    C, c = BlockDeletion(summed(Z, Y)).without(Z[block], Y[block], alphas)

    others = np.ones(len(Z), dtype=bool)
    others[block] = False
    refits = [summed(Z[others], Y[others]).solve(alpha) for alpha in alphas]
    for i, (refit, tolerance) in enumerate(zip(refits, (1e-6, 1e-8, 1e-10, 1e-10), strict=True)):
        expected = Z @ refit.coefficients.T + refit.intercept
        assert_allclose(Z @ C[i].T + c[i], expected, atol=tolerance)


def test_a_penalty_beside_the_rows_is_kept():
    Z, Y = problem("noise")
    extra = np.diag(np.linspace(0, 3, Z.shape[1]))
    sums = summed(Z, Y)
    sums.penalise(extra)

    C, c = BlockDeletion(sums).without(Z[10:50], Y[10:50], np.array([1e-2]))

    others = np.r_[0:10, 50:400]
    refit = summed(Z[others], Y[others])
    refit.penalise(extra)
    refit = refit.solve(1e-2)
    assert_allclose(C[0], refit.coefficients, rtol=1e-9, atol=1e-12)
    assert_allclose(c[0], refit.intercept, rtol=1e-9)
