"""Errors of forecasts, defined once and named in every result."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import make_scorer

from reservoirs.sequences import Array

__all__ = [
    "amplitude_ratio",
    "error_growth",
    "nmse",
    "nrmse",
    "nrmse_scorer",
    "smape",
    "symbol_error_rate",
    "valid_prediction_time",
    "wrong_sequences",
    "wrong_steps",
]


def _truth(y_true: Any, name: str = "y_true") -> Array:
    """Return what was to be predicted as float64."""
    truth = np.asarray(y_true, dtype=np.float64)
    if not truth.size or not np.isfinite(truth).all():
        raise ValueError(
            f"{name} must hold at least one value, all finite, got shape {truth.shape}; leave out "
            "rows without a measurement"
        )
    return truth


def _pair(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    """Return both as (n_steps, n_outputs) float64 of one shape."""
    truth = _truth(y_true)
    prediction = np.asarray(y_pred, dtype=np.float64)
    truth = truth.reshape(len(truth), -1)
    if prediction.size != truth.size:
        raise ValueError(
            f"y_true and y_pred must have the same shape, got {np.shape(y_true)} and "
            f"{np.shape(y_pred)}"
        )
    return truth, prediction.reshape(truth.shape)


def _scale(truth: Array, scale: Any) -> Array:
    """Return the scale per output, the standard deviation of the truth by default."""
    deviation = truth.std(axis=0) if scale is None else np.asarray(scale, dtype=np.float64)
    if not np.all(deviation > 0):
        raise ValueError(
            f"scale must be positive for every output, got {deviation}; a constant series has no "
            "standard deviation: pass scale"
        )
    return np.atleast_1d(deviation)


def nrmse(y_true: Any, y_pred: Any, *, scale: Any = None) -> float:
    """Return the normalised root mean square error.

    sqrt(mean over steps and outputs of ((y_pred - y_true) / scale)^2)

    Parameters
    ----------
    y_true : (n_steps,) or (n_steps, n_outputs)
    y_pred : the same shape; a row that is not finite makes the result infinite
    scale : per output, in the units of y; None is the standard deviation of y_true

    Returns
    -------
    0 for a perfect prediction, 1 for the mean of y_true

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is not finite, or constant where no scale is given.
    """
    truth, prediction = _pair(y_true, y_pred)
    relative = (prediction - truth) / _scale(truth, scale)
    return float(np.sqrt(np.mean(relative**2))) if np.isfinite(relative).all() else float("inf")


def nmse(y_true: Any, y_pred: Any, *, scale: Any = None) -> float:
    """Return `nrmse` squared."""
    return nrmse(y_true, y_pred, scale=scale) ** 2


def smape(y_true: Any, y_pred: Any) -> float:
    """Return the symmetric mean absolute percentage error, 0 to 200.

    200 mean abs(y - p) / (abs(y) + abs(p)); a value that is not finite counts as entirely
    wrong. It depends on the origin of the data, so compute it in original units.

    Parameters
    ----------
    y_true, y_pred : (n_steps,) or (n_steps, n_outputs)

    Raises
    ------
    ValueError
        If their shapes differ, or y_true is not finite.

    References
    ----------
    Gilpin (2021), Chaos as an interpretable benchmark for forecasting and data-driven modelling.
    """
    truth, guess = _truth(y_true), np.asarray(y_pred, dtype=np.float64)
    if truth.shape != guess.shape:
        raise ValueError(f"y_true and y_pred must have one shape, got {truth.shape}, {guess.shape}")
    whole = np.abs(truth) + np.abs(guess)
    share = np.zeros(truth.shape)
    np.divide(np.abs(truth - guess), whole, out=share, where=whole > 0)
    return float(200.0 * np.where(np.isfinite(guess), share, 1.0).mean())


def error_growth(y_true: Any, y_pred: Any, *, scale: Any = None) -> Array:
    """Return the normalised error of every step, (n_steps,).

    e[t] = sqrt(mean over outputs of ((y_pred[t] - y_true[t]) / scale)^2)

    Parameters
    ----------
    y_true : (n_steps,) or (n_steps, n_outputs)
    y_pred : the same shape
    scale : per output; None is the standard deviation of y_true
    """
    truth, prediction = _pair(y_true, y_pred)
    return np.sqrt(np.mean(((prediction - truth) / _scale(truth, scale)) ** 2, axis=1))


def valid_prediction_time(
    y_true: Any, y_pred: Any, *, threshold: float = 0.4, dt: float = 1.0, scale: Any = None
) -> float:
    """Return the time of the first step whose `error_growth` exceeds a threshold.

    Parameters
    ----------
    y_true : (n_steps,) or (n_steps, n_outputs)
    y_pred : the same shape
    threshold : of the normalised error
    dt : time per step, in the unit wanted (Lyapunov times, say)
    scale : per output; None is the standard deviation of y_true

    Returns
    -------
    n_steps * dt where the threshold is never exceeded
    """
    growth = error_growth(y_true, y_pred, scale=scale)
    beyond = ~(growth <= threshold)
    return dt * float(np.argmax(beyond) if beyond.any() else len(growth))


def amplitude_ratio(y_true: Any, y_pred: Any) -> float:
    """Return std(y_pred) / std(y_true), 1 where a forecast oscillation keeps its size.

    Parameters
    ----------
    y_true, y_pred : (n_steps,) or (n_steps, n_outputs)

    Raises
    ------
    ValueError
        If their shapes differ, or y_true is constant or not finite.
    """
    truth, prediction = _pair(y_true, y_pred)
    if not truth.std():
        raise ValueError("y_true must not be constant: it has no amplitude to compare with")
    return float(prediction.std() / truth.std())


def wrong_steps(
    y_true: Any, y_pred: Any, *, n_scored: int | None = None, tolerance: float = 0.04
) -> Array:
    """Count the wrong steps of every sequence of a long-memory task.

    Parameters
    ----------
    y_true, y_pred : (n_series,) numbers or labels, one per series, or (n_series, n_steps) of them
    n_scored : count the last steps only; None counts all
    tolerance : largest error of a right number; labels must be equal

    Returns
    -------
    (n_series,) whole numbers

    Raises
    ------
    ValueError
        If the shapes differ, or hold nothing.

    References
    ----------
    Hochreiter & Schmidhuber (1997), section 5.4: an error above 0.04 is wrong.
    """
    truth, found = np.asarray(y_true), np.asarray(y_pred)
    if truth.shape != found.shape or not truth.size:
        raise ValueError(
            "y_true and y_pred must have the same shape, of one series at least, got "
            f"{truth.shape} and {found.shape}"
        )
    if truth.dtype.kind == "f":
        wrong = ~(np.abs(found - truth) <= tolerance)  # NaN is wrong
    else:
        wrong = found != truth
    wrong = wrong.reshape(len(truth), -1)
    counts: Array = wrong[:, 0 if n_scored is None else -n_scored :].sum(axis=1)
    return counts


def wrong_sequences(
    y_true: Any, y_pred: Any, *, n_scored: int | None = None, tolerance: float = 0.04
) -> float:
    """Return the share of sequences with any wrong step; below 0.01 a long-memory task is solved.

    Parameters
    ----------
    y_true, y_pred, n_scored, tolerance : as in `wrong_steps`
    """
    counts = wrong_steps(y_true, y_pred, n_scored=n_scored, tolerance=tolerance)
    return float(np.mean(counts > 0))


def symbol_error_rate(symbols: Any, outputs: Any, *, levels: Any = (-3.0, -1.0, 1.0, 3.0)) -> float:
    """Return the share of symbols that are not the level nearest to the output.

    Parameters
    ----------
    symbols : (n_steps,), what was sent, each one of `levels`
    outputs : (n_steps,), what a model makes of it; NaN is wrong
    levels : the symbols there are

    Raises
    ------
    ValueError
        If their sizes differ, or there are none.
    """
    sent, found = _truth(symbols, "symbols").ravel(), np.ravel(outputs)
    if sent.size != found.size:
        raise ValueError(
            f"symbols and outputs must have the same size, got {sent.size} and {found.size}"
        )
    grid = np.sort(np.asarray(levels, dtype=np.float64))
    borders = 0.5 * (grid[1:] + grid[:-1])
    decided = grid[np.searchsorted(borders, found)]
    return float(np.mean((decided != sent) | np.isnan(found)))


#: Scorer of predictions one step ahead, minus their nrmse, for scoring= of scikit-learn.
nrmse_scorer = make_scorer(nrmse, greater_is_better=False)
