"""Divide series into the examples to learn from and those held out."""

from __future__ import annotations

from math import ceil

import numpy as np
from torch import Tensor, as_tensor

from reservoirs.sequences import Layout
from trainers.data.batches import Examples, series_pieces, window_pieces


def split_examples(
    rows: Tensor,
    targets: Tensor,
    layout: Layout,
    *,
    n_last: int | None,
    window: int | None,
    fraction: float | None,
) -> tuple[Examples, Examples | None]:
    """Cut rows into windows or whole series, and hold out the tail or the last series.

    Parameters
    ----------
    rows : (n_rows, n_features)
    targets : (n_rows, n_outputs)
    layout : how the rows divide into series
    n_last : how many last steps of a series have targets, 1 for one per series; None for all
    window : rows per window; None keeps series whole
    fraction : share held out, of the rows of one series or of the number of series; None for none

    Returns
    -------
    What to train on and what is held out, or None. Held-out rows of a single series are predicted
    with the rows before them as context, as a forecast would be.

    Raises
    ------
    ValueError
        If the fraction leaves nothing to train on or nothing held out.
    """
    lengths = np.asarray(layout.lengths)
    if window is not None and n_last is not None:
        starts, sizes = series_pieces(lengths)
        starts, sizes = starts + np.maximum(lengths - window, 0), np.minimum(lengths, window)
    elif window is not None:
        starts, sizes = window_pieces(lengths, window)
    else:
        starts, sizes = series_pieces(lengths)
    first_held = _first_held_row(layout, fraction)
    ends = starts + sizes
    scored_last = n_last if window is None else 1
    everywhere = np.arange(len(rows))

    def examples(starts: np.ndarray, sizes: np.ndarray, scored: np.ndarray) -> Examples:
        flags = as_tensor(scored, device=rows.device)
        return Examples(rows, targets, starts, sizes, flags, scored_last)

    if first_held is None:
        return examples(starts, sizes, everywhere >= 0), None
    held = ends > first_held
    train_sizes = np.minimum(sizes, first_held - starts)
    kept = ~held if scored_last or layout.many else train_sizes > 0
    return (
        examples(starts[kept], train_sizes[kept], everywhere < first_held),
        examples(starts[held], sizes[held], everywhere >= first_held),
    )


def _first_held_row(layout: Layout, fraction: float | None) -> int | None:
    """Return the flat row from which on everything is held out."""
    if fraction is None:
        return None
    total = layout.n_series if layout.many else layout.lengths[0]
    held = ceil(fraction * total)
    if not 0 < held < total:
        what = "series" if layout.many else "rows"
        raise ValueError(
            f"validation_fraction={fraction} of {total} {what} leaves none to train on; "
            "lower it, or pass more data"
        )
    return int(layout.starts()[-held]) if layout.many else total - held
