"""Labelled series: Japanese Vowels, and handwritten digits read row by row."""

from __future__ import annotations

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
    found = load_digits()
    train, test, labels, wanted = train_test_split(
        list(found.images / 16.0),
        found.target,
        test_size=0.2,
        stratify=found.target,
        random_state=seed,
    )
    return Labelled(train, labels, test, wanted, seed, scaled=False)


TAGS = frozenset({"labels", "esn"})
TWO_WAYS = {"esn": {"n_units": 250, "bidirectional": True}}
SPACE = {
    "esn": {
        "pooling": ["last", "mean", "both"],
        "alpha": loguniform(1e-6, 1e3),
        "bias_scaling": loguniform(0.02, 2.0),
    }
}
TASKS = [
    Task(
        "japanese_vowels", "Japanese Vowels, nine speakers", _vowels, ranking="error_rate",
        tags=TAGS, fixed=TWO_WAYS, space=SPACE, trials=100, runs=5,
        note="data from sktime (extra real-data); published accuracy 0.981 (Bianchi's library)",
    ),
    Task(
        "basic_motions", "Basic motions of a wrist", _motions, ranking="error_rate", tags=TAGS,
        fixed=TWO_WAYS, space=SPACE, trials=100, runs=5,
        note="real data from sktime (extra real-data); 40 series to train, 40 to test",
    ),
    Task(
        "digits_rows", "Digits, row by row", _digits, ranking="error_rate", tags=TAGS,
        fixed=TWO_WAYS, space=SPACE, trials=100, runs=5,
        note="published accuracy 0.969 (PyRCN's notebook)",
    ),
]  # fmt: skip
