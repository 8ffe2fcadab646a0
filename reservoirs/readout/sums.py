"""What every form of the sums of a ridge regression offers; a readout is fitted from it alone."""

from __future__ import annotations

from typing import Protocol, Self

from reservoirs.readout.solved import Readout, Spectrum
from reservoirs.sequences import Array

TOO_LARGE = (
    "the features of the readout or the targets, or their squares, are too large for float64; "
    "standardise X and y, or lower spectral_radius"
)


class Sums(Protocol):
    """Rows summed block by block, in a form from which any penalty's readout can be solved.

    A class of its own, made from the numbers of features and outputs, and one entry in `SOLVERS`
    are a new solver. What its attributes hold must be numbers, arrays or containers of these, so
    that a model can be saved while it learns.

    Parameters
    ----------
    n_features : int
        Columns of the features.
    n_outputs : int
        Columns of the targets.
    """

    def __init__(self, n_features: int, n_outputs: int) -> None: ...

    @property
    def n_rows(self) -> int:
        """Number of rows summed so far."""

    def add(self, features: Array, targets: Array, weights: Array | None = None) -> None:
        """Add a block of rows.

        Parameters
        ----------
        features : array of shape (n_rows, n_features)
            float64; may be overwritten.
        targets : array of shape (n_rows, n_outputs)
            float64; left unchanged.
        weights : array of shape (n_rows,), default=None
            What the squared error of each row counts; None: 1.
        """

    def merge(self, other: Self) -> None:
        """Add all rows of other sums; they still stand for the same rows after it.

        Parameters
        ----------
        other : sums of the same class
            Of other rows.
        """

    def is_finite(self) -> bool:
        """Tell whether no sum overflowed and none holds NaN."""

    def solve(self, alpha: float) -> Readout:
        """Return the readout that minimises the squared error plus alpha times the squared weights.

        Parameters
        ----------
        alpha : float
            Ridge penalty, >= 0.

        Returns
        -------
        Readout
            The solution; the sums still stand for the same rows.

        Raises
        ------
        scipy.linalg.LinAlgError
            If this form cannot solve for this penalty.
        """

    def spectrum(self) -> Spectrum:
        """Return what generalised cross-validation needs."""

    def residual(self, readout: Readout) -> Array:
        """Return the residual sum of squares of another readout on these rows.

        Parameters
        ----------
        readout : Readout
            Solved from any rows.

        Returns
        -------
        array of shape (n_outputs,)
            The sum over the rows, for each output.
        """
