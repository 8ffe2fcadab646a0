"""Errors of numbers against time: of a forecast as a whole, of each step, and how long it holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import make_scorer

from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.metrics.pairs import check_pair
from reservoirs.sequences import Array

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


def _pair(y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
    """Return both as (n_steps, n_outputs) float64 of one shape."""
    truth, prediction = check_pair(y_true, y_pred)
    return truth.reshape(len(truth), -1), prediction.reshape(len(truth), -1)


def _positive_scale(truth: Array, scale: ArrayLike | None) -> Array:
    """Return the scale per output, the standard deviation of the truth by default."""
    deviation = truth.std(axis=0) if scale is None else np.asarray(scale, dtype=np.float64)
    if not np.all((deviation > 0) & np.isfinite(deviation)):
        raise ValueError(
            f"scale must be positive for every output, and finite, got {deviation}; a constant "
            "series has no standard deviation: pass scale"
        )
    if deviation.shape not in {(), (1,), truth.shape[1:]}:
        raise ValueError(
            f"scale must be a number, or one number per output, {truth.shape[1:]}, got shape "
            f"{deviation.shape}"
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
    with np.errstate(over="ignore"):  # so far off that its square is infinite
        relative = (prediction - truth) / _positive_scale(truth, scale)
        error = float(np.sqrt(np.mean(relative**2)))
    return error if np.isfinite(relative).all() else float("inf")


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

    200 mean abs(y_true - y_pred) / (abs(y_true) + abs(y_pred))

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
    truth, prediction = check_pair(y_true, y_pred)
    finite = np.isfinite(prediction)
    size = np.abs(truth) + np.abs(prediction)
    # where both are zero the forecast is right, though 0 / 0 is undefined
    share = np.zeros(truth.shape)
    np.divide(np.abs(truth - prediction), size, out=share, where=finite & (size > 0))
    return float(200.0 * np.where(finite, share, 1.0).mean())


@inherit_parameters(METRICS)
def error_growth(y_true: ArrayLike, y_pred: ArrayLike, *, scale: ArrayLike | None = None) -> Array:
    """Return the normalised error of every step.

    e[t] = sqrt(mean over outputs of ((y_pred[t] - y_true[t]) / scale)^2)

    Returns
    -------
    ndarray of shape (n_steps,)
        The errors e.

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is not finite, or constant where no scale is given.

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
    with np.errstate(over="ignore"):  # as in nrmse
        relative = (prediction - truth) / _positive_scale(truth, scale)
        return np.sqrt(np.mean(relative**2, axis=1))


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

    Raises
    ------
    ValueError
        If the shapes differ, or y_true is not finite, or constant where no scale is given.

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
    with np.errstate(over="ignore", invalid="ignore"):  # a forecast that diverged
        return float(prediction.std() / truth.std())


#: Scorer of predictions one step ahead, minus their nrmse, for scoring= of scikit-learn.
nrmse_scorer = make_scorer(nrmse, greater_is_better=False)
