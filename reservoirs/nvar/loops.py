"""Closed loops of ridge regression on monomials, many at once, with readouts of their own."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reservoirs import compiled
from reservoirs.forecasting import Loop, LoopOrigins, Loops, RunLoops, held_out_residuals
from reservoirs.nvar.features import NVAR
from reservoirs.readout import QRSums
from reservoirs.sequences import Array


def scaled_monomials(features: NVAR, delayed: Array) -> tuple[Array, Array]:
    """Return monomials of delayed inputs by their root mean squares, and these.

    Delayed inputs are (n_rows, n_delays n_features), monomials (n_rows, n_monomials).

    Raises
    ------
    ValueError
        For monomials that overflow.
    """
    # monomials differ by orders of magnitude: one penalty fits all
    with np.errstate(over="ignore"):
        z = features.monomials(delayed)
        size = np.sqrt(np.mean(z**2, axis=0))
    if not np.isfinite(size).all():
        raise ValueError("monomials of X are too large for float64; standardise X first")
    size[size == 0] = 1.0
    return z / size, size


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
    z, size = scaled_monomials(features, delayed)
    read = np.zeros((len(kept.rows), len(size)))
    read[counted] = z
    run = loop_runner(features, kept.rows, size, origins.loop)
    penalise = noise_penalty(features, delayed, size, noise)
    fitted = coefficients * size, intercept
    return held_out_residuals(origins, read, fitted, alpha, run, penalise)
