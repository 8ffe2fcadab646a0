"""Flows integrated in time: many series at once by Runge-Kutta, or one by one by SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from sklearn.utils import check_random_state

from reservoirs.sequences import Array, Seed

Velocity = Callable[[Array], Array]  # points (n_dims, ...) -> their rates of change


@dataclass(frozen=True)
class Flow:
    """A flow and how it is integrated.

    Attributes
    ----------
    velocity : callable
        The right-hand side, points (n_dims, ...) to their rates of change.
    centre, half_width : ndarray of shape (n_dims,)
        Box of initial conditions, centre - half_width to centre + half_width.
    max_step : float
        Longest step of the Runge-Kutta scheme, in time.
    """

    velocity: Velocity
    centre: Array
    half_width: Array
    max_step: float


@dataclass(frozen=True)
class Start:
    """Where the series of a flow start; the attributes are described in `flows.lorenz63`."""

    n_series: int | None
    initial: ArrayLike | None
    transient: float
    random_state: Seed

    def points(self, flow: Flow) -> Array:
        """Return the first row of each series, (n_dims,) or (n_series, n_dims).

        Raises
        ------
        ValueError
            If `initial` has another shape.
        """
        n_dims = len(flow.centre)
        shape = (n_dims,) if self.n_series is None else (self.n_series, n_dims)
        if self.initial is None:
            offsets = check_random_state(self.random_state).uniform(-1.0, 1.0, size=shape)
            drawn = flow.centre + flow.half_width * offsets
            # the box is not the attractor: every drawn point moves, if only by one step
            transient = max(self.transient, flow.max_step)
            points = rk4(flow, drawn.T, 2, transient)[1].T
        else:
            points = np.asarray(self.initial, dtype=np.float64)
        if points.shape != shape:
            raise ValueError(
                f"initial must have shape {shape}, got {points.shape}; set n_series to match"
            )
        return points


@dataclass(frozen=True)
class Sampling:
    """The rows wanted of a flow and how they are computed; see `flows.lorenz63`."""

    n_steps: int
    dt: float
    method: str
    tolerance: float


def rk4(flow: Flow, z: Array, n_steps: int, dt: float) -> Array:
    """Integrate all points at once with the classical scheme; return (n_steps, *z.shape)."""
    velocity = flow.velocity
    n_substeps = int(np.ceil(dt / flow.max_step))
    h, rows = dt / n_substeps, np.empty((n_steps, *z.shape))
    for n in range(n_steps):
        rows[n] = z
        for _ in range(n_substeps):
            k1 = velocity(z)
            k2 = velocity(z + 0.5 * h * k1)
            k3 = velocity(z + 0.5 * h * k2)
            k4 = velocity(z + h * k3)
            z = z + (h / 6.0) * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return rows


def simulate(flow: Flow, start: Start, sampling: Sampling) -> Array:
    """Return (n_steps, n_dims) or (n_series, n_steps, n_dims)."""
    points, n_steps, dt = start.points(flow), sampling.n_steps, sampling.dt
    if sampling.method == "rk4":
        # velocities take (n_dims, n_series), so that all series are one array operation
        rows = rk4(flow, points.T, n_steps, dt)
        return rows if points.ndim == 1 else rows.transpose(2, 0, 1)
    t = dt * np.arange(n_steps)

    def solve(z: Array) -> Array:
        solution = solve_ivp(
            lambda _, z: flow.velocity(z),
            (0.0, t[-1]),
            z,
            method=sampling.method,
            t_eval=t,
            rtol=sampling.tolerance,
            atol=sampling.tolerance,
        )
        return solution.y.T

    return solve(points) if points.ndim == 1 else np.stack([solve(z) for z in points])
