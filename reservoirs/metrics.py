"""Errors of forecasts, defined once and named in every result."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import make_scorer

from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.sequences import Array

__all__ = [
    "amplitude_ratio",
    "count_errors",
    "error_growth",
    "nmse",
    "nrmse",
    "nrmse_scorer",
    "sequence_error_rate",
    "smape",
    "symbol_error_rate",
    "valid_prediction_time",
    "wrong_sequences",
    "wrong_steps",
]

METRICS = """Arguments that most metrics take.

Parameters
----------
y_true : array-like of shape (n_steps,) or (n_steps, n_outputs)
    The observed values, all finite.
y_pred : array-like of the same shape
    The predicted values.
scale : float or array-like of shape (n_outputs,), default=None
    What the error of each output is divided by, in the units of y; None takes the standard
    deviation of y_true.
"""
SEQUENCES = """Arguments of the metrics of long-memory tasks.

Parameters
----------
y_true : array-like of shape (n_series,) or (n_series, n_steps)
    The numbers or labels that are right, one per series or one per step.
y_pred : array-like of the same shape
    What a model says.
n_scored : int, default=None
    The number of last steps that count; None counts all.
tolerance : float, default=0.04
    The largest error of a number that is right; labels must be equal.
"""


def _finite(values: ArrayLike, name: str = "y_true") -> Array:
    """Return observed values as float64."""
    observed = np.asarray(values, dtype=np.float64)
    if not observed.size or not np.isfinite(observed).all():
        raise ValueError(
            f"{name} must hold at least one value, all finite, got shape {observed.shape}; leave "
            "out rows without a measurement"
        )
    return observed


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Return both as (n_steps, n_outputs) float64 of one shape."""
    truth = _finite(y_true)
    prediction = np.asarray(y_pred, dtype=np.float64)
    truth = truth.reshape(len(truth), -1)
    if prediction.size != truth.size:
        raise ValueError(
            f"y_true and y_pred must have the same shape, got {np.shape(y_true)} and "
            f"{np.shape(y_pred)}"
        )
    return truth, prediction.reshape(truth.shape)


def _positive_scale(truth: Array, scale: ArrayLike | None) -> Array:
    """Return the scale per output, the standard deviation of the truth by default."""
    deviation = truth.std(axis=0) if scale is None else np.asarray(scale, dtype=np.float64)
    if not np.all(deviation > 0):
        raise ValueError(
            f"scale must be positive for every output, got {deviation}; a constant series has no "
            "standard deviation: pass scale"
        )
    return np.atleast_1d(deviation)


@inherit_parameters(METRICS)
def nrmse(y_true: ArrayLike, y_pred: ArrayLike, *, scale: ArrayLike | None = None) -> float:
    """Return the normalised root mean squared error.

    sqrt(mean over steps and outputs of ((y_pred - y_true) / scale)^2)

    Parameters
    ----------
    y_pred : array-like of the same shape
        The predicted values; one that is not finite makes the result infinite.

    Returns
    -------
    float
        The error; 0 for a perfect prediction, 1 for the mean of y_true.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is not finite, or constant where no scale is given.

    See Also
    --------
    nmse : Its square.
    error_growth : The error of every step.
    nrmse_scorer : Its negative as a scorer.

    Examples
    --------
    >>> from reservoirs.metrics import nrmse
    >>> nrmse([0.0, 2.0], [1.0, 1.0])
    1.0
    """
    truth, prediction = _pair(y_true, y_pred)
    relative = (prediction - truth) / _positive_scale(truth, scale)
    return float(np.sqrt(np.mean(relative**2))) if np.isfinite(relative).all() else float("inf")


@inherit_parameters(nrmse)
def nmse(y_true: ArrayLike, y_pred: ArrayLike, *, scale: ArrayLike | None = None) -> float:
    """Return the normalised mean squared error.

    mean over steps and outputs of ((y_pred - y_true) / scale)^2

    Returns
    -------
    float
        The error; 0 for a perfect prediction, 1 for the mean of y_true.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is not finite, or constant where no scale is given.

    See Also
    --------
    nrmse : Its square root.

    Examples
    --------
    >>> from reservoirs.metrics import nmse
    >>> nmse([0.0, 2.0], [0.5, 1.5])
    0.25
    """
    return nrmse(y_true, y_pred, scale=scale) ** 2


