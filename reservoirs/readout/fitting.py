"""Fit a readout from blocks of rows: which sums, which penalty."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from inspect import signature

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from reservoirs.parallel import one_blas_thread
from reservoirs.readout.dual import DualRows
from reservoirs.readout.folds import AnySums, Folds, cut, number_folds
from reservoirs.readout.forgetting import add_block, check_fading, refuse_choice
from reservoirs.readout.gram import GramSums
from reservoirs.readout.qr import QRSums
from reservoirs.readout.solved import Readout
from reservoirs.readout.sums import TOO_LARGE, Sums
from reservoirs.sequences import Array

BLOCK = 1024  # rows summed at a time, whatever the chunks they came in
SOLVERS: dict[str, type[Sums]] = {"cholesky": GramSums, "qr": QRSums}

Block = tuple[Array, Array]


def fit_readout(
    blocks: Callable[[], Iterable[Block]],
    n_features: int,
    n_outputs: int,
    *,
    alpha: ArrayLike,
    solver: str,
    n_rows: int,
    folds: int | None = None,
    weigh: Callable[[Array], Array] | None = None,
    forgetting: float = 1.0,
    scored: Array | None = None,
) -> Readout:
    """Sum all blocks and solve; with "auto", go through them again by QR when alpha is too small.

    BLAS runs on one thread, so that the result depends on the rows only.

    `blocks` yields (features, targets) blocks from the first row on. `alpha` is the penalty, or a
    grid of which the best is taken by generalised cross-validation or contiguous folds; the solver
    is "auto" or a key of `SOLVERS`, and `n_rows` rows will come. `weigh` makes of the targets of
    some rows what the squared error of each counts; None: 1. With `forgetting` every row counts
    that share of the row after it. `scored`, (n_rows,) of bool, are the rows that folds consist of;
    others are learned from whatever is left out. None: all.

    Raises
    ------
    ValueError
        If alpha is not a valid penalty, there are more folds than rows, or a penalty is to be
        chosen with rows that are forgotten.
    TypeError
        If rows are weighed or forgotten, and the sums of `solver` cannot.
    """
    refuse_choice(alpha, forgetting)
    alphas = check_alphas(alpha)
    if folds and folds > n_rows:
        raise ValueError(
            f"alpha_cv={folds} folds need as many rows after washout (series, for targets per "
            f"series), got {n_rows}; lower alpha_cv or pass more data"
        )
    known = np.ones(n_rows, dtype=bool) if scored is None else scored
    if folds and folds > known.sum():
        raise ValueError(
            f"alpha_cv={folds} folds need as many rows whose state has forgotten where its series "
            f"started, got {known.sum()} of {n_rows}; lower alpha_cv or pass more data"
        )
    if solver != "auto":
        check_form(SOLVERS[solver], solver, weighs=weigh is not None, forgets=forgetting < 1)
    # one penalty, as with forgetting, is not chosen
    n_folds = folds if folds and forgetting == 1 else 1
    numbers = number_folds(known, n_folds) if n_folds > 1 else None

    def summed(form: type[AnySums]) -> Folds[AnySums]:
        n_parts = n_folds + (numbers is not None and not known.all())
        parts = [form(n_features, n_outputs) for _ in range(n_parts)]
        for fold, features, targets in cut(blocks(), numbers):
            weights = None if weigh is None else weigh(targets)
            add_block(parts[fold], features, targets, weights=weights, forgetting=forgetting)
        return Folds(parts[:n_folds], parts[n_folds:])

    # squares of targets beyond 1e154 overflow, which are solved all the same
    with one_blas_thread(), np.errstate(over="ignore"):
        # Fewer rows than features: the rows themselves are the smaller problem.
        if solver == "auto" and n_rows < n_features:
            return _solve_best(summed(DualRows), alphas)
        # The Gram matrix first, and a second pass by QR only where its rounding would tell.
        if solver == "auto":
            grams = summed(GramSums)
            readout = _solve_gram(grams, alphas)
            if readout is not None:
                return readout
            if (
                len(grams.scored) > 1 and len(alphas) > 1
            ):  # judged by QR, a Gram may do for the winner
                exact = summed(QRSums)
                alphas = np.array(_ranked(exact, alphas)[:1])
                return _solve_gram(grams, alphas) or _solve_best(exact, alphas)
            solver = "qr"
        by_fold = summed(SOLVERS[solver])
        readout = _solve_best(by_fold, alphas)
        _warn_ill_conditioned(by_fold.total(), readout.alpha)
        return readout


def check_form(
    form: type[Sums], solver: str, *, weighs: bool = False, forgets: bool = False
) -> None:
    """Refuse sums that take no weights, or that cannot forget, where they would have to.

    Raises
    ------
    TypeError
        If they cannot.
    """
    if weighs and not _takes_weights(form):
        raise TypeError(
            f"class_weight weighs rows, and {form.__name__}.add, the readout of solver={solver!r}, "
            "takes none; write add(self, features, targets, weights=None), or set class_weight=None"
        )
    if forgets:
        check_fading(form)


def _takes_weights(form: type[AnySums]) -> bool:
    """Tell whether rows can be added with weights."""
    parameters = signature(form.add).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) > 3 or any(p.kind is p.VAR_POSITIONAL for p in parameters)


def _solve_gram(folds: Folds[GramSums], alphas: Array) -> Readout | None:
    """Return the readout of the best penalty; None if that takes more digits than a Gram has."""
    _check_finite(folds)
    gram = folds.total()
    if len(alphas) == 1:
        ranking: list[float] | None = alphas.tolist()
    elif len(folds.scored) == 1:
        ranking = gram.judged(alphas)
    elif min(alphas) < gram.smallest_alpha() or not _are_told_apart(folds, alphas):
        ranking = None
    else:
        ranking = _ranked(folds, alphas)
    if ranking is None or ranking[0] < gram.smallest_alpha():
        return None
    return gram.solve(ranking[0])


def check_alphas(alpha: ArrayLike) -> Array:
    """Return a penalty or a grid of them as a vector.

    Raises
    ------
    ValueError
        For anything else.
    """
    try:
        alphas = np.atleast_1d(np.asarray(alpha, dtype=np.float64))
    except (TypeError, ValueError):  # text or complex numbers in a list, or rows of two lengths
        alphas = np.empty(0)
    if alphas.ndim != 1 or not alphas.size or not (np.isfinite(alphas) & (alphas >= 0)).all():
        raise ValueError(
            f"alpha must be a number >= 0 or a 1-D grid of such, got {alpha!r}; remove "
            "negative and non-finite values, and text"
        )
    return alphas


def solve_best(sums: AnySums, alphas: Array) -> Readout:
    """Solve sums with the best penalty of a grid, by generalised cross-validation.

    The first of them is taken that the sums can be solved with. A ValueError is raised if features
    or targets, or their products, are beyond float64, a scipy.linalg.LinAlgError if the sums cannot
    be solved with any penalty.
    """
    return _solve_best(Folds([sums]), alphas)


def _solve_best(folds: Folds[AnySums], alphas: Array) -> Readout:
    _check_finite(folds)
    total = folds.total()
    *others, last = _ranked(folds, alphas)
    for alpha in others:
        try:
            return total.solve(alpha)
        except scipy.linalg.LinAlgError:
            continue
    return total.solve(last)


def _check_finite(folds: Folds[AnySums]) -> None:
    if not all(sums.is_finite() for sums in folds.parts()):
        raise ValueError(TOO_LARGE)


def _ranked(folds: Folds[AnySums], alphas: Array) -> list[float]:
    """Return the penalties of a grid from the best to the worst."""
    if len(alphas) == 1:
        return [float(alphas[0])]
    sums = folds.total()
    if not isinstance(sums, GramSums):
        return _judged(folds, alphas)
    # Below its rounding a Gram matrix cannot tell one penalty from another: the largest is best.
    judged = alphas[alphas >= sums.smallest_alpha()]
    below = alphas[alphas < sums.smallest_alpha()]
    best = _judged(folds, judged) if len(judged) else []
    return [*best, *sorted(below.tolist(), reverse=True)]


def _judged(folds: Folds[AnySums], alphas: Array) -> list[float]:
    if len(folds.scored) == 1:
        return folds.total().spectrum().ranked(alphas)
    return alphas[np.argsort(_fold_errors(folds, alphas), kind="stable")].tolist()


def _are_told_apart(folds: Folds[GramSums], alphas: Array) -> bool:
    """Tell whether errors on rows left out are far above the rounding of their sums of squares."""
    for train, held_out in folds.pairs():
        for alpha in alphas:
            try:
                readout = train.solve(float(alpha))
            except scipy.linalg.LinAlgError:
                return False
            if (held_out.residual(readout) < held_out.faintest_residual(readout)).any():
                return False
    return True


def _fold_errors(folds: Folds[AnySums], alphas: Array) -> Array:
    """Return the squared error of every penalty on rows that were left out."""
    errors = np.zeros(len(alphas))
    for train, held_out in folds.pairs():
        errors += [_held_out_error(train, held_out, float(alpha)) for alpha in alphas]
    return errors


def _held_out_error(train: Sums, held_out: Sums, alpha: float) -> float:
    try:
        return float(held_out.residual(train.solve(alpha)).sum())
    except scipy.linalg.LinAlgError:
        return float("inf")  # a Gram matrix that this alpha does not make positive definite


def _warn_ill_conditioned(sums: Sums, alpha: float) -> None:
    """Warn where rounding in a Gram matrix that the user asked for outweighs the penalty."""
    if isinstance(sums, GramSums) and alpha < sums.smallest_alpha():
        warnings.warn(
            f"alpha={alpha:g} is below {sums.smallest_alpha():.1g}, where the rounding of "
            "solver='cholesky' outweighs it; use solver='auto' or 'qr', or a larger alpha",
            scipy.linalg.LinAlgWarning,
            stacklevel=4,
        )


def row_blocks(n_rows: int, *, size: int = BLOCK, first_row: int = 0) -> Iterator[slice]:
    """Yield the rows of each block; blocks end at fixed rows, wherever the data begin.

    `size` is that of a whole block, `first_row` the number of the first row, counted from where the
    blocks begin.
    """
    start = 0
    while start < n_rows:
        stop = min(start + size - (first_row + start) % size, n_rows)
        yield slice(start, stop)
        start = stop
