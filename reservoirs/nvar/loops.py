"""Closed loops of ridge regression on monomials, many at once, with readouts of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reservoirs import compiled
from reservoirs.forecasting import Loop, LoopOrigins, Loops, RunLoops, held_out_residuals
from reservoirs.nvar.examples import root_mean_square
from reservoirs.nvar.features import NVAR
from reservoirs.readout import QRSums
from reservoirs.sequences import Array


def noise_penalty(
    features: NVAR, delayed: Array, size: Array, noise: float
) -> Callable[[QRSums], None]:
    """Return what adds to sums what noise in the inputs would cost, relative to their deviation.

    Delayed inputs and sizes are as `scaled_monomials` has them.
    """

    def penalise(sums: QRSums) -> None:
        # noise e_j in v_j adds C dz/dv_j e_j to an output: |C dz/dv_j std(e_j)|^2 a row
        for j, deviation in enumerate(delayed.std(axis=0) if noise else ()):
            slopes = features.sensitivity(delayed, j)
            sums.penalise(noise * deviation * slopes / size)

    return penalise


def loop_runner(features: NVAR, rows: Array, size: Array, loop: Loop) -> RunLoops:
    """Return what runs many closed loops from rows, (n_rows, n_features), of some series.

    Readouts are those of monomials by their sizes; the loop is the map from a target to the next
    input.
    """
    before = np.arange(-features.reach, 0)

    def run(loops: Loops) -> Array:
        histories = rows[loops.begins[:, None] + before]
        C, c = loops.readouts
        return compiled.monomial_loops.run_monomial_loops(
            loops.first,
            loops.exog,
            histories,
            features.factors(),
            loop,
            (C / size, c),
            loops.bounds,
        )

    return run


def loop_residuals(
    origins: LoopOrigins, features: NVAR, readout: tuple[Array, Array], alpha: float, noise: float
) -> Array:
    """Return the errors of loops, (n_loops, horizon, n_outputs), of fits to the rows before them.

    The readout, its penalty and its noise are those of all rows.
    """
    kept, (coefficients, intercept) = origins.kept, readout
    counted = np.flatnonzero(kept.counted)
    delayed = features.delayed_by_series(kept.rows, kept.layout)[counted]
    z = features.monomials(delayed)
    size = root_mean_square(z)
    read = np.zeros((len(kept.rows), len(size)))
    read[counted] = z / size
    run = loop_runner(features, kept.rows, size, origins.loop)
    penalise = noise_penalty(features, delayed, size, noise)
    fitted = coefficients * size, intercept
    return held_out_residuals(origins, read, fitted, alpha, run, penalise)
