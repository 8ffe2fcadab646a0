"""Series that know by which mean and scale each of them was standardised.

A Pipeline hands what one step returns to the next as it is, so the mean and scale of every series
travel with the series, from a scaler to the regressor that it stands before. They are those of
these very rows: pandas hands them on to parts and sums of a DataFrame, which are told by their
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar
from zlib import crc32

import numpy as np

from reservoirs.labels import is_frame
from reservoirs.sequences import Array, Layout, SeriesLike

LARGE, SMALLEST = 1e150, 1e-290  # what float64 can square, and what it can divide by
KEY = "reservoirs_units"  # among the attrs of a DataFrame
Container = TypeVar("Container")


@dataclass(frozen=True)
class Units:
    """Mean and scale of every series, z = (x - mean) / scale.

    Both are (n_series, n_features).
    """

    mean: Array
    scale: Array
    lengths: tuple[int, ...]
    checksum: int = 0

    def are_of(self, rows: Array, layout: Layout) -> bool:
        """Tell whether they are the units of some rows.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            Rows of all series.
        layout : Layout
            How they divide into series.

        Returns
        -------
        bool
            False for other rows than those that they were attached to.
        """
        return self.lengths == layout.lengths and self.checksum == _checksum(rows)

    def by_row(self, n_columns: int | None = None) -> tuple[Array, Array]:
        """Return the mean and scale of every row, (n_rows, n_columns) each.

        Lengths are the rows of each series; the first `n_columns` columns are taken, all for None.
        """
        both = self.mean, self.scale
        mean, scale = (np.repeat(v[:, :n_columns], self.lengths, axis=0) for v in both)
        return mean, scale


def _checksum(rows: Array) -> int:
    return crc32(np.ascontiguousarray(rows, dtype=np.float64).data)


class _List(list[Array]):
    units: Units


class _Array(np.ndarray):
    units: Units


def attach(values: Container, units: Units, rows: Array) -> Container:
    """Return a container of series that carries their units.

    It is equal to the one passed.
    """
    both, checksum = (units.mean, units.scale), _checksum(rows)
    if is_frame(values):
        # attrs are compared and copied with the frame: plain numbers can be
        values.attrs[KEY] = (*(v.tolist() for v in both), units.lengths, checksum)  # type: ignore[attr-defined]
        return values
    tagged = _List(values) if isinstance(values, list) else np.asarray(values).view(_Array)
    tagged.units = replace(units, checksum=checksum)
    return tagged  # type: ignore[return-value] # a subclass of what was passed


def units_of(values: SeriesLike) -> Units | None:
    """Return the units that a container of series carries, perhaps from other rows; else None."""
    if is_frame(values):
        if KEY not in values.attrs:
            return None
        mean, scale, lengths, checksum = values.attrs[KEY]
        return Units(np.asarray(mean), np.asarray(scale), lengths, checksum)
    return getattr(values, "units", None) if isinstance(values, _List | _Array) else None


def measure(rows: Array, *, with_mean: bool = True, with_std: bool = True) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column; NaN does not count.

    Rows are those of one series, (n_rows, n_columns), or of several, (n_series, n_rows, n_columns).
    Without `with_mean` the means are 0; without `with_std` the deviations are 1, as those of
    constant columns are.

    Raises
    ------
    ValueError
        If a column has no value.
    """
    low, high = np.fmin.reduce(rows, axis=-2), np.fmax.reduce(rows, axis=-2)
    largest = np.fmax(np.abs(low), np.abs(high))
    extreme = (largest > LARGE) | ((largest < 1 / LARGE) & (largest > SMALLEST))
    unit = np.where(extreme, largest, 1.0)
    if extreme.any():  # squares would be beyond float64
        rows, largest = rows / unit[..., None, :], largest / unit
    mean, deviation = rows.mean(axis=-2), rows.std(axis=-2)
    for *series, column in np.argwhere(np.isnan(mean)):  # measured without what is missing
        values, place = rows[(*series, slice(None), column)], (*series, column)
        known = values[~np.isnan(values)]
        if not len(known):
            raise ValueError(f"column {column} of X has no value but NaN; leave it out")
        mean[place], deviation[place] = known.mean(), known.std()
        largest[place] = np.abs(known).max()
    # below the rounding of the values themselves nothing varies, and a sum of many misses by more
    constant = (low == high) | (deviation <= 10 * np.finfo(np.float64).eps * largest)
    mean, deviation = np.where(low == high, low, mean * unit), deviation * unit
    return mean * with_mean, np.where(constant | (not with_std), 1.0, deviation)


def measure_each(rows: Array, layout: Layout, *, with_mean: bool, with_std: bool) -> Units:
    """Return the units of every series.

    Rows are those of all series, as `layout` divides them; for `with_mean` and `with_std` see
    `measure`.
    """
    lengths, starts = np.array(layout.lengths), layout.starts()
    means, scales = np.empty((2, layout.n_series, rows.shape[1]))
    for length in np.unique(lengths):  # all series of a length at once
        numbers = np.flatnonzero(lengths == length)
        if len(numbers) == layout.n_series:  # no copy of the rows
            alike = rows.reshape(layout.n_series, length, -1)
        else:
            alike = rows[starts[numbers, None] + np.arange(length)]
        measured = measure(alike, with_mean=with_mean, with_std=with_std)
        means[numbers], scales[numbers] = measured
    return Units(means, scales, layout.lengths)
