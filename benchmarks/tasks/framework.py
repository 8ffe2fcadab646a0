"""The twelve scores of the Common Task Framework for Science (2025), on own data.

The framework's files ship in no package. The protocol is repeated on our own runs of Lorenz-63:
rows 0.05 apart; 10,000 to learn from and 1,000 to forecast; the same with noise, to denoise and to
forecast from; 100 rows, clean and noisy; three values of rho to learn from, and a fourth between or
beyond them, of which 100 rows are seen. Noise levels and values of rho are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.reconstruction import lorenz

DT, BURN_IN = 0.05, 50.0
N_MANY, N_FEW, N_TEST = 10_000, 100, 1000
MEDIUM, HIGH = 0.1, 0.3  # noise, in deviations
LEARNED, BETWEEN, BEYOND = (26.0, 30.0, 34.0), 28.0, 36.0  # values of rho


@dataclass(frozen=True)
class Pair:
    """Rows to learn from and rows to tell, of the Common Task Framework.

    `scores` are names by what is compared: "short", the first rows that follow; "long", where the
    last of them are; "all", the rows themselves without their noise. Series of several values of a
    parameter come with these, and `start`, the rows of one more value to forecast from and it.
    """

    scores: dict[str, str]
    training: list[Array]
    truth: Array
    parameters: tuple[float, ...] = ()
    start: tuple[Array, float] | None = None
    noisy: bool = False


@dataclass(frozen=True)
class Framework:
    """The pairs of the Common Task Framework.

    Parameters
    ----------
    pairs : list of Pair
        The nine pairs, of which twelve scores are taken.
    """

    pairs: list[Pair]

    main_metric = "average"
    washout = 0
    n_monitored = 0

    @property
    def n_train(self) -> int:
        """Rows to learn from, of the first pair."""
        return len(self.pairs[0].training[0])

    @property
    def rows(self) -> list[int]:
        """Rows to learn from, and all rows, of the first pair."""
        return [self.n_train, self.n_train + len(self.pairs[0].truth)]

    def for_tuning(self) -> Self:
        """Return the data themselves: nothing is tuned."""
        return self


def _run(rng: np.random.Generator, n_rows: int, rho: float = 28.0) -> Array:
    """Return rows of Lorenz-63 after a transient."""

    def velocity(t: float, z: Array) -> Array:
        change: Array = lorenz(t, z) + np.array([0.0, (rho - 28.0) * z[0], 0.0])
        return change

    times = BURN_IN + DT * np.arange(n_rows)
    start = rng.uniform([-10.0, -10.0, 15.0], [10.0, 10.0, 35.0])
    span = (0.0, times[-1])
    rows = solve_ivp(velocity, span, start, t_eval=times, method="DOP853", rtol=1e-9, atol=1e-9)
    return np.asarray(rows.y.T)


def _pairs(seed: int) -> Framework:
    """Return the nine pairs of rows to learn from and rows to tell."""
    rng = np.random.default_rng(seed)
    rows = _run(rng, N_MANY + N_TEST)
    clean, truth = rows[:N_MANY], rows[N_MANY:]
    few, later = clean[:N_FEW], clean[N_FEW : N_FEW + N_TEST]

    def noisy(part: Array, level: float) -> Array:
        return part + level * clean.std(axis=0) * rng.standard_normal(part.shape)

    medium, high = noisy(clean, MEDIUM), noisy(clean, HIGH)
    pairs = [
        Pair({"short": "e1", "long": "e2"}, [clean], truth),
        Pair({"all": "e3"}, [medium], clean, noisy=True),
        Pair({"long": "e4"}, [medium], truth, noisy=True),
        Pair({"all": "e5"}, [high], clean, noisy=True),
        Pair({"long": "e6"}, [high], truth, noisy=True),
        Pair({"short": "e7", "long": "e8"}, [few], later),
        Pair({"short": "e9", "long": "e10"}, [noisy(few, MEDIUM)], later, noisy=True),
    ]
    learned = [_run(rng, N_MANY // 2, rho) for rho in LEARNED]
    for score, rho in (("e11", BETWEEN), ("e12", BEYOND)):
        other = _run(rng, N_FEW + N_TEST, rho)
        pairs.append(Pair({"short": score}, learned, other[N_FEW:], LEARNED, (other[:N_FEW], rho)))
    return Framework(pairs)


TASKS = [
    Task(
        "ctf_lorenz",
        "Common Task Framework, Lorenz-63, own data",
        _pairs,
        kind=Framework,
        ranking="average",
        larger_is_better=True,
        on_request=True,
        tuned=False,
        invites=frozenset({"ctf_maps", "ctf_esn", "ctf_zero"}),
        note="own data: the framework's files ship in no package. For orientation only, its own "
        "table on its files has LSTM 64.5, DeepONet 57.8, a reservoir 54.9",
    )
]
