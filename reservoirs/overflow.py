"""States that left float64, as those of a linear reservoir may."""

from __future__ import annotations


class StatesTooLargeError(ValueError):
    """States are infinite or NaN, and stay so.

    A forecast that is held within its bounds goes on at them, and one without ends in NaN.

    Parameters
    ----------
    dtype : str
        Of the states.
    row : int
        Before which it happened.
    """

    def __init__(self, dtype: str, row: int) -> None:
        super().__init__(dtype, row)

    def __str__(self) -> str:
        dtype, row = self.args
        return (
            f"states are too large for {dtype} before row {row}; lower spectral_radius or the "
            "given W, or standardise X"
        )
