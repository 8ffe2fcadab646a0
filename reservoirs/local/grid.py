"""Where patches lie in a row of a field: index arrays, the only place where space enters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.sequences import Array

Sizes: TypeAlias = int | Sequence[int] | Array  # one for all axes, or one for each
BOUNDARIES = ("periodic", "clip", "nan")


@dataclass(frozen=True)
class Grid:
    """The columns that each patch reads and predicts.

    Attributes
    ----------
    inputs : array of shape (n_patches, n_inputs)
        Columns of the window around each patch. Negative ones lie outside of the field, where
        nothing is known: the mean is read.
    outputs : array of shape (n_patches, n_outputs)
        Columns of each patch; every column of the field is in one.
    places : array of shape (n_inputs, n_axes)
        Where the columns of a window lie, in sites.
    channels : int
        Numbers at each site; they are neighbouring columns.
    """

    inputs: Array
    outputs: Array
    places: Array
    channels: int

    @property
    def n_patches(self) -> int:
        """Number of patches."""
        return len(self.outputs)

    @property
    def n_columns(self) -> int:
        """Columns of a row of the field."""
        return self.outputs.size

    def windows(self, rows: Array, patches: slice = slice(None)) -> Array:
        """Return what some patches read of rows, (n_rows, n_columns): (n, n_rows, n_inputs)."""
        inputs = self.inputs[patches]
        if (inputs < 0).any():
            rows = np.hstack([rows, np.zeros((len(rows), self.channels))])
        return np.ascontiguousarray(rows[:, inputs].transpose(1, 0, 2))

    def inner(self, rows: Array, patches: slice = slice(None)) -> Array:
        """Return the columns of some patches themselves, (n, n_rows, n_outputs)."""
        return np.ascontiguousarray(rows[:, self.outputs[patches]].transpose(1, 0, 2))

    def joined(self, values: Array) -> Array:
        """Return rows, (n_rows, n_columns), of values of all patches, as `inner` returns them."""
        rows = np.empty((values.shape[1], self.n_columns))
        rows[:, self.outputs] = values.transpose(1, 0, 2)
        return rows

    def repeated(self, n_times: int) -> Grid:
        """Return the grid of several fields side by side in one row."""
        first = self.n_columns * np.arange(n_times)[:, None, None]
        inputs = np.where(self.inputs < 0, self.inputs, self.inputs + first)
        sides = self.inputs.shape[1], self.outputs.shape[1]
        outputs = (self.outputs + first).reshape(-1, sides[1])
        return Grid(inputs.reshape(-1, sides[0]), outputs, self.places, self.channels)


def regular_grid(
    shape: tuple[int, ...], channels: int, patch: Sizes, halo: Sizes, boundary: str
) -> Grid:
    """Return the grid of equal patches side by side, each with a halo around it.

    Columns are the sites in the order of a C array, the channels of a site side by side.

    Raises
    ------
    ValueError
        If patches do not fill the grid, or a size is none.
    """
    sides = _sizes(patch, shape, "patch", 1)
    halos = _sizes(halo, shape, "halo", 0)
    for axis, (length, side) in enumerate(zip(shape, sides, strict=True)):
        if length % side:
            divisors = [d for d in range(1, length + 1) if length % d == 0]
            raise ValueError(
                f"patches of {side} sites do not fill the {length} sites of axis {axis} of the "
                f"grid {shape}; take a patch of {_listed(divisors)}"
            )
    numbers = np.arange(prod(shape)).reshape(shape)
    corners = [range(0, length, side) for length, side in zip(shape, sides, strict=True)]
    inner = [np.arange(side) for side in sides]
    around = [np.arange(-h, side + h) for h, side in zip(halos, sides, strict=True)]
    first = np.stack(np.meshgrid(*corners, indexing="ij"), axis=-1).reshape(-1, len(shape))
    outputs = _sites(numbers, first, inner, boundary)
    inputs = _sites(numbers, first, around, boundary)
    places = np.stack(np.meshgrid(*around, indexing="ij"), axis=-1).reshape(-1, len(shape))
    return Grid(
        _columns(inputs, channels),
        _columns(outputs, channels),
        np.repeat(places, channels, axis=0),
        channels,
    )


def given_grid(inputs: ArrayLike, outputs: ArrayLike, n_columns: int, channels: int) -> Grid:
    """Return the grid of index arrays of a user: those of a graph, say.

    Raises
    ------
    ValueError
        If they are no columns, or a column is predicted by no patch or by two.
    """
    arrays = []
    for name, given in (("halo", inputs), ("patch", outputs)):
        array = np.asarray(given)
        if array.ndim != 2 or array.dtype.kind not in "iu" or not array.size:
            raise ValueError(
                f"{name} must hold columns of X, an array of int of shape (n_patches, n), where "
                f"the other does, got shape {array.shape} of {array.dtype}"
            )
        arrays.append(array.astype(np.intp))
    read, predicted = arrays
    if len(read) != len(predicted):
        raise ValueError(
            f"patch and halo must have a row for each patch, got {len(predicted)} and {len(read)}"
        )
    if not np.array_equal(np.sort(predicted, axis=None), np.arange(n_columns)):
        raise ValueError(
            f"patch must hold each of the {n_columns} columns of X once: every column is predicted "
            "by one patch"
        )
    if read.min() < -channels or read.max() >= n_columns:
        raise ValueError(
            f"halo must hold columns of X, in [0, {n_columns}), or -{channels} to -1 for what lies "
            f"outside, got {read.min()} to {read.max()}"
        )
    places = np.arange(read.shape[1])[:, None] // channels
    return Grid(read, predicted, places, channels)


def _sizes(given: Sizes, shape: tuple[int, ...], name: str, least: int) -> tuple[int, ...]:
    """Return a size for each axis."""
    sizes = np.asarray(given)
    if sizes.shape not in ((), (len(shape),)) or sizes.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be an integer, or one for each of the {len(shape)} axes of the grid, got "
            f"{given!r}"
        )
    if (sizes < least).any():
        raise ValueError(f"{name} must be >= {least}, got {given!r}")
    return tuple(int(size) for size in np.broadcast_to(sizes, len(shape)))


def _sites(numbers: Array, first: Array, offsets: list[Array], boundary: str) -> Array:
    """Return the sites at some offsets from the first ones, -1 for those outside of the grid."""
    axes, outside = [], np.zeros(1, dtype=bool)
    for axis, along in enumerate(offsets):
        at = first[:, axis].reshape(-1, *[1] * len(offsets))
        at = at + along.reshape([-1 if i == axis else 1 for i in range(len(offsets))])
        length = numbers.shape[axis]
        outside = outside | (at < 0) | (at >= length)
        axes.append(at % length if boundary == "periodic" else np.clip(at, 0, length - 1))
    sites = numbers[tuple(axes)]
    if boundary == "nan":
        sites = np.where(outside, -1, sites)
    return sites.reshape(len(first), -1)


def _columns(sites: Array, channels: int) -> Array:
    """Return the columns of sites, a site after the other; those of site -1 are negative."""
    columns = sites[:, :, None] * channels + np.arange(channels)
    return columns.reshape(len(sites), -1).astype(np.intp)


def _listed(numbers: list[int]) -> str:
    """Return numbers in words, the middle of many left out."""
    few = numbers if len(numbers) < 12 else [*numbers[:8], "...", *numbers[-2:]]
    return ", ".join(map(str, few))
