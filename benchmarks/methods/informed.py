"""Baselines that know what made the data: bounds that no learner is expected to pass."""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from benchmarks.methods.base import Forecasts, Method
from benchmarks.methods.support import needs
from benchmarks.tasks.base import Array, Split
from benchmarks.tasks.kinds import Attractor
from reservoirs.datasets import oscillator_matrices

ORACLE_ERROR = 1e-6  # at the start, in standard deviations


class FittedSinusoid:
    """Least squares of a sin(w n + p) + c on all rows known before the forecast."""

    n_weights = 4

    def forecasts(self, data: Split) -> Forecasts:
        """Return the curve after the last known row."""
        ahead = sinusoid(data)[data.origin + 1 :]
        return Forecasts(ahead, ahead)


class CramerRao:
    """The truth, off by the least error that any unbiased estimate can have on average."""

    n_weights = 4

    def forecasts(self, data: Split) -> Forecasts:
        """Return truth plus error after the last known row."""
        ahead = cramer_rao(data)[data.origin + 1 :]
        return Forecasts(ahead, ahead)


class ExactMap:
    """The exact map of the damped, driven oscillator."""

    n_weights = 0

    def forecasts(self, data: Split) -> Forecasts:
        """Return the map of the true rows, and its free run."""
        return Forecasts(*exact_map(data))


class Oracle:
    """The equations of a flow, from starts that are off by 1e-6 of the spread."""

    n_weights = 0

    def forecasts(self, data: Attractor) -> Forecasts:
        """Return the run from every start.

        Raises
        ------
        ValueError
            If the states at the starts are not known, as in tuning.
        """
        if data.states is None or data.equations is None:
            raise ValueError("the oracle needs the states at the starts; it has nothing to tune")
        n_steps = data.tests.shape[1] - data.warm_up
        signs = np.random.default_rng(0).choice([-1, 1], data.states.shape)
        shift = ORACLE_ERROR * data.states.std(axis=0) * signs
        free = data.equations(data.states + shift, n_steps)
        return Forecasts(free[:, :0], free)


def sinusoid(split: Split) -> Array:
    """Fit a sin(w n + p) + c to the rows known before the forecast; return it for all rows.

    Parameters
    ----------
    split : standardised

    Returns
    -------
    (n_rows, 1)
    """
    n = split.origin + 1
    known = split.series[:n, 0]
    spectrum = np.abs(np.fft.rfft(known - known.mean(), 8 * n))
    w = 2 * np.pi * np.argmax(spectrum) / (8 * n)
    t, every = np.arange(n), np.arange(len(split.series))

    def curve(p: Array, t: Array) -> Array:
        return p[0] * np.sin(p[1] * t) + p[2] * np.cos(p[1] * t) + p[3]

    basis = np.column_stack([np.sin(w * t), np.cos(w * t), np.ones(n)])
    a, b, c = np.linalg.lstsq(basis, known, rcond=None)[0]
    found = least_squares(
        lambda p: curve(p, t) - known, [a, w, b, c], x_scale=[1, 1e-3, 1, 1],
        xtol=1e-15, ftol=1e-15, gtol=1e-15,
    )  # fmt: skip
    return curve(found.x, every)[:, None]


def cramer_rao(split: Split) -> Array:
    """Return the truth plus the least error that any unbiased estimate can have on average.

    The rows known before the forecast are A sin(w n + p) and noise of a known deviation s; the
    covariance of an estimate of (A, w, p) is at least s^2 (J'J)^-1, J the derivatives of the rows.

    Parameters
    ----------
    split : standardised, of a noisy sinusoid

    Returns
    -------
    (n_rows, 1)
    """
    n, every = split.origin + 1, np.arange(len(split.series))
    truth = split.truth[:, 0] - split.truth[:, 0].mean()
    w = split.facts["frequency"]
    sine, cosine = np.sin(w * every), np.cos(w * every)
    # A sin(wn) + B cos(wn): the derivative in w is n (A cos - B sin)
    A, B = np.linalg.lstsq(np.column_stack([sine, cosine]), truth, rcond=None)[0]
    J = np.column_stack([sine, cosine, every * (A * cosine - B * sine)])
    noise = split.facts["noise"] / split.facts["scale"][0]
    covariance = noise**2 * np.linalg.inv(J[:n].T @ J[:n])
    error = np.sqrt(np.einsum("ni,ij,nj->n", J, covariance, J))
    return split.truth + error[:, None]


def exact_map(split: Split) -> tuple[Array, Array]:
    """Run the oscillator's exact map.

    Parameters
    ----------
    split : standardised, of an oscillator

    Returns
    -------
    one-step predictions of row t + 1 from rows t - 1 and t, for every t from the origin on, and
    the free run after the origin (for a simulation: driven from rest through all rows)
    """
    raw, mean, scale = split.facts["raw"], split.facts["mean"], split.facts["scale"]
    A, B = oscillator_matrices(split.facts["eta"], split.dt)
    x, force = raw.series[:, 0], raw.exog[:, 0]
    if split.simulation:
        z, found = np.zeros(2), np.empty(len(x))
        for t in range(len(x)):
            found[t], z = z[0], A @ z + B * force[t]
        run = found[split.origin + 1 :]
        return run, ((run - mean) / scale)[:, None]
    v_before = (x[1:] - A[0, 0] * x[:-1] - B[0] * force[:-1]) / A[0, 1]  # v at rows 0..n-2
    z = A @ np.stack([x[:-1], v_before]) + B[:, None] * force[:-1]  # state at rows 1..n-1
    ahead = (A @ z + B[:, None] * force[1:])[0]  # x predicted for rows 2..n
    start = split.origin
    one_step = ahead[start - 1 : -1]
    state, run = z[:, start - 1], np.empty(split.horizons[-1])
    for i in range(len(run)):
        state = A @ state + B * force[start + i]
        run[i] = state[0]
    return ((one_step - mean) / scale)[:, None], ((run - mean) / scale)[:, None]


METHODS = [
    Method(
        "sinusoid",
        "Fitted sinusoid",
        lambda settings, task, data, seed: FittedSinusoid(),
        kind="baseline",
        colour="#999999",
        line="-.",
        marker="D",
        supports=needs("sinusoid"),
    ),
    Method(
        "exact",
        "Exact map",
        lambda settings, task, data, seed: ExactMap(),
        kind="baseline",
        colour="#999999",
        line="-.",
        marker="D",
        supports=needs("oscillator"),
    ),
    Method(
        "cramer_rao",
        "Least possible error (Cramer-Rao)",
        lambda settings, task, data, seed: CramerRao(),
        kind="baseline",
        colour="#999999",
        line=(0, (3, 1, 1, 1)),
        supports=needs("noisy_sinusoid"),
    ),
    Method(
        "oracle",
        "The equations, start off by 1e-6",
        lambda settings, task, data, seed: Oracle(),
        kind="baseline",
        colour="#999999",
        line=(0, (3, 1, 1, 1)),
        supports=needs("flow"),
    ),
]
