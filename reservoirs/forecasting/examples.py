"""Examples of one-step prediction, built from series and exogenous inputs."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from reservoirs.forecasting.panels import match_series, open_panel
from reservoirs.forecasting.selection import take_labels
from reservoirs.forecasting.tails import BUILT_ALIGN, OWN_LABELS
from reservoirs.labels import has_names, is_frame, load_pandas
from reservoirs.mistakes import Pairs, refuse_dates
from reservoirs.sequences import SeriesLike, check_labels, flatten, unmask

ALIGNMENTS = ("observation", "target")


def next_step(
    series: SeriesLike,
    exog: SeriesLike = None,
    *,
    align: str = "observation",
    series_id: SeriesLike = None,
) -> tuple[SeriesLike, SeriesLike]:
    """Build inputs and targets of one-step prediction.

    X[t] = [s[t], exog[t]],  y[t] = s[t+1];  with align="target" X[t] = [s[t], exog[t+1]]

    Parameters
    ----------
    series : array-like of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
        The observations s; any container of several series gives X and y of each, with no pair
        across a border. NaN and masked values pass, for `fit` to fill.
    exog : array-like of shape (n_steps, n_exog), list of arrays or DataFrame, default=None
        Known inputs in the same container as the series, one row per row of the series. Of a
        DataFrame rows are taken by their labels, of an array by position; rows after the last one
        needed belong to the future and are left out.
    align : {"observation", "target"}, default="observation"
        Whether a row of exog enters with its own observation (a force), or with the one before, as
        a property of the value predicted (weather, a holiday). Then fit a model with
        exog_align="target".
    series_id : array-like of shape (n_steps,), default=None
        The series of each row of one array or DataFrame; X and y are lists then.

    Returns
    -------
    X : array of shape (n_steps - 1, n_outputs + n_exog), list of arrays or DataFrame
        Inputs, the observation first.
    y : array of shape (n_steps - 1,) or (n_steps - 1, n_outputs), list of arrays or DataFrame
        The observation after each row of X, 1-D where the series is 1-D.

    Raises
    ------
    ValueError
        If a series has fewer than two rows, exog too few, or a DataFrame labels that do not
        increase, a label missing, or a column twice.

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
    if align not in ALIGNMENTS:
        raise ValueError(f"align must be one of {ALIGNMENTS}, got {align!r}")
    panel = open_panel(series, "series", series_id)
    inputs = match_series(panel, exog, "exog")
    pairs = [
        _pairs_of(s, e, align, panel.name_of(i, "series"))
        for i, (s, e) in enumerate(zip(panel.members, inputs, strict=True))
    ]
    return Pairs((panel.restore([p[0] for p in pairs]), panel.restore([p[1] for p in pairs])))


def _pairs_of(
    series: SeriesLike, exog: SeriesLike, align: str, where: str
) -> tuple[SeriesLike, SeriesLike]:
    """Return the pairs of one series."""
    shape = np.shape(series)
    if len(shape) not in (1, 2) or shape[0] < 2:
        raise ValueError(
            f"{where} must be (n_steps,) or (n_steps, n_outputs) with at least 2 steps, got "
            f"shape {shape}; of a MultiIndex the last level is the time, see swaplevel()"
        )
    refuse_dates(series, "series")
    n_rows = shape[0] - 1
    if has_names(series) and not is_frame(series):  # polars, whose rows have no labels
        X, y = series[:n_rows], series[1:]
        X = X.to_frame() if len(shape) == 1 else X
        return X if exog is None else X.hstack(_named(exog, n_rows, align, X)), y
    if not is_frame(series):
        values = np.asarray(series)
        X = values[:n_rows].reshape(n_rows, -1)
        if exog is not None:
            X = np.hstack([X, _by_position(exog, n_rows, align)])
        return X, values[1:]
    X, y = series.iloc[:n_rows], series.iloc[1:]
    y.attrs = {**y.attrs, OWN_LABELS: True, BUILT_ALIGN: None if exog is None else align}
    X = X.to_frame() if len(shape) == 1 else X
    return X if exog is None else _beside(X, exog, y.index, align), y


def _by_position(exog: SeriesLike, n_rows: int, align: str) -> SeriesLike:
    """Return the rows of exog that enter with the first observations, (n_rows, n_exog)."""
    rows = np.asarray(unmask(exog))
    rows = rows.reshape(len(rows), -1)
    first = ALIGNMENTS.index(align)
    if len(rows) < n_rows + first:
        needed = f"n_steps - 1 = {n_rows}" if not first else f"n_steps = {n_rows + 1}"
        raise ValueError(
            f"exog needs at least {needed} rows, up to the last that enters a row of X, "
            f"got {len(rows)}; extend exog or shorten the series"
        )
    return rows[first : first + n_rows]


def _named(exog: SeriesLike, n_rows: int, align: str, X: SeriesLike) -> SeriesLike:
    """Return the rows of exog that enter with the first observations, as polars columns."""
    values = _by_position(exog, n_rows, align)
    return type(X)(values, schema=_names_of(exog, values))


def _names_of(exog: SeriesLike, values: SeriesLike) -> list[Hashable]:
    """Return the names of the columns of exog, its values at hand."""
    names = list(getattr(exog, "columns", []))
    return names or [f"exog{i}" for i in range(values.shape[1])]


def _beside(X: SeriesLike, exog: SeriesLike, later: SeriesLike, align: str) -> SeriesLike:
    """Return a DataFrame with the columns of exog beside the observation."""
    pd = load_pandas()
    if is_frame(exog):
        check_labels(flatten(exog)[1], "exog")
        rows = take_labels(exog, X.index if align == "observation" else later, "exog")
        rows = rows.to_frame() if not hasattr(rows, "columns") else rows
        names = [name if name is not None else "exog" for name in rows.columns]
        rows = rows.set_axis(names, axis=1).set_axis(X.index, axis=0)
    else:
        values = _by_position(exog, len(X), align)
        rows = pd.DataFrame(values, index=X.index, columns=_names_of(exog, values))
    both = pd.concat([X, rows], axis=1)
    if not both.columns.is_unique:
        twice = both.columns[both.columns.duplicated()][0]
        raise ValueError(
            f"series and exog both have a column {twice!r}; rename one, so that forecasts can tell "
            "them apart"
        )
    # scikit-learn knows columns by name only where all names are text
    if not all(isinstance(name, str) for name in both.columns):
        both.columns = pd.Index([str(name) for name in both.columns])
    return both
