"""Errors relative to a naive forecast, which are comparable between series of any scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.labels import is_frame
from reservoirs.metrics.forecasts import METRICS
from reservoirs.metrics.pairs import check_columns, check_pair
from reservoirs.mistakes import refuse_text
from reservoirs.sequences import Array, SeriesLike


@inherit_parameters(METRICS)
def mase(y_true: ArrayLike, y_pred: ArrayLike, *, y_train: ArrayLike, season: int = 1) -> float:
    """Return the mean absolute scaled error.

    mean abs(y_true - y_pred) / mean over training rows of abs(y[t] - y[t - season]),
    averaged over the outputs

    Below 1 the forecast is better than the (seasonal) naive forecast of one step was on the
    training rows; 0 is perfect.

    Parameters
    ----------
    y_true : array-like of shape (n_steps,), (n_steps, n_outputs) or (n_origins, horizon, n_outputs)
        The observed values of one series, all finite, also as `backtest` returns them.
    y_pred : array-like of the same shape
        The predicted values; one that is not finite makes the result infinite.
    y_train : array-like of shape (n_train,) or (n_train, n_outputs)
        The rows of this series that the model learned from; differences with a NaN are left out.
    season : int, default=1
        Rows a season; 1 compares with the last value.

    Returns
    -------
    float
        The error, dimensionless.

    Raises
    ------
    ValueError
        If shapes differ, y_true is not finite, there are several series, the training rows are no
        more than a season, or they repeat themselves every season.

    See Also
    --------
    skill : The error over that of any other forecast.
    nrmse : The error in standard deviations.

    References
    ----------
    Hyndman & Koehler (2006), Another look at measures of forecast accuracy.

    Examples
    --------
    >>> from reservoirs.metrics import mase
    >>> mase([5.0, 6.0], [4.0, 6.0], y_train=[0.0, 1.0, 3.0, 4.0, 5.0])
    0.4
    """
    for values, name in ((y_true, "y_true"), (y_train, "y_train")):
        _refuse_several(values, name)
    truth, prediction = check_pair(y_true, y_pred)
    if is_frame(y_true) and is_frame(y_train):
        check_columns(y_true, y_train, ("y_true", "y_train"))
    size = 1 if truth.ndim == 1 else truth.shape[-1]
    scale = _naive_error(_training_rows(y_train, size), season)
    if not np.isfinite(prediction).all():
        return float("inf")
    errors = np.abs(truth - prediction).reshape(-1, size)
    return float(np.mean(errors.mean(axis=0) / scale))


def _refuse_several(values: SeriesLike, name: str) -> None:
    """Refuse several series: the difference of two of them is no error of a naive forecast.

    Those of a backtest, by their origin and label, are of one.

    Raises
    ------
    ValueError
        If there are several.
    """
    levels = [values.index.names[i] for i in _outer(values)] if is_frame(values) else []
    if _are_several(values) or levels not in ([], ["origin"]):
        raise ValueError(
            f"{name} must be of one series, got several: score each series by itself, with its own "
            "training rows, and take the mean"
        )


def _training_rows(y_train: SeriesLike, n_outputs: int) -> Array:
    """Return the training rows as (n_train, n_outputs) float64, NaN where masked."""
    refuse_text(y_train, "y_train")
    rows = np.ma.filled(np.ma.asarray(y_train, dtype=np.float64), np.nan)
    if not rows.ndim or not rows.size or rows[:1].size != n_outputs:
        raise ValueError(
            f"y_train must have rows of the {n_outputs} outputs of y_true, got shape {rows.shape}; "
            "pass the observed values that the model was fitted on"
        )
    return rows.reshape(len(rows), n_outputs)


def _naive_error(rows: Array, season: int) -> Array:
    """Return the mean absolute seasonal difference of every output."""
    if isinstance(season, bool) or not isinstance(season, int | np.integer) or season < 1:
        raise ValueError(f"season must be an integer >= 1, the rows a season, got {season!r}")
    if len(rows) <= season:
        raise ValueError(
            f"y_train must have more rows than a season, got {len(rows)} with season={season}; "
            "pass more training rows, or season=1"
        )
    steps = np.abs(rows[season:] - rows[:-season])
    known = ~np.isnan(steps)
    counts = known.sum(axis=0)
    if not counts.all():
        raise ValueError(
            f"y_train must have two rows {season} apart without NaN in every output, got none in "
            f"column {int(np.argmin(counts))}; pass more training rows"
        )
    scale: Array = np.where(known, steps, 0.0).sum(axis=0) / counts
    if not ((scale > 0) & np.isfinite(scale)).all():
        raise ValueError(
            f"y_train must be finite and change from one season to the next, got mean absolute "
            f"differences of {scale} with season={season}: nothing can be divided by them; pass "
            "other training rows or another season, or score with nrmse(scale=)"
        )
    return scale


def skill(y_true: SeriesLike, y_pred: SeriesLike, baseline: SeriesLike) -> float:
    """Return the error over the error of a baseline: below 1 is better than it, 0 perfect.

    rmse(y_true, y_pred) / rmse(y_true, baseline)

    Lower is better, unlike 1 - ratio, which others call skill. Of several outputs, and of lists of
    forecasts, it is the geometric mean of their ratios, so that each counts the same whatever its
    unit and twice as good offsets twice as bad.

    Parameters
    ----------
    y_true : array-like of shape (n_steps,) or (n_steps, n_outputs), or list of arrays
        The observed values, all finite. A list of arrays or DataFrames is one of several forecasts,
        and so are what `backtest` returns and a DataFrame with a MultiIndex.
    y_pred : array-like of the same shape, or list of arrays
        The predicted values; one that is not finite makes the result infinite.
    baseline : array-like of the same shape, or list of arrays
        What a simple method predicts for the same rows, such as the values a season before.

    Returns
    -------
    float
        The ratio, dimensionless.

    Raises
    ------
    ValueError
        If shapes or numbers of forecasts differ, y_true or the baseline is not finite, or the
        baseline is perfect.

    See Also
    --------
    mase : The error over that of the naive forecast on training rows.

    References
    ----------
    Fleming & Wallace (1986), How not to lie with statistics: the correct way to summarize benchmark
    results: why ratios are averaged geometrically.

    Examples
    --------
    >>> from reservoirs.metrics import skill
    >>> skill([1.0, 2.0], [1.0, 1.0], [3.0, 2.0])
    0.5
    """
    logs = _log_ratios(y_true, y_pred, baseline)
    # one forecast that is infinitely wrong outweighs one that is perfect
    return float("inf") if np.inf in logs else float(np.exp(np.mean(logs)))


def _log_ratios(y_true: SeriesLike, y_pred: SeriesLike, baseline: SeriesLike) -> list[float]:
    """Return the logarithm of the ratio of errors of every forecast.

    Raises
    ------
    ValueError
        If there are not as many predictions and baselines.
    """
    y_true, y_pred, baseline = _listed(y_true, y_pred, baseline)
    if not _are_several(y_true):
        return [_log_ratio(y_true, y_pred, baseline)]
    counts = [len(part) if isinstance(part, list | tuple) else None for part in (y_pred, baseline)]
    if counts != [len(y_true)] * 2:
        raise ValueError(
            f"y_true is a list of {len(y_true)} forecasts, y_pred and baseline must be lists of as "
            f"many, got {counts[0] or type(y_pred).__name__} and "
            f"{counts[1] or type(baseline).__name__}"
        )
    parts = zip(y_true, y_pred, baseline, strict=True)
    return [log for part in parts for log in _log_ratios(*part)]


def _listed(y_true: SeriesLike, y_pred: SeriesLike, baseline: SeriesLike) -> list[SeriesLike]:
    """Return as lists what `backtest` gives, and frames with a MultiIndex, piece by piece."""
    if isinstance(y_true, np.ndarray) and y_true.ndim == 3:
        truth, prediction = check_pair(y_true, y_pred)
        _, simple = check_pair(y_true, baseline, names=("y_true", "baseline"))
        return [list(truth), list(prediction), list(simple)]
    return [
        [part.droplevel(_outer(values)) for _, part in values.groupby(level=_outer(values))]
        if is_frame(values) and _outer(values)
        else values
        for values in (y_true, y_pred, baseline)
    ]


def _outer(frame: SeriesLike) -> list[int]:
    """Return the levels of a frame that name its series, or the origins of its forecasts."""
    return list(range(frame.index.nlevels - 1))


def _are_several(values: SeriesLike) -> bool:
    """Tell whether values are a list of forecasts: of arrays or frames, not of numbers or rows."""
    return isinstance(values, list | tuple) and any(
        is_frame(part) or (isinstance(part, np.ndarray) and part.ndim > 0) for part in values
    )


def _log_ratio(y_true: SeriesLike, y_pred: SeriesLike, baseline: SeriesLike) -> float:
    """Return the mean over the outputs of the logarithm of the ratio of errors."""
    truth, prediction = check_pair(y_true, y_pred)
    _, simple = check_pair(y_true, baseline, names=("y_true", "baseline"))
    ours, theirs = ((part - truth).reshape(len(truth), -1) for part in (prediction, simple))
    # in units of the baseline's largest error, so that no square underflows
    unit = np.abs(theirs).max(axis=0)
    if not ((unit > 0) & np.isfinite(unit)).all():
        raise ValueError(
            f"baseline must be finite, and wrong somewhere in every output, got largest errors of "
            f"{unit}: nothing can be divided by them; leave these forecasts out, or take another "
            "baseline"
        )
    if not np.isfinite(ours).all():
        return float("inf")
    with np.errstate(over="ignore", divide="ignore"):
        ratios = np.sqrt(((ours / unit) ** 2).mean(axis=0) / ((theirs / unit) ** 2).mean(axis=0))
        return float(np.log(ratios).mean())
