"""Lorenz-63 to the last digit: what a forecast of more than twenty Lyapunov times is judged by.

    z(t + h) = sum_k z_k h^k,  (k + 1) z_{k+1} = L z_k + products of the terms up to k

Integrators in float64 follow the equations for 18 (Runge-Kutta, steps of 0.002) to 30 Lyapunov
times (DOP853 at 3e-14); Taylor series in long double do for 40, which `agreement` measures.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Attractor
from reservoirs import datasets
from reservoirs.metrics import valid_prediction_time

EXPONENT = datasets.LYAPUNOV["lorenz63"]
ORDER, SAMPLES = 30, 3  # terms of a series, and rows that one serves
LINEAR = [[-10, 10, 0], [28, -1, 0], [0, 0, 0]]
AGREES = 40.0  # Lyapunov times, of `agreement(20)`; 36.6 at least, 44.3 at most


def lorenz63(
    initial: ArrayLike, n_rows: int, *, dt: float = 0.01, order: int = ORDER, samples: int = SAMPLES
) -> Array:
    """Solve the Lorenz equations by Taylor series in long double.

    Parameters
    ----------
    initial : array-like of shape (n_series, 3)
        The first rows.
    n_rows : int
        Rows of each series.
    dt : float, default=0.01
        Time from a row to the next.
    order : int, default=30
        Degree of every series.
    samples : int, default=3
        Rows that one series serves: it is summed at dt, 2 dt, ... from its start.

    Returns
    -------
    array of shape (n_series, n_rows, 3) of long double
        x, y and z.
    """
    z = np.asarray(initial, dtype=np.longdouble).T
    linear = np.array(LINEAR, dtype=np.longdouble)
    linear[2, 2] = -np.longdouble(8) / 3
    terms: Array = np.empty((order + 1, *z.shape), dtype=np.longdouble)
    times = np.longdouble(dt) * np.arange(1, samples + 1).reshape(-1, 1, 1)
    rows = [z[None]]
    for _ in range(-(-(n_rows - 1) // samples)):
        terms[0] = z
        for k in range(order):
            products = np.sum(terms[: k + 1, :1] * terms[k::-1, 1:], axis=0)  # of x y and x z
            terms[k + 1] = linear @ terms[k]
            terms[k + 1, 1] -= products[1]
            terms[k + 1, 2] += products[0]
            terms[k + 1] /= k + 1
        found = terms[order]
        for term in terms[-2::-1]:
            found = found * times + term
        rows.append(found)
        z = found[-1]
    return np.concatenate(rows)[:n_rows].transpose(2, 0, 1)


def agreement(n_series: int, seed: int = 0) -> Array:
    """Return for how long two orders and lengths of the series agree.

    Parameters
    ----------
    n_series : int
        Starts on the attractor.
    seed : int, default=0
        Of the starts.

    Returns
    -------
    array of shape (n_series,)
        Lyapunov times until they are 0.3 standard deviations apart.

    Examples
    --------
    >>> times = agreement(2)  # doctest: +SKIP
    >>> bool(times.min() > 36)  # doctest: +SKIP
    True
    """
    dt, n_rows = 0.01, 5500
    initial = _starts(n_series, seed)
    one, other = (
        lorenz63(initial, n_rows, dt=dt, order=order, samples=samples).astype(np.float64)
        for order, samples in ((ORDER, SAMPLES), (24, 2))
    )
    times = [
        valid_prediction_time(a, b, threshold=0.3, dt=dt * EXPONENT, scale=one.std(axis=(0, 1)))
        for a, b in zip(one, other, strict=True)
    ]
    return np.array(times)


def _starts(n_series: int, seed: int) -> Array:
    """Return points of the attractor, (n_series, 3), in float64."""
    return datasets.lorenz63(2, n_series=n_series, random_state=seed)[:, 0]


def _sample(seed: int, *, n_train: int, dt: float, times: float, n_tests: int) -> Attractor:
    """Return rows to learn from, and starts of their own, all rounded to float64 at the end."""
    n_rows = max(n_train, 2 + int(times / EXPONENT / dt))
    n_tuning = round(0.3 * n_tests)
    runs = lorenz63(_starts(1 + n_tests + n_tuning, seed), n_rows, dt=dt).astype(np.float64)
    return Attractor(
        runs[0, :n_train],
        runs[1 : 1 + n_tests],
        runs[1 + n_tests :],
        warm_up=2,
        time=dt * EXPONENT,
        washout=0,
        scaled=False,  # which would round every row once more
        agreement=AGREES,
    )


RATE = {"dt": 0.01, "order": 42, "substeps": 7, "alpha": 0.0, "bound": None}
TASKS = [
    Task(
        "lorenz63_1024",
        "Lorenz-63 from 1024 exact rows",
        partial(_sample, n_train=1024, dt=0.01, times=42.0, n_tests=20),
        kind=Attractor,
        ranking="vpt",
        larger_is_better=True,
        trained_networks=False,
        tuned=False,
        invites=frozenset({"nvar", "nvar_rate", "nvar_rate_long"}),
        excludes=frozenset({"esn", "linear"}),
        note="mean Lyapunov times until the error exceeds 0.3; 20 starts; the truth is good for 40",
        fixed={
            "nvar": {"n_delays": 1, "degree": 9, "alpha": 0.0, "noise": 0.0, "bound": None},
            "nvar_rate": RATE,
            "nvar_rate_long": RATE,
        },
    ),
]
