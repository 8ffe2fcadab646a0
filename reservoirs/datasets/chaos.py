"""Chaos with a memory or in space: Mackey-Glass and Kuramoto-Sivashinsky."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.estimators.ranges import COUNT, COUNT_OR_ZERO, NOT_NEGATIVE, POSITIVE, checked
from reservoirs.sequences import Array, Seed

CONTOUR = 32  # points of the contour integrals that evaluate the coefficients


@checked(n_steps=COUNT, tau=COUNT, transient=COUNT_OR_ZERO)
def mackey_glass(
    n_steps: int = 3000,
    *,
    tau: int = 17,
    transient: int = 1000,
    random_state: Seed = None,
) -> Array:
    """Simulate the delay equation of Mackey and Glass (1977).

    y' = 0.2 y(t - tau) / (1 + y(t - tau)^10) - 0.1 y

    Euler steps of 0.1; every tenth is kept, so that rows are one unit of time apart.

    Parameters
    ----------
    n_steps : int, default=3000
        Number of rows.
    tau : int, default=17
        Delay in units of time; 17 is mildly chaotic, 30 more so.
    transient : int, default=1000
        Transient discarded before the first sample, in units of time.
    random_state : int, RandomState instance or None, default=None
        Seed of the history before the start.

    Returns
    -------
    ndarray of shape (n_steps,)
        The values y in original units; classically squashed to tanh(y - 1).

    See Also
    --------
    lorenz63 : Chaos without a delay.
    kuramoto_sivashinsky : Chaos in space and time.

    References
    ----------
    Mackey & Glass (1977); Jaeger (2001), The "echo state" approach, GMD report 148, section 4.2.

    Examples
    --------
    >>> from reservoirs.datasets import mackey_glass
    >>> y = mackey_glass(500, random_state=0)
    >>> y.shape, bool(0.2 < y.min() < y.max() < 1.4)
    ((500,), True)
    """
    delay, n_euler = 10 * tau, 10 * (n_steps + transient)
    history = 1.2 + 0.2 * check_random_state(random_state).uniform(-1.0, 1.0, size=delay + 1)
    values = history.tolist()
    y = values[-1]
    for n in range(n_euler):
        delayed = values[n]
        y += 0.1 * (0.2 * delayed / (1.0 + delayed**10) - 0.1 * y)
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
    random_state: Seed = None,
) -> Array:
    """Simulate the Kuramoto-Sivashinsky equation on a ring.

    u_t = -u u_x - u_xx - u_xxxx

    Fourier modes in space, the exponential Runge-Kutta scheme of fourth order (ETDRK4) in time. The
    modes are those of a real field, and the highest one stays zero: with complex ones the round-off
    of the imaginary part grows until the solution blows up at t = 200.

    Parameters
    ----------
    n_steps : int, default=4000
        Number of rows.
    length : float, default=22.0
        Length L of the ring, dimensionless.
    n_points : int, default=64
        Number of grid points, even and at least 8.
    dt : float, default=0.25
        Time per row, which is also the step of the scheme.
    n_series : int, default=None
        Number of series, each from its own initial conditions; None gives one series without the
        axis of series.
    transient : float, default=200.0
        Transient discarded before the first sample, in time.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial conditions, random fields of the three longest waves.

    Returns
    -------
    ndarray of shape (n_steps, n_points) or (n_series, n_steps, n_points)
        The field u at the grid points.

    Raises
    ------
    ValueError
        If the number of points is odd or too small.

    See Also
    --------
    lorenz96 : Chaos on a ring of coupled ordinary differential equations.

    References
    ----------
    Kassam & Trefethen (2005), Fourth-order time-stepping for stiff PDEs.

    Examples
    --------
    >>> from reservoirs.datasets import kuramoto_sivashinsky
    >>> u = kuramoto_sivashinsky(100, n_points=32, random_state=0)
    >>> u.shape, bool(abs(u.mean()) < 1e-12)  # the mean is conserved
    ((100, 32), True)
    """
    if n_points < 8 or n_points % 2:
        raise ValueError(f"n_points must be even and at least 8, got {n_points}")
    rng, x = check_random_state(random_state), np.arange(n_points) / n_points
    phases = 2.0 * np.pi * np.arange(1, 4)[:, None] * x
    weights = rng.normal(size=(n_series or 1, 2, 3))
    v = np.fft.rfft(weights[:, 0] @ np.cos(phases) + weights[:, 1] @ np.sin(phases))
    k = 2.0 * np.pi / length * np.arange(n_points // 2 + 1)
    k[-1] = 0.0  # the highest mode of a real field has no derivative
    step = _etdrk4(k, dt, n_points)
    for _ in range(round(transient / dt)):
        v = step(v)
    u = np.empty((n_series or 1, n_steps, n_points))
    for n in range(n_steps):
        u[:, n] = np.fft.irfft(v, n_points)
        v = step(v)
    return u[0] if n_series is None else u


def _etdrk4(k: Array, dt: float, n_points: int) -> Callable[[Array], Array]:
    """Return the step of the scheme: modes -> modes, (n_series, n_points // 2 + 1)."""
    linear = k**2 - k**4
    decay, half_decay = np.exp(dt * linear), np.exp(dt * linear / 2)
    # Each coefficient is a mean over a circle around dt L: close to 0 its formula loses all digits
    circle = np.exp(1j * np.pi * (np.arange(1, CONTOUR + 1) - 0.5) / CONTOUR)
    z = dt * linear[:, None] + circle
    q = dt * ((np.exp(z / 2) - 1) / z).mean(axis=1).real
    f1 = dt * ((-4 - z + np.exp(z) * (4 - 3 * z + z**2)) / z**3).mean(axis=1).real
    f2 = dt * ((2 + z + np.exp(z) * (-2 + z)) / z**3).mean(axis=1).real
    f3 = dt * ((-4 - 3 * z - z**2 + np.exp(z) * (4 - z)) / z**3).mean(axis=1).real

    def advection(v: Array) -> Array:
        # -u u_x = -(u^2 / 2)_x, the product formed on the grid
        modes = -0.5j * k * np.fft.rfft(np.fft.irfft(v, n_points) ** 2)
        modes[..., -1] = 0.0
        return modes

    def step(v: Array) -> Array:
        n_v = advection(v)
        a = half_decay * v + q * n_v
        n_a = advection(a)
        b = half_decay * v + q * n_a
        n_b = advection(b)
        n_c = advection(half_decay * a + q * (2 * n_b - n_v))
        return decay * v + n_v * f1 + 2 * (n_a + n_b) * f2 + n_c * f3

    return step
