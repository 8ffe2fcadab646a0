"""Errors of closed loops from training rows, each of the model as it was known there.

    leave out the rows from an origin on -> run free along them -> truth minus forecast

That is what the next forecast will be like. Loops along rows that a readout was fitted on are too
good, and so are those of a model that knows what comes after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.utils._param_validation import Interval

from reservoirs.forecasting.bounds import DEFAULT_BOUND
from reservoirs.forecasting.interval_rows import IntervalRows
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.loop_choice import Loops, RunLoops
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums, RollingFits, row_blocks
from reservoirs.sequences import Array

INTERVAL_ORIGINS = 40  # loops, unless another number is asked for
ORIGINS = [Interval(Integral, 1, None, closed="left"), None]  # allowed values, for scikit-learn
HORIZON = 8, 100  # steps of the loops, at least and at most
SHORTEST = 2  # steps, where the loops would else be fewer than those that say 90 per cent
FEW = 9
SHARE = 10  # of the rows, otherwise


class IntervalModel(Protocol):
    """A fitted regressor that may have kept rows for intervals."""

    bound: float | None
    interval_origins: int | None
    interval_rows_: IntervalRows | None
    training_end_: TrainingEnd

    def _loop_residuals(self, origins: LoopOrigins) -> Array:
        """Return truth minus forecast, (n_loops, horizon, n_outputs), of loops from origins."""

    def _settled(self, kept: IntervalRows) -> Array:
        """Return which kept rows, (n_rows,) of bool, are those that loops may start from."""


@dataclass(frozen=True)
class LoopOrigins:
    """Where closed loops are run from.

    Attributes
    ----------
    kept : IntervalRows
        The rows.
    targets : array of shape (n_rows, n_outputs)
        Their targets.
    firsts : array of shape (n_loops,)
        The row whose target each loop forecasts first; the target of the row before enters.
    horizon : int
        Steps of each.
    loop : tuple of two arrays of shape (n_outputs,)
        The map from a target to the next input.
    bounds : tuple of two arrays of shape (n_outputs,)
        What the loops are held within.
    """

    kept: IntervalRows
    targets: Array
    firsts: Array
    horizon: int
    loop: Loop
    bounds: Loop

    @property
    def along(self) -> Array:
        """The rows of each loop, (n_loops, horizon)."""
        return self.firsts[:, None] + np.arange(self.horizon)

    @property
    def pieces(self) -> list[tuple[slice, Array]]:
        """The rows of every piece that loops start in, and the numbers of these loops."""
        found = []
        for span in self.kept.layout.slices():
            numbers = np.flatnonzero((self.firsts >= span.start) & (self.firsts < span.stop))
            if len(numbers):
                found.append((span, numbers))
        return found


_RESIDUALS: WeakKeyDictionary[IntervalRows, dict[tuple[object, ...], Array]] = WeakKeyDictionary()


def find_residuals(model: IntervalModel) -> Array:
    """Return the errors of the loops of a model, (n_loops, horizon, n_outputs).

    They are computed once for the rows of a fit, and kept while these live.

    Raises
    ------
    ValueError
        If the model kept no rows, or they are too few for a loop.
    """
    if model.interval_origins is None:
        raise ValueError(
            "level needs the errors of loops from training rows, and interval_origins=None keeps "
            "none of these; set interval_origins=40 and fit again"
        )
    kept = getattr(model, "interval_rows_", None)
    if kept is None and model.training_end_.loop is None:
        raise ValueError(
            "level needs the errors of loops from training rows, and those of this regressor do "
            "not close by themselves: the rows that reach it are another function of y than a "
            "scale and a shift; take scalers, Log or Difference in place of the step before it"
        )
    if kept is None:
        raise ValueError(
            "level needs the errors of loops from training rows, and this model has kept none: it "
            "learned by partial_fit, or is from a file of 0.1.0, or interval_origins was None; fit "
            "again, on the latest rows where there are too many for one call"
        )
    of_rows = _RESIDUALS.setdefault(kept, {})
    key = (model.interval_origins, model.bound)
    if key not in of_rows:
        of_rows[key] = model._loop_residuals(plan_origins(model, kept, model.interval_origins))
    return of_rows[key]


def plan_origins(model: IntervalModel, kept: IntervalRows, n_origins: int) -> LoopOrigins:
    """Choose origins evenly spaced over the kept rows that loops may start from.

    Raises
    ------
    ValueError
        If no loop fits.
    """
    end = model.training_end_
    assert end.loop is not None  # no rows are kept otherwise
    settled = kept.counted & model._settled(kept)
    horizon = int(np.clip(kept.counted.sum() // SHARE, *HORIZON))
    firsts = _fitting(kept, settled, horizon)
    while len(firsts) < n_origins and horizon > HORIZON[0]:
        horizon = max(horizon // 2, HORIZON[0])
        firsts = _fitting(kept, settled, horizon)
    while len(firsts) < min(n_origins, FEW) and horizon > SHORTEST:
        horizon //= 2
        firsts = _fitting(kept, settled, horizon)
    if not len(firsts):
        raise ValueError(
            "level needs loops from training rows, and no two rows in a row have targets after "
            "washout; lower washout or fit a longer series"
        )
    places = np.linspace(0, len(firsts) - 1, min(n_origins, len(firsts))).round().astype(int)
    low, high = end.target_range if end.target_range is not None else _range(kept, end.loop)
    margin = (DEFAULT_BOUND if model.bound is None else model.bound) * (high - low)
    return LoopOrigins(
        kept=kept,
        targets=kept.targets(end.loop),
        firsts=firsts[np.unique(places)],
        horizon=horizon,
        loop=end.loop,
        bounds=(low - margin, high + margin),
    )


def _range(kept: IntervalRows, loop: Loop) -> tuple[Array, Array]:
    targets = kept.targets(loop)[kept.counted]
    return targets.min(axis=0), targets.max(axis=0)


def _fitting(kept: IntervalRows, settled: Array, horizon: int) -> Array:
    """Return the first rows of all loops that fit into the later halves of the pieces.

    They begin in states that have settled, (n_rows,) of bool, in others and earlier if need be.
    """
    late = np.concatenate([np.arange(n) >= n // 2 for n in kept.lengths])
    for allowed in (settled & late, kept.counted & late, settled):
        firsts = _firsts(kept, allowed, horizon)
        if len(firsts):
            return firsts
    return _firsts(kept, kept.counted, horizon)


def _firsts(kept: IntervalRows, counted: Array, horizon: int) -> Array:
    """Return the first rows of all loops that fit: their rows and the one before count."""
    n_before, found = np.concatenate([[0], np.cumsum(counted)]), [np.empty(0, dtype=int)]
    for span in kept.layout.slices():
        begins = np.arange(span.start, span.stop - horizon)
        found.append(1 + begins[n_before[begins + horizon + 1] - n_before[begins] == horizon + 1])
    return np.concatenate(found)


def held_out_residuals(
    origins: LoopOrigins,
    features: Array,
    readout: tuple[Array, Array],
    alpha: float,
    run: RunLoops,
    penalise: Callable[[QRSums], None] = lambda sums: None,
    *,
    learned: Array | None = None,
) -> Array:
    """Return the errors of loops, each of a readout without the rows of its series from there on.

    Parameters
    ----------
    origins : LoopOrigins
        Where the loops start.
    features : array of shape (n_rows, n_readout_features)
        What the readout reads of every kept row.
    readout : tuple of arrays of shapes (n_outputs, n_readout_features) and (n_outputs,)
        C and c of the fit.
    alpha : float
        Its penalty.
    run : callable
        Runs closed loops.
    penalise : callable
        Adds to the sums what else the readout is penalised by.
    learned : array of shape (n_rows, n_outputs), default=None
        What the readout was regressed on, where that is not what the loops forecast.

    Returns
    -------
    array of shape (n_loops, horizon, n_outputs)
        Truth minus forecast.
    """
    kept, d = origins.kept, origins.targets.shape[1]
    learned = origins.targets if learned is None else learned
    sums, weights = QRSums(features.shape[1], d), kept.weights
    with one_blas_thread(), np.errstate(over="ignore"):
        for span in row_blocks(len(features)):
            of_span = kept.counted[span]
            known = None if weights is None else weights[span][of_span]
            if of_span.any():
                sums.add(features[span][of_span], learned[span][of_span], known)
        penalise(sums)
        fits = RollingFits(sums, kept.weight, alpha, readout)
        data = features, learned
        readouts = [_readouts_before(origins, fits, data, *piece) for piece in origins.pieces]
    C, c = (np.concatenate(parts) for parts in zip(*readouts, strict=True))
    loops = Loops(
        begins=origins.firsts,
        before=features[origins.firsts - 1],
        first=origins.targets[origins.firsts - 1],
        exog=kept.rows[origins.along][:, :, d:],
        readouts=(C, c),
        bounds=origins.bounds,
    )
    residuals: Array = origins.targets[origins.along] - run(loops)
    return residuals


def _readouts_before(
    origins: LoopOrigins,
    fits: RollingFits,
    data: tuple[Array, Array],
    span: slice,
    numbers: Array,
) -> tuple[Array, Array]:
    """Return the readouts of the loops of one piece, without its rows from their origins on."""
    kept, firsts, (features, learned) = origins.kept, origins.firsts[numbers], data
    rows = np.arange(firsts.min(), span.stop)
    rows = rows[kept.counted[rows]]
    weights = None if kept.weights is None else kept.weights[rows]
    places = np.searchsorted(rows, firsts)
    return fits.before(features[rows], learned[rows], places, weights)


def in_sample_residuals(model: ClosedLoopModel, origins: LoopOrigins) -> Array:
    """Return the errors of loops of a model along rows that it was fitted on."""
    kept, errors = origins.kept, []
    for first, state in states_at_origins(model, origins):
        rows = slice(first, first + origins.horizon)
        exog = kept.rows[rows, len(origins.bounds[0]) :]
        entering = origins.targets[first - 1]
        values = model._closed_loop(entering, exog, origins.loop, state, origins.bounds)
        errors.append(origins.targets[rows] - values)
    return np.stack(errors)


def states_at_origins(model: ClosedLoopModel, origins: LoopOrigins) -> Iterator[tuple[int, Array]]:
    """Yield the first row of every loop and the state of a model before it."""
    kept = origins.kept
    for span, _, _, start in kept.pieces():
        state = model._start_states(None, 1)[0] if start is None else start
        driven = span.start
        for first in origins.firsts[(origins.firsts > span.start) & (origins.firsts < span.stop)]:
            if first > driven:
                _, state = model._drive(kept.rows[driven:first], state)
                driven = first
            yield int(first), state
