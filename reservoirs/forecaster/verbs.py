"""What a fitted forecaster is asked for: forecasts, intervals, backtests, pictures, a table."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.forecaster.ahead import look_ahead
from reservoirs.forecaster.following import FollowingMixin
from reservoirs.forecaster.pictures import draw_ahead
from reservoirs.forecasting import backtest, check_levels, forecast
from reservoirs.sequences import SeriesLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reservoirs.display.axes import LineProperty
    from reservoirs.display.series import SeriesForecastDisplay


class VerbsMixin(FollowingMixin):
    """`forecast`, `backtest`, `plot_forecast` and `summary` of a forecaster.

    Attributes
    ----------
    season_ : list of int
        The season of each series.
    horizon_ : list of int
        Steps of the forecasts that were compared, for each series.
    """

    season_: list[int]
    horizon_: list[int]

    def forecast(
        self,
        n_steps: int,
        exog: SeriesLike = None,
        level: float | Sequence[float] | None = None,
    ) -> SeriesLike:
        """Forecast from the end of each series.

        Parameters
        ----------
        n_steps : int
            Number of steps; intervals beyond `horizon_` widen as those of a random walk at
            most.
        exog : array-like of shape (n_steps, n_exog), list of arrays or DataFrame, default=None
            Known inputs, as `reservoirs.forecast` takes them.
        level : float or sequence of float, default=None
            Levels of intervals in per cent, 80 say; None: no interval.

        Returns
        -------
        array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
            The forecast, in the container of the series, with its labels going on. With a level a
            tuple of it, the lower and the upper ends, these with an axis more for several levels;
            of one DataFrame a DataFrame with columns as "y", "y_lo80", "y_hi80".

        Raises
        ------
        ValueError
            For bad exog, or a level that the residuals are too few for.
        """
        return forecast(self, n_steps, exog=exog, level=level)

    @inherit_parameters(backtest)
    def backtest(
        self, series: SeriesLike, *, horizon: int, step: int, exog: SeriesLike = None
    ) -> tuple[SeriesLike, SeriesLike]:
        """Forecast from many origins of a series without refitting: ways and weights stay.

        Harmonics count the steps of a season from the first row: begin where the training series
        began, or whole seasons later. Origins inside the training series have been learned;
        `RollingOriginSplit` fits anew at each.

        Returns
        -------
        truth : array of shape (n_origins, horizon, n_outputs), or DataFrame
            The observations after each origin, as `reservoirs.backtest` returns them.
        forecast : array of shape (n_origins, horizon, n_outputs), or DataFrame
            The forecasts of them.

        Raises
        ------
        ValueError
            If the first origin has fewer rows before it than a way reaches back, or the series is
            none of those of `fit`.
        """
        return backtest(self, series, horizon=horizon, step=step, exog=exog)

    def plot_forecast(
        self,
        n_steps: int | None = None,
        *,
        exog: SeriesLike = None,
        level: float | Sequence[float] = (80, 90),
        series: int = 0,
        output: int = 0,
        n_past: int | None = None,
        ax: Axes | None = None,
        **line: LineProperty,
    ) -> SeriesForecastDisplay:
        """Draw the forecast of a series, with its intervals, behind the end of the series.

        Parameters
        ----------
        n_steps : int, default=None
            Number of steps; None is `horizon_`.
        exog : array-like of shape (n_steps, n_exog), list of arrays or DataFrame, default=None
            Known inputs, as `forecast` takes them.
        level : float or sequence of float, default=(80, 90)
            Levels of intervals in per cent; () draws none.
        series : int, default=0
            The number of the series.
        output : int, default=0
            The column that is drawn.
        n_past : int, default=None
            Rows of the series that are drawn; None is four times `n_steps`, 40 at least.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **line : dict
            Colour, width, label, ... of the forecast, as matplotlib's `plot` takes them.

        Returns
        -------
        SeriesForecastDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            For bad exog, a number of a series or column that is none, or a level that the residuals
            are too few for.
        """
        check_is_fitted(self)
        counts = len(self.models_), self.training_end_.n_outputs
        for name, number, n in zip(("series", "output"), (series, output), counts, strict=True):
            if not isinstance(number, Integral) or not 0 <= number < n:
                raise ValueError(f"{name} must be an integer in [0, {n}), got {number!r}")
        if n_past is not None and (not isinstance(n_past, Integral) or n_past < 1):
            raise ValueError(f"n_past must be an integer >= 1 or None, got {n_past!r}")
        n_steps = self.horizon_[series] if n_steps is None else n_steps
        levels = check_levels(level) if np.size(level) else []
        means, n_past = look_ahead(self, n_steps, exog), n_past or max(4 * n_steps, 40)
        return draw_ahead(self, means, levels, (series, output), n_past, ax, line)

    def summary(self) -> str:
        """Return a table of the ways that weigh most, for each series.

        Returns
        -------
        str
            Season, horizon, and a line for each way.
        """
        check_is_fitted(self)
        lines = []
        for number, model in enumerate(self.models_):
            lines.append(
                f"series {number}: {len(model.y)} rows, season {self.season_[number]}, "
                f"loops of {self.horizon_[number]} steps"
            )
            best = sorted(model.ways, key=lambda way: -way.weight)[:6]
            lines += [
                f"  weight {way.weight:4.2f}  error {way.score:7.3g}  {way.transform}"
                + (f", {way.inputs}" if way.inputs else "")
                for way in best
            ]
        return "\n".join(lines)
