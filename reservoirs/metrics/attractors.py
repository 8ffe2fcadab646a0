"""How well a free run keeps an attractor: where it goes, how it moves, and its dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.distance import pdist
from scipy.special import logsumexp
from sklearn.utils import check_random_state

from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.metrics.pairs import check_columns_of, check_pair
from reservoirs.sequences import Array

PSEUDOCOUNT = 1e-5  # Laplace smoothing, points in every bin beside those counted
WIDEST_GRID = 5  # dimensions that bins are counted in; beyond them nearly all are empty
MOST_POINTS, N_SAMPLES = 10_000, 1_000  # of the mixtures of Gaussians
SMALL_SHARE, LARGE_SHARE, N_RADII = 1e-3, 1e-2, 10  # shares of pairs that the slope is fitted on
FEWEST_PAIRS = 50  # within the smallest radius

RUNS = """Arguments of metrics that compare two runs, not their rows one by one.

Parameters
----------
y_true : array-like of shape (n_true, n_outputs)
    A long run of the system, all finite.
y_pred : array-like of shape (n_pred, n_outputs)
    A long free run of a model, after its transient.
"""


@inherit_parameters(RUNS)
def attractor_divergence(
    y_true: ArrayLike, y_pred: ArrayLike, *, n_bins: int = 30, random_state: int | None = 0
) -> float:
    """Return the Kullback-Leibler divergence between two occupations of state space (D_stsp).

    sum over bins of p log(p / q), in nats

    p and q are the shares of the points of y_true and of y_pred. Bins divide the range of y_true,
    and every one holds 1e-5 points beside those counted. Points of y_pred outside the range do not
    count. From six outputs on p and q are mixtures of Gaussians of variance 1 at up to 10,000
    points, in units of the standard deviations of y_true, and the sum is a mean over 1,000 samples
    of p.

    Parameters
    ----------
    n_bins : int, default=30
        Bins a dimension, where there are fewer than six.
    random_state : int or None, default=0
        The seed of points and samples, where there are six dimensions or more.

    Returns
    -------
    float
        The divergence; 0 where both occupations are equal, infinite where y_pred is not finite or
        never within the range of y_true.

    Raises
    ------
    ValueError
        If the numbers of outputs differ, y_true is not finite, an output of it is constant, or
        n_bins < 2.

    See Also
    --------
    spectrum_distance : The same question of motion in place of places.
    correlation_dimension : The dimension of what is occupied.

    References
    ----------
    Koppe, Toutounji, Kirsch, Lis & Durstewitz (2019), eq. 23; Hess, Monfared, Brenner &
    Durstewitz (2023), Generalized teacher forcing for learning chaotic dynamics.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.metrics import attractor_divergence
    >>> t = np.arange(5000.0)
    >>> circle = np.column_stack([np.cos(t), np.sin(t)])
    >>> round(attractor_divergence(circle[:2500], circle[2500:]), 3)
    0.002
    >>> round(attractor_divergence(circle, 0.1 * circle), 1)
    15.4
    """
    truth, run = check_columns_of(y_true, y_pred)
    if n_bins < 2:
        raise ValueError(f"n_bins must be an integer >= 2, the bins a dimension, got {n_bins}")
    low, high = truth.min(axis=0), truth.max(axis=0)
    if not (high > low).all():
        raise ValueError(
            f"y_true must change in every output, got one value in column "
            f"{int(np.argmin(high - low))}; leave constant outputs out"
        )
    if not np.isfinite(run).all():
        return float("inf")
    if truth.shape[1] > WIDEST_GRID:
        return _mixture_divergence(truth, run, random_state)
    ours, theirs = (_bin_numbers(rows, low, high, n_bins) for rows in (truth, run))
    if not len(theirs):
        return float("inf")
    return _bin_divergence(ours, theirs, n_bins ** truth.shape[1])


def _bin_numbers(rows: Array, low: Array, high: Array, n_bins: int) -> Array:
    """Return the number of the bin of every row within the range."""
    inside = ((rows >= low) & (rows <= high)).all(axis=1)
    place = (n_bins * (rows[inside] - low) / (high - low)).astype(np.int64)
    # the largest value belongs to the last bin
    place = np.minimum(place, n_bins - 1)
    return np.asarray(np.ravel_multi_index(tuple(place.T), (n_bins,) * rows.shape[1]))


def _bin_divergence(truth: Array, run: Array, n_cells: int) -> float:
    """Return the divergence between the shares of two lists of bins, out of so many."""
    _, place = np.unique(np.concatenate([truth, run]), return_inverse=True)
    n_occupied = int(place.max()) + 1
    counts = [
        np.bincount(part, minlength=n_occupied)
        for part in (place[: len(truth)], place[len(truth) :])
    ]
    p, q = ((c + PSEUDOCOUNT) / (c.sum() + PSEUDOCOUNT * n_cells) for c in counts)
    # all bins that neither run visits are alike
    empty = [PSEUDOCOUNT / (c.sum() + PSEUDOCOUNT * n_cells) for c in counts]
    unvisited = (n_cells - n_occupied) * empty[0] * np.log(empty[0] / empty[1])
    return float(np.sum(p * np.log(p / q)) + unvisited)


def _mixture_divergence(truth: Array, run: Array, random_state: int | None) -> float:
    """Return the divergence between mixtures of Gaussians, a mean over samples of the first."""
    rng, unit = check_random_state(random_state), truth.std(axis=0)
    centres = []
    for rows in (truth, run):
        chosen = (
            rng.permutation(len(rows))[:MOST_POINTS] if len(rows) > MOST_POINTS else slice(None)
        )
        centres.append(rows[chosen] / unit)
    at = centres[0][rng.randint(len(centres[0]), size=N_SAMPLES)]
    samples = at + rng.standard_normal(at.shape)
    log_p, log_q = (_log_density(samples, points) for points in centres)
    return float(np.mean(log_p - log_q))


def _log_density(samples: Array, centres: Array) -> Array:
    """Return log mean exp(-abs(x - c)^2 / 2) of every sample x, over the centres c."""
    half = 0.5 * (centres**2).sum(axis=1)
    with np.errstate(over="ignore", invalid="ignore"):  # a run that is finite, and far away
        parts = [
            logsumexp(block @ centres.T - half, axis=1) - 0.5 * (block**2).sum(axis=1)
            for block in np.array_split(samples, 10)
        ]
    return np.nan_to_num(np.concatenate(parts), nan=-np.inf) - np.log(len(centres))


@inherit_parameters(RUNS)
def spectrum_distance(y_true: ArrayLike, y_pred: ArrayLike, *, smoothing: float = 20.0) -> float:
    """Return the Hellinger distance between two smoothed power spectra (D_H).

    mean over outputs of sqrt(1 - sum over frequencies of sqrt(p q))

    p and q are the power spectra of y_true and y_pred, smoothed by a Gaussian and of sum 1.

    Parameters
    ----------
    y_pred : array-like of shape (n_true, n_outputs)
        A free run of a model of the same length, after its transient.
    smoothing : float, default=20.0
        The standard deviation of the Gaussian, in frequencies of the discrete Fourier transform; 0
        smooths nothing.

    Returns
    -------
    float
        The distance, 0 to 1; 1 where y_pred is not finite, or constant in every output.

    Raises
    ------
    ValueError
        If the shapes differ, y_true is not finite, an output of it is constant, or smoothing is
        negative.

    See Also
    --------
    attractor_divergence : The same question of places in place of motion.

    References
    ----------
    Mikhaeil, Monfared & Durstewitz (2022), On the difficulty of learning chaotic dynamics with
    RNNs, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.metrics import spectrum_distance
    >>> t = np.arange(4000.0)
    >>> round(spectrum_distance(np.sin(0.2 * t), np.cos(0.2 * t)), 2)
    0.01
    >>> round(spectrum_distance(np.sin(0.2 * t), np.sin(0.6 * t)), 2)
    0.99
    """
    truth, run = check_pair(y_true, y_pred)
    if not smoothing >= 0:
        raise ValueError(f"smoothing must be >= 0, in frequencies, got {smoothing}")
    columns = [part.reshape(len(part), -1).T for part in (truth, run)]
    if not (np.ptp(columns[0], axis=1) > 0).all():
        raise ValueError("y_true must change in every output; leave constant outputs out")
    if not np.isfinite(run).all():
        return 1.0
    return float(np.mean([_hellinger(x, y, smoothing) for x, y in zip(*columns, strict=True)]))


def _hellinger(truth: Array, run: Array, smoothing: float) -> float:
    """Return the distance between the spectra of one output; 1 where the run is constant."""
    size = np.ptp(run)
    # a square neither overflows nor vanishes in units of the range
    if not size > 0 or not np.isfinite(size):
        return 1.0
    p, q = (_spectrum(x / np.ptp(x), smoothing) for x in (truth, run))
    return float(np.sqrt(max(1.0 - np.sum(np.sqrt(p * q)), 0.0)))


def _spectrum(values: Array, smoothing: float) -> Array:
    """Return the power at every frequency, smoothed, of sum 1."""
    power = np.abs(np.fft.rfft(values - values.mean())) ** 2
    if smoothing:
        power = gaussian_filter1d(power, smoothing)
    return np.asarray(power / power.sum())


def correlation_dimension(
    X: ArrayLike, *, n_excluded: int = 0, max_rows: int = 5000, random_state: int | None = 0
) -> float:
    """Return the correlation dimension of a set of points, such as the rows of a long run.

    The slope of log C(r) over log r, C(r) being the share of pairs of rows nearer than r

    The line is fitted by least squares at ten radii, between those that one and ten in a thousand
    pairs are within.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_outputs)
        The rows, all finite; a delay embedding where a single variable is seen.
    n_excluded : int, default=0
        Pairs so many rows apart or less do not count: those of one piece of a trajectory are near
        each other whatever the attractor.
    max_rows : int, default=5000
        Of more rows so many are drawn.
    random_state : int or None, default=0
        The seed of that draw.

    Returns
    -------
    float
        The dimension; 0 where so many rows are equal that the radii are 0.

    Raises
    ------
    ValueError
        If X is not finite, or too few pairs are left.

    See Also
    --------
    attractor_divergence : Compares where two runs are.

    References
    ----------
    Grassberger & Procaccia (1983), eq. 2; Theiler (1986), on pairs near in time.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.metrics import correlation_dimension
    >>> angles = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, 3000)
    >>> round(correlation_dimension(np.column_stack([np.cos(angles), np.sin(angles)])), 1)
    1.0
    """
    rows, _ = check_pair(X, X, names=("X", "X"))
    rows, time = rows.reshape(len(rows), -1), np.arange(len(rows))
    if len(rows) > max_rows:
        time = check_random_state(random_state).permutation(len(rows))[:max_rows]
        rows = rows[time]
    distances = pdist(rows)
    if n_excluded:
        distances = distances[pdist(time[:, None]) > n_excluded]
    if SMALL_SHARE * len(distances) < FEWEST_PAIRS:
        raise ValueError(
            f"X must have {FEWEST_PAIRS / SMALL_SHARE:.0f} pairs of rows more than n_excluded rows "
            f"apart, got {len(distances)} of {len(rows)} rows with n_excluded={n_excluded}; pass a "
            "longer run"
        )
    n_near = int(LARGE_SHARE * len(distances))
    near = np.sort(np.partition(distances, n_near)[:n_near])
    smallest, largest = near[int(SMALL_SHARE * len(distances))], near[-1]
    if not smallest < largest or not smallest:
        return 0.0
    radii = np.geomspace(smallest, largest, N_RADII)
    counts = np.searchsorted(near, radii, side="right")
    return float(np.polyfit(np.log(radii), np.log(counts), 1)[0])
