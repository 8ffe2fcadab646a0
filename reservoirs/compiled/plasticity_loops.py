"""The compiled loop of intrinsic plasticity: gains and biases that learn along a series.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

import math

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array


@compiled
def _adapt(
    pointers,
    columns,
    values,
    input_weights,
    bias,
    leak_rates,
    mixing,
    inputs,
    state,
    gain,
    offset,
    learning_rate,
    mean,
    deviation,
):
    """Run a reservoir along one series and move its gains and biases, in place, after every step.

    W is (n_units, n_units) in rows of nonzeros, O (n_units, n_units), or empty where states are not
    mixed. The state, (n_units,), becomes the last one.
    """
    n_units = len(bias)
    old, variance = state.copy(), deviation * deviation
    for t in range(len(inputs)):
        for i in range(n_units):
            old[i] = state[i]
        for i in range(n_units):
            # z = W x + W_in u + b, y = tanh(g z + h)
            z = bias[i]
            for p in range(pointers[i], pointers[i + 1]):
                z += values[p] * old[columns[p]]
            for k in range(inputs.shape[1]):
                z += input_weights[i, k] * inputs[t, k]
            y = math.tanh(gain[i] * z + offset[i])
            carried = old[i]
            if len(mixing):
                carried = 0.0
                for j in range(n_units):
                    carried += mixing[i, j] * old[j]
            state[i] = (1.0 - leak_rates[i]) * carried + leak_rates[i] * y
            # dh = -e (-m / s^2 + y / s^2 (2 s^2 + 1 - y^2 + m y)),  dg = e / g + dh z
            pull = -mean / variance + y / variance * (2.0 * variance + 1.0 - y * y + mean * y)
            step = -learning_rate * pull
            gain[i] += learning_rate / gain[i] + step * z
            offset[i] += step


def adapt(
    weights: tuple[Array, ...],
    inputs: Array,
    gain: Array,
    offset: Array,
    rule: tuple[float, float, float],
) -> None:
    """Run a reservoir along one series from the zero state and move gains and biases in place.

    Weights are W as pointers, columns and values of rows, W_in, b, the leak rates, (n_units,), and
    O, (n_units, n_units) or empty. Inputs are (n_steps, n_features); the rule is learning rate,
    mean and deviation.
    """
    _adapt(*weights, inputs, gain * 0.0, gain, offset, *rule)
