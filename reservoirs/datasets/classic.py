"""Classical tasks of reservoir computing: NARMA and channel equalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state

from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.sequences import Array

# order -> weights of y, of y times the sum of y, of the product of inputs, the constant, and tanh
NARMA = {
    10: (0.3, 0.05, 1.5, 0.1, False),
    20: (0.3, 0.05, 1.5, 0.01, True),
    30: (0.2, 0.04, 1.5, 0.001, False),
}
DIVERGED = 10.0
SYMBOLS = np.array([-3.0, -1.0, 1.0, 3.0])
TAPS = np.array([0.08, -0.12, 1.0, 0.18, -0.1, 0.091, -0.05, 0.04, 0.03, 0.01])  # d(n+2) ... d(n-7)


@checked(n_steps=COUNT)
def narma(n_steps: int = 5000, *, order: int = 10, random_state: Any = None) -> Bunch:
    """Simulate a nonlinear autoregressive moving average, driven by u uniform on [0, 0.5].

    y(t+1) = a y(t) + b y(t) sum_{i<order} y(t-i) + c u(t-order+1) u(t) + d, tanh of it for order 20

    Some inputs make it diverge: they are drawn again.

    Parameters
    ----------
    n_steps : length
    order : 10, 20 or 30
    random_state : seed of the input

    Returns
    -------
    Bunch with `u` and `y`, (n_steps,) each, y[t] the value after u[t], and `n_draws`

    Raises
    ------
    ValueError
        For another order.

    References
    ----------
    Atiya & Parlos (2000), eq. 86; Jaeger (2003), Adaptive nonlinear system identification.
    """
    if order not in NARMA:
        raise ValueError(f"order must be one of {sorted(NARMA)}, got {order!r}")
    rng = check_random_state(random_state)
    n_draws, y = 0, np.full(1, np.inf)
    while np.abs(y).max() >= DIVERGED:
        u = rng.uniform(0.0, 0.5, size=n_steps)
        n_draws, y = n_draws + 1, _narma(u, order)
    return Bunch(u=u, y=y, n_draws=n_draws)


def _narma(u: Array, order: int) -> Array:
    a, b, c, d, squashed = NARMA[order]
    inputs, y = u.tolist(), [0.0] * (len(u) + 1)
    for t in range(len(inputs)):
        earlier = inputs[t - order + 1] if t >= order - 1 else 0.0
        total = sum(y[max(t - order + 1, 0) : t + 1])
        value = a * y[t] + b * y[t] * total + c * earlier * inputs[t] + d
        y[t + 1] = float(np.tanh(value)) if squashed else min(value, 2.0 * DIVERGED)
    return np.array(y[1:])


@checked(n_steps=COUNT)
def channel_equalization(
    n_steps: int = 6000, *, snr: float = 24.0, random_state: Any = None
) -> Bunch:
    """Send random symbols through a nonlinear, noisy channel with memory.

    q(n) = 0.08 d(n+2) - 0.12 d(n+1) + d(n) + 0.18 d(n-1) - ... + 0.01 d(n-7),
    u(n) = q(n) + 0.036 q(n)^2 - 0.011 q(n)^3 + noise

    Parameters
    ----------
    n_steps : length
    snr : signal-to-noise ratio in decibels
    random_state : seed of symbols and noise

    Returns
    -------
    Bunch with `u` (n_steps,), what is received, and `d` (n_steps,), the symbols in {-3, -1, 1, 3};
    the usual target at n is d(n-2)

    References
    ----------
    Mathews & Lee (1994); Jaeger & Haas (2004), Harnessing nonlinearity, supporting material.
    """
    rng = check_random_state(random_state)
    symbols = rng.choice(SYMBOLS, size=n_steps + len(TAPS) - 1)
    q = np.convolve(symbols, TAPS, mode="valid")
    clean = q + 0.036 * q**2 - 0.011 * q**3
    noise = rng.standard_normal(n_steps) * clean.std() * 10.0 ** (-snr / 20.0)
    return Bunch(u=clean + noise, d=symbols[7 : 7 + n_steps])
