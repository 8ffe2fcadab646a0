"""Labelled series: Japanese Vowels, digits read row by row, eight sets of the UCR/UEA archives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Labelled
from reservoirs import datasets


def _vowels(seed: int) -> Labelled:
    data = datasets.japanese_vowels()
    return Labelled(data.train, data.train_labels, data.test, data.test_labels, seed)


def _motions(seed: int) -> Labelled:
    data = datasets.basic_motions()
    return Labelled(data.train, data.train_labels, data.test, data.test_labels, seed)


def _digits(seed: int) -> Labelled:
    """Take four fifths of the images to train on, each class alike; grey values 0 to 1."""
    digits = load_digits()
    train, test, train_labels, test_labels = train_test_split(
        list(digits.images / 16.0),
        digits.target,
        test_size=0.2,
        stratify=digits.target,
        random_state=seed,
    )
    return Labelled(train, train_labels, test, test_labels, seed, scaled=False)


SPACE = {
    "esn": {
        "pooling": ["last", "mean", "both"],
        "alpha": loguniform(1e-6, 1e3),
        "bias_scaling": loguniform(0.02, 2.0),
    }
}


def _task(name: str, title: str, make: Callable[[int], Labelled], note: str) -> Task:
    """Return a task for a network of 250 units that reads every series in both directions."""
    return Task(
        name,
        title,
        make,
        kind=Labelled,
        ranking="error_rate",
        fixed={"esn": {"n_units": 250, "bidirectional": True}},
        space=SPACE,
        trials=100,
        runs=5,
        note=note,
    )


def _archived(seed: int, name: str) -> Labelled:
    data = datasets.labelled_series(name)
    return Labelled(data.train, data.train_labels, data.test, data.test_labels, seed)


ARCHIVED = {
    "ACSF1": "Power of ten kinds of appliances",
    "ArrowHead": "Outlines of three kinds of arrow heads",
    "BasicMotions": "Four motions of a wrist",
    "GunPoint": "Hands that point, with a gun or without",
    "ItalyPowerDemand": "Days of power demand, of winter or summer",
    "JapaneseVowels": "A vowel of nine speakers",
    "OSULeaf": "Outlines of six kinds of leaves",
    "PLAID": "Current of eleven kinds of appliances",
}
TASKS = [
    *(
        Task(
            f"labels_{name.lower()}",
            title,
            partial(_archived, name=name),
            kind=Labelled,
            n_units=500,
            ranking="error_rate",
            space=SPACE,
            note="from sktime (extra real-data), training and test series as the archives cut them",
            study="labels",
            tuned=False,
            most_seeds=5,
        )
        for name, title in ARCHIVED.items()
    ),
    _task(
        "japanese_vowels",
        "Japanese Vowels, nine speakers",
        _vowels,
        "data from sktime (extra real-data); published accuracy 0.981 (Bianchi's library)",
    ),
    _task(
        "basic_motions",
        "Basic motions of a wrist",
        _motions,
        "real data from sktime (extra real-data); 40 series to train, 40 to test",
    ),
    _task(
        "digits_rows",
        "Digits, row by row",
        _digits,
        "published accuracy 0.969 (PyRCN's notebook)",
    ),
]
