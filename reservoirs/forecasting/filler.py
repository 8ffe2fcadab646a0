"""A model that runs across gaps, its own outputs in place of what is missing.

    X[t, :n_outputs] = scale y[t-1] + shift,  y[t-1] the model's own output where X[t] is missing

Values beside a missing one stay as they are.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from reservoirs.estimators.series import States
from reservoirs.forecasting.loop import Loop
from reservoirs.mistakes import callers_level
from reservoirs.sequences import Array, Layout

MARGIN = 1.25  # how far a fill may go, in sizes of the largest training target

Drive = Callable[[Array, Array], tuple[Array, Array]]  # rows, state -> outputs, last state


@dataclass(frozen=True)
class Filler:
    """A model that fills gaps by its own outputs.

    `drive` runs the model along rows from a state. The loop is the map from an output to the next
    input; None where no input can be filled. Fills are held within 1.25 times `largest`, the size
    of the largest training target.
    """

    drive: Drive
    loop: Loop | None
    largest: float

    def hold(self, outputs: Array) -> Array:
        """Return outputs no further out than a fill may be."""
        return np.clip(outputs, -MARGIN * self.largest, MARGIN * self.largest)

    def fill(self, targets: Array, outputs: Array) -> Array:
        """Return targets of one series with outputs for NaN; warn if the last one is held."""
        held, missing = self.hold(outputs), np.isnan(targets)
        if (held != outputs)[-1, missing[-1]].any():
            _warn_held(len(targets))
        return np.where(missing, held, targets)

    def run(self, rows: Array, missing: Array, state: Array) -> tuple[Array, Array, Array]:
        """Run the model along one series, its own outputs in place of missing observations.

        Rows and `missing`, which of their values are NaN, are (n_rows, n_features), the first row
        without NaN. The rows without NaN, the outputs after every row, (n_rows, n_outputs), and the
        state after the last are returned.

        Warns
        -----
        UserWarning
            If a fill is held.
        """
        filled, outputs, held = rows.copy(), list[Array](), list[int]()
        # the rows from one missing value to the next are run together
        edges = [0, *np.flatnonzero(missing.any(axis=1)).tolist(), len(rows)]
        for start, stop in pairwise(edges):
            if start:
                assert self.loop is not None  # `Gaps.check` refused the rows otherwise
                scale, shift = self.loop
                absent, latest = missing[start, : len(scale)], outputs[-1][-1]
                output = self.hold(latest)
                if (output != latest)[absent].any():
                    held.append(start)
                filled[start, : len(scale)][absent] = (output * scale + shift)[absent]
            values, state = self.drive(filled[start:stop], state)
            outputs.append(values)
        if held:
            _warn_held(held[0])
        return filled, np.concatenate(outputs), state


def _warn_held(row: int) -> None:
    warnings.warn(
        "the forecast that fills a gap leaves the range of the training targets, first at row "
        f"{row} of its series, and is held there: fill long gaps of X yourself "
        "(frame.interpolate(), say), or cut the series there and pass the pieces as a list",
        UserWarning,
        stacklevel=callers_level(),
    )


def fill_inputs(
    filler: Filler,
    rows: Array,
    layout: Layout,
    earlier: list[Array] | None,
    states: States,
) -> tuple[Array, list[Array] | None]:
    """Fill the gaps of series that are predicted.

    Rows, (n_rows, n_features), are those of all series, `earlier` those before each; states are
    those before each series and its earlier rows. Both kinds of rows are returned without NaN.
    """
    rows, filled_earlier = rows.copy(), list[Array]()
    for number, span in enumerate(layout.slices()):
        before = rows[:0] if earlier is None else earlier[number]
        series = np.vstack([before, rows[span]])
        missing = np.isnan(series)
        if missing.any():
            series, _, _ = filler.run(series, missing, states[number])
        filled_earlier.append(series[: len(before)])
        rows[span] = series[len(before) :]
    return rows, None if earlier is None else filled_earlier
