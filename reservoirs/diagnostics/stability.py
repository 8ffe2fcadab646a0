"""Does the reservoir forget its start, and does its closed loop: distances and exponents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.activations import slopes_of
from reservoirs.diagnostics.driving import (
    DIAGNOSTICS,
    ReservoirModel,
    check_single_series,
    get_reservoir,
    run_reservoir,
)
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.forecasting.columns import Columns
from reservoirs.leak_rates import unit_rates
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Seed, SeriesLike

if TYPE_CHECKING:
    from reservoirs.esn import ESNRegressor

Tangent = Callable[[int, Array], Array]  # step, tangent vectors (n, k) -> those one step later


@inherit_parameters(DIAGNOSTICS)
@checked(n_steps=COUNT, n_starts=COUNT)
def echo_state_index(
    model: ReservoirModel,
    rows: SeriesLike = None,
    *,
    n_steps: int = 1000,
    n_starts: int = 10,
    random_state: Seed = 0,
) -> float:
    """Return how far states from different starts still are from each other.

    mean over starts and steps of norm(x[t] - x0[t]) / mean norm(x0[t])

    x0 is the run from the zero state, x one from a random state; t runs over the last tenth of the
    steps. It is 0 for a reservoir with the echo-state property.

    Parameters
    ----------
    n_steps : int, default=1000
        Steps of the random input where `rows` is None.
    n_starts : int, default=10
        Number of random start states, uniform in [-1, 1].

    Returns
    -------
    float
        The relative distance, dimensionless.

    See Also
    --------
    conditional_lyapunov : The rate at which the distance shrinks.
    reservoir_report : All diagnostics in words.

    References
    ----------
    Gallicchio (2018), Chasing the echo state property.

    Examples
    --------
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import echo_state_index
    >>> reservoir = Reservoir(n_units=20, spectral_radius=0.5, random_state=0).fit([[0.0]])
    >>> echo_state_index(reservoir, n_steps=200) < 1e-9
    True
    """
    reservoir, rng = get_reservoir(model), check_random_state(random_state)
    if rows is None:
        driving = rng.uniform(-1, 1, (n_steps, reservoir.n_features_in_))
    else:
        driving = check_single_series(model, rows)
    return distance_of_starts(reservoir, driving, n_starts, rng)


def distance_of_starts(
    reservoir: Reservoir, rows: Array, n_starts: int, rng: np.random.RandomState
) -> float:
    """Return the echo-state index for checked rows."""
    # only the end counts: at the start the distance is that of the start states themselves
    n_last = max(len(rows) // 10, 1)
    reference = run_reservoir(reservoir, rows)[-n_last:]
    size = np.linalg.norm(reference, axis=1).mean() or 1.0
    distances = []
    for _ in range(n_starts):
        start = rng.uniform(-1, 1, reservoir.n_units)
        states = run_reservoir(reservoir, rows, start)[-n_last:]
        distances.append(np.linalg.norm(states - reference, axis=1).mean())
    return float(np.mean(distances) / size)


@inherit_parameters(DIAGNOSTICS)
@checked(n_exponents=COUNT)
def conditional_lyapunov(model: ReservoirModel, rows: SeriesLike, *, n_exponents: int = 1) -> Array:
    """Return the leading Lyapunov exponents of the driven reservoir.

    J[t] = (1 - a) I + a diag(f') W along the states, by repeated QR; O in place of I with `mixing`

    With the largest one negative the reservoir forgets its start.

    Parameters
    ----------
    rows : array-like of shape (n_steps, n_features)
        The series that drives the reservoir, scaled as the reservoir sees it; its first tenth is
        left out of the average.
    n_exponents : int, default=1
        Number of exponents, at most n_units.

    Returns
    -------
    ndarray of shape (n_exponents,)
        The exponents per step, largest first.

    Raises
    ------
    ValueError
        If the rows have another width or contain NaN, or there are more exponents than units.

    See Also
    --------
    closed_loop_lyapunov : The exponents of a forecasting model that feeds itself.
    echo_state_index : The distance that is left between different starts.

    References
    ----------
    Benettin, Galgani, Giorgilli & Strelcyn (1980), Lyapunov characteristic exponents.

    Examples
    --------
    The exponent of a linear reservoir is the logarithm of its spectral radius:

    >>> import numpy as np
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import conditional_lyapunov
    >>> rows = np.zeros((100, 1))
    >>> reservoir = Reservoir(
    ...     n_units=20, topology="cycle", spectral_radius=0.5, leak_rate=1.0, activation="identity"
    ... ).fit(rows)
    >>> conditional_lyapunov(reservoir, rows).round(4)  # log(0.5)
    array([-0.6931])
    """
    return driven_exponents(get_reservoir(model), check_single_series(model, rows), n_exponents)


def driven_exponents(reservoir: Reservoir, rows: Array, n_exponents: int) -> Array:
    """Return the conditional exponents for checked rows."""
    states = run_reservoir(reservoir, rows)
    W, a = reservoir.recurrent_weights_, _column_of_rates(reservoir)
    previous = np.vstack([np.zeros(reservoir.n_units), states[:-1]])
    slopes = _slopes(reservoir, rows, states, previous)

    def tangent(t: int, Q: Array) -> Array:
        # J[t] Q = (1 - a) O Q + a diag(f'[t]) W Q
        return (1 - a) * _carried(reservoir, Q) + a * slopes[t][:, None] * (W @ Q)

    return _exponents(tangent, reservoir.n_units, n_exponents, len(rows))


@inherit_parameters(DIAGNOSTICS)
@checked(n_exponents=COUNT)
def closed_loop_lyapunov(
    model: ESNRegressor, *, n_steps: int = 5000, n_exponents: int = 3, exog: SeriesLike = None
) -> Array:
    """Return the leading Lyapunov exponents of a forecasting model's closed loop.

    dx[t] = (1 - a) dx[t-1] + a diag(f') (W dx[t-1] + W_o dy[t-1]), dy[t] = C_x dx[t] + C_o dy[t-1]

    Where the readout reads squares of x, 2 C_s diag(x[t]) adds to C_x.

    Parameters
    ----------
    model : ESNRegressor
        A model fitted for forecasting, on one series.
    n_steps : int, default=5000
        Steps of the free run; its first tenth is left out of the average.
    n_exponents : int, default=3
        Number of exponents, at most n_units + n_outputs.
    exog : array-like of shape (n_steps, n_exog), default=None
        The exogenous inputs of the free run, where the model has any.

    Returns
    -------
    ndarray of shape (n_exponents,)
        The exponents per step, largest first. The largest one is positive for chaos, zero for a
        limit cycle, negative for a fixed point.

    Raises
    ------
    TypeError
        If the model does not forecast.
    ValueError
        If it was fitted on several series, or has fewer directions than exponents asked for.

    See Also
    --------
    conditional_lyapunov : The exponents of the driven reservoir.

    References
    ----------
    Pathak, Lu, Hunt, Girvan & Ott (2017), Using machine learning to replicate chaotic attractors.

    Examples
    --------
    The free run of a model of a sine is a limit cycle:

    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, next_step
    >>> from reservoirs.diagnostics import closed_loop_lyapunov
    >>> X, y = next_step(np.sin(0.2 * np.arange(400)))
    >>> model = ESNRegressor(n_units=30, washout=50, random_state=0).fit(X, y)
    >>> exponents = closed_loop_lyapunov(model, n_steps=500, n_exponents=2)
    >>> bool(abs(exponents[0]) < 0.01)
    True
    """
    reservoir = get_reservoir(model)
    if not hasattr(model, "forecast"):
        raise TypeError(f"a {type(model).__name__} has no closed loop; pass a fitted ESNRegressor")
    if len(model.last_states_) > 1:
        raise ValueError(
            f"the model was fitted on {len(model.last_states_)} series and could go on from any; "
            "fit it on one"
        )
    forecast = np.asarray(model.forecast(n_steps, exog=exog)).reshape(n_steps, -1)
    end = model.training_end_
    # forecast refuses a model whose loop is not closed
    assert end.loop is not None and end.last_observations is not None
    scale, shift = end.loop
    n, m, a = reservoir.n_units, forecast.shape[1], _column_of_rates(reservoir)
    observed = np.vstack([end.last_observations[0], forecast[:-1]]) * scale + shift
    tail = None if end.tails is None else end.tails[0]
    exogenous = Columns(model).exog(exog, n_steps, None if tail is None else tail[-1:], tail)
    rows = np.hstack([observed, exogenous])
    states = run_reservoir(reservoir, rows, model.last_states_[0])
    previous = np.vstack([model.last_states_[0], states[:-1]])
    slopes = _slopes(reservoir, rows, states, previous)
    # The readout sees [x; u] with u[:m] = scale y + shift, so dy enters through columns times scale
    W, W_o = reservoir.recurrent_weights_, reservoir.input_weights_[:, :m] * scale
    C_x, C_u, C_s = np.split(model.coef_, [n, n + model.n_features_in_], axis=1)
    C_o = C_u[:, :m] * scale if C_u.size else np.zeros((m, m))

    def tangent(t: int, Q: Array) -> Array:
        dx, dy = Q[:n], Q[n:]
        # dx[t] first, then dy[t] = C_x dx[t] + C_o dy[t-1], as the model computes them
        dx_next = (1 - a) * _carried(reservoir, dx) + a * slopes[t][:, None] * (W @ dx + W_o @ dy)
        dy_next = C_x @ dx_next + C_o @ dy
        if C_s.size:  # d(x^2) = 2 x dx
            dy_next = dy_next + 2 * C_s @ (states[t][:, None] * dx_next)
        return np.vstack([dx_next, dy_next])

    return _exponents(tangent, n + m, n_exponents, n_steps)


def _column_of_rates(reservoir: Reservoir) -> float | Array:
    """Return the leak rate, or those of all units in a column."""
    rates = unit_rates(reservoir)
    return rates if isinstance(rates, float) else rates[:, None]


def _carried(reservoir: Reservoir, states: Array) -> Array:
    """Return what is carried on of states, or directions, in columns: O x with mixing, else x."""
    return states if reservoir.mixing is None else reservoir.mixing_weights_ @ states


def _slopes(reservoir: Reservoir, rows: Array, states: Array, previous: Array) -> Array:
    """Return the derivative of the activation at every step, from the states around it."""
    a, activation = unit_rates(reservoir), reservoir.activation
    if activation == "identity":
        return np.ones_like(states)
    if not isinstance(activation, str):
        driven = rows @ reservoir.input_weights_.T + reservoir.bias_
        return slopes_of(activation, driven + previous @ reservoir.recurrent_weights_.T)
    # f of the step is (x[t] - (1 - a) x[t-1]) / a
    active = (states - (1 - a) * _carried(reservoir, previous.T).T) / a
    slopes: Array = 1.0 - active**2 if activation == "tanh" else (active > 0).astype(np.float64)
    return slopes


def _exponents(tangent: Tangent, size: int, n_exponents: int, n_steps: int) -> Array:
    """Follow `n_exponents` tangent vectors and average the logarithms of their growth."""
    if n_exponents > size:
        raise ValueError(f"n_exponents must be in [1, {size}], got {n_exponents}; ask for fewer")
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((size, n_exponents)))[0]
    n_skipped, log_growth = n_steps // 10, np.zeros(n_exponents)
    for t in range(n_steps):
        # QR keeps the vectors apart; the diagonal of R is how much each one grew
        Q, R = np.linalg.qr(tangent(t, Q))
        if t >= n_skipped:
            log_growth += np.log(np.maximum(np.abs(np.diag(R)), np.finfo(float).tiny))
    return np.sort(log_growth / (n_steps - n_skipped))[::-1]
