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
MIN_PAIRS = 6  # pairs for a p-value: five could not fall below 1/16
MAX_ERROR = 1e12  # stands for an infinite error, where a ratio is asked for
RESAMPLES = 2000


def interval(
    samples: Sequence[Array], level: float = 0.95, *, statistic: Callable[..., Array] = np.median
) -> tuple[float, float]:
    """Return a bootstrap interval, resampling seeds, then the initial conditions within each.

    `samples` are the errors of every seed, as many for each, or one number; `level` is the share of
    resampled statistics inside, and `statistic`, which takes `axis`, that of the pooled errors.
    """
    rows = np.stack([np.atleast_1d(np.asarray(sample, dtype=np.float64)) for sample in samples])
    rng, (n_seeds, n_conditions) = np.random.default_rng(0), rows.shape
    # Seeds first, then conditions within each: runs of one seed are not independent of each other.
    seeds = rng.integers(n_seeds, size=(RESAMPLES, n_seeds, 1))
    conditions = rng.integers(n_conditions, size=(RESAMPLES, n_seeds, n_conditions))
    resampled = statistic(rows[seeds, conditions].reshape(RESAMPLES, -1), axis=1)
    # To interpolate towards an infinite value would give infinity or NaN.
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2], method="nearest")
    return float(low), float(high)


@dataclass(frozen=True)
class Pair:
    """How b differs from a, paired by seed.

    The ratio is the median of error(b) / error(a), below 1 where b is better, with its 95 %
    bootstrap interval and the number n of pairs. p is of Wilcoxon's signed-rank test of log errors,
    None from fewer than six pairs.
    """

    ratio: float
    low: float
    high: float
    n: int
    p: float | None


def compare_pairs(a: Array, b: Array) -> Pair:
    """Compare two methods by the errors of the same seeds.

    Errors, (n_seeds,), are positive, infinite where a run failed. The ratio is that of b to a.
    """
    # Half and double are equally far from 1 only as logarithms.
    logs = _log(b) - _log(a)
    low, high = interval(list(logs))
    p = _wilcoxon(logs, np.zeros_like(logs)) if len(logs) >= MIN_PAIRS else None
    ratio, low, high = (float(np.exp(value)) for value in (np.median(logs), low, high))
    return Pair(ratio, low, high, len(logs), p)


def _log(errors: Array) -> Array:
    """Return finite logarithms of errors, which may be 0 or infinite."""
    finite = np.nan_to_num(errors, nan=MAX_ERROR, posinf=MAX_ERROR)
    return np.asarray(np.log(np.clip(finite, 1e-300, MAX_ERROR)))


def correct_holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number by Holm's step-down method.

    They come in the order given.
    """
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(values), method="holm")[1]] if values else []


@dataclass(frozen=True)
class Ranking:
    """Methods across tasks.

    The best mean rank comes first; ranks are (n_methods,), over so many blocks of tasks (and
    seeds). p is of Friedman's test that all are alike, None from fewer than six blocks or three
    methods; `pairs`, (n_methods, n_methods), are p-values of Wilcoxon's test between two,
    Holm-corrected, None as p.
    """

    methods: list[str]
    ranks: Array
    n_blocks: int
    p: float | None
    pairs: Array | None


def rank_methods(methods: Sequence[str], errors: Array) -> Ranking:
    """Rank methods over blocks, a block being a task.

    Errors are (n_blocks, n_methods), infinite where a method failed. Tests come where there are
    enough blocks.

    References
    ----------
    Demsar (2006); Benavoli, Corani & Mangili (2016), on Wilcoxon's test instead of Nemenyi's.
    """
    bounded = np.nan_to_num(errors, nan=MAX_ERROR, posinf=MAX_ERROR)
    ranks = stats.rankdata(bounded, axis=1).mean(axis=0)
    # Stable: tied methods keep the order in which they came.
    order = np.argsort(ranks, kind="stable")
    names, n_blocks = [methods[i] for i in order], len(bounded)
    if n_blocks < MIN_PAIRS or len(names) < 3:
        return Ranking(names, ranks[order], n_blocks, None, None)
    ordered = bounded[:, order]
    p = float(stats.friedmanchisquare(*ordered.T).pvalue)
    return Ranking(names, ranks[order], n_blocks, p, _pairwise(np.log(ordered)))


def _wilcoxon(a: Array, b: Array) -> float:
    """Return the p-value of the signed-rank test; SciPy has none for equal samples."""
    return 1.0 if np.array_equal(a, b) else float(stats.wilcoxon(a, b).pvalue)


def _pairwise(logs: Array) -> Array:
    """Return the corrected p-values between every two methods, (n_methods, n_methods)."""
    n = logs.shape[1]
    upper = [(i, j) for i in range(n) for j in range(i + 1, n)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ties: SciPy falls back to the normal approximation
        values = [_wilcoxon(logs[:, i], logs[:, j]) for i, j in upper]
    matrix = np.ones((n, n))
    for (i, j), p in zip(upper, correct_holm(values), strict=True):
        matrix[i, j] = matrix[j, i] = p
    return matrix


def performance_profile(errors: Array, factors: Array) -> Array:
    """Return the share of blocks on which each method is within a factor of the best.

    Errors are (n_blocks, n_methods), infinite where a method failed, factors at least 1; the shares
    are (n_factors, n_methods).

    References
    ----------
    Dolan & More (2002), Benchmarking optimization software with performance profiles.
    """
    # A best error of 0 leaves the others infinitely far behind.
    best = errors.min(axis=1, keepdims=True)
    ratio = np.full_like(errors, np.inf)
    np.divide(errors, best, out=ratio, where=np.isfinite(errors) & (best > 0))
    ratio[np.isfinite(errors) & (errors == best)] = 1.0
    return np.asarray((ratio[None] <= factors[:, None, None]).mean(axis=1))
