"""The sums of all patches, segment by segment in time: any cut into chunks, any number of jobs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from reservoirs.local.features import Features
from reservoirs.local.grid import Grid
from reservoirs.parallel import map_in_order, one_blas_thread
from reservoirs.readout import BLOCK, SOLVERS, GramSums, Sums, column_sums, row_blocks
from reservoirs.sequences import Array

SEGMENT = 1024  # rows of a field that are summed at a time, whatever the chunks
GROUPS = 8  # of patches at most, with sums of their own
PATCHES = 4  # in a group at least


@dataclass(frozen=True)
class Units:
    """Mean and standard deviation of each channel; models see fields in these units.

    Attributes
    ----------
    mean : array of shape (channels,)
        The mean.
    scale : array of shape (channels,)
        The standard deviation, 1 where a channel is constant.
    """

    mean: Array
    scale: Array

    @classmethod
    def of(cls, rows: Array, channels: int) -> Units:
        """Return those of rows, (n_rows, n_columns)."""
        values = rows.reshape(-1, channels)
        scale = values.std(axis=0)
        scale[scale <= np.finfo(np.float64).eps * np.abs(values).max(axis=0)] = 1.0
        return cls(values.mean(axis=0), scale)

    def standardised(self, rows: Array) -> Array:
        """Return rows, (..., n_columns), in these units."""
        values = rows.reshape(*rows.shape[:-1], -1, len(self.mean))
        return ((values - self.mean) / self.scale).reshape(rows.shape)

    def restored(self, rows: Array) -> Array:
        """Return rows in these units, (..., n_columns), in those of the field."""
        values = rows.reshape(*rows.shape[:-1], -1, len(self.mean))
        return (values * self.scale + self.mean).reshape(rows.shape)


@dataclass(frozen=True)
class Examples:
    """What of a field is learned from: features of windows, and what is to come in their patches.

    Attributes
    ----------
    features : Features
        Of a window.
    grid : Grid
        The patches.
    difference : bool
        Whether the change from row to row is learned, in place of the next value.
    """

    features: Features
    grid: Grid
    difference: bool

    def blocks(
        self,
        fields: tuple[Array, Array],
        states: Array,
        patches: slice,
        kept: Array | None,
        block: int,
    ) -> Iterator[tuple[Array, Array, Array]]:
        """Yield columns, targets and last states of some patches, some rows of the field at a time.

        The fields are the rows as they are read, (n_rows, n_columns), and the ones after them; of
        `kept`, (n_patches, n_rows) of bool, the rows that are true are learned from, None: all.
        """
        rows, following = fields
        windows = self.grid.windows(rows, patches)
        targets = self.grid.inner(following, patches)
        if self.difference:
            targets -= self.grid.inner(rows, patches)
        for span in row_blocks(len(rows), size=block):
            of_block = None if kept is None else kept[:, span]
            columns, states = self.features.read(windows[:, span], states, of_block)
            wanted = targets[:, span]
            wanted = wanted.reshape(-1, wanted.shape[2]) if kept is None else wanted[of_block]
            yield columns, wanted, states

    def add(
        self,
        sums: Sums,
        fields: tuple[Array, Array],
        states: Array,
        patches: slice,
        kept: Array | None,
        block: int,
    ) -> tuple[Sums, Array]:
        """Add the rows of some patches to sums; return them and the last states."""
        last = states
        with one_blas_thread(), np.errstate(over="ignore"):
            for columns, wanted, after in self.blocks(fields, states, patches, kept, block):
                last = after
                if len(columns):
                    sums.add(columns, wanted)
        return sums, last


class PatchSums:
    """Sums of what all patches of all series show.

    Parameters
    ----------
    examples : Examples
        What is learned from.
    solver : str
        The form of the sums, a key of `SOLVERS`.
    shared : bool
        Whether all patches share their sums.
    noise : float
        Deviation of the noise that is added to what is read, in deviations of the field.
    key : int
        Of its random stream.
    washout : int
        First rows of every series that are left out.
    share : float
        Of the rows that are drawn.

    Attributes
    ----------
    units : Units or None
        Those of the first segment.
    sums : list of Sums
        One, or one for each patch.
    states : array of shape (n_patches, state_size)
        After the last row.
    waiting : array of shape (n_rows, n_columns)
        Rows of the open series that are not summed yet.
    row : int
        Number of the first of them in the series.
    n_series : int
        Series begun.
    """

    def __init__(
        self,
        examples: Examples,
        solver: str,
        *,
        shared: bool,
        noise: float,
        key: int,
        washout: int = 0,
        share: float = 1.0,
        units: Units | None = None,
    ) -> None:
        self.examples, self.solver, self.shared = examples, solver, shared
        self.noise, self.key, self.washout, self.share = noise, key, washout, share
        grid = examples.grid
        self.units = units
        self.sums: list[Sums] = []
        self.states = examples.features.start(grid.n_patches)
        self.waiting = np.empty((0, grid.n_columns))
        self.row, self.n_series, self.own = 0, 0, True

    def branch(self) -> PatchSums:
        """Return sums that go on from here, while these stay as they are."""
        other = copy.copy(self)
        other.own = False
        return other

    def feed(self, rows: Array, n_jobs: int | None, *, new_series: bool) -> None:
        """Add rows of a field, (n_rows, n_columns), to the open series, or begin one."""
        if new_series or not self.n_series:
            self.finish(n_jobs)
            self.states = self.examples.features.start(self.examples.grid.n_patches)
            self.waiting, self.row = self.waiting[:0], 0
            self.n_series += 1
        self.waiting = np.vstack([self.waiting, rows])
        while len(self.waiting) > SEGMENT:
            self._sum(self.waiting[: SEGMENT + 1], n_jobs)
        self.waiting = self.waiting.copy()  # of a long chunk the end alone

    def finish(self, n_jobs: int | None) -> None:
        """Add the rows that wait, and leave the last."""
        if len(self.waiting) > 1:
            self._sum(self.waiting, n_jobs)

    def _sum(self, rows: Array, n_jobs: int | None) -> None:
        """Add rows of one segment, the last as a target only."""
        if self.units is None:
            self.units = Units.of(rows, self.examples.grid.channels)
        if not self.own:
            self.sums, self.own = copy.deepcopy(self.sums), True
        standardised = self.units.standardised(rows)
        read, following = standardised[:-1], standardised[1:]
        counter = [self.row // SEGMENT, self.n_series]
        if self.noise:
            read = read + self.noise * self._draws(0, counter).standard_normal(read.shape)
        kept, n_patches = None, self.examples.grid.n_patches
        if self.share < 1 or self.row < self.washout:
            kept = self._draws(1, counter).random((n_patches, len(read))) < self.share
            kept[:, : max(self.washout - self.row, 0)] = False
        self._merge((read, following), kept, n_jobs)
        self.waiting, self.row = self.waiting[len(read) :], self.row + len(read)

    def _draws(self, stream: int, counter: list[int]) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(key=self.key, counter=[0, stream, *counter]))

    def _merge(self, fields: tuple[Array, Array], kept: Array | None, n_jobs: int | None) -> None:
        """Add rows of all patches, group by group; how many at a time changes nothing."""
        n_patches = self.examples.grid.n_patches
        n_groups = n_patches if not self.shared else max(1, min(GROUPS, n_patches // PATCHES))
        edges = np.linspace(0, n_patches, n_groups + 1).astype(int)
        groups = [slice(*pair) for pair in zip(edges[:-1], edges[1:], strict=True)]
        block = max(1, int(BLOCK / (self.share * -(-n_patches // n_groups))))
        alone = not self.shared or n_groups == 1
        if not self.sums:
            self.sums = [self._empty() for _ in range(n_groups if alone else 1)]
            if not alone and issubclass(SOLVERS[self.solver], GramSums):
                self.sums = [self._centred(fields, groups[0], kept, block)]
        # taken once: while sums are merged their centres may move, and others are under way
        run, empty = self.examples.add, self._alike()
        tasks = (
            (
                self.sums[i] if alone else copy.deepcopy(empty),
                fields,
                self.states[group],
                group,
                None if kept is None else kept[group],
                block,
            )
            for i, group in enumerate(groups)
        )
        states = []
        for i, (sums, last) in enumerate(map_in_order(run, tasks, n_jobs)):
            if alone:
                self.sums[i] = sums
            else:
                self.sums[0].merge(sums)
            states.append(last)
        self.states = np.concatenate(states)

    @property
    def _sizes(self) -> tuple[int, int]:
        return self.examples.features.width, self.examples.grid.outputs.shape[1]

    def _empty(self) -> Sums:
        return SOLVERS[self.solver](*self._sizes)

    def _alike(self) -> Sums:
        """Return empty sums that merge with those of all."""
        total = self.sums[0]
        if not isinstance(total, GramSums):
            return self._empty()
        return GramSums(*self._sizes, (total.feature_centre, total.target_centre))

    def _centred(
        self, fields: tuple[Array, Array], group: slice, kept: Array | None, block: int
    ) -> GramSums:
        """Return empty sums about the means of the first rows that count."""
        some = None if kept is None else kept[group]
        blocks = self.examples.blocks(fields, self.states[group], group, some, block)
        for columns, wanted, _ in blocks:
            if len(columns):
                means = column_sums(columns) / len(columns), wanted.mean(axis=0)
                return GramSums(*self._sizes, means)
        return GramSums(*self._sizes)
