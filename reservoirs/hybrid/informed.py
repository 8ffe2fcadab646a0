"""Rows beside what a model makes of them, and closed loops of a network that reads both."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from reservoirs import compiled
from reservoirs.esn import ESNRegressor
from reservoirs.estimators.series import Step
from reservoirs.forecasting import Loop, Loops, RunLoops, hold
from reservoirs.local import LocalForecaster
from reservoirs.overflow import StatesTooLargeError
from reservoirs.sequences import Array, SeriesLike

Model = Callable[..., SeriesLike]  # rows, and exogenous inputs where there are some -> next rows
Informed = Callable[[Array], Array]  # rows -> what the network reads


def model_columns(model: Model, rows: Array, n_outputs: int, n_columns: int | None) -> Array:
    """Return what a model makes of rows [observation, exog], (n_rows, n_columns).

    The observation is the first n_outputs columns. Of no number of columns any will do.

    Raises
    ------
    ValueError
        If it returns other than a row for each.
    """
    observations, exog = rows[:, :n_outputs], rows[:, n_outputs:]
    # a model is wrong far from the data, and may overflow there: loops are held near them
    with np.errstate(all="ignore"):
        values = (
            model(observations.copy(), exog.copy()) if exog.size else model(observations.copy())
        )
    columns = np.asarray(values, dtype=np.float64)
    wanted = "n_columns" if n_columns is None else n_columns
    if columns.ndim != 2 or len(columns) != len(rows) or n_columns not in (None, columns.shape[1]):
        raise ValueError(
            f"model must return an array of shape ({len(rows)}, {wanted}) for {len(rows)} rows, "
            f"the next row of each, got shape {columns.shape}; it is called as model(X) or "
            "model(X, exog), X of shape (n_rows, n_outputs)"
        )
    return columns


def fit_field(
    local: LocalForecaster, inputs: SeriesLike, following: SeriesLike, model: Model
) -> None:
    """Fit a local forecaster on fields and, beside them, what a model makes of them.

    Inputs and the rows that follow them, (n_rows, n_columns), are one array, or a list of those of
    each series.

    Raises
    ------
    ValueError
        If the rows that follow are others than the next inputs, or lack values.
    """
    pairs = (
        zip(inputs, following, strict=True) if isinstance(inputs, list) else [(inputs, following)]
    )
    fields = []
    for before, after in pairs:
        if not np.array_equal(before[1:], after[:-1]):
            raise ValueError(
                "a LocalForecaster inside takes the field alone, fit(field): y must be the next "
                "row of X, without NaN"
            )
        rows = np.vstack([before, after[-1:]])
        fields.append(np.hstack([rows, model_columns(model, rows, rows.shape[1], rows.shape[1])]))
    with warnings.catch_warnings():  # its loops predict the columns of the model, which ours do not
        warnings.filterwarnings("ignore", "closed loops from training rows are lost")
        local.fit(fields if isinstance(inputs, list) else fields[0])


def check_finite(columns: Array) -> None:
    """Refuse a model that gives no number on the rows to learn from.

    Raises
    ------
    ValueError
        Naming the first row.
    """
    finite = np.isfinite(columns).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"model returned NaN or infinity for row {int(np.argmin(finite))} of X; shorten its "
            "time step, or leave out that row"
        )


def row_runner(network: ESNRegressor, informed: Informed, state: Array) -> Step:
    """Return a function that takes one row after the other, and returns the outputs after it."""
    reservoir, reading, packed = network.reservoir_, network._reading, network.reservoir_.pack()
    readout, states = (network.coef_, network.intercept_), np.asarray(state)[None]

    def step(row: Array) -> Array:
        nonlocal states
        rows = informed(row[None])
        states = compiled.closed_loops.advance(states, rows, packed)
        if not np.isfinite(states).all():
            raise StatesTooLargeError(reservoir.dtype, 1)
        outputs: Array = reading.outputs(states, rows, readout)[0]
        return outputs

    return step


def loop_runner(network: ESNRegressor, loop: Loop, informed: Informed) -> RunLoops:
    """Return what runs many closed loops of a network, side by side.

    The loop is the map from a target to the next input; `informed` makes of such inputs, and of
    exogenous ones beside them, what the network reads.
    """
    reservoir, reading, packed = network.reservoir_, network._reading, network.reservoir_.pack()
    scale, shift = loop

    def run(loops: Loops) -> Array:
        C, c = loops.readouts
        states, outputs = loops.before[:, : reservoir.n_units], loops.first
        out = np.empty((*loops.exog.shape[:2], c.shape[1]))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(out.shape[1]):
                rows = informed(np.hstack([outputs * scale + shift, loops.exog[:, t]]))
                states = compiled.closed_loops.advance(states, rows, packed)
                read = reading.columns(np.hstack([states, rows]), reservoir.n_units)
                outputs = hold((C @ read[:, :, None])[:, :, 0] + c, loops.bounds)
                out[:, t] = outputs
        return out

    return run
