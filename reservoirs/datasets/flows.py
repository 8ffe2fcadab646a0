"""Chaotic flows: Lorenz (1963), Roessler, the double scroll, Lorenz (1996)."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.datasets.integration import Flow, Sampling, Start, simulate
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.estimators.ranges import COUNT, NOT_NEGATIVE, POSITIVE, checked
from reservoirs.sequences import Array, Seed

# Largest exponents per unit of time. Lorenz, Roessler: Sprott (2003), table A.2; double scroll:
# Gauthier et al. (2021); Lorenz-96: twin trajectories of 10^4 units, by n_units and forcing 8.
LYAPUNOV = {
    "lorenz63": 0.9056,
    "roessler": 0.0714,
    "double_scroll": 0.128,
    "lorenz96_5": 0.49,
    "lorenz96_10": 1.28,
    "lorenz96_40": 1.67,
    "kuramoto_sivashinsky_22": 0.0497,
    "mackey_glass17": 0.0054,
}

FLOW = """Arguments that all flows take.

Parameters
----------
n_series : int, default=None
    Number of series, each from its own initial conditions; None gives one series without the axis
    of series.
initial : array-like of shape (n_dims,) or (n_series, n_dims), default=None
    The first row of every series. None draws initial conditions and runs `transient` first.
method : str, default="rk4"
    "rk4", the classical Runge-Kutta scheme, all series at once, or a method of
    `scipy.integrate.solve_ivp` such as "DOP853" or "RK23".
tolerance : float, default=1e-10
    Relative and absolute tolerance of solve_ivp.
random_state : int, RandomState instance or None, default=None
    Seed of the initial conditions.
