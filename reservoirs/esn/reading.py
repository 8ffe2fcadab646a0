"""What the readout of an echo state network reads of a state and its input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.sequences import Array


@dataclass(frozen=True)
class Reading:
    """What of [x; u; x^2] is read: the state x, and the input u or the squares as well.

    The compiled closed loops tell it by the number of columns: squares come with inputs only.
    """

    inputs: bool = True
    squares: bool = False

    def width(self, n_units: int, n_inputs: int) -> int:
        """Return the number of columns that are read."""
        return n_units * (1 + self.squares) + n_inputs * self.inputs

    def columns(self, rows: Array, n_units: int) -> Array:
        """Return what is read of rows of [state; input], (n_rows, n_units + n_inputs)."""
        if self.squares:
            return np.hstack([rows, np.square(rows[:, :n_units])])
        return rows if self.inputs else np.ascontiguousarray(rows[:, :n_units])

    def outputs(self, states: Array, inputs: Array, readout: tuple[Array, Array]) -> Array:
        """Return C z + c for rows of states and inputs, without copying the states beside these.

        States are (..., n_units), inputs (..., n_inputs); the readout is C, (n_outputs, n_columns),
        and c, (n_outputs,).
        """
        coefficients, intercept = readout
        n_units, n_inputs = states.shape[-1], inputs.shape[-1]
        # y = C_x x + C_u u + C_s x^2 + c
        by_state, by_input, by_square = np.split(coefficients, [n_units, n_units + n_inputs], 1)
        outputs = states @ by_state.T
        if self.inputs:
            outputs = outputs + inputs @ by_input.T
        if self.squares:
            outputs = outputs + np.square(states, dtype=np.float64) @ by_square.T
        total: Array = outputs + intercept
        return total


READINGS = {
    "state+input": Reading(),
    "state": Reading(inputs=False),
    "state+input+squares": Reading(squares=True),
}
