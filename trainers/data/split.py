"""Divide series into the examples to learn from and those held out."""

from __future__ import annotations

from math import ceil

import numpy as np
from torch import Tensor, as_tensor

from reservoirs.sequences import Array, Layout
from trainers.data.batches import Examples, series_pieces, window_pieces


def split_examples(
    rows: Tensor,
    targets: Tensor,
    layout: Layout,
    *,
    n_last: int | None,
    window: int | None,
    fraction: float | None,
    known: Array | None = None,
    weights: Tensor | None = None,
) -> tuple[Examples, Examples | None]:
    """Cut rows into windows or whole series, and hold out the tail or the last series.

    Rows are (n_rows, n_features) of all series, one after the other, targets (n_rows, n_outputs).
    The last `n_last` steps of a series have targets, 1 for one per series, None for all; a window
    of None keeps series whole. `fraction` is held out of the rows of one series or of the number of
    series. `known`, (n_rows,), says which rows have a target: a piece that none of is scored is
    left out. `weights`, (n_rows, 1), is what the loss of every row counts. Held-out rows of a
    single series are predicted with the rows before them as context, as a forecast would be. A
    ValueError is raised if nothing is left to train on, or nothing held out.
    """
    starts, sizes = _pieces(np.asarray(layout.lengths), n_last, window)
    first_held_out = _first_held_out_row(layout, fraction)
    scored_last = n_last if window is None else 1
    row_numbers = np.arange(len(rows))

    def examples(starts: Array, sizes: Array, scored: Array) -> Examples:
        if known is not None:
            scored = scored & known
            has_target = _n_scored(scored, starts, sizes, scored_last) > 0
            if not has_target.any():
                raise ValueError(
                    "no row that is trained on, or none that is held out, has a target without "
                    "NaN that weighs more than 0; change validation_fraction, n_scored, window, "
                    "class_weight or sample_weight"
                )
            starts, sizes = starts[has_target], sizes[has_target]
        scored_rows = as_tensor(scored, device=rows.device)
        all_known = known is None
        how = scored_last, all_known, weights
        return Examples(rows, targets, starts, sizes, scored_rows, *how)

    if first_held_out is None:
        return examples(starts, sizes, row_numbers >= 0), None
    is_held_out = starts + sizes > first_held_out
    # pieces of a single series whose every step is scored are cut where the tail begins
    sizes_before = np.minimum(sizes, first_held_out - starts)
    is_trained_on = ~is_held_out if scored_last or layout.many else sizes_before > 0
    return (
        examples(starts[is_trained_on], sizes_before[is_trained_on], row_numbers < first_held_out),
        examples(starts[is_held_out], sizes[is_held_out], row_numbers >= first_held_out),
    )


def _n_scored(scored: Array, starts: Array, sizes: Array, n_last: int | None) -> Array:
    """Return how many scored rows every piece has, (n_pieces,)."""
    counts = np.concatenate([[0], np.cumsum(scored)])
    ends = starts + sizes
    counted: Array = (
        counts[ends] - counts[starts if n_last is None else np.maximum(ends - n_last, starts)]
    )
    return counted


def _pieces(lengths: Array, n_last: int | None, window: int | None) -> tuple[Array, Array]:
    """Return the first rows and the lengths of windows or whole series.

    Lengths are the rows per series; `n_last` and `window` together give one window per series, its
    last.
    """
    if window is None:
        return series_pieces(lengths)
    if n_last is None:
        return window_pieces(lengths, window)
    starts, _ = series_pieces(lengths)
    return starts + np.maximum(lengths - window, 0), np.minimum(lengths, window)


def _first_held_out_row(layout: Layout, fraction: float | None) -> int | None:
    """Return the row from which on everything is held out, counted through all series."""
    if fraction is None:
        return None
    total = layout.n_series if layout.many else layout.lengths[0]
    n_held_out = ceil(fraction * total)
    if not 0 < n_held_out < total:
        unit = "series" if layout.many else "rows"
        raise ValueError(
            f"validation_fraction={fraction} of {total} {unit} leaves none to train on; "
            "lower it, or pass more data"
        )
    return int(layout.starts()[-n_held_out]) if layout.many else total - n_held_out
