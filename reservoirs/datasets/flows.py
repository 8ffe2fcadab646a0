"""Chaotic flows: Lorenz (1963), Roessler, the double scroll, Lorenz (1996)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from sklearn.utils import check_random_state

from reservoirs.estimators.ranges import COUNT, NOT_NEGATIVE, POSITIVE, checked
from reservoirs.sequences import Array

# Largest exponents per unit of time. Lorenz, Roessler: Sprott (2003), table A.2; double scroll:
# Gauthier et al. (2021); Lorenz-96: twin trajectories of 10^4 units, by n_units and forcing 8.
LYAPUNOV = {
    "lorenz63": 0.9056, "roessler": 0.0714, "double_scroll": 0.128, "lorenz96_5": 0.49,
    "lorenz96_10": 1.28, "lorenz96_40": 1.67, "kuramoto_sivashinsky_22": 0.0497,
    "mackey_glass17": 0.0054,
}  # fmt: skip
Velocity = Callable[[Array], Array]


def _lorenz(z: Array) -> Array:
    """Return the velocity at points z, (3, ...)."""
    x, y, w = z
    return np.stack([10.0 * (y - x), x * (28.0 - w) - y, x * y - 8.0 / 3.0 * w])


def _roessler(z: Array) -> Array:
    x, y, w = z
    return np.stack([-y - w, x + 0.2 * y, 0.2 + w * (x - 5.7)])


def _double_scroll(z: Array) -> Array:
    v1, v2, current = z
    across = v1 - v2
    through = across / 3.44 + 2.0 * 2.25e-5 * np.sinh(11.6 * across)
    return np.stack([v1 / 1.2 - through, through - current, v2 - 0.193 * current])


def _lorenz96(z: Array, forcing: float) -> Array:
    ahead, behind, far = np.roll(z, -1, 0), np.roll(z, 1, 0), np.roll(z, 2, 0)
    return (ahead - far) * behind - z + forcing


@dataclass(frozen=True)
class _Flow:
    """A flow, a box that starts are drawn from, and the longest step of the Runge-Kutta scheme."""

    velocity: Velocity
    middle: Array
    spread: Array
    substep: float


def _rk4(velocity: Velocity, z: Array, n_steps: int, dt: float, substep: float) -> Array:
    """Integrate all points at once with the classical scheme; return (n_steps, *z.shape)."""
    n_sub = int(np.ceil(dt / substep))
    h, out = dt / n_sub, np.empty((n_steps, *z.shape))
    for n in range(n_steps):
        out[n] = z
        for _ in range(n_sub):
            k1 = velocity(z)
            k2 = velocity(z + 0.5 * h * k1)
            k3 = velocity(z + 0.5 * h * k2)
            k4 = velocity(z + h * k3)
            z = z + (h / 6.0) * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return out


def _simulate(
    flow: _Flow, n_steps: int, dt: float, n_series: int | None, initial: Any, transient: float,
    method: str, tolerance: float, random_state: Any,
) -> Array:  # fmt: skip
    """Return (n_steps, n) or (n_series, n_steps, n); parameters as for `lorenz63`.

    Raises
    ------
    ValueError
        If `initial` has another shape.
    """
    size = len(flow.middle)
    shape = (size,) if n_series is None else (n_series, size)
    if initial is None:
        drawn = check_random_state(random_state).uniform(-1.0, 1.0, size=shape)
        start = flow.middle + flow.spread * drawn
        settle = max(transient, flow.substep)
        start = _rk4(flow.velocity, start.T, 2, settle, flow.substep)[1].T
    else:
        start = np.asarray(initial, dtype=np.float64)
    if start.shape != shape:
        raise ValueError(
            f"initial must have shape {shape}, got {start.shape}; set n_series to match"
        )
    if method == "rk4":
        rows = _rk4(flow.velocity, start.T, n_steps, dt, flow.substep)
        return rows if n_series is None else rows.transpose(2, 0, 1)
    t = dt * np.arange(n_steps)

    def solve(z: Array) -> Array:
        return solve_ivp(
            lambda _, z: flow.velocity(z), (0.0, t[-1]), z, method=method, t_eval=t,
            rtol=tolerance, atol=tolerance,
        ).y.T  # fmt: skip

    return solve(start) if n_series is None else np.stack([solve(z) for z in start])


@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
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
    flow = _Flow(_lorenz, np.array([0.0, 0.0, 25.0]), np.full(3, 8.0), 0.002)
    return _simulate(flow, n_steps, dt, n_series, initial, transient, method, tolerance,
                     random_state)  # fmt: skip


@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def roessler(
    n_steps: int = 10_000,
    *,
    dt: float = 0.1,
    n_series: int | None = None,
    initial: Any = None,
    transient: float = 100.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Any = None,
) -> Array:
    """Simulate x' = -y - z, y' = x + 0.2 y, z' = 0.2 + z (x - 5.7).

    Parameters
    ----------
    n_steps, dt, n_series, initial, transient, method, tolerance, random_state : see `lorenz63`; the
        Runge-Kutta steps are at most 0.01

    Returns
    -------
    (n_steps, 3), or (n_series, n_steps, 3)

    References
    ----------
    Roessler (1976), An equation for continuous chaos.
    """
    flow = _Flow(_roessler, np.array([0.0, -4.0, 0.02]), np.array([2.0, 2.0, 0.01]), 0.01)
    return _simulate(flow, n_steps, dt, n_series, initial, transient, method, tolerance,
                     random_state)  # fmt: skip


@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def double_scroll(
    n_steps: int = 2000,
    *,
    dt: float = 0.25,
    n_series: int | None = None,
    initial: Any = None,
    transient: float = 100.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Any = None,
) -> Array:
    """Simulate the double-scroll circuit, dimensionless.

    V1' = V1 / R1 - g, V2' = g - I, I' = V2 - R4 I with g = dV / R2 + 2 Ir sinh(b dV), dV = V1 - V2,
    R1 = 1.2, R2 = 3.44, R4 = 0.193, Ir = 2.25e-5, b = 11.6

    Parameters
    ----------
    n_steps, dt, n_series, initial, transient, method, tolerance, random_state : see `lorenz63`; the
        Runge-Kutta steps are at most 0.01

    Returns
    -------
    (n_steps, 3), V1, V2 and I, or (n_series, n_steps, 3)

    References
    ----------
    Chang, Sturmberg & Gauthier (1998); Gauthier et al. (2021), Next generation reservoir computing.
    """
    middle = np.array([0.37926545, 0.058339, -0.08167691])
    flow = _Flow(_double_scroll, middle, np.full(3, 0.02), 0.01)
    return _simulate(flow, n_steps, dt, n_series, initial, transient, method, tolerance,
                     random_state)  # fmt: skip


@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def lorenz96(
    n_steps: int = 10_000,
    *,
    n_units: int = 40,
    forcing: float = 8.0,
    dt: float = 0.01,
    n_series: int | None = None,
    initial: Any = None,
    transient: float = 50.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Any = None,
) -> Array:
    """Simulate x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F on a ring.

    Parameters
    ----------
    n_steps, dt, n_series, initial, transient, method, tolerance, random_state : see `lorenz63`; the
        Runge-Kutta steps are at most 0.01, starts are F plus something below 0.01
    n_units : length of the ring, at least 4
    forcing : F

    Returns
    -------
    (n_steps, n_units), or (n_series, n_steps, n_units)

    Raises
    ------
    ValueError
        For a ring that is too short.

    References
    ----------
    Lorenz (1996), Predictability: a problem partly solved.
    """
    if n_units < 4:
        raise ValueError(f"n_units must be at least 4, got {n_units}")
    velocity = partial(_lorenz96, forcing=forcing)
    flow = _Flow(velocity, np.full(n_units, forcing), np.full(n_units, 0.01), 0.01)
    return _simulate(flow, n_steps, dt, n_series, initial, transient, method, tolerance,
                     random_state)  # fmt: skip
