"""Pictures of a series that goes on: what was observed, the forecast, and its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.display.axes import COLOUR, DISPLAY, TRUTH, Display, LineProperty
from reservoirs.display.values import as_columns
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.labels import load_pandas
from reservoirs.sequences import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHADES = 0.3, 0.08  # of the narrowest interval and of the widest

PARTS = """
Parameters
----------
observed : array-like of shape (n_rows,)
    The end of the series.
forecast : array-like of shape (n_steps,)
    What comes next.
lower : array-like of shape (n_steps, n_levels), default=None
    The lower ends of the intervals, of one level (n_steps,); None draws none.
upper : array-like of shape (n_steps, n_levels), default=None
    The upper ends.
level : float or sequence of float, default=()
    The levels of the intervals, in per cent.
times : array-like of shape (n_rows + n_steps,) or pandas.Index, default=None
    The times of all values; None counts steps, 0 the last one observed.
name : str, default="value"
    What the series is called.
"""


@inherit_parameters(PARTS)
class SeriesForecastDisplay(Display):
    """The end of a series, the forecast that goes on from it, and its intervals.

    See Also
    --------
    reservoirs.Forecaster.plot_forecast : Draws it of a fitted forecaster.
    ForecastDisplay : A forecast against the truth.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from reservoirs.display import SeriesForecastDisplay
    >>> wave = np.sin(0.2 * np.arange(100))
    >>> display = SeriesForecastDisplay.from_predictions(
    ...     wave[:80], wave[80:], wave[80:] - 0.1, wave[80:] + 0.1, level=80
    ... )
    >>> display.ax_.get_xlabel()
    'steps ahead'
    """

    def __init__(
        self,
        observed: ArrayLike,
        forecast: ArrayLike,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
        *,
        level: float | Sequence[float] = (),
        times: ArrayLike | pd.Index | None = None,
        name: str = "value",
    ) -> None:
        self.observed = np.asarray(observed, dtype=np.float64).ravel()
        self.forecast = np.asarray(forecast, dtype=np.float64).ravel()
        self.lower = None if lower is None else as_columns(lower)
        self.upper = None if upper is None else as_columns(upper)
        self.level = [float(value) for value in np.atleast_1d(level)]
        self.times, self.name = times, name

    @classmethod
    @inherit_parameters(PARTS, DISPLAY)
    def from_predictions(
        cls,
        observed: ArrayLike,
        forecast: ArrayLike,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
        *,
        level: float | Sequence[float] = (),
        times: ArrayLike | pd.Index | None = None,
        name: str = "value",
        ax: Axes | None = None,
        **line: LineProperty,
    ) -> Self:
        """Draw a forecast made before.

        Returns
        -------
        SeriesForecastDisplay
            The display, drawn.
        """
        display = cls(observed, forecast, lower, upper, level=level, times=times, name=name)
        return display.plot(ax, **line)

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        n, times = len(self.observed), self._times()
        ahead = times[n - 1 :]  # from the last value observed, so that no gap is drawn
        ax.plot(times[:n], self.observed, **TRUTH, label="observed")
        style = {"color": COLOUR, "lw": 1.5, "label": "forecast", **line}
        n_levels = 0 if self.lower is None else len(self.level)
        order: Array = np.argsort(self.level)[::-1][:n_levels]  # the widest first
        shades = np.linspace(SHADES[1], SHADES[0], len(order) + 2)[1:-1]
        for place, shade in zip(order, shades, strict=True):
            assert self.lower is not None and self.upper is not None
            low, high = (self._joined(of[:, place]) for of in (self.lower, self.upper))
            label = f"{self.level[place]:g} %"
            ax.fill_between(ahead, low, high, color=style["color"], alpha=shade, lw=0, label=label)
        ax.plot(ahead, self._joined(self.forecast), **style)
        ax.set(xlabel="steps ahead" if self.times is None else "", ylabel=self.name)
        ax.margins(x=0.01)
        ax.grid(alpha=0.25)
        ax.legend(loc="upper left", fontsize=8, ncols=4)

    def _joined(self, values: Array) -> Array:
        return np.concatenate([self.observed[-1:], values])

    def _times(self) -> Array:
        """Return the times as matplotlib draws them."""
        n, n_steps = len(self.observed), len(self.forecast)
        if self.times is None:
            return np.arange(1 - n, n_steps + 1)
        pd = load_pandas()
        times = pd.Index(self.times)
        if isinstance(times, pd.PeriodIndex):
            times = times.to_timestamp()
        if isinstance(times, pd.DatetimeIndex):
            times = times.tz_localize(None)
        if isinstance(times, pd.TimedeltaIndex):
            times = times.total_seconds()
        return np.asarray(times)
