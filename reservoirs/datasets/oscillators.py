"""Sines, the driven oscillator, van der Pol's, and the examples of the lecture notes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike
from scipy.integrate import solve_ivp
from sklearn.utils import Bunch, check_random_state

from reservoirs.estimators.ranges import COUNT, NOT_NEGATIVE, POSITIVE, checked
from reservoirs.sequences import Array, Seed


@checked(n_steps=COUNT, noise=NOT_NEGATIVE)
def sine(
    n_steps: int = 1000, *, step: float = 0.2, noise: float = 0.0, random_state: Seed = None
) -> Bunch:
    """Return a sine, clean and with Gaussian noise.

    y[n] = sin(step n) + noise

    Parameters
    ----------
    n_steps : int, default=1000
        Number of rows.
    step : float, default=0.2
        Radians per row.
    noise : float, default=0.0
        Standard deviation of the noise.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise.

    Returns
    -------
    Bunch
        Arrays of shape (n_steps,), `y`, as observed, and `clean`, without noise.

    See Also
    --------
    lagged_sine : The sine of the lecture notes.
    oscillator : A damped, driven oscillation.

    Examples
    --------
    >>> from reservoirs.datasets import sine
    >>> sine(3).y.round(4)
    array([0.    , 0.1987, 0.3894])
    """
    clean = np.sin(step * np.arange(n_steps))
    draws = check_random_state(random_state).standard_normal(n_steps)
    return Bunch(y=clean + noise * draws, clean=clean)


@checked(n_steps=COUNT)
def lagged_sine(n_steps: int = 1000) -> Array:
    """Return a sine over two periods, the 20-lag example of the lecture notes.

    y[n] = sin(4 pi n / (n_steps - 1))

    Parameters
    ----------
    n_steps : int, default=1000
        Number of rows.

    Returns
    -------
    ndarray of shape (n_steps,)
        The values y, the ends of [0, 4 pi] included.

    See Also
    --------
    lagged_sine_noisy : A sine with noise that cannot be predicted.

    Examples
    --------
    >>> from reservoirs.datasets import lagged_sine
    >>> lagged_sine(9).round(4)[:3]
    array([0., 1., 0.])
    """
    return np.sin(np.linspace(0.0, 4.0 * np.pi, n_steps))


@checked(n_steps=COUNT)
def lagged_sine_noisy(n_steps: int = 1000, *, random_state: Seed = None) -> Array:
    """Return a sine with uniform noise, an example of the lecture notes.

    x[t] = sin(0.02 t) + 2 u[t], u uniform on [0, 1)

    The noise cannot be predicted: the smallest mean squared error is 4/12 = 1/3.

    Parameters
    ----------
    n_steps : int, default=1000
        Number of rows.
    random_state : int, RandomState instance or None, default=None
        Seed of u.

    Returns
    -------
    ndarray of shape (n_steps,)
        The values x.

    See Also
    --------
    lagged_sine : A sine without noise.

    Examples
    --------
    >>> from reservoirs.datasets import lagged_sine_noisy
    >>> lagged_sine_noisy(500, random_state=0).shape
    (500,)
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
    # F held over the step is a third variable that does not change: one exponential gives A and B
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
    """Return the recurrent map of the driven oscillator.

    z[n+1] = A z[n] + B F[n], z = (x, v)

    Parameters
    ----------
    eta : float
        Damping rate.
    dt : float
        Time step.
    method : {"zoh", "euler"}, default="zoh"
        "zoh" is exact for F held over a step (zero-order hold), "euler" the forward Euler step.

    Returns
    -------
    A : ndarray of shape (2, 2)
        The map of the state.
    B : ndarray of shape (2,)
        The response to the force.

    Raises
    ------
    ValueError
        If the method is unknown, or is Euler with dt >= eta.

    See Also
    --------
    oscillator : Series of this map.

    Examples
    --------
    >>> from reservoirs.datasets import oscillator_matrices
    >>> A, B = oscillator_matrices(0.5, 0.1, "euler")
    >>> A
    array([[ 1.  ,  0.1 ],
           [-0.1 ,  0.95]])
    >>> B
    array([0. , 0.1])
    """
    if method not in PROPAGATORS:
        raise ValueError(f"method must be one of {sorted(PROPAGATORS)}, got {method!r}")
    return PROPAGATORS[method](eta, dt)


