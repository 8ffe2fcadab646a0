"""A penalty chosen by the labels that it gives to rows left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import scipy.linalg

from reservoirs.readout.folds import merged
from reservoirs.readout.gram import GramSums
from reservoirs.readout.solved import EPSILON, Readout
from reservoirs.readout.sums import Sums
from reservoirs.sequences import Array

Block = tuple[Array, Array]
Weigh = Callable[[Array], Array] | None
Label = Callable[[Array], Array]  # outputs, or targets, (n_rows, n_outputs) -> classes (n_rows,)


def stratified_folds(labels: Array, n_folds: int) -> Array:
    """Return the fold of every row, (n_rows,); the rows of each class are dealt out in turn."""
    folds = np.empty(len(labels), dtype=int)
    folds[np.argsort(labels, kind="stable")] = np.arange(len(labels)) % n_folds
    return folds


def label_errors(
    blocks: Callable[[], Iterable[Block]],
    n_features: int,
    alphas: Array,
    folds: Array,
    *,
    form: type[Sums],
    weigh: Weigh,
    label: Label,
) -> Array:
    """Return the share of rows that each penalty labels wrong when their fold is left out.

    Parameters
    ----------
    blocks : callable
        Yields (features, targets) blocks of all rows, again at every call.
    n_features : int
        Columns of the features.
    alphas : array of shape (n_alphas,)
        Ridge penalties.
    folds : array of shape (n_rows,)
        The fold of every row.
    form : type
        The sums of rows, where there are as many rows as features.
    weigh : callable or None
        Makes of the targets of some rows what the error of each counts; None: 1.
    label : callable
        Makes of outputs, and of targets, the class of every row.

    Returns
    -------
    array of shape (n_alphas, 2)
        The weighted share of wrong labels, and the weighted mean squared error, which tells
        penalties with as many wrong labels apart; infinite where a penalty cannot be solved.
    """
    scores, total = np.zeros((len(alphas), 2)), 0.0
    few = len(folds) < n_features
    held_out = _left_out_dual if few else _left_out_sums
    for targets, outputs in held_out(blocks, alphas, folds, form, weigh):
        weights = np.ones(len(targets)) if weigh is None else weigh(targets)
        total += weights.sum()
        truth = label(targets)
        for score, values in zip(scores, outputs, strict=True):
            if np.isfinite(values).all():
                score += weights @ (label(values) != truth), weights @ _squares(values - targets)
            else:
                score += np.inf
    shares: Array = scores / total
    return shares


def best_alpha(alphas: Array, scores: Array) -> float:
    """Return the penalty of the fewest wrong labels, of several that of the smallest error."""
    return float(alphas[np.lexsort((scores[:, 1], scores[:, 0]))[0]])


def _squares(errors: Array) -> Array:
    total: Array = np.square(errors).sum(axis=1)
    return total


def _left_out_dual(
    blocks: Callable[[], Iterable[Block]],
    alphas: Array,
    folds: Array,
    form: type[Sums],
    weigh: Weigh,
) -> Iterator[tuple[Array, list[Array]]]:
    """Yield the targets of a fold, and its outputs by each penalty from all other rows.

    With Z the centred features and Z Z' = U L U', the fitted values of all rows are H Y, and
    those of a fold B without its rows

        H = U L / (L + alpha) U' + 1/n,   Y_B - (I - H_BB)^-1 (Y - H Y)_B

    the same as a fit without them. Rows count w: all is multiplied by the roots of w, and the 1/n
    of two rows becomes the product of these over the sum of w.
    """
    pieces = [(features, targets) for features, targets in blocks()]
    features, targets = (np.concatenate(part) for part in zip(*pieces, strict=True))
    weights = np.ones(len(targets)) if weigh is None else weigh(targets)
    roots = np.sqrt(weights)[:, None]
    centred = roots * (features - weights @ features / weights.sum())
    shifted = roots * (targets - weights @ targets / weights.sum())
    constant = roots / np.sqrt(weights.sum())
    values, U = scipy.linalg.eigh(centred @ centred.T)
    values = np.where(values > EPSILON * len(values) * values[-1], values, 0.0)
    projected = U.T @ shifted
    for fold in np.unique(folds):
        own = folds == fold
        outputs = []
        for alpha in alphas:
            kept = values / (values + alpha) if alpha else (values > 0).astype(float)
            hat = (U[own] * kept) @ U[own].T + constant[own] @ constant[own].T
            residual = shifted[own] - U[own] @ (kept[:, None] * projected)
            try:
                without = np.linalg.solve(np.eye(len(hat)) - hat, residual)
            except np.linalg.LinAlgError:
                without = np.full_like(residual, np.inf)
            outputs.append(targets[own] - without / np.where(roots[own] > 0, roots[own], 1.0))
        yield targets[own], outputs


def _left_out_sums(
    blocks: Callable[[], Iterable[Block]],
    alphas: Array,
    folds: Array,
    form: type[Sums],
    weigh: Weigh,
) -> Iterator[tuple[Array, list[Array]]]:
    """Yield the same for many rows, from sums of the folds and a second look at the rows."""
    parts: list[Sums] = []
    for own, features, targets in _pieces(blocks, folds):
        if not parts:
            sizes = features.shape[1], targets.shape[1]
            parts = [form(*sizes) for _ in range(folds.max() + 1)]
        weights = () if weigh is None else (weigh(targets),)
        parts[own].add(features, targets, *weights)
    readouts = []
    for i in range(len(parts)):
        others = merged(parts[:i] + parts[i + 1 :])
        readouts.append([_solved(others, float(alpha)) for alpha in alphas])
    for own, features, targets in _pieces(blocks, folds):
        yield targets, [_outputs(readout, features, targets) for readout in readouts[own]]


def _solved(sums: Sums, alpha: float) -> Readout | None:
    """Return the readout; None where there is none, or rounding would hide the penalty."""
    try:
        if isinstance(sums, GramSums) and alpha < sums.smallest_alpha():
            return None
        return sums.solve(alpha)
    except scipy.linalg.LinAlgError:
        return None


def _outputs(readout: Readout | None, features: Array, targets: Array) -> Array:
    if readout is None:
        return np.full_like(targets, np.inf)
    outputs: Array = features @ readout.coefficients.T + readout.intercept
    return outputs


def _pieces(
    blocks: Callable[[], Iterable[Block]], folds: Array
) -> Iterator[tuple[int, Array, Array]]:
    """Yield the rows of each fold of each block, in copies."""
    row = 0
    for features, targets in blocks():
        numbers = folds[row : row + len(features)]
        for fold in np.unique(numbers):
            yield int(fold), features[numbers == fold], targets[numbers == fold]
        row += len(features)
