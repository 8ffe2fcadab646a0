"""The driven oscillator with 5 % noise, under forces unlike the one it was learned from.

x is observed with noise and fed back, the force is known; scored against x without noise.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.utils import check_random_state

from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.oscillators import TEST, TRAIN, VALID
from benchmarks.tasks.split import Split
from reservoirs import datasets

NOISE = 0.05  # of the deviation of the training rows
UNSEEN: dict[str, tuple[str, Callable[[Array, Array], Array]]] = {  # of (t, force) from t = 0 on
    "square": ("a square wave", lambda t, force: 0.5 * np.sign(np.sin(2 * np.pi * t / 15))),
    "chirp": ("a chirp", lambda t, force: 0.5 * np.cos((0.2 + 1.4 * t / t[-1]) * t)),
    "triple": ("three times as strong", lambda t, force: 3.0 * force),
}


def _make(seed: int, force: str, unseen: str) -> Split:
    """Return rows under one force, and under another from the end of the known rows on."""
    n, change = TRAIN + VALID + TEST + 1, TRAIN + VALID - 1
    rng = check_random_state(seed)
    t = 0.1 * np.arange(n)
    applied = datasets.FORCINGS[force](t, rng)
    applied[change:] = UNSEEN[unseen][1](t[change:] - t[change], applied[change:])
    data = datasets.oscillator(n, eta=0.1, force=applied, random_state=seed)
    clean = data.x[:, None]
    noise = NOISE * clean[:TRAIN].std() * rng.normal(size=clean.shape)
    return Split(
        series=clean + noise,
        clean=clean,
        exog=data.force[:, None],
        n_train=TRAIN,
        n_valid=VALID,
        n_monitored=VALID,
        washout=500,
        warm_up=500,
        horizons=(200, TEST),
        dt=0.1,
    )


TASKS = [
    Task(
        f"forced_{force}_{unseen}",
        f"Oscillator with 5 % noise, learned under {words}, then {after}",
        partial(_make, force=force, unseen=unseen),
        study="forces",
        on_request=True,
        invites=frozenset({"esn_loops", "ridge_arx"}),
    )
    for force, words in (("cos", "one tone"), ("multi", "five tones"), ("hold", "a random hold"))
    for unseen, (after, _) in UNSEEN.items()
]
