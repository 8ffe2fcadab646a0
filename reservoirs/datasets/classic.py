"""Classical tasks of reservoir computing: NARMA and channel equalisation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_random_state

from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.sequences import Array, Seed


class Narma(NamedTuple):
    """Coefficients of the recursion that `narma` shows, and whether tanh is taken of it."""

    a: float
    b: float
    c: float
    d: float
    squashed: bool


NARMA = {
    10: Narma(0.3, 0.05, 1.5, 0.1, squashed=False),
    20: Narma(0.3, 0.05, 1.5, 0.01, squashed=True),
    30: Narma(0.2, 0.04, 1.5, 0.001, squashed=False),
}
DIVERGED = 10.0  # values of a NARMA series beyond which its input is drawn again
SYMBOLS = np.array([-3.0, -1.0, 1.0, 3.0])
TAPS = np.array([0.08, -0.12, 1.0, 0.18, -0.1, 0.091, -0.05, 0.04, 0.03, 0.01])  # d(n+2) ... d(n-7)


@checked(n_steps=COUNT)
def narma(n_steps: int = 5000, *, order: int = 10, random_state: Seed = None) -> Bunch:
    """Simulate a nonlinear autoregressive moving average.

    y(t+1) = a y(t) + b y(t) sum_{i<order} y(t-i) + c u(t-order+1) u(t) + d, tanh of it for order 20

    The input u is uniform on [0, 0.5]; one that makes the series diverge is drawn again.

    Parameters
    ----------
    n_steps : int, default=5000
        Number of rows.
    order : {10, 20, 30}, default=10
        Number of earlier values that each value depends on.
    random_state : int, RandomState instance or None, default=None
        Seed of the input.

    Returns
    -------
    Bunch
        Arrays of shape (n_steps,), `u`, the input, and `y`, y[t] the value after u[t]; `n_draws`,
        the number of inputs drawn.

    Raises
    ------
    ValueError
        If the order is another one.

    See Also
    --------
    channel_equalization : Reconstruct the input of a nonlinear channel.

    References
    ----------
    Atiya & Parlos (2000), eq. 86; Jaeger (2003), Adaptive nonlinear system identification.

    Examples
    --------
    >>> from reservoirs.datasets import narma
    >>> data = narma(1000, order=10, random_state=0)
    >>> data.u.shape, data.y.shape, data.n_draws
    ((1000,), (1000,), 1)
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
        delayed = inputs[t - order + 1] if t >= order - 1 else 0.0
        total = sum(y[max(t - order + 1, 0) : t + 1])
        value = a * y[t] + b * y[t] * total + c * delayed * inputs[t] + d
        # cut off beyond DIVERGED, so that a diverging series does not overflow
        y[t + 1] = float(np.tanh(value)) if squashed else min(value, 2.0 * DIVERGED)
    return np.array(y[1:])


@checked(n_steps=COUNT)
def channel_equalization(
    n_steps: int = 6000, *, snr: float = 24.0, random_state: Seed = None
) -> Bunch:
    """Send random symbols through a nonlinear, noisy channel with memory.

    q(n) = 0.08 d(n+2) - 0.12 d(n+1) + d(n) + 0.18 d(n-1) - ... + 0.01 d(n-7),
    u(n) = q(n) + 0.036 q(n)^2 - 0.011 q(n)^3 + noise

    Parameters
    ----------
    n_steps : int, default=6000
        Number of rows.
    snr : float, default=24.0
        Signal-to-noise ratio in decibels.
    random_state : int, RandomState instance or None, default=None
        Seed of the symbols and the noise.

    Returns
    -------
    Bunch
        Arrays of shape (n_steps,), `u`, the signal received, and `d`, the symbols sent, each of
        -3, -1, 1, 3; the usual target at n is d(n-2).

    See Also
    --------
    narma : Predict the output of a nonlinear system.
    reservoirs.metrics.symbol_error_rate : The share of symbols that are decided wrongly.

    References
    ----------
    Mathews & Lee (1994); Jaeger & Haas (2004), Harnessing nonlinearity, supporting material.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.datasets import channel_equalization
    >>> data = channel_equalization(1000, random_state=0)
    >>> data.u.shape
    (1000,)
    >>> np.unique(data.d)
    array([-3., -1.,  1.,  3.])
    """
    rng = check_random_state(random_state)
    symbols = rng.choice(SYMBOLS, size=n_steps + len(TAPS) - 1)
    q = np.convolve(symbols, TAPS, mode="valid")
    clean = q + 0.036 * q**2 - 0.011 * q**3
    # decibels of power: 20 for the ratio of standard deviations
    noise = rng.standard_normal(n_steps) * clean.std() * 10.0 ** (-snr / 20.0)
    return Bunch(u=clean + noise, d=symbols[7 : 7 + n_steps])