@inherit_parameters(METRICS)
def smape(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the symmetric mean absolute percentage error.

    200 mean |y_true - y_pred| / (|y_true| + |y_pred|)

    It depends on the origin of the data, so compute it in original units.

    Parameters
    ----------
    y_pred : array-like of the same shape
        The predicted values; one that is not finite counts as entirely wrong.

    Returns
    -------
    float
        The error in per cent, 0 to 200.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is not finite.

    See Also
    --------
    nrmse : The error in standard deviations.

    References
    ----------
    Gilpin (2021), Chaos as an interpretable benchmark for forecasting and data-driven modelling.

    Examples
    --------
    >>> from reservoirs.metrics import smape
    >>> smape([1.0, 2.0], [3.0, 2.0])
    50.0
    """
    truth, prediction = _finite(y_true), np.asarray(y_pred, dtype=np.float64)
    if truth.shape != prediction.shape:
        raise ValueError(
            f"y_true and y_pred must have one shape, got {truth.shape}, {prediction.shape}"
        )
    size = np.abs(truth) + np.abs(prediction)
    share = np.zeros(truth.shape)
    np.divide(np.abs(truth - prediction), size, out=share, where=size > 0)
    return float(200.0 * np.where(np.isfinite(prediction), share, 1.0).mean())


@inherit_parameters(METRICS)
def error_growth(y_true: ArrayLike, y_pred: ArrayLike, *, scale: ArrayLike | None = None) -> Array:
    """Return the normalised error of every step.

    e[t] = sqrt(mean over outputs of ((y_pred[t] - y_true[t]) / scale)^2)

    Returns
    -------
    ndarray of shape (n_steps,)
        The errors e.

    See Also
    --------
    valid_prediction_time : The time up to which the error stays small.
    nrmse : The error over all steps.

    Examples
    --------
    >>> from reservoirs.metrics import error_growth
    >>> error_growth([0.0, 2.0], [0.5, 1.0])
    array([0.5, 1. ])
    """
    truth, prediction = _pair(y_true, y_pred)
    return np.sqrt(np.mean(((prediction - truth) / _positive_scale(truth, scale)) ** 2, axis=1))


@inherit_parameters(METRICS)
def valid_prediction_time(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    threshold: float = 0.4,
    dt: float = 1.0,
    scale: ArrayLike | None = None,
) -> float:
    """Return the time of the first step whose error exceeds a threshold.

    dt min {t : e[t] > threshold}, e from `error_growth`

    Parameters
    ----------
    threshold : float, default=0.4
        The largest normalised error of a valid prediction.
    dt : float, default=1.0
        Time per step, in the unit of the result (Lyapunov times, say).

    Returns
    -------
    float
        The valid time; n_steps * dt where the threshold is never exceeded.

    See Also
    --------
    error_growth : The errors that are compared.

    Examples
    --------
    >>> from reservoirs.metrics import valid_prediction_time
    >>> valid_prediction_time([0.0, 2.0, 0.0, 2.0], [0.0, 2.0, 0.1, 1.0], dt=0.5)
    1.5
    """
    growth = error_growth(y_true, y_pred, scale=scale)
    beyond = ~(growth <= threshold)  # NaN is beyond
    return dt * float(np.argmax(beyond) if beyond.any() else len(growth))


@inherit_parameters(METRICS)
def amplitude_ratio(y_true: ArrayLike, y_pred: ArrayLike) -> float:
    """Return the ratio of two amplitudes, 1 where a forecast oscillation keeps its size.

    std(y_pred) / std(y_true)

    Returns
    -------
    float
        The ratio, dimensionless.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is constant or not finite.

    See Also
    --------
    nrmse : The error, which phase errors raise as well.

    Examples
    --------
    >>> from reservoirs.metrics import amplitude_ratio
    >>> amplitude_ratio([0.0, 2.0], [1.0, 2.0])
    0.5
    """
    truth, prediction = _pair(y_true, y_pred)
    if not truth.std():
        raise ValueError("y_true must not be constant: it has no amplitude to compare with")
    return float(prediction.std() / truth.std())


@inherit_parameters(SEQUENCES)
def count_errors(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    n_scored: int | None = None,
    tolerance: float = 0.04,
) -> Array:
    """Count the wrong steps of every sequence of a long-memory task.

    Returns
    -------
    ndarray of shape (n_series,)
        The number of wrong steps.

    Raises
    ------
    ValueError
        If the shapes differ, or there are no values.

    See Also
    --------
    sequence_error_rate : The share of sequences with any wrong step.

    References
    ----------
    Hochreiter & Schmidhuber (1997), section 5.4: an error above 0.04 is wrong.

    Examples
    --------
    >>> from reservoirs.metrics import count_errors
    >>> count_errors([[0, 1, 1], [2, 1, 0]], [[0, 1, 2], [2, 1, 0]])
    array([1, 0])
    """
    truth, prediction = np.asarray(y_true), np.asarray(y_pred)
    if truth.shape != prediction.shape or not truth.size:
        raise ValueError(
            "y_true and y_pred must have the same shape, of one series at least, got "
            f"{truth.shape} and {prediction.shape}"
        )
    if truth.dtype.kind == "f":
        wrong = ~(np.abs(prediction - truth) <= tolerance)  # NaN is wrong
    else:
        wrong = prediction != truth
    wrong = wrong.reshape(len(truth), -1)
    counts: Array = wrong[:, 0 if n_scored is None else -n_scored :].sum(axis=1)
    return counts


@inherit_parameters(SEQUENCES)
def sequence_error_rate(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    n_scored: int | None = None,
    tolerance: float = 0.04,
) -> float:
    """Return the share of sequences with any wrong step.

    Below 0.01 a long-memory task counts as solved.

    Returns
    -------
    float
        The share, 0 to 1.

    See Also
    --------
    count_errors : The number of wrong steps of each sequence.
    symbol_error_rate : The share of wrong symbols of one sequence.

    Examples
    --------
    >>> from reservoirs.metrics import sequence_error_rate
    >>> sequence_error_rate([0.5, 0.5], [0.53, 0.55])
    0.5
    """
    counts = count_errors(y_true, y_pred, n_scored=n_scored, tolerance=tolerance)
    return float(np.mean(counts > 0))


def symbol_error_rate(
    symbols: ArrayLike, outputs: ArrayLike, *, levels: ArrayLike = (-3.0, -1.0, 1.0, 3.0)
) -> float:
    """Return the share of symbols that are not the level nearest to the output.

    Parameters
    ----------
    symbols : array-like of shape (n_steps,)
        The symbols sent, each one of `levels`.
    outputs : array-like of shape (n_steps,)
        The outputs of a model; NaN is wrong.
    levels : array-like of shape (n_levels,), default=(-3.0, -1.0, 1.0, 3.0)
        The symbols there are.

    Returns
    -------
    float
        The share, 0 to 1.

    Raises
    ------
    ValueError
        If the sizes differ, or there are no symbols.

    See Also
    --------
    sequence_error_rate : The share of wrong sequences.
    reservoirs.datasets.channel_equalization : Symbols sent through a channel.

    Examples
    --------
    >>> from reservoirs.metrics import symbol_error_rate
    >>> symbol_error_rate([3.0, 1.0], [2.5, -0.1])
    0.5
    """
    sent, received = _finite(symbols, "symbols").ravel(), np.ravel(outputs)
    if sent.size != received.size:
        raise ValueError(
            f"symbols and outputs must have the same size, got {sent.size} and {received.size}"
        )
    grid = np.sort(np.asarray(levels, dtype=np.float64))
    borders = 0.5 * (grid[1:] + grid[:-1])
    decided = grid[np.searchsorted(borders, received)]
    return float(np.mean((decided != sent) | np.isnan(received)))


#: Scorer of predictions one step ahead, minus their nrmse, for scoring= of scikit-learn.
nrmse_scorer = make_scorer(nrmse, greater_is_better=False)

# The names of 0.1.0
wrong_steps = count_errors
wrong_sequences = sequence_error_rate
