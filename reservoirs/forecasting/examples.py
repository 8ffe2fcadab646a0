"""Examples of one-step prediction, built from series and exogenous inputs."""

from __future__ import annotations

import numpy as np

from reservoirs.sequences import Array, SeriesLike, holds_many_series, is_frame


def next_step(series: SeriesLike, exog: SeriesLike = None) -> tuple[SeriesLike, SeriesLike]:
    """Build inputs and targets of one-step prediction.

    X[t] = [s[t], exog[t]],  y[t] = s[t+1]

    Parameters
    ----------
    series : array-like of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
        The observations s; a list of 2-D arrays or a 3-D array holds several series.
    exog : array-like of shape (n_steps - 1, n_exog), list of arrays or DataFrame, default=None
        Known inputs in the same container as the series. Row j enters with s[j]; rows after
        n_steps - 1 belong to the future and are left out.

    Returns
    -------
    X : array of shape (n_steps - 1, n_outputs + n_exog), list of arrays or DataFrame
        Inputs, the observation first.
    y : array of shape (n_steps - 1,) or (n_steps - 1, n_outputs), list of arrays or DataFrame
        The observation after each row of X, 1-D where the series is 1-D.

    Raises
    ------
    ValueError
        If a series has fewer than two rows, or exog fewer than n_steps - 1.

    See Also
    --------
    forecast : Feed the predictions of a model fitted on X and y back to it.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import next_step
    >>> X, y = next_step(np.array([1.0, 2.0, 3.0]), exog=np.array([0.1, 0.2]))
    >>> X
    array([[1. , 0.1],
           [2. , 0.2]])
    >>> y
    array([2., 3.])
    """
    if holds_many_series(series):
        inputs_per_series = [None] * len(series) if exog is None else list(exog)
        if len(inputs_per_series) != len(series):
            raise ValueError(
                f"exog must hold one array per series, {len(series)}, got {len(inputs_per_series)}"
            )
        pairs = [next_step(s, e) for s, e in zip(series, inputs_per_series, strict=True)]
        X, y = [p[0] for p in pairs], [p[1] for p in pairs]
        return (np.stack(X), np.stack(y)) if isinstance(series, np.ndarray) else (X, y)
    values = np.asarray(series)
    if values.ndim not in (1, 2) or len(values) < 2:
        raise ValueError(
            "series must be (n_steps,) or (n_steps, n_outputs) with at least 2 steps, "
            f"got shape {values.shape}"
        )
    n_rows = len(values) - 1
    if exog is not None:
        inputs = _first_rows(exog, n_rows)
        return np.hstack([values[:n_rows].reshape(n_rows, -1), inputs]), values[1:]
    # frames stay frames, with their labels; beside exog the columns would need names
    if is_frame(series):
        X = series.iloc[:n_rows]
        return (X.to_frame() if values.ndim == 1 else X), series.iloc[1:]
    return np.hstack([values[:n_rows].reshape(n_rows, -1)]), values[1:]


def _first_rows(exog: SeriesLike, n_rows: int) -> Array:
    """Return the exogenous inputs of the first rows, (n_rows, n_exog)."""
    rows = np.asarray(exog)
    rows = rows.reshape(len(rows), -1)
    if len(rows) < n_rows:
        raise ValueError(
            f"exog needs at least n_steps - 1 = {n_rows} rows, one for each row of X, "
            f"got {len(rows)}; extend exog or shorten the series"
        )
    return rows[:n_rows]
