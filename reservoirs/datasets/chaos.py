"""Chaotic systems: Lorenz (1963) and Mackey-Glass."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from sklearn.utils import check_random_state

from reservoirs.sequences import Array

LYAPUNOV = {"lorenz63": 0.9056}  # largest exponents per unit of time, Sprott (2003), table A.2
SUBSTEP = 0.002  # of the Runge-Kutta scheme, at most


def _lorenz(z: Array) -> Array:
    """Return the velocity at points z, (3, ...)."""
    x, y, w = z
    return np.stack([10.0 * (y - x), x * (28.0 - w) - y, x * y - 8.0 / 3.0 * w])


def _rk4(z: Array, n_steps: int, dt: float) -> Array:
    """Integrate all points at once with the classical scheme; return (n_steps, *z.shape)."""
    n_sub = int(np.ceil(dt / SUBSTEP))
    h, out = dt / n_sub, np.empty((n_steps, *z.shape))
    for n in range(n_steps):
        out[n] = z
        for _ in range(n_sub):
            k1 = _lorenz(z)
            k2 = _lorenz(z + 0.5 * h * k1)
            k3 = _lorenz(z + 0.5 * h * k2)
            k4 = _lorenz(z + h * k3)
            z = z + (h / 6.0) * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return out


def lorenz63(
    n_steps: int = 10_000,
    *,
    dt: float = 0.01,
    n_series: int | None = None,
    initial: Any = None,
    transient: float = 20.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Any = None,
) -> Array:
    """Simulate x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8/3 z.

    Parameters
    ----------
    n_steps : length
    dt : time per step
    n_series : None for one series, else how many, from starts of their own
    initial : (3,) or (n_series, 3) at the first step; None draws starts and runs `transient` first
    transient : time thrown away after a drawn start
    method : "rk4" (steps of at most 0.002, all series at once) or a method of
        `scipy.integrate.solve_ivp`, "DOP853" or "RK23", say
    tolerance : relative and absolute, of solve_ivp
    random_state : seed of the starts

    Returns
    -------
    (n_steps, 3), or (n_series, n_steps, 3)

    Raises
    ------
    ValueError
        If `initial` has another shape.

    References
    ----------
    Lorenz (1963), Deterministic nonperiodic flow, eqs. 25-27.
    """
    shape = (3,) if n_series is None else (n_series, 3)
    if initial is None:
        drawn = check_random_state(random_state).uniform(-1.0, 1.0, size=shape)
        start = np.array([0.0, 0.0, 25.0]) + 8.0 * drawn
        start = _rk4(start.T, 2, max(transient, SUBSTEP))[1].T
    else:
        start = np.asarray(initial, dtype=np.float64)
    if start.shape != shape:
        raise ValueError(
            f"initial must have shape {shape}, got {start.shape}; set n_series to match"
        )
    if method == "rk4":
        rows = _rk4(start.T, n_steps, dt)  # (n_steps, 3) or (n_steps, 3, n_series)
        return rows if n_series is None else rows.transpose(2, 0, 1)
    t = dt * np.arange(n_steps)

    def solve(z: Array) -> Array:
        return solve_ivp(
            lambda _, z: _lorenz(z), (0.0, t[-1]), z, method=method, t_eval=t,
            rtol=tolerance, atol=tolerance,
        ).y.T  # fmt: skip

    return solve(start) if n_series is None else np.stack([solve(z) for z in start])


def mackey_glass(
    n_steps: int = 3000,
    *,
    tau: int = 17,
    transient: int = 1000,
    random_state: Any = None,
) -> Array:
    """Simulate y' = 0.2 y(t - tau) / (1 + y(t - tau)^10) - 0.1 y by Euler steps of 0.1.

    Every tenth step is kept, so that rows are one unit of time apart.

    Parameters
    ----------
    n_steps : length
    tau : delay, in units of time; 17 is mildly chaotic, 30 more so
    transient : units of time thrown away first
    random_state : seed of the history before the start

    Returns
    -------
    (n_steps,), original units; classically squashed to tanh(y - 1)

    References
    ----------
    Mackey & Glass (1977); Jaeger (2001), The "echo state" approach, GMD report 148, section 4.2.
    """
    delay, total = 10 * tau, 10 * (n_steps + transient)
    history = 1.2 + 0.2 * check_random_state(random_state).uniform(-1.0, 1.0, size=delay + 1)
    values = history.tolist()
    y = values[-1]
    for n in range(total):
        old = values[n]
        y += 0.1 * (0.2 * old / (1.0 + old**10) - 0.1 * y)
        values.append(y)
    return np.array(values[delay + 1 + 10 * transient :: 10])
