"""Training rows that a fit keeps, so that closed loops can be run from them when a level is asked.

A model is a fraction of a second old when it is fitted, and the loops of its intervals take longer:
they are run by the forecasts that want them. A few thousand of the last rows are enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from reservoirs.forecasting.loop import Loop
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets

MOST_VALUES = 8192  # of X: 64 kB
ROWS = 512, 2048  # kept at least and at most
SHORTEST = 256  # rows of a series, before others are left out


@dataclass(frozen=True, eq=False)
class IntervalRows:
    """The last rows of the training series, or of some of them, and what their fit was like.

    Attributes
    ----------
    rows : array of shape (n_rows, n_features)
        Inputs of all pieces, one piece per series.
    last_targets : array of shape (n_pieces, n_outputs)
        The last target of each piece; those before are in the next row.
    counted : array of shape (n_rows,) of bool
        The rows that were regressed on.
    lengths : tuple of int
        Rows of each piece.
    series : tuple of int
        The training series that each is from.
    firsts : tuple of int
        The first row of each in its series.
    starts : array of shape (n_later, state_size)
        The state before each piece that does not begin with its series.
    weight : float
        Rows that were regressed on in all, or the sum of their weights.
    weights : array of shape (n_rows,) or None
        What the squared error of each row counted; None: 1.
    """

    rows: Array
    last_targets: Array
    counted: Array
    lengths: tuple[int, ...]
    series: tuple[int, ...]
    firsts: tuple[int, ...]
    starts: Array
    weight: float
    weights: Array | None = None

    @property
    def layout(self) -> Layout:
        """How the rows divide into pieces."""
        return Layout("list", self.lengths)

    def pieces(self) -> Iterator[tuple[slice, int, int, Array | None]]:
        """Yield the rows, the series and its first row of each piece, and the state before it.

        The state is None where a piece begins with its series.
        """
        later = iter(self.starts)
        spans = self.layout.slices()
        for span, series, first in zip(spans, self.series, self.firsts, strict=True):
            yield span, series, first, next(later, None) if first else None

    def targets(self, loop: Loop) -> Array:
        """Return the target of every row, (n_rows, n_outputs)."""
        scale, shift = loop
        d = self.last_targets.shape[1]
        following: Array = np.empty((len(self.rows), d))
        following[:-1] = (self.rows[1:, :d] - shift) / scale
        following[np.cumsum(self.lengths) - 1] = self.last_targets
        return following


def kept_pieces(layout: Layout, n_features: int, washout: int = 0) -> dict[int, int]:
    """Return which series are kept, by their numbers, and from which of their rows on.

    All rows are where they are few; else the last ones, of series evenly spaced where these are
    many. A piece that does not begin with its series begins after washout.
    """
    most = int(np.clip(MOST_VALUES // n_features, *ROWS))
    total = sum(layout.lengths)
    if total <= most:
        return dict.fromkeys(range(layout.n_series), 0)
    typical = min(int(np.median(layout.lengths)), SHORTEST)
    n_kept = int(np.clip(most // typical, 1, layout.n_series))
    numbers = np.unique(np.linspace(0, layout.n_series - 1, n_kept).round().astype(int))
    each = most // len(numbers)
    firsts = {int(i): layout.lengths[i] - each for i in numbers}
    return {i: max(first, washout + 1) if first > 0 else 0 for i, first in firsts.items()}


def keep_rows(
    rows: Array,
    layout: Layout,
    targets: Targets,
    loop: Loop | None,
    *,
    counted: Array,
    pieces: Mapping[int, int],
    starts: Mapping[int, Array] | None = None,
    forgetting: float = 1.0,
    reach: int = 0,
) -> IntervalRows | None:
    """Keep rows for intervals; None where the loop does not close.

    Rows are (n_rows, n_features) of all series, counted says which were regressed on. The pieces
    are from `kept_pieces`, and starts the states before those that do not begin with their series;
    None where the state is the rows before, as many as reach, which are not regressed on.
    """
    if loop is None or targets.kind == "per_series":
        return None
    spans = list(layout.slices())
    kept = [slice(spans[i].start + first, spans[i].stop) for i, first in pieces.items()]
    weights, weight = None, float(counted.sum())
    if forgetting < 1:
        n_after = np.cumsum(counted[::-1])[::-1] - 1
        all_weights = np.where(counted, forgetting ** np.maximum(n_after, 0).astype(float), 0.0)
        weights, weight = _cut(all_weights, kept), float(all_weights.sum())
    states = [] if starts is None else [starts[i] for i, first in pieces.items() if first]
    used = counted.copy()
    for span in kept:
        used[span.start : span.start + reach] = False
    return IntervalRows(
        rows=_cut(rows, kept).astype(np.float64),
        last_targets=targets.rows[[span.stop - 1 for span in kept]],
        counted=_cut(used, kept),
        lengths=tuple(span.stop - span.start for span in kept),
        series=tuple(pieces),
        firsts=tuple(pieces.values()),
        starts=np.stack(states) if states else np.empty((0, 0)),
        weight=weight,
        weights=weights,
    )


def _cut(values: Array, spans: list[slice]) -> Array:
    return np.concatenate([values[span] for span in spans])
