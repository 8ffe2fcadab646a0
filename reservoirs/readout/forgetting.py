"""Rows that count less the older they are: exponentially weighted least squares.

    minimise  sum_t f^(T - t) |y[t] - C z[t] - c|^2 + alpha |C|^2

f is the forgetting factor and T the last row. Before a block of m rows is added, the sums so far
are multiplied by f^m; a row of the block counts f to the power of the rows that follow it there.
"""

from __future__ import annotations

from typing import Protocol, TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.readout.sums import Sums
from reservoirs.sequences import Array


class FadingSums(Sums, Protocol):
    """Sums that can forget: all rows so far come to count less."""

    def discount(self, factor: float) -> None:
        """Multiply the weights of all rows so far.

        Parameters
        ----------
        factor : float
            What a row counts from now on, of what it counted, in [0, 1].
        """


def add_block(
    sums: Sums,
    features: Array,
    targets: Array,
    *,
    weights: Array | None = None,
    forgetting: float = 1.0,
) -> None:
    """Add the next rows, (n_rows, n_features) and (n_rows, n_outputs), to sums that forget.

    `weights`, (n_rows,), is what the squared errors of the rows count beside that. With a
    forgetting of 1 it is `sums.add`.

    Raises
    ------
    TypeError
        If the sums cannot forget.
    """
    if forgetting < 1:
        check_fading(type(sums))
        if sums.n_rows and _fades(sums):
            sums.discount(forgetting ** len(features))
        ages = np.arange(len(features) - 1, -1, -1)
        weights = forgetting**ages if weights is None else forgetting**ages * weights
    if weights is None:
        sums.add(features, targets)
    else:
        sums.add(features, targets, weights)


def _fades(sums: Sums) -> TypeGuard[FadingSums]:
    return hasattr(sums, "discount")


def check_fading(form: type[Sums]) -> None:
    """Refuse sums without the method that forgetting takes.

    Raises
    ------
    TypeError
        If `discount` is missing.
    """
    if not hasattr(form, "discount"):
        raise TypeError(
            f"forgetting < 1 multiplies the sums so far, and {form.__name__} has no discount; "
            "write discount(self, factor) and add(self, features, targets, weights=None), or set "
            "forgetting=1.0"
        )


def refuse_choice(alpha: ArrayLike, forgetting: float) -> None:
    """Refuse to choose a penalty by the errors of rows that are being forgotten.

    Raises
    ------
    ValueError
        If alpha is a grid or a rule, and rows are forgotten.
    """
    if forgetting < 1 and (isinstance(alpha, str) or np.size(alpha) > 1):
        raise ValueError(
            f"alpha must be one number where rows are forgotten, got alpha={alpha!r} with "
            f"forgetting={forgetting}: the errors that choose a penalty count all rows alike; "
            "choose it with GridSearchCV or forecast_scorer, or set forgetting=1.0"
        )
