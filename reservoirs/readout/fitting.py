"""Fit a readout from blocks of rows: which sums, which alpha."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import scipy.linalg

from reservoirs.parallel import one_blas_thread
from reservoirs.readout.sums import DualRows, GramSums, QRSums, Readout
from reservoirs.sequences import Array

SOLVERS: dict[str, Any] = {"cholesky": GramSums, "qr": QRSums}
Blocks = Callable[[], Iterable[tuple[Array, Array]]]


def fit_readout(
    blocks: Blocks,
    n_features: int,
    n_outputs: int,
    *,
    alpha: Any,
    solver: str,
    n_rows: int,
    folds: int | None = None,
) -> Readout:
    """Sum all blocks and solve; with "auto", go through them again by QR when alpha is too small.

    Parameters
    ----------
    blocks : function without arguments that yields (features, targets) blocks from the start
    n_features : columns of the features
    n_outputs : columns of the targets
    alpha : ridge penalty, or a grid of which the best is taken
    solver : "auto", "cholesky" or "qr"
    n_rows : how many rows will come
    folds : contiguous folds that choose from the grid; None is generalised cross-validation

    Returns
    -------
    The solved readout. BLAS runs on one thread, so that its result depends on the rows only.

    Raises
    ------
    ValueError
        For a penalty that is none, or more folds than rows.
    """
    alphas = check_alphas(alpha)
    if folds and folds > n_rows:
        raise ValueError(
            f"alpha_cv={folds} folds need as many rows after washout (series, for targets per "
            f"series), got {n_rows}; lower alpha_cv or pass more data"
        )
    edges = np.linspace(0, n_rows, (folds or 1) + 1).astype(int)

    def solved(kind: Any) -> tuple[Any, float]:
        parts = [kind(n_features, n_outputs) for _ in edges[1:]]
        for fold, features, targets in _cut(blocks(), edges):
            parts[fold].add(features, targets)
        return merged(parts), choose(parts, alphas)

    with one_blas_thread():
        if solver == "auto" and n_rows < n_features:
            dual, best = solved(DualRows)
            return dual.solve(best)
        if solver == "auto":
            gram, best = solved(GramSums)
            if best >= gram.smallest_alpha():
                return gram.solve(best)
            solver = "qr"
        sums, best = solved(SOLVERS[solver])
        warn_of_lost_digits(sums, best)
        return sums.solve(best)


def check_alphas(alpha: Any) -> Array:
    """Return a penalty or a grid of them as a vector.

    Parameters
    ----------
    alpha : a number >= 0, or a 1-D grid of such

    Raises
    ------
    ValueError
        For anything else.
    """
    alphas = np.atleast_1d(np.asarray(alpha, dtype=np.float64))
    if alphas.ndim != 1 or not alphas.size or not (np.isfinite(alphas) & (alphas >= 0)).all():
        raise ValueError(
            f"alpha must be a number >= 0 or a 1-D grid of such, got {alpha!r}; remove "
            "negative and non-finite values"
        )
    return alphas


def merged(parts: list[Any]) -> Any:
    """Return the sums of all parts, merged in their order; the parts stay as they are."""
    whole = copy.deepcopy(parts[0])
    for part in parts[1:]:
        whole.merge(part)
    return whole


def choose(parts: list[Any], alphas: Array) -> float:
    """Return the best penalty of a grid.

    Parameters
    ----------
    parts : sums of each contiguous fold; a single one is scored by generalised cross-validation
    alphas : the grid; a single value is returned as it is

    Raises
    ------
    ValueError
        If features, or their squares, are beyond float64.
    """
    for part in parts:
        _check_finite(part)
    if len(alphas) == 1:
        return float(alphas[0])
    if len(parts) == 1:
        spectrum = parts[0].spectrum()
        return float(min(alphas, key=spectrum.gcv))
    errors = np.zeros(len(alphas))
    for i, held_out in enumerate(parts):
        train = merged(parts[:i] + parts[i + 1 :])
        for j, alpha in enumerate(alphas):
            errors[j] += _held_out_error(train, held_out, float(alpha))
    return float(alphas[np.argmin(errors)])


def _check_finite(sums: Any) -> None:
    kept = {GramSums: "gram", QRSums: "factor", DualRows: "features"}[type(sums)]
    found = getattr(sums, kept)
    if not np.isfinite(found if isinstance(sums, DualRows) else found.diagonal()).all():
        raise ValueError(
            "the features of the readout, or their squares, are too large for float64; "
            "standardise X, or lower spectral_radius"
        )


def _held_out_error(train: Any, held_out: Any, alpha: float) -> float:
    try:
        return float(held_out.residual(train.solve(alpha)).sum())
    except scipy.linalg.LinAlgError:
        return float("inf")  # a Gram matrix that this alpha does not make positive definite


def warn_of_lost_digits(sums: Any, alpha: float) -> None:
    """Warn where rounding in a Gram matrix that the user asked for outweighs the penalty."""
    if isinstance(sums, GramSums) and alpha < sums.smallest_alpha():
        warnings.warn(
            f"alpha={alpha:g} is below {sums.smallest_alpha():.1g}, where the rounding of "
            "solver='cholesky' outweighs it; use solver='auto' or 'qr', or a larger alpha",
            scipy.linalg.LinAlgWarning,
            stacklevel=4,
        )


def _cut(blocks: Iterable[tuple[Array, Array]], edges: Array) -> Iterator[tuple[int, Array, Array]]:
    """Cut blocks at the edges of folds and yield the fold of every piece."""
    row = 0
    for features, targets in blocks:
        inside = edges[(edges > row) & (edges < row + len(features))] - row
        bounds = [0, *inside.tolist(), len(features)]
        for first, last in zip(bounds[:-1], bounds[1:], strict=True):
            fold = int(np.searchsorted(edges, row + first, side="right")) - 1
            yield fold, features[first:last], targets[first:last]
        row += len(features)
