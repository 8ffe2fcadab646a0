"""Sines, the damped, driven oscillator, van der Pol's, and the examples of the lecture notes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg
from scipy.integrate import solve_ivp
from sklearn.utils import Bunch, check_random_state

from reservoirs.estimators.ranges import COUNT, NOT_NEGATIVE, POSITIVE, checked
from reservoirs.sequences import Array


@checked(n_steps=COUNT, noise=NOT_NEGATIVE)
def sine(
    n_steps: int = 1000, *, step: float = 0.2, noise: float = 0.0, random_state: Any = None
) -> Bunch:
    """Return y[n] = sin(step n), clean and with Gaussian noise.

    Parameters
    ----------
    n_steps : length
    step : radians per step
    noise : standard deviation of the noise
    random_state : seed of the noise

    Returns
    -------
    Bunch with `y` (observed) and `clean`, (n_steps,) each
    """
    clean = np.sin(step * np.arange(n_steps))
    draws = check_random_state(random_state).standard_normal(n_steps)
    return Bunch(y=clean + noise * draws, clean=clean)


@checked(n_steps=COUNT)
def lagged_sine(n_steps: int = 1000) -> Array:
    """Return n_steps values of sin on [0, 4 pi], the 20-lag example of the lecture notes."""
    return np.sin(np.linspace(0.0, 4.0 * np.pi, n_steps))


@checked(n_steps=COUNT)
def lagged_sine_noisy(n_steps: int = 1000, *, random_state: Any = None) -> Array:
    """Return x[t] = sin(0.02 t) + 2 u[t], u uniform on [0, 1).

    The noise cannot be predicted: the smallest mean squared error is 4/12 = 1/3.

    Parameters
    ----------
    n_steps : length
    random_state : seed of u
    """
    u = check_random_state(random_state).uniform(size=n_steps)
    return np.sin(0.02 * np.arange(n_steps)) + 2.0 * u


TONES = (0.35, 0.77, 1.0, 1.43, 2.1)


def _cos(t: Array, rng: np.random.RandomState) -> Array:
    return 0.5 * np.cos(1.3 * t)


def _multi(t: Array, rng: np.random.RandomState) -> Array:
    phases = rng.uniform(0, 2 * np.pi, size=len(TONES))
    return sum(
        (0.3 * np.cos(w * t + p) for w, p in zip(TONES, phases, strict=True)),
        start=np.zeros(len(t)),
    )


def _hold(t: Array, rng: np.random.RandomState) -> Array:
    return np.repeat(rng.uniform(-1, 1, size=-(-len(t) // 20)), 20)[: len(t)]


def _none(t: Array, rng: np.random.RandomState) -> Array:
    return np.zeros(len(t))


FORCINGS: dict[str, Callable[[Array, np.random.RandomState], Array]] = {
    "cos": _cos,
    "multi": _multi,
    "hold": _hold,
    "none": _none,
}


def _zoh_matrices(eta: float, dt: float) -> tuple[Array, Array]:
    """Return A, B of the exact step z' = A z + B F for F held over dt."""
    drift = np.array([[0.0, 1.0, 0.0], [-1.0, -eta, 1.0], [0.0, 0.0, 0.0]])
    full = scipy.linalg.expm(drift * dt)
    return full[:2, :2], full[:2, 2]


def _euler_matrices(eta: float, dt: float) -> tuple[Array, Array]:
    """Return A, B of the forward Euler step; it only damps for dt < eta."""
    if not dt < eta:
        raise ValueError(
            f"forward Euler damps this oscillator only for dt < eta (|lambda|^2 = 1 - eta dt + "
            f"dt^2), got dt={dt}, eta={eta}; lower dt, or use method='zoh'"
        )
    return np.array([[1.0, dt], [-dt, 1.0 - eta * dt]]), np.array([0.0, dt])


PROPAGATORS = {"zoh": _zoh_matrices, "euler": _euler_matrices}


@checked(dt=POSITIVE)
def oscillator_matrices(eta: float, dt: float, method: str = "zoh") -> tuple[Array, Array]:
    """Return the recurrent map z[n+1] = A z[n] + B F[n] of the driven oscillator, z = (x, v).

    Parameters
    ----------
    eta : damping
    dt : time step
    method : "zoh" (exact for F held over a step) or "euler"

    Returns
    -------
    A (2, 2) and B (2,)

    Raises
    ------
    ValueError
        For an unknown method, or Euler with dt >= eta.
    """
    if method not in PROPAGATORS:
        raise ValueError(f"method must be one of {sorted(PROPAGATORS)}, got {method!r}")
    return PROPAGATORS[method](eta, dt)


@checked(n_steps=COUNT, dt=POSITIVE)
def oscillator(
    n_steps: int = 6000,
    *,
    eta: float = 0.1,
    force: Any = "multi",
    dt: float = 0.1,
    method: str = "zoh",
    initial: Any = None,
    random_state: Any = None,
) -> Bunch:
    """Simulate the damped, driven oscillator x'' + eta x' + x = F(t).

    Parameters
    ----------
    n_steps : length
    eta : damping
    force : "cos", "multi" (five tones, random phases), "hold" (uniform, held 20 steps), "none", or
        an array (n_steps,)
    dt : time step
    method : "zoh", exact for a force held over each step, or "euler"
    initial : (x, v) at the start; None draws both from [-1, 1]
    random_state : seed of the force and the start

    Returns
    -------
    Bunch with `t`, `x`, `v`, `force`, (n_steps,) each; force[n] acts from t[n] to t[n+1]

    Raises
    ------
    ValueError
        For an unknown force or method, or Euler with dt >= eta.
    """
    rng = check_random_state(random_state)
    A, B = oscillator_matrices(eta, dt, method)
    t = dt * np.arange(n_steps)
    if isinstance(force, str) and force not in FORCINGS:
        raise ValueError(f"force must be an array or one of {sorted(FORCINGS)}, got {force!r}")
    F = FORCINGS[force](t, rng) if isinstance(force, str) else np.asarray(force, dtype=np.float64)
    if F.shape != (n_steps,):
        raise ValueError(f"force must have shape ({n_steps},), got {F.shape}")
    z = np.empty((n_steps, 2))
    z[0] = rng.uniform(-1, 1, size=2) if initial is None else initial
    for n in range(n_steps - 1):
        z[n + 1] = A @ z[n] + B * F[n]
    return Bunch(t=t, x=z[:, 0], v=z[:, 1], force=F)


@checked(n_steps=COUNT, dt=POSITIVE, transient=NOT_NEGATIVE)
def van_der_pol(
    n_steps: int = 7000, *, mu: float = 1.0, dt: float = 0.1, transient: float = 100.0,
    random_state: Any = None,
) -> Bunch:  # fmt: skip
    """Simulate x'' - mu (1 - x^2) x' + x = 0 with DOP853 at a tolerance of 1e-10.

    Parameters
    ----------
    n_steps : length
    mu : strength of the nonlinear damping
    dt : time step
    transient : time thrown away first
    random_state : seed of the start

    Returns
    -------
    Bunch with `t`, `x`, `v`, (n_steps,) each
    """
    start = check_random_state(random_state).uniform(-2, 2, size=2)
    t = transient + dt * np.arange(n_steps)
    solution = solve_ivp(
        lambda _, z: (z[1], mu * (1 - z[0] ** 2) * z[1] - z[0]),
        (0.0, t[-1]), start, method="DOP853", t_eval=t, rtol=1e-10, atol=1e-10,
    )  # fmt: skip
    return Bunch(t=t - transient, x=solution.y[0], v=solution.y[1])
