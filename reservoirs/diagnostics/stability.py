"""Does the reservoir forget its start, and does its closed loop: distances and exponents."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.diagnostics.driving import one_series, reservoir_of, states_of
from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.sequences import Array


@checked(n_steps=COUNT, n_starts=COUNT)
def echo_state_index(
    model: Any, rows: Any = None, *, n_steps: int = 1000, n_starts: int = 10, random_state: Any = 0
) -> float:
    """Return how far states from different starts still are from each other: 0 has the property.

    The mean distance, over the last tenth of the steps, between the run from zero and runs from
    random starts, relative to the mean norm of the states.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    rows : (n_steps, n_features) input; None is uniform in [-1, 1]
    n_steps : steps of that input
    n_starts : random starts, uniform in [-1, 1]
    random_state : seed of input and starts

    References
    ----------
    Gallicchio (2018), Chasing the echo state property.
    """
    reservoir, rng = reservoir_of(model), check_random_state(random_state)
    if rows is None:
        rows = rng.uniform(-1, 1, (n_steps, reservoir.n_features_in_))
    else:
        rows = one_series(model, rows)
    return distance_of_starts(reservoir, rows, n_starts, rng)


def distance_of_starts(reservoir: Any, rows: Array, n_starts: int, rng: Any) -> float:
    """Return the echo-state index for checked rows."""
    last = max(len(rows) // 10, 1)
    reference = states_of(reservoir, rows)[-last:]
    size = np.linalg.norm(reference, axis=1).mean() or 1.0
    distances = []
    for _ in range(n_starts):
        start = rng.uniform(-1, 1, reservoir.n_units)
        moved = states_of(reservoir, rows, start)[-last:]
        distances.append(np.linalg.norm(moved - reference, axis=1).mean())
    return float(np.mean(distances) / size)


@checked(n_exponents=COUNT)
def conditional_lyapunov(model: Any, rows: Any, *, n_exponents: int = 1) -> Array:
    """Return the leading Lyapunov exponents of the driven reservoir; negative forgets its start.

    J[t] = (1 - a) I + a diag(f') W along the states, by repeated QR

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    rows : (n_steps, n_features) input; a tenth of it is left out first
    n_exponents : how many, at most n_units

    Returns
    -------
    (n_exponents,) per step, largest first

    Raises
    ------
    ValueError
        For rows of another width or with NaN, or more exponents than units.

    References
    ----------
    Benettin, Galgani, Giorgilli & Strelcyn (1980), Lyapunov characteristic exponents.
    """
    return driven_exponents(reservoir_of(model), one_series(model, rows), n_exponents)


def driven_exponents(reservoir: Any, rows: Array, n_exponents: int) -> Array:
    """Return the conditional exponents for checked rows."""
    states = states_of(reservoir, rows)
    W, a = reservoir.recurrent_weights_, reservoir.leak_rate
    before = np.vstack([np.zeros(reservoir.n_units), states[:-1]])
    slopes = _slopes(reservoir, states, before)

    def tangent(t: int, Q: Array) -> Array:
        return (1 - a) * Q + a * slopes[t][:, None] * (W @ Q)

    return _exponents(tangent, reservoir.n_units, n_exponents, len(rows))


@checked(n_exponents=COUNT)
def closed_loop_lyapunov(
    model: Any, *, n_steps: int = 5000, n_exponents: int = 3, exog: Any = None
) -> Array:
    """Return the leading Lyapunov exponents of a forecasting model's closed loop.

    Parameters
    ----------
    model : ESNRegressor fitted for forecasting, on one series
    n_steps : steps of the free run; a tenth of it is left out first
    n_exponents : how many, at most n_units + n_outputs
    exog : (n_steps, n_exog) known inputs, where the model has any

    Returns
    -------
    (n_exponents,) per step, largest first; positive is chaos, zero a cycle, negative a rest

    Raises
    ------
    TypeError
        If the model does not forecast.
    ValueError
        If it was fitted on several series, or has fewer directions than exponents asked for.

    References
    ----------
    Pathak, Lu, Hunt, Girvan & Ott (2017), Using machine learning to replicate chaotic attractors.
    """
    reservoir = reservoir_of(model)
    if not hasattr(model, "forecast"):
        raise TypeError(f"a {type(model).__name__} has no closed loop; pass a fitted ESNRegressor")
    if len(model.last_states_) > 1:
        raise ValueError(
            f"the model was fitted on {len(model.last_states_)} series and could go on from any; "
            "fit it on one"
        )
    found = np.asarray(model.forecast(n_steps, exog=exog)).reshape(n_steps, -1)
    scale, shift = model.loop_
    n, m, a = reservoir.n_units, found.shape[1], reservoir.leak_rate
    observed = np.vstack([model.last_observations_[0], found[:-1]]) * scale + shift
    known = np.empty((n_steps, 0)) if exog is None else np.asarray(exog).reshape(n_steps, -1)
    rows = np.hstack([observed, known])
    states = states_of(reservoir, rows, model.last_states_[0])
    before = np.vstack([model.last_states_[0], states[:-1]])
    slopes = _slopes(reservoir, states, before)
    W, W_o = reservoir.recurrent_weights_, reservoir.input_weights_[:, :m] * scale
    C_x, C_o = model.coef_[:, :n], model.coef_[:, n : n + m] * scale

    def tangent(t: int, Q: Array) -> Array:
        dx, dy = Q[:n], Q[n:]
        new = (1 - a) * dx + a * slopes[t][:, None] * (W @ dx + W_o @ dy)
        return np.vstack([new, C_x @ new + C_o @ dy])

    return _exponents(tangent, n + m, n_exponents, n_steps)


def _slopes(reservoir: Any, states: Array, before: Array) -> Array:
    """Return the derivative of the activation at every step, from the states around it."""
    a = reservoir.leak_rate
    if reservoir.activation == "identity":
        return np.ones_like(states)
    return 1.0 - ((states - (1 - a) * before) / a) ** 2


def _exponents(tangent: Any, size: int, count: int, n_steps: int) -> Array:
    """Follow `count` tangent vectors and average the logarithms of their growth."""
    if count > size:
        raise ValueError(f"n_exponents must be in [1, {size}], got {count}; ask for fewer")
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((size, count)))[0]
    skipped, total = n_steps // 10, np.zeros(count)
    for t in range(n_steps):
        Q, R = np.linalg.qr(tangent(t, Q))
        if t >= skipped:
            total += np.log(np.maximum(np.abs(np.diag(R)), np.finfo(float).tiny))
    return np.sort(total / (n_steps - skipped))[::-1]