"""


def _lorenz(z: Array) -> Array:
    """Return the velocity at points z, (3, ...)."""
    x, y, w = z
    return np.array([10.0 * (y - x), x * (28.0 - w) - y, x * y - 8.0 / 3.0 * w])


def _roessler(z: Array) -> Array:
    x, y, w = z
    return np.array([-y - w, x + 0.2 * y, 0.2 + w * (x - 5.7)])


def _double_scroll(z: Array) -> Array:
    V1, V2, current = z
    dV = V1 - V2
    g = dV / 3.44 + 2.0 * 2.25e-5 * np.sinh(11.6 * dV)
    return np.array([V1 / 1.2 - g, g - current, V2 - 0.193 * current])


def _lorenz96(z: Array, forcing: float) -> Array:
    # np.roll by -1 brings x_{i+1} to place i, by 1 x_{i-1}, by 2 x_{i-2}
    next_1, previous_1, previous_2 = np.roll(z, -1, 0), np.roll(z, 1, 0), np.roll(z, 2, 0)
    return (next_1 - previous_2) * previous_1 - z + forcing


@inherit_parameters(FLOW)
@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def lorenz63(
    n_steps: int = 10_000,
    *,
    dt: float = 0.01,
    n_series: int | None = None,
    initial: ArrayLike | None = None,
    transient: float = 20.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Seed = None,
) -> Array:
    """Simulate the flow of Lorenz (1963).

    x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8/3 z

    The steps of the Runge-Kutta scheme are at most 0.002.

    Parameters
    ----------
    n_steps : int, default=10000
        Number of rows.
    dt : float, default=0.01
        Time per row, dimensionless.
    transient : float, default=20.0
        Transient discarded before the first sample, in time; only where initial is None.

    Returns
    -------
    ndarray of shape (n_steps, 3) or (n_series, n_steps, 3)
        The rows x, y, z.

    Raises
    ------
    ValueError
        If `initial` has another shape.

    See Also
    --------
    roessler : A flow that spirals in a band.
    double_scroll : An electronic circuit.
    lorenz96 : Chaos in space and time.

    References
    ----------
    Lorenz (1963), Deterministic nonperiodic flow, eqs. 25-27.

    Examples
    --------
    >>> from reservoirs.datasets import lorenz63
    >>> lorenz63(100, n_series=2, transient=1.0, random_state=0).shape
    (2, 100, 3)
    >>> lorenz63(2, initial=[1.0, 1.0, 1.0]).round(4)
    array([[1.    , 1.    , 1.    ],
           [1.0126, 1.2599, 0.9849]])
    """
    flow = Flow(_lorenz, np.array([0.0, 0.0, 25.0]), np.full(3, 8.0), 0.002)
    start = Start(n_series, initial, transient, random_state)
    return simulate(flow, start, Sampling(n_steps, dt, method, tolerance))


@inherit_parameters(FLOW)
@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def roessler(
    n_steps: int = 10_000,
    *,
    dt: float = 0.1,
    n_series: int | None = None,
    initial: ArrayLike | None = None,
    transient: float = 100.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Seed = None,
) -> Array:
    """Simulate the flow of Roessler (1976).

    x' = -y - z, y' = x + 0.2 y, z' = 0.2 + z (x - 5.7)

    The steps of the Runge-Kutta scheme are at most 0.01.

    Parameters
    ----------
    n_steps : int, default=10000
        Number of rows.
    dt : float, default=0.1
        Time per row, dimensionless.
    transient : float, default=100.0
        Transient discarded before the first sample, in time; only where initial is None.

    Returns
    -------
    ndarray of shape (n_steps, 3) or (n_series, n_steps, 3)
        The rows x, y, z.

    See Also
    --------
    lorenz63 : A flow with a larger exponent.

    References
    ----------
    Roessler (1976), An equation for continuous chaos.

    Examples
    --------
    >>> from reservoirs.datasets import roessler
    >>> roessler(100, transient=5.0, random_state=0).shape
    (100, 3)
    """
    flow = Flow(_roessler, np.array([0.0, -4.0, 0.02]), np.array([2.0, 2.0, 0.01]), 0.01)
    start = Start(n_series, initial, transient, random_state)
    return simulate(flow, start, Sampling(n_steps, dt, method, tolerance))


@inherit_parameters(FLOW)
@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def double_scroll(
    n_steps: int = 2000,
    *,
    dt: float = 0.25,
    n_series: int | None = None,
    initial: ArrayLike | None = None,
    transient: float = 100.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Seed = None,
) -> Array:
    """Simulate the double-scroll circuit, dimensionless.

    V1' = V1 / R1 - g, V2' = g - I, I' = V2 - R4 I with g = dV / R2 + 2 Ir sinh(b dV), dV = V1 - V2,
    R1 = 1.2, R2 = 3.44, R4 = 0.193, Ir = 2.25e-5, b = 11.6

    The steps of the Runge-Kutta scheme are at most 0.01.

    Parameters
    ----------
    n_steps : int, default=2000
        Number of rows.
    dt : float, default=0.25
        Time per row, dimensionless.
    transient : float, default=100.0
        Transient discarded before the first sample, in time; only where initial is None.

    Returns
    -------
    ndarray of shape (n_steps, 3) or (n_series, n_steps, 3)
        The rows V1, V2, I.

    See Also
    --------
    lorenz63 : A flow with a larger exponent.

    References
    ----------
    Chang, Sturmberg & Gauthier (1998); Gauthier et al. (2021), Next generation reservoir computing.

    Examples
    --------
    >>> from reservoirs.datasets import double_scroll
    >>> double_scroll(100, transient=5.0, random_state=0).shape
    (100, 3)
    """
    centre = np.array([0.37926545, 0.058339, -0.08167691])
    flow = Flow(_double_scroll, centre, np.full(3, 0.02), 0.01)
    start = Start(n_series, initial, transient, random_state)
    return simulate(flow, start, Sampling(n_steps, dt, method, tolerance))


@inherit_parameters(FLOW)
@checked(n_steps=COUNT, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE)
def lorenz96(
    n_steps: int = 10_000,
    *,
    n_units: int = 40,
    forcing: float = 8.0,
    dt: float = 0.01,
    n_series: int | None = None,
    initial: ArrayLike | None = None,
    transient: float = 50.0,
    method: str = "rk4",
    tolerance: float = 1e-10,
    random_state: Seed = None,
) -> Array:
    """Simulate the flow of Lorenz (1996) on a ring.

    x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F

    The steps of the Runge-Kutta scheme are at most 0.01. Initial conditions are within 0.01 of F.

    Parameters
    ----------
    n_steps : int, default=10000
        Number of rows.
    n_units : int, default=40
        Length of the ring, at least 4.
    forcing : float, default=8.0
        F.
    dt : float, default=0.01
        Time per row, dimensionless.
    transient : float, default=50.0
        Transient discarded before the first sample, in time; only where initial is None.

    Returns
    -------
    ndarray of shape (n_steps, n_units) or (n_series, n_steps, n_units)
        The rows x_1, ..., x_n.

    Raises
    ------
    ValueError
        If the ring is too short.

    See Also
    --------
    kuramoto_sivashinsky : A partial differential equation on a ring.
    lorenz63 : A flow of three variables.

    References
    ----------
    Lorenz (1996), Predictability: a problem partly solved.

    Examples
    --------
    >>> from reservoirs.datasets import lorenz96
    >>> lorenz96(100, n_units=5, transient=1.0, random_state=0).shape
    (100, 5)
    """
    if n_units < 4:
        raise ValueError(f"n_units must be at least 4, got {n_units}")
    velocity = partial(_lorenz96, forcing=forcing)
    flow = Flow(velocity, np.full(n_units, forcing), np.full(n_units, 0.01), 0.01)
    start = Start(n_series, initial, transient, random_state)
    return simulate(flow, start, Sampling(n_steps, dt, method, tolerance))
