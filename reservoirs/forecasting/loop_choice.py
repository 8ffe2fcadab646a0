"""A penalty chosen by the closed loops that the model will run, not by one step.

    fit without a block of rows -> run free along the block -> compare, for every penalty

Every block is left out in turn, exactly and without a refit (`BlockDeletion`), and all loops of all
penalties are run together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from reservoirs.estimators.units import measure
from reservoirs.forecasting.bounds import Bounds, met
from reservoirs.forecasting.loop import Loop
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import BlockDeletion, QRSums, Readout
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets

PENALTIES = np.logspace(-14, 1, 15)  # per row
N_BLOCKS = 20
N_STARTS = 2  # loops in each block, half a horizon apart
LONGEST, SHORTEST = 100, 8  # horizons, unless one is asked for
OUTLIER = 3.0  # a penalty whose worst loop is so many times worse than the best one's is refused
DEAD = 0.1  # share of the truth's variance: loops below it have died to a constant
EARLY = 0.5  # a penalty whose loops live is preferred if its first errors are below this share
CLOSED_LOOP = "closed_loop"

Block = tuple[Array, Array]


@dataclass(frozen=True)
class LoopTask:
    """What the loops of the blocks are run on, and compared with.

    Attributes
    ----------
    rows : array of shape (n_rows, n_features)
        Inputs of all series.
    targets : array of shape (n_rows, n_outputs)
        Their targets.
    loop : tuple of two arrays of shape (n_outputs,)
        The map from a target to the next input.
    bounds : tuple of two arrays of shape (n_outputs,)
        What the loops are held within.
    horizon : int
        Steps of each loop.
    blocks : array of shape (n_blocks,)
        The first row of each block.
    """

    rows: Array
    targets: Array
    loop: Loop
    bounds: Bounds
    horizon: int
    blocks: Array

    @property
    def offsets(self) -> Array:
        """The first step of each loop of a block, counted from the first row of the block."""
        return np.arange(N_STARTS) * (self.horizon // 2)

    @property
    def length(self) -> int:
        """Rows of a block."""
        return self.horizon + int(self.offsets[-1])


@dataclass(frozen=True)
class Choice:
    """What the closed loops chose.

    Attributes
    ----------
    readout : Readout
        Of all rows, with the best penalty.
    scores : array of shape (n_alphas, 2)
        Every penalty, and the geometric mean of the errors of its loops, in deviations of the
        targets; infinite where it was refused.
    n_diverged : int
        Loops that met their bounds with the best penalty.
    """

    readout: Readout
    scores: Array
    n_diverged: int


@dataclass(frozen=True)
class Loops:
    """Closed loops to be run together, each with a readout of its own.

    Attributes
    ----------
    begins : array of shape (n_loops,)
        The row of the first step of each.
    before : array of shape (n_loops, n_readout_features)
        What the readout read in the row before.
    first : array of shape (n_loops, n_outputs)
        The target of that row, the observation that enters first.
    exog : array of shape (n_loops, n_steps, n_exog)
        Exogenous inputs.
    readouts : tuple of arrays, (n_loops, n_outputs, n_readout_features) and (n_loops, n_outputs)
        C and c of each.
    bounds : tuple of two arrays of shape (n_outputs,)
        What the outputs are held within.
    """

    begins: Array
    before: Array
    first: Array
    exog: Array
    readouts: tuple[Array, Array]
    bounds: Bounds


RunLoops = Callable[[Loops], Array]  # -> outputs, (n_loops, n_steps, n_outputs)


def plan_loops(
    rows: Array,
    targets: Targets,
    layout: Layout,
    *,
    counted: Array,
    settled: Array,
    loop: Loop | None,
    bound: float,
    horizon: int | None,
) -> LoopTask:
    """Choose blocks, evenly spaced over all rows that count.

    Parameters
    ----------
    rows : array of shape (n_rows, n_features)
        Inputs of all series.
    targets : Targets
        Their targets.
    layout : Layout
        How the rows divide into series.
    counted : array of shape (n_rows,) of bool
        The rows that are regressed on.
    settled : array of shape (n_rows,) of bool
        The rows whose state no longer tells where the series started; others are in no block,
        unless no block fits then.
    loop : tuple of two arrays of shape (n_outputs,), or None
        The map from a target to the next input.
    bound : float
        The margin of the loops, in ranges of the targets.
    horizon : int or None
        Steps of each loop; None: a twentieth of the rows, 8 to 100.

    Returns
    -------
    LoopTask
        The plan.

    Raises
    ------
    ValueError
        If targets are per series, no loop closes, no block fits into a series, or one of a horizon
        that was asked for leaves too few rows.
    """
    if targets.kind == "per_series":
        raise ValueError(
            "alpha='closed_loop' chooses by forecasts, and of one target per series there are "
            "none; pass a number or a grid as alpha"
        )
    if loop is None:
        raise ValueError(
            "alpha='closed_loop' chooses by forecasts, and y is not the next observation of X (up "
            "to a scale); build them with X, y = next_step(series), of series of four rows or "
            "more, with no steps but scalers before the model, or pass a number or a grid as alpha"
        )
    n_rows = int(counted.sum())
    steps = horizon or int(np.clip(n_rows // 20, SHORTEST, LONGEST))
    starts = _starts(layout, counted & settled, steps)
    if not len(starts):
        starts = _starts(layout, counted, steps)
    while not len(starts) and horizon is None and steps > 1:
        steps //= 2
        starts = _starts(layout, counted, steps)
    if not len(starts):
        raise ValueError(
            f"alpha='closed_loop' needs {steps + steps // 2 + 1} rows in a row after washout that "
            f"have targets, for loops of {steps} steps; lower alpha_horizon or washout, pass a "
            "longer series, or a number as alpha"
        )
    if horizon is not None and n_rows < 2 * steps + steps // 2:
        raise ValueError(
            f"alpha_horizon={horizon} leaves {n_rows - steps - steps // 2} of {n_rows} rows to "
            "learn from beside a block of loops, fewer than a loop has steps; lower it, or pass a "
            "number as alpha"
        )
    places = np.linspace(0, len(starts) - 1, min(N_BLOCKS, len(starts))).round().astype(int)
    known = targets.rows[targets.known]
    low, high = known.min(axis=0), known.max(axis=0)
    margin = bound * (high - low)
    bounds = low - margin, high + margin
    return LoopTask(rows, targets.rows, loop, bounds, steps, starts[np.unique(places)])


def _starts(layout: Layout, counted: Array, horizon: int) -> Array:
    """Return the first rows of all blocks that fit: they and the row before count."""
    length = horizon + horizon // 2 * (N_STARTS - 1) + 1
    n_before = np.concatenate([[0], np.cumsum(counted)])
    first = [np.empty(0, dtype=int)]
    for span in layout.slices():
        begins = np.arange(span.start, span.stop - length + 1)
        first.append(1 + begins[n_before[begins + length] - n_before[begins] == length])
    return np.concatenate(first)


def choose_by_loops(
    task: LoopTask,
    blocks: Iterable[Block],
    numbers: Array,
    shape: tuple[int, int],
    run: RunLoops,
    penalise: Callable[[QRSums], None] = lambda sums: None,
) -> Choice:
    """Sum all rows, and choose the penalty whose closed loops do best on blocks left out.

    Parameters
    ----------
    task : LoopTask
        The plan.
    blocks : iterable of (features, targets)
        All rows that count.
    numbers : array of shape (n_counted,)
        Which rows of the series these are.
    shape : tuple of int
        Numbers of features and of outputs.
    run : callable
        Runs closed loops: `Loops` -> outputs (n_loops, n_steps, n_outputs).
    penalise : callable
        Adds to the sums what else the readout is penalised by.

    Returns
    -------
    Choice
        The best readout.
    """
    sums, keeper = QRSums(*shape), _Keeper(task, numbers)
    with one_blas_thread(), np.errstate(over="ignore"):
        for features, targets in blocks:
            keeper.add(features)
            sums.add(features, targets)
        penalise(sums)
        deletion, alphas = BlockDeletion(sums), sums.n_rows * PENALTIES
        judged = _Judged(task)
        for first, features in zip(task.blocks, keeper.blocks(), strict=True):
            rows = slice(first, first + task.length)
            readouts = deletion.without(features[1:], task.targets[rows], alphas)
            judged.add(*_run_block(task, first, features, readouts, run))
        best = judged.best()
        readout = sums.solve(float(alphas[best]))
    return Choice(readout, np.column_stack([alphas, judged.scores()]), judged.n_met[best])


def _run_block(
    task: LoopTask, first: int, features: Array, readouts: tuple[Array, Array], run: RunLoops
) -> tuple[Array, Array]:
    """Run the loops of a block: truth (n_starts, ...) and outputs (n_starts, n_alphas, ...)."""
    n_alphas, n_outputs = readouts[1].shape
    begins = first + task.offsets
    along = begins[:, None] + np.arange(task.horizon)
    many = np.repeat(np.arange(N_STARTS), n_alphas)
    C, c = (np.concatenate([part] * N_STARTS) for part in readouts)
    loops = Loops(
        begins=begins[many],
        before=features[task.offsets][many],
        first=task.targets[begins - 1][many],
        exog=task.rows[along][:, :, n_outputs:][many],
        readouts=(C, c),
        bounds=task.bounds,
    )
    values = run(loops)
    return task.targets[along], values.reshape(N_STARTS, n_alphas, task.horizon, n_outputs)


class _Keeper:
    """Keeps the rows of the blocks, and the one before each, out of a stream."""

    def __init__(self, task: LoopTask, numbers: Array) -> None:
        self.length, self.numbers, self.position = task.length + 1, numbers, 0
        # every row before a block counts, so that a block is a run of the rows that come
        self.first = np.searchsorted(numbers, task.blocks - 1)
        self.kept: dict[int, list[Array]] = {i: [] for i in range(len(self.first))}

    def add(self, features: Array) -> None:
        start, stop = self.position, self.position + len(features)
        for i, first in enumerate(self.first):
            low, high = max(first, start), min(first + self.length, stop)
            if low < high:
                self.kept[i].append(features[low - start : high - start].copy())
        self.position = stop

    def blocks(self) -> Iterator[Array]:
        """Yield the rows of each block, with the one before it."""
        for pieces in self.kept.values():
            yield np.concatenate(pieces)


class _Judged:
    """Errors of the loops of every penalty."""

    def __init__(self, task: LoopTask) -> None:
        self.bounds = task.bounds
        self.scale = measure(task.targets[~np.isnan(task.targets).any(axis=1)])[1]
        self.errors: list[Array] = []
        self.early: list[Array] = []
        self.moved: Array = np.zeros(len(PENALTIES))
        self.met: Array = np.zeros(len(PENALTIES), dtype=int)
        self.moved_truth = 0.0

    def add(self, truth: Array, values: Array) -> None:
        """Add loops: truth (n_loops, n_steps, n_outputs), values (n_loops, n_alphas, ...)."""
        squares = np.mean(((values - truth[:, None]) / self.scale) ** 2, axis=-1)
        first = max(truth.shape[1] // 4, 1)
        self.errors += list(np.sqrt(squares.mean(axis=-1)))
        self.early += list(np.sqrt(squares[..., :first].mean(axis=-1)))
        self.moved = self.moved + ((values / self.scale).var(axis=2)).sum(axis=(0, 2))
        self.moved_truth += float((truth / self.scale).var(axis=1).sum())
        self.met = self.met + met(values, self.bounds).any(axis=(2, 3)).sum(axis=0)

    @property
    def n_met(self) -> list[int]:
        """Loops of each penalty that met their bounds."""
        return [int(n) for n in self.met]

    def scores(self) -> Array:
        """Return the geometric mean of the errors of each penalty, infinite for those refused."""
        errors = np.maximum(np.array(self.errors), 1e-300)
        scores, worst = np.exp(np.log(errors).mean(axis=0)), errors.max(axis=0)
        # the geometric mean forgives one bad loop
        refused = worst > OUTLIER * worst.min()
        early = np.exp(np.log(np.maximum(np.array(self.early), 1e-300)).mean(axis=0))
        dead = self.moved < DEAD * self.moved_truth
        alive = ~dead & ~refused
        if alive.any():
            # a loop that has died has no bad error, but says nothing where others know the start
            refused |= dead & (early[alive].min() < EARLY * early)
        return np.where(refused, np.inf, scores)

    def best(self) -> int:
        """Return the number of the best penalty."""
        return int(np.argmin(self.scores()))
