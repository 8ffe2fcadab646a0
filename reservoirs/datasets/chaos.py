"""Chaos with a memory or in space: Mackey-Glass and Kuramoto-Sivashinsky."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.estimators.ranges import COUNT, COUNT_OR_ZERO, NOT_NEGATIVE, POSITIVE, checked
from reservoirs.sequences import Array

CONTOUR = 32  # points of the contour integrals that evaluate the coefficients


@checked(n_steps=COUNT, tau=COUNT, transient=COUNT_OR_ZERO)
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


@checked(
    n_steps=COUNT, length=POSITIVE, dt=POSITIVE, n_series=[COUNT, None], transient=NOT_NEGATIVE
)
def kuramoto_sivashinsky(
    n_steps: int = 4000,
    *,
    length: float = 22.0,
    n_points: int = 64,
    dt: float = 0.25,
    n_series: int | None = None,
    transient: float = 200.0,
    random_state: Any = None,
) -> Array:
    """Simulate u_t = -u u_x - u_xx - u_xxxx on a ring.

    Fourier modes in space, the exponential Runge-Kutta scheme of fourth order (ETDRK4) in time. The
    modes are those of a real field, and the highest one stays zero: with complex ones the round-off
    of the imaginary part grows until the solution blows up at t = 200.

    Parameters
    ----------
    n_steps : length
    length : L of the ring
    n_points : of the grid, even
    dt : time per step, also of the scheme
    n_series : None for one series, else how many, from starts of their own
    transient : time thrown away after the start, a random field of long waves
    random_state : seed of the starts

    Returns
    -------
    (n_steps, n_points), or (n_series, n_steps, n_points)

    Raises
    ------
    ValueError
        For an odd number of points.

    References
    ----------
    Kassam & Trefethen (2005), Fourth-order time-stepping for stiff PDEs.
    """
    if n_points < 8 or n_points % 2:
        raise ValueError(f"n_points must be even and at least 8, got {n_points}")
    rng, x = check_random_state(random_state), np.arange(n_points) / n_points
    waves = 2.0 * np.pi * np.arange(1, 4)[:, None] * x
    weights = rng.normal(size=(n_series or 1, 2, 3))
    v = np.fft.rfft(weights[:, 0] @ np.cos(waves) + weights[:, 1] @ np.sin(waves))
    k = 2.0 * np.pi / length * np.arange(n_points // 2 + 1)
    k[-1] = 0.0  # the highest mode of a real field has no derivative
    step = _etdrk4(k, dt, n_points)
    for _ in range(round(transient / dt)):
        v = step(v)
    out = np.empty((n_series or 1, n_steps, n_points))
    for n in range(n_steps):
        out[:, n] = np.fft.irfft(v, n_points)
        v = step(v)
    return out[0] if n_series is None else out


def _etdrk4(k: Array, dt: float, n_points: int) -> Any:
    """Return the step of the scheme: modes -> modes, (n_series, n_points // 2 + 1)."""
    linear = k**2 - k**4
    whole, half = np.exp(dt * linear), np.exp(dt * linear / 2)
    around = np.exp(1j * np.pi * (np.arange(1, CONTOUR + 1) - 0.5) / CONTOUR)
    z = dt * linear[:, None] + around
    q = dt * ((np.exp(z / 2) - 1) / z).mean(axis=1).real
    f1 = dt * ((-4 - z + np.exp(z) * (4 - 3 * z + z**2)) / z**3).mean(axis=1).real
    f2 = dt * ((2 + z + np.exp(z) * (-2 + z)) / z**3).mean(axis=1).real
    f3 = dt * ((-4 - 3 * z - z**2 + np.exp(z) * (4 - z)) / z**3).mean(axis=1).real

    def advection(v: Array) -> Array:
        found = -0.5j * k * np.fft.rfft(np.fft.irfft(v, n_points) ** 2)
        found[..., -1] = 0.0
        return found

    def step(v: Array) -> Array:
        n_v = advection(v)
        a = half * v + q * n_v
        n_a = advection(a)
        b = half * v + q * n_a
        n_b = advection(b)
        n_c = advection(half * a + q * (2 * n_b - n_v))
        return whole * v + n_v * f1 + 2 * (n_a + n_b) * f2 + n_c * f3

    return step
