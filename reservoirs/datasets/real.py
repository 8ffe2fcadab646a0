"""Measured series that other packages ship (the extra `real-data`); none is downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from reservoirs.sequences import Array


def _folder(package: str, what: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"{what} come with {package}: pip install 'reservoirs[real-data]'")
    return Path(spec.submodule_search_locations[0])


def sunspots() -> Array:
    """Return the yearly sunspot numbers 1700-2008, (309,), from the statsmodels package.

    Raises
    ------
    ImportError
        If statsmodels is not installed.
    """
    try:
        from statsmodels.datasets import sunspots as source
    except ImportError as error:
        raise ImportError(
            "sunspots come with statsmodels: pip install 'reservoirs[real-data]'"
        ) from error
    return source.load_pandas().data["SUNACTIVITY"].to_numpy(dtype=np.float64)


def santa_fe() -> Array:
    """Return the Santa Fe laser, (10093,) intensities 0 to 255, from the reservoirpy package.

    Raises
    ------
    ImportError
        If reservoirpy is not installed.

    References
    ----------
    Hubner, Abraham & Weiss (1989); data set A of the Santa Fe competition, continued.
    """
    path = _folder("reservoirpy", "the laser intensities") / "datasets" / "santafe_laser.npy"
    return np.load(path).ravel().astype(np.float64)


def japanese_vowels() -> Bunch:
    """Return the Japanese Vowels, from the sktime package: nine speakers say /ae/.

    Returns
    -------
    Bunch with lists of series, (7 to 29 steps, 12 coefficients) each, `train` (270) and `test`
    (370), and the speakers `train_labels` and `test_labels`, 0 to 8

    Raises
    ------
    ImportError
        If sktime is not installed.

    References
    ----------
    Kudo, Toyama & Shimbo (1999).
    """
    folder = _folder("sktime", "the Japanese Vowels") / "datasets" / "data" / "JapaneseVowels"
    train, train_labels = _ts(folder / "JapaneseVowels_TRAIN.ts")
    test, test_labels = _ts(folder / "JapaneseVowels_TEST.ts")
    return Bunch(train=train, train_labels=train_labels, test=test, test_labels=test_labels)


def basic_motions() -> Bunch:
    """Return the basic motions, from the sktime package: standing, running, walking, badminton.

    Returns
    -------
    Bunch with lists of series, (100 steps, 6 accelerations and rotations) each, `train` (40) and
    `test` (40), and the labels `train_labels` and `test_labels`, 0 to 3

    Raises
    ------
    ImportError
        If sktime is not installed.

    References
    ----------
    Clements, at the University of East Anglia; UEA archive of multivariate series (2018).
    """
    folder = _folder("sktime", "the basic motions") / "datasets" / "data" / "BasicMotions"
    train, train_labels = _ts(folder / "BasicMotions_TRAIN.ts")
    test, test_labels = _ts(folder / "BasicMotions_TEST.ts")
    return Bunch(train=train, train_labels=train_labels, test=test, test_labels=test_labels)


def electrocardiogram() -> Array:
    """Return a piece of an electrocardiogram, (1024,) at 360 a second, from PyWavelets.

    Raises
    ------
    ImportError
        If PyWavelets is not installed.

    References
    ----------
    Moody & Mark (2001), The impact of the MIT-BIH arrhythmia database.
    """
    try:
        from pywt.data import ecg
    except ImportError as error:
        raise ImportError(
            "the electrocardiogram comes with PyWavelets: pip install 'reservoirs[real-data]'"
        ) from error
    return ecg().astype(np.float64)


def _ts(path: Path) -> tuple[list[Array], Array]:
    """Read a .ts file: a series per line, dimensions between colons, the label last."""
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().lower() == "@data") + 1
    series, labels = [], []
    for line in filter(None, lines[start:]):
        *dimensions, label = line.split(":")
        series.append(np.array([d.split(",") for d in dimensions], dtype=np.float64).T)
        labels.append(label.strip())
    return series, np.unique(labels, return_inverse=True)[1]