@checked(n_steps=COUNT, dt=POSITIVE)
def oscillator(
    n_steps: int = 6000,
    *,
    eta: float = 0.1,
    force: str | ArrayLike = "multi",
    dt: float = 0.1,
    method: str = "zoh",
    initial: ArrayLike | None = None,
    random_state: Seed = None,
) -> Bunch:
    """Simulate the damped, driven oscillator.

    x'' + eta x' + x = F(t)

    Parameters
    ----------
    n_steps : int, default=6000
        Number of rows.
    eta : float, default=0.1
        Damping rate.
    force : {"cos", "multi", "hold", "none"} or array-like of shape (n_steps,), default="multi"
        F: a cosine, five tones with random phases, uniform values held for 20 steps, nothing, or
        the values themselves.
    dt : float, default=0.1
        Time step.
    method : {"zoh", "euler"}, default="zoh"
        "zoh" is exact for a force held over each step (zero-order hold), "euler" the forward Euler
        step.
    initial : array-like of shape (2,), default=None
        Position x and velocity v at the start; None draws both from [-1, 1].
    random_state : int, RandomState instance or None, default=None
        Seed of the force and the start.

    Returns
    -------
    Bunch
        Arrays of shape (n_steps,), `t`, `x`, `v` and `force`; force[n] acts from t[n] to t[n+1].

    Raises
    ------
    ValueError
        If the force or the method is unknown, or the method is Euler with dt >= eta.

    See Also
    --------
    oscillator_matrices : The recurrent map that makes the series.
    van_der_pol : An oscillation that sustains itself.

    Examples
    --------
    >>> from reservoirs.datasets import oscillator
    >>> data = oscillator(3, force="none", initial=[1.0, 0.0])
    >>> data.x.round(4)
    array([1.    , 0.995 , 0.9802])
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
    n_steps: int = 7000,
    *,
    mu: float = 1.0,
    dt: float = 0.1,
    transient: float = 100.0,
    random_state: Seed = None,
) -> Bunch:
    """Simulate the oscillator of van der Pol.

    x'' - mu (1 - x^2) x' + x = 0

    Integrated by DOP853 at a tolerance of 1e-10.

    Parameters
    ----------
    n_steps : int, default=7000
        Number of rows.
    mu : float, default=1.0
        Strength of the nonlinear damping.
    dt : float, default=0.1
        Time step.
    transient : float, default=100.0
        Transient discarded before the first sample, in time.
    random_state : int, RandomState instance or None, default=None
        Seed of the start.

    Returns
    -------
    Bunch
        Arrays of shape (n_steps,), `t`, `x` and `v`.

    See Also
    --------
    oscillator : A damped oscillator that is driven.

    Examples
    --------
    >>> from reservoirs.datasets import van_der_pol
    >>> data = van_der_pol(200, random_state=0)
    >>> round(float(data.x.max()), 1)  # the amplitude of its limit cycle
    2.0
    """
    start = check_random_state(random_state).uniform(-2, 2, size=2)
    t = transient + dt * np.arange(n_steps)
    solution = solve_ivp(
        lambda _, z: (z[1], mu * (1 - z[0] ** 2) * z[1] - z[0]),
        (0.0, t[-1]),
        start,
        method="DOP853",
        t_eval=t,
        rtol=1e-10,
        atol=1e-10,
    )
    return Bunch(t=t - transient, x=solution.y[0], v=solution.y[1])
