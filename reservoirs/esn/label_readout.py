"""The readout of one label per series: features on one scale, the penalty by folds of series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.parallel import one_blas_thread
from reservoirs.readout import SOLVERS, GramSums, Readout, check_alphas, check_form, fit_readout
from reservoirs.readout.label_folds import best_alpha, label_errors, stratified_folds
from reservoirs.readout.standardised import feature_scale, scaled, unscaled
from reservoirs.sequences import Array

Block = tuple[Array, Array]
Blocks = Callable[[], Iterable[Block]]
AUTO = "auto"
PENALTIES = np.logspace(-2, 3, 11)  # of alpha="auto", times the mean variance of the features
PER_STEP = 1e-6  # what alpha="auto" is for labels per step
N_FOLDS = 5
KEPT = 2**24  # numbers: so many pooled features are kept, others are computed for each pass


@dataclass(frozen=True)
class LabelReadout:
    """How one label per series is learned from pooled features.

    `alpha` is a penalty, a grid or "auto"; of a grid the penalty is chosen by as many stratified
    `folds`, None: by generalised cross-validation. `weigh` makes of targets what the error of
    their rows counts, None: 1; `label` makes of outputs, and of targets, the class of every row.
    """

    alpha: ArrayLike | str
    folds: int | None
    solver: str
    standardize: bool
    weigh: Callable[[Array], Array] | None
    label: Callable[[Array], Array]

    def fit(
        self, blocks: Blocks, size: tuple[int, int], targets: Array
    ) -> tuple[Readout, Array | None]:
        """Return the readout, and of folds the scores, (n_alphas, 2).

        `blocks` yields features, (n_rows, n_features), and targets; `size` is (n_features, n_rows),
        the targets are those of all rows. A score is the penalty and the share of wrong labels.
        """
        n_features, n_rows = size
        if n_features * n_rows <= KEPT:
            blocks = _kept(blocks)
        scale, variance = np.ones(n_features), 1.0
        if self.standardize or isinstance(self.alpha, str):
            scale = feature_scale(blocks(), self.weigh)
        if not self.standardize:
            scale, variance = np.ones(n_features), float(np.mean(np.square(scale)))
        inputs = scaled(blocks, scale) if self.standardize else blocks
        alphas, folds = self._grid(variance, n_rows)
        scores = None
        if folds and len(alphas) > 1:
            alphas, scores = self._chosen(inputs, n_features, targets, alphas, folds)
        readout = fit_readout(
            inputs,
            n_features,
            targets.shape[1],
            alpha=alphas,
            solver=self.solver,
            n_rows=n_rows,
            weigh=self.weigh,
        )
        return (unscaled(readout, scale) if self.standardize else readout), scores

    def _grid(self, variance: float, n_rows: int) -> tuple[Array, int | None]:
        """Return the penalties, and the number of folds that choose."""
        if isinstance(self.alpha, str):
            return variance * PENALTIES, self.folds or min(N_FOLDS, n_rows)
        return check_alphas(self.alpha), self.folds

    def _chosen(
        self, blocks: Blocks, n_features: int, targets: Array, alphas: Array, n_folds: int
    ) -> tuple[Array, Array]:
        if n_folds > len(targets):
            raise ValueError(
                f"alpha_cv={n_folds} folds need as many series, got {len(targets)}; lower alpha_cv "
                "or pass more series"
            )
        form = GramSums if self.solver == "auto" else SOLVERS[self.solver]
        check_form(form, self.solver, weighs=self.weigh is not None)
        with one_blas_thread(), np.errstate(over="ignore"):
            scores = label_errors(
                blocks,
                n_features,
                alphas,
                stratified_folds(self.label(targets), n_folds),
                form=form,
                weigh=self.weigh,
                label=self.label,
            )
        best = best_alpha(alphas, scores)
        return np.array([best]), np.column_stack([alphas, scores[:, 0]])


def _kept(blocks: Blocks) -> Blocks:
    """Return what yields copies of the blocks, computed once."""
    computed: list[Block] = []

    def again() -> Iterator[Block]:
        if not computed:
            computed.extend(blocks())
        for features, targets in computed:
            yield features.copy(), targets

    return again
