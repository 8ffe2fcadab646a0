"""Systems and models of them that lack something, for the tests of hybrid forecasters."""

import numpy as np


def lorenz(X, exog=None, *, rho=28.0, dt=0.02):
    """Return the next row of each by one Runge-Kutta step."""

    def velocity(z):
        x, y, w = z.T
        return np.column_stack([10 * (y - x), x * (rho - w) - y, x * y - 8 / 3 * w])

    k1 = velocity(X)
    k2 = velocity(X + dt / 2 * k1)
    k3 = velocity(X + dt / 2 * k2)
    k4 = velocity(X + dt * k3)
    return X + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def wrong_lorenz(X, exog=None):
    return lorenz(X, rho=30.8)


def oscillator(X, exog, friction=0.2):
    """Return the next position and speed of each under a force, by a small step."""
    place, speed = X.T
    faster = speed + 0.1 * (exog[:, 0] - place - place**3 - friction * speed)
    return np.column_stack([place + 0.1 * faster, faster])


def without_friction(X, exog):
    return oscillator(X, exog, friction=0.0)


def last_row(X, exog=None):
    return X


class LastRow:
    """`last_row` under a name without an address, so that tests of it are called the same."""

    def __call__(self, X, exog=None):
        return last_row(X)

    def __repr__(self):
        return "last_row"

    def __deepcopy__(self, memo):
        return self  # as of a function


def run(step, start, n_steps, exog=None):
    rows = [np.asarray(start, dtype=float)[None]]
    for t in range(n_steps - 1):
        rows.append(step(rows[-1], *([] if exog is None else [exog[t : t + 1]])))
    return np.concatenate(rows)
