"""Predictions and forecasts in the shape, container and index that the data came in."""

from __future__ import annotations

from typing import Any

import numpy as np

from reservoirs.sequences import Array, is_frame, is_series_list, restore


def next_step(series: Any, exog: Any = None) -> tuple[Any, Any]:
    """Build inputs and targets of one-step prediction: X[t] = [s[t], exog[t]], y[t] = s[t+1].

    Parameters
    ----------
    series : (n_steps,), (n_steps, n_outputs), a DataFrame, a 3-D array or a list of 2-D arrays
    exog : known inputs in the same container, each at least n_steps - 1 rows: row j enters with
        s[j]; later rows belong to the future and are left out

    Returns
    -------
    X : (n_steps - 1, n_outputs + n_exog)
    y : (n_steps - 1,) where the series is 1-D, else (n_steps - 1, n_outputs)

    Raises
    ------
    ValueError
        If a series has fewer than two rows, or exog fewer than n_steps - 1.
    """
    if is_series_list(series) or (isinstance(series, np.ndarray) and series.ndim == 3):
        parts = [None] * len(series) if exog is None else list(exog)
        if len(parts) != len(series):
            raise ValueError(
                f"exog must hold one array per series, {len(series)}, got {len(parts)}"
            )
        pairs = [next_step(s, e) for s, e in zip(series, parts, strict=True)]
        inputs, targets = [p[0] for p in pairs], [p[1] for p in pairs]
        stacked = isinstance(series, np.ndarray)
        return (np.stack(inputs), np.stack(targets)) if stacked else (inputs, targets)
    values = np.asarray(series)
    if values.ndim not in (1, 2) or len(values) < 2:
        raise ValueError(
            "series must be (n_steps,) or (n_steps, n_outputs) with at least 2 steps, "
            f"got shape {values.shape}"
        )
    n = len(values) - 1
    columns = [values[:n].reshape(n, -1)]
    if exog is not None:
        known = np.asarray(exog)
        known = known.reshape(len(known), -1)
        if len(known) < n:
            raise ValueError(
                f"exog needs at least n_steps - 1 = {n} rows, one for each row of X, "
                f"got {len(known)}; extend exog or shorten the series"
            )
        columns.append(known[:n])
    if is_frame(series) and exog is None:
        return (series.iloc[:n].to_frame() if values.ndim == 1 else series.iloc[:n]), series.iloc[
            1:
        ]
    return np.hstack(columns), values[1:]


def shaped_prediction(estimator: Any, values: Array, layout: Any) -> Any:
    """Return per-step or per-series predictions in the shape and container that y came in.

    Parameters
    ----------
    estimator : a fitted regressor
    values : (n_rows, n_outputs) or (n_series, n_outputs)
    layout : of the X predicted from
    """
    shaped = flat(estimator, values)
    return restore(shaped, layout) if estimator.target_kind_ == "per_step" else shaped


def flat(estimator: Any, values: Array) -> Array:
    """Return values without the axis of outputs where y had none."""
    return values[:, 0] if estimator.flat_targets_ else values


def framed(estimator: Any, values: Array, index: Any, skip: int = 0) -> Any:
    """Return a forecast as a DataFrame whose index goes on from another, if there is one.

    Parameters
    ----------
    estimator : a fitted regressor
    values : (n_steps, n_outputs)
    index : pandas index of the last rows known, or None
    skip : labels to leave out: the row after the last row of X is y[-1], known already
    """
    if index is None:
        return flat(estimator, values)
    import pandas as pd

    names = estimator.output_names_ or list(range(values.shape[1]))
    following = future_index(index, len(values) + skip)
    return pd.DataFrame(
        values, index=None if following is None else following[skip:], columns=names
    )


def framed_many(estimator: Any, found: list[Array]) -> Any:
    """Return one forecast per training series as a DataFrame with the series as outer level."""
    import pandas as pd

    index, frames = estimator.layout_.index, {}
    for span, values in zip(estimator.layout_.slices(), found, strict=True):
        inner = index[span].droplevel(0)
        frames[index[span.start][0]] = framed(estimator, values, inner, skip=1)
    return pd.concat(frames, names=index.names[:1])


def future_index(index: Any, n_steps: int) -> Any:
    """Continue a pandas index by n_steps; None where no regular continuation exists.

    Parameters
    ----------
    index : DatetimeIndex, PeriodIndex, RangeIndex or numeric index of the last rows seen
    n_steps : how many labels to add
    """
    import pandas as pd

    if isinstance(index, pd.PeriodIndex):
        return pd.period_range(index[-1] + 1, periods=n_steps, freq=index.freq)
    if isinstance(index, pd.DatetimeIndex):
        freq = index.freq or (pd.infer_freq(index) if len(index) > 2 else None)
        step = freq if freq is not None else index[-1] - index[-2]
        return pd.date_range(index[-1], periods=n_steps + 1, freq=step)[1:]
    if pd.api.types.is_numeric_dtype(index.dtype) and len(index) > 1:
        step = index[-1] - index[-2]
        return pd.Index(index[-1] + step * np.arange(1, n_steps + 1), name=index.name)
    return None
