"""Measured series that other packages ship (the extra `real-data`); none is downloaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from reservoirs.sequences import Array

LABELLED = (
    "ACSF1",
    "ArrowHead",
    "BasicMotions",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "OSULeaf",
    "PLAID",
)


def _package_folder(package: str, what: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"{what} come with {package}: pip install 'reservoirs[real-data]'")
    return Path(spec.submodule_search_locations[0])


def sunspots() -> Array:
    """Return the yearly sunspot numbers 1700-2008, from the statsmodels package.

    Returns
    -------
    ndarray of shape (309,)
        The mean number of the year.

    Raises
    ------
    ImportError
        If statsmodels is not installed.

    See Also
    --------
    santa_fe : The intensity of a laser.
    electrocardiogram : A heart's voltage.

    Examples
    --------
    >>> from reservoirs.datasets import sunspots
    >>> sunspots()[:3]
    array([ 5., 11., 16.])
    """
    try:
        from statsmodels.datasets import sunspots as source
    except ImportError as error:
        raise ImportError(
            "sunspots come with statsmodels: pip install 'reservoirs[real-data]'"
        ) from error
    return source.load_pandas().data["SUNACTIVITY"].to_numpy(dtype=np.float64)


def santa_fe() -> Array:
    """Return the intensity of the Santa Fe laser, from the reservoirpy package.

    Returns
    -------
    ndarray of shape (10093,)
        The intensity, 0 to 255.

    Raises
    ------
    ImportError
        If reservoirpy is not installed.

    See Also
    --------
    sunspots : Sunspot numbers.

    References
    ----------
    Hubner, Abraham & Weiss (1989); data set A of the Santa Fe competition, continued.

    Examples
    --------
    >>> from reservoirs.datasets import santa_fe
    >>> santa_fe()[:3]
    array([ 86., 141.,  95.])
    """
    path = (
        _package_folder("reservoirpy", "the laser intensities") / "datasets" / "santafe_laser.npy"
    )
    return np.load(path).ravel().astype(np.float64)


def japanese_vowels() -> Bunch:
    """Return the Japanese vowels /ae/ of nine speakers, from the sktime package.

    Returns
    -------
    Bunch
        `train` and `test`, lists of 270 and 370 series of shape (n_steps, 12), 7 to 29 steps of
        cepstral coefficients each, and the speakers `train_labels` and `test_labels`, 0 to 8.

    Raises
    ------
    ImportError
        If sktime is not installed.

    See Also
    --------
    basic_motions : Series of one length with a label each.

    References
    ----------
    Kudo, Toyama & Shimbo (1999), Multidimensional curve classification using passing-through
    regions.

    Examples
    --------
    >>> from reservoirs.datasets import japanese_vowels
    >>> data = japanese_vowels()
    >>> len(data.train), len(data.test), data.train[0].shape
    (270, 370, (20, 12))
    """
    return labelled_series("JapaneseVowels")


def basic_motions() -> Bunch:
    """Return four motions measured at a wrist, from the sktime package.

    The motions are standing, running, walking and badminton.

    Returns
    -------
    Bunch
        `train` and `test`, lists of 40 series of shape (100, 6), three accelerations and three
        rotations, and the motions `train_labels` and `test_labels`, 0 to 3.

    Raises
    ------
    ImportError
        If sktime is not installed.

    See Also
    --------
    japanese_vowels : Series of different lengths with a label each.

    References
    ----------
    Clements, at the University of East Anglia; UEA archive of multivariate series (2018).

    Examples
    --------
    >>> from reservoirs.datasets import basic_motions
    >>> data = basic_motions()
    >>> len(data.train), len(data.test), data.train[0].shape
    (40, 40, (100, 6))
    """
    return labelled_series("BasicMotions")


def labelled_series(name: str) -> Bunch:
    """Return labelled series of the UCR and UEA archives, from the sktime package.

    Parameters
    ----------
    name : str
        "ACSF1", "ArrowHead", "BasicMotions", "GunPoint", "ItalyPowerDemand", "JapaneseVowels",
        "OSULeaf" or "PLAID".

    Returns
    -------
    Bunch
        `train` and `test`, lists of series of shape (n_steps, n_features), cut as the archives cut
        them, and their labels `train_labels` and `test_labels`, 0 and up.

    Raises
    ------
    ValueError
        For another name.
    ImportError
        If sktime is not installed.

    See Also
    --------
    japanese_vowels : One of them, described.
    basic_motions : One of them, described.

    References
    ----------
    Dau et al. (2019), The UCR time series archive, IEEE/CAA J. Automatica Sinica 6, 1293.
    Bagnall et al. (2018), The UEA multivariate time series classification archive.

    Examples
    --------
    >>> from reservoirs.datasets import labelled_series
    >>> data = labelled_series("ArrowHead")
    >>> len(data.train), len(data.test), data.train[0].shape
    (36, 175, (251, 1))
    """
    if name not in LABELLED:
        raise ValueError(f"name must be one of {list(LABELLED)}, got {name!r}")
    folder = _package_folder("sktime", f"the series of {name}") / "datasets" / "data" / name
    train, test = (_read_ts(folder / f"{name}_{part}.ts") for part in ("TRAIN", "TEST"))
    labels = np.unique([*train[1], *test[1]], return_inverse=True)[1]
    n = len(train[1])
    return Bunch(train=train[0], train_labels=labels[:n], test=test[0], test_labels=labels[n:])


def electrocardiogram() -> Array:
    """Return a piece of an electrocardiogram, from PyWavelets.

    Returns
    -------
    ndarray of shape (1024,)
        The voltage as digitised, 360 values a second.

    Raises
    ------
    ImportError
        If PyWavelets is not installed.

    See Also
    --------
    sunspots : Sunspot numbers.

    References
    ----------
    Moody & Mark (2001), The impact of the MIT-BIH arrhythmia database.

    Examples
    --------
    >>> from reservoirs.datasets import electrocardiogram
    >>> electrocardiogram().shape
    (1024,)
    """
    try:
        from pywt.data import ecg
    except ImportError as error:
        raise ImportError(
            "the electrocardiogram comes with PyWavelets: pip install 'reservoirs[real-data]'"
        ) from error
    return ecg().astype(np.float64)


def _read_ts(path: Path) -> tuple[list[Array], list[str]]:
    """Read a .ts file: a series per line, dimensions between colons, the label last."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().lower() == "@data") + 1
    series, labels = [], []
    for line in filter(None, lines[start:]):
        *dimensions, label = line.split(":")
        # Files hold one dimension after the other, arrays one step after the other.
        series.append(np.array([d.split(",") for d in dimensions], dtype=np.float64).T)
        labels.append(label.strip())
    return series, labels
