"""Which penalties a solved readout may have, and which rows it is solved for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.readout import check_alphas
from reservoirs.sequences import Array, Layout

ALPHA = 1e-10  # the default penalty


def penalties(readout: str, alpha: ArrayLike) -> Array | None:
    """Return the penalties of the readout, None where it is trained.

    Raises
    ------
    ValueError
        For penalties that are none, and for a grid though nothing is solved.
    """
    if readout == "ridge":
        return check_alphas(alpha)
    # a number passes: scikit-learn's checks set it wherever there is one
    if np.ndim(alpha):
        raise ValueError(
            f"alpha={alpha!r} is the penalty of a solved readout; set readout='ridge', or leave it "
            f"at {ALPHA}"
        )
    return None


def settled_rows(washout: int, layout: Layout, *, per_step: bool) -> Array | None:
    """Return which rows come after the washout of their series, None without one.

    `per_step` says that every row of whole series has a target.

    Raises
    ------
    ValueError
        For a washout of other targets, and for one that leaves nothing of a series.
    """
    if not washout:
        return None
    if not per_step:
        raise ValueError(
            f"washout={washout} leaves out the first of the targets per step of whole series; set "
            "washout=0 with a window or targets per series"
        )
    shortest = min(layout.lengths)
    if shortest <= washout:
        raise ValueError(
            f"washout={washout} leaves nothing of a series of {shortest} rows; lower it, or pass "
            "longer series"
        )
    return np.concatenate([np.arange(length) >= washout for length in layout.lengths])
