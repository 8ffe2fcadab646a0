"""What variants of a reservoir are worth: one table, settings tuned on one series, fresh seeds.

    python -m benchmarks.variants --draws 30 --seeds 10

Every variant has 99 units and a ridge readout of [state; input] whose penalty is chosen on rows
held out; its settings are drawn at random as often as those of all others, on one series.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import FeatureUnion, make_pipeline

from reservoirs import IntrinsicPlasticity, Reservoir, datasets

Array = NDArray[Any]
Settings = dict[str, float]
N_UNITS, N_STEPS, WASHOUT, N_SEEDS = 99, 3000, 100, 10
ALPHAS = 10.0 ** np.arange(-14, 1)
WAVES = (0.2, 0.331, 0.42, 0.51, 0.63, 0.74, 0.85, 0.97)  # of the superposed sines


def ahead(series: Array, n_steps: int) -> tuple[Array, Array]:
    """Return a series in its deviations and what it is some steps later, (n_rows, 1) each."""
    z = ((series - series.mean()) / series.std())[:, None]
    return z[:-n_steps], z[n_steps:]


def narma10(seed: int) -> tuple[Array, Array]:
    """Return the input of a NARMA recursion of order 10 and its output."""
    data = datasets.narma(N_STEPS, order=10, random_state=seed)
    return np.reshape(data.u, (-1, 1)), np.reshape(data.y, (-1, 1))


def mackey_glass_84(seed: int) -> tuple[Array, Array]:
    """Return a Mackey-Glass series and its value 84 steps later."""
    return ahead(datasets.mackey_glass(N_STEPS + 84, random_state=seed), 84)


def sines_10(seed: int) -> tuple[Array, Array]:
    """Return eight superposed sines, from a random time on, and their sum 10 steps later."""
    t = np.arange(N_STEPS + 10) + 1000 * np.random.default_rng(seed).random()
    return ahead(np.sum([np.sin(w * t) for w in WAVES], axis=0), 10)


def lorenz_5(seed: int) -> tuple[Array, Array]:
    """Return x of the Lorenz system and its value 5 steps of .02 later."""
    rows = datasets.lorenz63(N_STEPS + 5, dt=0.02, random_state=seed)
    return ahead(rows[:, 0], 5)


def memory(seed: int) -> tuple[Array, Array]:
    """Return a random input and its values 1, 2, ..., 150 steps before."""
    u = np.random.default_rng(seed).uniform(-1, 1, (2 * N_STEPS, 1))
    return u, np.hstack([np.roll(u, k, axis=0) for k in range(1, 151)])


class Worth(NamedTuple):
    """A task: its data by seed, whether capacity counts, and the first rows that are left out."""

    data: Callable[[int], tuple[Array, Array]]
    capacity: bool = False
    washout: int = WASHOUT


TASKS = {
    "NARMA10": Worth(narma10),
    "Mackey-Glass + 84": Worth(mackey_glass_84),
    "memory of 99": Worth(memory, capacity=True, washout=150),
    "eight sines + 10": Worth(sines_10),
    "Lorenz + 5": Worth(lorenz_5),
}


def single(settings: Settings, seed: int, n_units: int = N_UNITS, **others: Any) -> Reservoir:  # noqa: ANN401 - settings of any type
    """Return a reservoir with drawn settings."""
    names = ["spectral_radius", "input_scaling", "bias_scaling"]
    names += [] if "mixing" in others else ["leak_rate"]
    known = {name: settings[name] for name in names}
    return Reservoir(n_units=n_units, random_state=seed).set_params(**known, **others)


def adapting(settings: Settings, seed: int) -> Reservoir:
    """Return a reservoir whose units adapt to the rows of its fit."""
    rule = IntrinsicPlasticity(deviation=settings["deviation"], learning_rate=5e-4, n_passes=5)
    return single(settings, seed, intrinsic_plasticity=rule)


def deep(settings: Settings, seed: int) -> FeatureUnion:
    """Return three reservoirs one after the other, all of whose states are read."""
    layers = [single(settings, seed + i, N_UNITS // 3) for i in range(3)]
    return FeatureUnion([(str(i), make_pipeline(*layers[: i + 1])) for i in range(3)])


def parallel(settings: Settings, seed: int) -> FeatureUnion:
    """Return three reservoirs side by side, with leak rates of a, a/3 and a/10."""
    parts = [
        single({**settings, "leak_rate": settings["leak_rate"] / by}, seed + i, N_UNITS // 3)
        for i, by in enumerate((1, 3, 10))
    ]
    return FeatureUnion([(str(i), part) for i, part in enumerate(parts)])


VARIANTS: dict[str, Callable[[Settings, int], Any]] = {
    "plain": single,
    "orthogonal W": lambda s, seed: single(s, seed, topology="orthogonal"),
    "ring": lambda s, seed: single(s, seed, topology="cycle"),
    "ES2N (`mixing`)": lambda s, seed: single(s, seed, mixing=s["mixing"]),
    "intrinsic plasticity": adapting,
    "deep, 3 x 33": deep,
    "parallel leaks, 3 x 33": parallel,
}


def draw_settings(rng: np.random.Generator) -> Settings:
    """Draw settings of every kind; a variant uses some of them."""
    return {
        "spectral_radius": rng.uniform(0.3, 1.1),
        "leak_rate": rng.choice([1.0, rng.uniform(0.1, 1.0)]),
        "input_scaling": 10 ** rng.uniform(-2.5, 0.3),
        "bias_scaling": rng.uniform(0.0, 1.0),
        "mixing": 10 ** rng.uniform(-2, 0),
        "deviation": rng.uniform(0.05, 0.6),
    }


def judge(task: Worth, states: Array, targets: Array, *, final: bool) -> float:
    """Return the error, or minus the capacity, on rows held out; the last ones if `final`.

    Half of the rows are learned from, a quarter chooses the penalty, and a quarter is the last.
    """
    rows, y = states[task.washout :], targets[task.washout :]
    learned, chosen = len(rows) // 2, 3 * len(rows) // 4
    centre, mean = rows[:learned].mean(axis=0), y[:learned].mean(axis=0)
    U, s, Vt = np.linalg.svd(rows[:learned] - centre, full_matrices=False)
    projected = U.T @ (y[:learned] - mean)
    scores = []
    # a capacity must not be limited by the penalty
    for alpha in (ALPHAS[:1] if task.capacity else ALPHAS) * s[0] ** 2:
        C = Vt.T @ ((s / (s**2 + alpha))[:, None] * projected)
        predicted = (rows - centre) @ C + mean
        spans = [slice(learned, chosen), slice(chosen, None)]
        scores.append([_score(task, y[span], predicted[span]) for span in spans])
    best = min(scores, key=lambda pair: pair[0])
    return best[1] if final else best[0]


def _score(task: Worth, truth: Array, predicted: Array) -> float:
    left = np.mean((truth - predicted) ** 2, axis=0) / np.var(truth, axis=0)
    if not np.isfinite(left).all():
        return np.inf
    return -float(np.clip(1 - left, 0, 1).sum()) if task.capacity else float(left.mean())


@lru_cache(maxsize=64)
def _data(task: Worth, seed: int) -> tuple[Array, Array]:
    return task.data(seed)


def measure(variant: str, task: Worth, settings: Settings, seed: int, *, final: bool) -> float:
    """Return the score of one variant with one draw of its weights and of the series."""
    inputs, targets = _data(task, seed)
    try:
        reservoir = VARIANTS[variant](settings, seed).fit(inputs[: len(inputs) // 2])
        states = reservoir.transform(inputs)
    except ValueError:  # gains of plasticity that diverge
        return np.inf
    return judge(task, np.hstack([states, inputs]), targets, final=final)


def worth(variant: str, task: Worth, n_draws: int, n_seeds: int) -> tuple[float, Settings]:
    """Return the median score over fresh seeds, and the settings that one series has chosen."""
    rng = np.random.default_rng(0)
    drawn = [draw_settings(rng) for _ in range(n_draws)]
    best = min(drawn, key=lambda s: measure(variant, task, s, 0, final=False))
    scores = [measure(variant, task, best, 1000 + seed, final=True) for seed in range(n_seeds)]
    return abs(float(np.median(scores))), best


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=N_SEEDS)
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    given = parser.parse_args(arguments)
    print("| |", " | ".join(given.tasks), "|")  # noqa: T201 - what the command is for
    print("|---|" + "---|" * len(given.tasks))  # noqa: T201
    for variant in VARIANTS:
        values = [worth(variant, TASKS[t], given.draws, given.seeds)[0] for t in given.tasks]
        print(f"| {variant} |", " | ".join(f"{v:.3g}" for v in values), "|", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
