"""What a readout of monomials is regressed on: rows and the next ones, or steps and velocities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.nvar.features import NVAR
from reservoirs.nvar.products import Products
from reservoirs.nvar.quadrature import quadrature_weights, step_means
from reservoirs.readout import row_blocks
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets


@dataclass(frozen=True, eq=False)
class RegressionRows:
    """Features by their sizes, and the targets of a regression.

    Attributes
    ----------
    features : array of shape (n_counted, n_monomials)
        Monomials, or their means over steps, by their root mean squares.
    sizes : array of shape (n_monomials,)
        These.
    targets : array of shape (n_counted, n_outputs)
        Values one step later, or velocities.
    counted : array of shape (n_rows,) of bool
        The rows that these are of, in their order.
    """

    features: Array
    sizes: Array
    targets: Array
    counted: Array

    def blocks(self) -> list[tuple[Array, Array]]:
        """Return features and targets in the blocks that sums are made of."""
        spans = row_blocks(len(self.features))
        return [(self.features[span], self.targets[span]) for span in spans]


def root_mean_square(z: Array) -> Array:
    """Return the size of every monomial, (n_monomials,), 1 where it is always zero.

    Raises
    ------
    ValueError
        For monomials that overflow.
    """
    # monomials differ by orders of magnitude: one penalty fits all
    with np.errstate(over="ignore", invalid="ignore"):
        size: Array = np.sqrt(np.mean(z**2, axis=0))
    if not np.isfinite(size).all():
        raise ValueError("monomials of X are too large for float64; standardise X first")
    size[size == 0] = 1.0
    return size


def map_rows(features: NVAR, rows: Array, layout: Layout, targets: Targets) -> RegressionRows:
    """Return what a map is regressed on: monomials of rows and delayed ones, and the targets.

    Parameters
    ----------
    features : NVAR
        The monomials.
    rows : array of shape (n_rows, n_features)
        Inputs of all series; their type is that of the arithmetic.
    layout : Layout
        How the rows divide into series.
    targets : Targets
        Their targets, some missing.

    Returns
    -------
    RegressionRows
        One for each row whose delays are in its series and whose target is known.

    Raises
    ------
    ValueError
        If a series is too short, nothing is left, or monomials overflow.
    """
    reach, shortest = features.reach, min(layout.lengths)
    if shortest <= reach:
        raise ValueError(
            f"every series needs more than (n_delays - 1) * stride = {reach} rows, got one of "
            f"{shortest}; lower n_delays or stride, or drop that series"
        )
    whole = np.arange(len(rows)) >= np.repeat(layout.starts() + reach, layout.lengths)
    if targets.missing is not None:
        whole &= ~targets.missing.any(axis=1)
        if not whole.any():
            raise ValueError(
                f"no row of y after the first (n_delays - 1) * stride = {reach} is without "
                "NaN: nothing is left to learn from; lower n_delays or stride"
            )
    with np.errstate(over="ignore"):
        z = features.monomials(features.delayed_by_series(rows, layout)[whole])
    size = root_mean_square(z)
    return RegressionRows(z / size, size, targets.rows[whole].astype(rows.dtype), whole)


def rate_rows(
    products: Products,
    rows: Array,
    layout: Layout,
    targets: Array,
    *,
    order: int,
    dt: float,
) -> RegressionRows:
    """Return what a law is regressed on: mean monomials of steps, and mean velocities.

    Parameters
    ----------
    products : Products
        The monomials.
    rows : array of shape (n_rows, n_features)
        Inputs of all series; their type is that of the arithmetic.
    layout : Layout
        How the rows divide into series.
    targets : array of shape (n_rows, n_outputs)
        The values one step later.
    order : int
        Rows of the polynomial of a step, 2p + 2.
    dt : float
        Time from a row to the next.

    Returns
    -------
    RegressionRows
        One for each step with p rows before and after it, counted at the last row that it uses.

    Raises
    ------
    ValueError
        If a series is too short, or monomials overflow.
    """
    p, dtype = order // 2 - 1, rows.dtype
    weights, needed = quadrature_weights(order, dtype.name), max(order, 3)
    if min(layout.lengths) < needed:
        raise ValueError(
            f"form='rate' of order={order} needs {needed} rows of every series, got one of "
            f"{min(layout.lengths)}; lower order, or drop that series"
        )
    means, velocities, counted = [], [], np.zeros(len(rows), dtype=bool)
    first = max(p, 1)  # a step goes from y[t-1] to y[t], and before row 0 no y is known
    for span in layout.slices():
        with np.errstate(over="ignore", invalid="ignore"):
            of_rows = products.monomials(rows[span])
            means.append(step_means(of_rows, weights)[first - p :])
        y = targets[span].astype(dtype)
        last = len(y) - p - 2
        velocities.append((y[first : last + 1] - y[first - 1 : last]) / dtype.type(dt))
        counted[span.start + first + p + 1 : span.stop] = True
    z = np.concatenate(means)
    size = root_mean_square(z)
    return RegressionRows(z / size, size, np.concatenate(velocities), counted)
