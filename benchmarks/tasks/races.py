"""Races: the training loss of one network after equal seconds with each optimizer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Race
from reservoirs import datasets, next_step


def _sine(seed: int) -> Race:
    """Return 800 values of two incommensurate sines, phases drawn."""
    shift = np.random.default_rng(seed).uniform(0, 2 * np.pi, 2)
    steps = np.arange(800.0)
    series = np.sin(0.3 * steps + shift[0]) + 0.5 * np.sin(0.71 * steps + shift[1])
    return Race(*next_step(series[:, None] / series.std()))


def _oscillator(seed: int) -> Race:
    data = datasets.oscillator(1000, eta=0.1, force="hold", random_state=seed)
    series, force = data.x[:, None] / data.x.std(), data.force[:, None] / data.force.std()
    return Race(*next_step(series, force))


def _images() -> tuple[Any, Any]:
    found = load_digits()
    return found.images[:1000].astype(np.float64) / 16.0, found.target[:1000]


def _multilayer(*hidden: int) -> Any:
    from torch import nn

    layers: list[nn.Module] = [nn.Flatten()]
    below = 64
    for n_units in hidden:
        layers += [nn.Linear(below, n_units), nn.Tanh()]
        below = n_units
    return nn.Sequential(*layers, nn.Linear(below, 10)).double()


def _convolutional() -> Any:
    from torch import nn

    return nn.Sequential(
        nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 8, 3), nn.Tanh(), nn.Conv2d(8, 8, 3), nn.Tanh(),
        nn.Flatten(), nn.Linear(128, 10),
    ).double()  # fmt: skip


RNN = frozenset({"race", "race_rnn"})
MODULE = frozenset({"race", "race_module"})
TASKS = [
    Task("race_sine", "Training loss in equal seconds: two sines, vanilla RNN", _sine,
         ranking="train_loss", tags=RNN),
    Task("race_oscillator", "Training loss in equal seconds: driven oscillator, vanilla RNN",
         _oscillator, ranking="train_loss", tags=RNN),
    Task("race_mlp", "Training loss in equal seconds: digits, two tanh layers",
         lambda seed: Race(*_images(), module=partial(_multilayer, 50, 30)),
         ranking="train_loss", tags=MODULE),
    Task("race_deep", "Training loss in equal seconds: digits, eight tanh layers",
         lambda seed: Race(*_images(), module=partial(_multilayer, *[30] * 8)),
         ranking="train_loss", tags=MODULE),
    Task("race_conv", "Training loss in equal seconds: digits, two convolutions",
         lambda seed: Race(*_images(), module=_convolutional), ranking="train_loss", tags=MODULE),
]  # fmt: skip
