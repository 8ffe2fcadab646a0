"""Races: the training loss of one network after equal seconds with each optimizer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Race
from reservoirs import datasets, next_step

if TYPE_CHECKING:
    from torch.nn import Module


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


def _autoencoder(seed: int) -> Race:
    """Return 1500 images, to be squeezed through eight numbers and made anew."""
    images = load_digits().data[:1500] / 16.0
    return Race(images, images, module=partial(_squeezed, 100, 50, 25, 8), seconds=8.0)


def _digits(module: Callable[[], Module]) -> Callable[[int], Race]:
    """Return a maker of the race of a network for a thousand images."""

    def make(seed: int) -> Race:
        digits = load_digits()
        images = digits.images[:1000].astype(np.float64) / 16.0
        return Race(images, digits.target[:1000], module=module)

    return make


def _torch_layers() -> ModuleType:
    """Return torch.nn; to list the tasks needs none."""
    from torch import nn

    return nn


def _multilayer(*hidden: int) -> Module:
    nn = _torch_layers()
    layers: list[Module] = [nn.Flatten()]
    below = 64
    for n_units in hidden:
        layers += [nn.Linear(below, n_units), nn.Tanh()]
        below = n_units
    return nn.Sequential(*layers, nn.Linear(below, 10)).double()


def _squeezed(*widths: int) -> Module:
    nn = _torch_layers()
    sizes = [64, *widths, *widths[-2::-1], 64]
    layers: list[Module] = []
    for below, above in pairwise(sizes):
        layers += [nn.Linear(below, above), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def _convolutional() -> Module:
    nn = _torch_layers()
    return nn.Sequential(
        nn.Unflatten(1, (1, 8)),
        nn.Conv2d(1, 8, 3),
        nn.Tanh(),
        nn.Conv2d(8, 8, 3),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(128, 10),
    ).double()


RACERS = frozenset({"adam_0.01", "adam_0.003", "adam_0.001", "adam_0.0003", "race_hf"})
OPTIMIZERS = frozenset({"torch_hf", "torch_lbfgs"})
ALL_OPTIMIZERS = OPTIMIZERS | {"torch_hf_rows", "torch_adam", "torch_muon"}


def _race(name: str, what: str, make: Callable[[int], Race], racers: frozenset[str]) -> Task:
    title = f"Training loss in equal seconds: {what}"
    return Task(name, title, make, kind=Race, on_request=True, ranking="train_loss", invites=racers)


TASKS = [
    _race("race_sine", "two sines, vanilla RNN", _sine, RACERS),
    _race("race_oscillator", "driven oscillator, vanilla RNN", _oscillator, RACERS),
    _race("race_mlp", "digits, two tanh layers", _digits(partial(_multilayer, 50, 30)), OPTIMIZERS),
    _race(
        "race_deep",
        "digits, eight tanh layers",
        _digits(partial(_multilayer, *[30] * 8)),
        OPTIMIZERS,
    ),
    _race("race_conv", "digits, two convolutions", _digits(_convolutional), OPTIMIZERS),
    _race(
        "race_autoencoder",
        "digits through eight numbers, in float32",
        _autoencoder,
        ALL_OPTIMIZERS,
    ),
]
