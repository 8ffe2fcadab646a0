"""Baselines that know what made the data: bounds that no learner is expected to pass."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

from benchmarks.methods.base import Forecasts, Method
from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Attractor
from benchmarks.tasks.sources import Flow, Oscillator, Sinusoid
from benchmarks.tasks.split import Simulation, Split
from reservoirs.datasets import oscillator_matrices

ORACLE_ERROR = 1e-6  # at the start, in standard deviations


class FittedSinusoid:
    """Least squares of a sin(w n + p) + c on all rows known before the forecast."""

    n_weights = 4

    def forecasts(self, data: Split) -> Forecasts:
        """Return the curve after the last known row."""
        n = data.origin + 1
        observed = data.series[:n, 0]
        spectrum = np.abs(np.fft.rfft(observed - observed.mean(), 8 * n))
        w = 2 * np.pi * np.argmax(spectrum) / (8 * n)
        t, all_rows = np.arange(n), np.arange(len(data.series))

        def curve(p: Array, t: Array) -> Array:
            return p[0] * np.sin(p[1] * t) + p[2] * np.cos(p[1] * t) + p[3]

        # linear least squares at the frequency of the largest peak, then all four together
        basis = np.column_stack([np.sin(w * t), np.cos(w * t), np.ones(n)])
        a, b, c = np.linalg.lstsq(basis, observed, rcond=None)[0]
        fit = least_squares(
            lambda p: curve(p, t) - observed,
            [a, w, b, c],
            x_scale=[1, 1e-3, 1, 1],
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
        )
        ahead = curve(fit.x, all_rows)[n:, None]
        return Forecasts(ahead, ahead)


class CramerRao:
    """The truth, off by the least error that any unbiased estimate can have on average.

    The rows known before the forecast are A sin(w n + p) and noise of a known deviation s; the
    covariance of an estimate of (A, w, p) is at least s^2 (J'J)^-1, J the derivatives of the rows.
    """

    n_weights = 4

    def __init__(self, source: Sinusoid) -> None:
        self.source = source

    def forecasts(self, data: Split) -> Forecasts:
        """Return truth plus error after the last known row."""
        n, all_rows = data.origin + 1, np.arange(len(data.series))
        truth = data.truth[:, 0] - data.truth[:, 0].mean()
        w = self.source.frequency
        sine, cosine = np.sin(w * all_rows), np.cos(w * all_rows)
        # A sin(wn) + B cos(wn): the derivative in w is n (A cos - B sin)
        A, B = np.linalg.lstsq(np.column_stack([sine, cosine]), truth, rcond=None)[0]
        J = np.column_stack([sine, cosine, all_rows * (A * cosine - B * sine)])
        noise = self.source.noise / data.deviation[0]
        covariance = noise**2 * np.linalg.inv(J[:n].T @ J[:n])
        error = np.sqrt(np.einsum("ni,ij,nj->n", J, covariance, J))
        ahead = (data.truth + error[:, None])[n:]
        return Forecasts(ahead, ahead)


class ExactMap:
    """The exact map of the damped, driven oscillator: z[t+1] = A z[t] + B F[t], z = (x, x')."""

    n_weights = 0

    def __init__(self, source: Oscillator) -> None:
        self.source = source

    def forecasts(self, data: Split) -> Forecasts:
        """Return the map of the true rows, and its free run; for a simulation, from rest."""
        # the map is that of raw units
        raw = data.original or data
        assert raw.exog is not None  # the oscillator is driven
        A, B = oscillator_matrices(self.source.eta, data.dt)
        x, force = raw.series[:, 0], raw.exog[:, 0]
        if isinstance(data, Simulation):
            run = _from_rest(A, B, force)[data.origin + 1 :]
            free = ((run - data.mean) / data.deviation)[:, None]
            return Forecasts(free[:0], free)
        # x[t+1] = A00 x[t] + A01 v[t] + B0 F[t] gives the velocities of all rows but the last
        v = (x[1:] - A[0, 0] * x[:-1] - B[0] * force[:-1]) / A[0, 1]
        z = A @ np.stack([x[:-1], v]) + B[:, None] * force[:-1]  # states of rows 1..n-1
        ahead = (A @ z + B[:, None] * force[1:])[0]  # x predicted for rows 2..n
        start = data.origin
        one_step = ahead[start - 1 : -1]
        state, run = z[:, start - 1], np.empty(data.horizons[-1])
        for i in range(len(run)):
            state = A @ state + B * force[start + i]
            run[i] = state[0]
        return Forecasts(
            ((one_step - data.mean) / data.deviation)[:, None],
            ((run - data.mean) / data.deviation)[:, None],
        )


def _from_rest(A: Array, B: Array, force: Array) -> Array:
    """Return the positions of all rows, driven from rest."""
    state, run = np.zeros(2), np.empty(len(force))
    for t in range(len(force)):
        run[t], state = state[0], A @ state + B * force[t]
    return run


class Oracle:
    """The equations of a flow, from starts that are off by 1e-6 of the spread."""

    n_weights = 0

    def __init__(self, source: Flow) -> None:
        self.source = source

    def forecasts(self, data: Attractor) -> Forecasts:
        """Return the run from every start.

        Raises
        ------
        ValueError
            If the states at the starts are not known, as in tuning.
        """
        if data.states is None:
            raise ValueError("the oracle needs the states at the starts; it has nothing to tune")
        n_steps = data.test_starts.shape[1] - data.warm_up
        signs = np.random.default_rng(0).choice([-1, 1], data.states.shape)
        shift = ORACLE_ERROR * data.states.std(axis=0) * signs
        free = self.source.ahead(data.states + shift, n_steps)
        return Forecasts(free[:, :0], free)


def _knows(source: type) -> Callable[[Task], str]:
    """Return a hook: run where the source is of a class."""

    def supports(task: Task) -> str:
        if isinstance(task.source, source):
            return ""
        return f"the data are not known to be of a {source.__name__}"

    return supports


def _is_noisy(task: Task) -> str:
    noisy = isinstance(task.source, Sinusoid) and task.source.noise > 0
    return "" if noisy else "the data are not known to be a sinusoid and noise"


METHODS = [
    Method(
        "sinusoid",
        "Fitted sinusoid",
        lambda settings, task, data, seed: FittedSinusoid(),
        kind="baseline",
        colour="#999999",
        line="-.",
        marker="D",
        supports=_knows(Sinusoid),
    ),
    Method(
        "exact",
        "Exact map",
        lambda settings, task, data, seed: ExactMap(task.source),
        kind="baseline",
        colour="#999999",
        line="-.",
        marker="D",
        supports=_knows(Oscillator),
    ),
    Method(
        "cramer_rao",
        "Expected bound (Cramer-Rao)",
        lambda settings, task, data, seed: CramerRao(task.source),
        kind="baseline",
        colour="#999999",
        line=(0, (3, 1, 1, 1)),
        supports=_is_noisy,
    ),
    Method(
        "oracle",
        "The equations, start off by 1e-6",
        lambda settings, task, data, seed: Oracle(task.source),
        kind="baseline",
        colour="#999999",
        line=(0, (3, 1, 1, 1)),
        supports=_knows(Flow),
    ),
]
