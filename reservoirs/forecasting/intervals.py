"""Intervals around forecasts: from the errors of closed loops, in the container of the forecast."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecasting.frames import to_frame
from reservoirs.forecasting.panels import Panel
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.labels import is_frame, load_pandas
from reservoirs.sequences import Array, SeriesLike

if TYPE_CHECKING:
    import pandas as pd

Ends = tuple[Array, Array]  # lower and upper, (n_levels, n_steps, n_outputs) each
ROLLING = 0.95  # factor of widths: fits to the rows before an origin know fewer than the last one
FASTEST = 0.5  # growth of errors beyond the steps of the loops: that of a random walk


def check_levels(level: float | Sequence[float]) -> list[float]:
    """Return levels in per cent as a list.

    Raises
    ------
    ValueError
        For none, or one that is not a number between 0 and 100.
    """
    levels = np.atleast_1d(np.asarray(level, dtype=object))
    numbers = all(isinstance(v, Real) and not isinstance(v, bool | np.bool_) for v in levels.flat)
    if levels.ndim > 1 or not len(levels) or not numbers or not all(0 < v < 100 for v in levels):
        raise ValueError(
            "level must be a number between 0 and 100, in per cent, or a list of them, got "
            f"{level!r}; 80 is an interval that four of five values fall into"
        )
    return [float(value) for value in levels]


def check_coverage(levels: list[float], n_loops: int, remedy: str) -> None:
    """Refuse levels that a number of loops is too small for; the remedy ends the message.

    Raises
    ------
    ValueError
        For a level above 100 n / (n + 1).
    """
    highest = 100 * n_loops / (n_loops + 1)
    for level in levels:
        if level > highest:
            raise ValueError(
                f"level must be in (0, {highest:.4g}] per cent, for {n_loops} loops, got "
                f"{level:g}; {remedy}"
            )


def half_widths(
    residuals: Array, n_steps: int, levels: list[float], *, widened: float = ROLLING
) -> Array:
    """Return half the width of intervals by the errors of closed loops.

    w[t] = v q s[t],  s[t] the largest root mean square of the errors of steps 0..t,
    q the quantile of all errors divided by it

    The quantile is that of ceil((n + 1) level) of n loops. Beyond the steps of the loops widths go
    on growing as over their second half, at most as those of a random walk.

    Parameters
    ----------
    residuals : array of shape (n_loops, horizon, n_outputs)
        Errors of the loops.
    n_steps : int
        Steps of the forecast.
    levels : list of float
        In per cent.
    widened : float
        Factor of all widths, v.

    Returns
    -------
    array of shape (n_levels, n_steps, n_outputs)
        Half widths.

    References
    ----------
    Vovk, Gammerman & Shafer (2005), Algorithmic learning in a random world, section 2.2.
    """
    # a power of two, so that no square over- or underflows and no digit changes
    _, exponents = np.frexp(np.abs(residuals).max(axis=(0, 1)))
    residuals = np.ldexp(residuals, -exponents)
    sizes = np.maximum.accumulate(np.sqrt(np.mean(residuals**2, axis=0)), axis=0)
    n_loops, horizon = residuals.shape[:2]
    relative = np.abs(residuals) / np.where(sizes > 0, sizes, 1.0)
    shares = [min(np.ceil((n_loops + 1) * level / 100) / n_loops, 1.0) for level in levels]
    quantiles = np.quantile(relative, shares, axis=(0, 1))
    steps = 1 + np.arange(n_steps)
    beyond = np.maximum(steps / horizon, 1.0)[:, None] ** _growth(sizes)
    widths = widened * quantiles[:, None] * sizes[np.minimum(steps, horizon) - 1] * beyond
    in_units: Array = np.ldexp(widths, exponents)
    return in_units


def _growth(sizes: Array) -> Array:
    """Return the exponents, (n_outputs,), by which sizes of errors grow over their second half."""
    last, middle = sizes[-1], sizes[(len(sizes) - 1) // 2]
    if len(sizes) < 2:
        return np.full(len(last), FASTEST)
    ratio = np.divide(last, middle, out=np.ones_like(last), where=middle > 0)
    span = np.log(len(sizes) / ((len(sizes) - 1) // 2 + 1))
    return np.clip(np.log(ratio) / span, 0.0, FASTEST)


def with_intervals(
    mean: SeriesLike,
    ends: Sequence[Ends],
    levels: list[float],
    starts: Sequence[Start],
    panel: Panel,
    end: TrainingEnd,
    *,
    single: bool,
) -> SeriesLike:
    """Return a forecast with the ends of its intervals.

    The forecast is in its container, the ends come one pair per start. A single level adds no axis
    to arrays. DataFrames get columns as "y_lo80"; else (mean, lower, upper) is returned.
    """

    def restore(values: Sequence[Array]) -> SeriesLike:
        return panel.restore([to_frame(v, s, end) for v, s in zip(values, starts, strict=True)])

    low, high = (
        [restore([pair[side][i] for pair in ends]) for i in range(len(levels))] for side in (0, 1)
    )
    if is_frame(mean):
        return _side_by_side(mean, levels, low, high)
    if isinstance(mean, list) and all(map(is_frame, mean)):
        by_series = zip(mean, zip(*low, strict=True), zip(*high, strict=True), strict=True)
        return [_side_by_side(m, levels, lower, upper) for m, lower, upper in by_series]
    return mean, _stacked(low, single=single), _stacked(high, single=single)


def _stacked(values: list[SeriesLike], *, single: bool) -> SeriesLike:
    """Return ends of all levels with an axis for them, unless there is a single one."""
    if single:
        return values[0]
    if isinstance(values[0], list):
        return [np.stack(of_series, axis=-1) for of_series in zip(*values, strict=True)]
    return np.stack(values, axis=-1)


def _side_by_side(
    mean: pd.DataFrame,
    levels: list[float],
    low: Sequence[pd.DataFrame],
    high: Sequence[pd.DataFrame],
) -> pd.DataFrame:
    """Return one DataFrame of a forecast and the ends of its intervals, all with names."""
    pd = load_pandas()
    names, columns = list(mean.columns), [mean.to_numpy()]
    for j, name in enumerate(mean.columns):
        for level, lower, upper in zip(levels, low, high, strict=True):
            names += [_named(name, f"_lo{level:g}"), _named(name, f"_hi{level:g}")]
            columns += [lower.iloc[:, [j]].to_numpy(), upper.iloc[:, [j]].to_numpy()]
    index = (
        pd.MultiIndex.from_tuples(names, names=mean.columns.names)
        if mean.columns.nlevels > 1
        else pd.Index(names, name=mean.columns.name, tupleize_cols=False)
    )
    if not index.is_unique:
        twice = index[index.duplicated()][0]
        raise ValueError(
            f"the forecast and its intervals would have two columns {twice!r}: rename a column of "
            "the series, or give every level once"
        )
    return pd.DataFrame(np.hstack(columns), index=mean.index, columns=index)


def _named(column: Hashable, suffix: str) -> Hashable:
    if isinstance(column, tuple):
        return (*column[:-1], f"{column[-1]}{suffix}")
    return f"{column}{suffix}"
