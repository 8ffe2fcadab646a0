"""Intervals, paired comparisons and ranks across tasks; tests are those of SciPy and statsmodels.

Failures are infinite errors: they rank last and are never left out. No p-value is computed from
fewer than six pairs, since none of them could be small.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
FEWEST = 6  # pairs for a p-value: five could not fall below 1/16
LARGEST = 1e12  # stands for an infinite error, where a ratio is asked for
RESAMPLES = 2000


def interval(
    samples: Sequence[Array], level: float = 0.95, *, statistic: Callable[..., Array] = np.median
) -> tuple[float, float]:
    """Return a bootstrap interval, resampling seeds, then the initial conditions within each.

    Parameters
    ----------
    samples : per seed, (n_conditions,) errors, as many for every seed, or one number
    level : share of resampled statistics inside
    statistic : of the pooled errors, taking `axis`

    Returns
    -------
    lower and upper end
    """
    rows = np.stack([np.atleast_1d(np.asarray(sample, dtype=np.float64)) for sample in samples])
    rng, (n_seeds, n_conditions) = np.random.default_rng(0), rows.shape
    seeds = rng.integers(n_seeds, size=(RESAMPLES, n_seeds, 1))
    conditions = rng.integers(n_conditions, size=(RESAMPLES, n_seeds, n_conditions))
    found = statistic(rows[seeds, conditions].reshape(RESAMPLES, -1), axis=1)
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    return float(low), float(high)


@dataclass(frozen=True)
class Pair:
    """How b differs from a, paired by seed.

    Attributes
    ----------
    ratio : median of error(b) / error(a); below 1 b is better
    low, high : its 95 % bootstrap interval
    n : pairs
    p : of Wilcoxon's signed-rank test of log errors, None from fewer than six pairs
    """

    ratio: float
    low: float
    high: float
    n: int
    p: float | None


def paired(a: Array, b: Array) -> Pair:
    """Compare two methods by the errors of the same seeds.

    Parameters
    ----------
    a, b : (n_seeds,) errors > 0, infinite where a run failed
    """
    logs = _log(b) - _log(a)
    low, high = interval(list(logs))
    p: float | None = None
    if len(logs) >= FEWEST:
        p = 1.0 if not logs.any() else float(stats.wilcoxon(logs).pvalue)
    ratio, low, high = (float(np.exp(value)) for value in (np.median(logs), low, high))
    return Pair(ratio, low, high, len(logs), p)


def _log(errors: Array) -> Array:
    finite = np.nan_to_num(errors, nan=LARGEST, posinf=LARGEST)
    return np.asarray(np.log(np.clip(finite, 1e-300, LARGEST)))


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number by Holm's step-down method."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(values), method="holm")[1]] if values else []


@dataclass(frozen=True)
class Ranking:
    """Methods across tasks.

    Attributes
    ----------
    methods : names, the best mean rank first
    ranks : (n_methods,) mean ranks
    n_blocks : tasks (and seeds) ranked on
    p : of Friedman's test that all are alike; None from fewer than six blocks or three methods
    pairs : (n_methods, n_methods) of Wilcoxon's test between two, Holm-corrected; None as p
    """

    methods: list[str]
    ranks: Array
    n_blocks: int
    p: float | None
    pairs: Array | None


def ranking(methods: Sequence[str], errors: Array) -> Ranking:
    """Rank methods over blocks, a block being a task.

    Parameters
    ----------
    methods : (n_methods,) names
    errors : (n_blocks, n_methods), infinite where a method failed

    References
    ----------
    Demsar (2006); Benavoli, Corani & Mangili (2016), on Wilcoxon's test instead of Nemenyi's.
    """
    bounded = np.nan_to_num(errors, nan=LARGEST, posinf=LARGEST)
    ranks = stats.rankdata(bounded, axis=1).mean(axis=0)
    order = np.argsort(ranks, kind="stable")
    names, n_blocks = [methods[i] for i in order], len(bounded)
    if n_blocks < FEWEST or len(names) < 3:
        return Ranking(names, ranks[order], n_blocks, None, None)
    ordered = bounded[:, order]
    p = float(stats.friedmanchisquare(*ordered.T).pvalue)
    return Ranking(names, ranks[order], n_blocks, p, _pairwise(np.log(ordered)))


def _pairwise(logs: Array) -> Array:
    n = logs.shape[1]
    upper = [(i, j) for i in range(n) for j in range(i + 1, n)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ties: SciPy falls back to the normal approximation
        found = [
            1.0 if np.array_equal(logs[:, i], logs[:, j])
            else float(stats.wilcoxon(logs[:, i], logs[:, j]).pvalue)
            for i, j in upper
        ]  # fmt: skip
    matrix = np.ones((n, n))
    for (i, j), p in zip(upper, holm(found), strict=True):
        matrix[i, j] = matrix[j, i] = p
    return matrix


def profile(errors: Array, factors: Array) -> Array:
    """Return the share of blocks on which each method is within a factor of the best.

    Parameters
    ----------
    errors : (n_blocks, n_methods), infinite where a method failed
    factors : (n_factors,) >= 1

    Returns
    -------
    (n_factors, n_methods)

    References
    ----------
    Dolan & More (2002), Benchmarking optimization software with performance profiles.
    """
    best = errors.min(axis=1, keepdims=True)
    ratio = np.full_like(errors, np.inf)
    np.divide(errors, best, out=ratio, where=np.isfinite(errors) & (best > 0))
    ratio[np.isfinite(errors) & (errors == best)] = 1.0
    return np.asarray((ratio[None] <= factors[:, None, None]).mean(axis=1))
