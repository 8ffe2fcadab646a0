"""Pictures of forecasts: against the truth, how errors grow, phase portraits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.display.axes import COLOUR, DISPLAY, TRUTH, Display, LineProperty
from reservoirs.display.values import as_columns, one_series, stack_origins
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.forecasting import backtest, forecast
from reservoirs.forecasting.panels import match_series, open_panel
from reservoirs.metrics import error_growth
from reservoirs.sequences import Array, SeriesLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.pipeline import Pipeline

    from reservoirs.forecasting.model import ClosedLoopModel

SMALLEST_ERROR = 1e-16  # drawn on a logarithmic axis
LARGEST_ERROR = 1e3  # of a forecast that diverged


@inherit_parameters(DISPLAY)
class ForecastDisplay(Display):
    """Truth and forecast of one output, and a line where the forecast stops being valid.

    Parameters
    ----------
    threshold : float, default=0.4
        The largest error of a valid forecast, in standard deviations.
    errors : array-like of shape (n_steps,), default=None
        The error of every step; None takes `metrics.error_growth`.

    See Also
    --------
    ErrorGrowthDisplay : The errors of many forecasts.
    PhasePortraitDisplay : Two variables against each other.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from reservoirs.display import ForecastDisplay
    >>> truth = np.sin(0.2 * np.arange(100))
    >>> display = ForecastDisplay.from_predictions(truth, truth + 0.01, dt=0.2)
    >>> display.ax_.get_xlabel()
    'time'
    """

    def __init__(
        self,
        truth: ArrayLike,
        forecast: ArrayLike,
        *,
        output: int = 0,
        dt: float = 1.0,
        threshold: float = 0.4,
        errors: ArrayLike | None = None,
    ) -> None:
        self.truth, self.forecast = as_columns(truth), as_columns(forecast)
        self.output, self.dt, self.threshold = output, dt, threshold
        self.errors = error_growth(self.truth, self.forecast) if errors is None else errors

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        ax: Axes | None = None,
        output: int = 0,
        dt: float = 1.0,
        threshold: float = 0.4,
        **line: LineProperty,
    ) -> Self:
        """Draw a forecast made before.

        Parameters
        ----------
        threshold : float, default=0.4
            The largest error of a valid forecast, in standard deviations.

        Returns
        -------
        ForecastDisplay
            The display, drawn.
        """
        return cls(y_true, y_pred, output=output, dt=dt, threshold=threshold).plot(ax, **line)

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_estimator(
        cls,
        estimator: ClosedLoopModel | Pipeline,
        y_true: ArrayLike,
        *,
        context: SeriesLike = None,
        exog: SeriesLike = None,
        ax: Axes | None = None,
        output: int = 0,
        dt: float = 1.0,
        threshold: float = 0.4,
        **line: LineProperty,
    ) -> Self:
        """Forecast as many steps as were observed, and draw both.

        Parameters
        ----------
        threshold : float, default=0.4
            The largest error of a valid forecast, in standard deviations.

        Returns
        -------
        ForecastDisplay
            The display, drawn.
        """
        y_true = one_series(y_true)
        y_pred = forecast(estimator, len(y_true), context=context, exog=exog)
        return cls.from_predictions(
            y_true, y_pred, ax=ax, output=output, dt=dt, threshold=threshold, **line
        )

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        truth, predicted = self.truth[:, self.output], self.forecast[:, self.output]
        # The axis of a constant truth would have no height.
        times, span = self.dt * (1 + np.arange(len(truth))), np.ptp(truth) or 1.0
        low, high = truth.min() - 0.2 * span, truth.max() + 0.35 * span  # room for the legend
        ax.plot(times, truth, **TRUTH, label="truth")
        style = {"color": COLOUR, "lw": 1.2, "label": "forecast", **line}
        # A forecast that ran away stays at the edge: it must not flatten the truth.
        ax.plot(times, np.clip(predicted, low, high), **style)
        invalid = np.flatnonzero(~(np.asarray(self.errors) <= self.threshold))  # NaN is invalid
        if len(invalid):
            label = f"error > {self.threshold:g} std"
            ax.axvline(times[invalid[0]], color="#000000", lw=0.8, ls="--", label=label)
        ax.set(ylim=(low, high), xlabel="time" if self.dt != 1 else "step", ylabel="value")
        ax.legend(loc="upper right", fontsize=8, ncols=3)


class ErrorGrowthDisplay(Display):
    """The error of forecasts against the time ahead: median and 10-90 % band over starts.

    Parameters
    ----------
    errors : array-like of shape (n_starts, n_steps)
        The errors of each forecast, in standard deviations.
    dt : float, default=1.0
        Time per step, in Lyapunov times where they are known.
    lyapunov : bool, default=False
        Whether time is in Lyapunov times; a dotted line then grows by e per unit, as errors of
        chaos do.

    See Also
    --------
    ForecastDisplay : One forecast against the truth.
    reservoirs.metrics.error_growth : The errors of one forecast.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from reservoirs.display import ErrorGrowthDisplay
    >>> errors = 1e-3 * np.exp(0.1 * np.arange(60)) * np.array([[0.5], [1.0], [2.0]])
    >>> display = ErrorGrowthDisplay(errors, dt=0.1, lyapunov=True).plot()
    >>> display.ax_.get_xlabel()
    'Lyapunov times'
    """

    def __init__(self, errors: ArrayLike, *, dt: float = 1.0, lyapunov: bool = False) -> None:
        self.errors = np.atleast_2d(np.asarray(errors, dtype=np.float64))
        self.dt, self.lyapunov = dt, lyapunov

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        ax: Axes | None = None,
        scale: ArrayLike | None = None,
        dt: float = 1.0,
        lyapunov: bool = False,
        **line: LineProperty,
    ) -> Self:
        """Draw the errors of forecasts made before.

        Parameters
        ----------
        y_true : array-like of shape (n_starts, n_steps, n_outputs)
            The observed values; of one start (n_steps,) or (n_steps, n_outputs).
        y_pred : array-like of the same shape
            The values predicted for them.
        scale : float or array-like of shape (n_outputs,), default=None
            What the errors are divided by; None takes the standard deviation of y_true.
        lyapunov : bool, default=False
            Whether time is in Lyapunov times.

        Returns
        -------
        ErrorGrowthDisplay
            The display, drawn.
        """
        truth, predicted = np.asarray(y_true), np.asarray(y_pred)
        if truth.ndim < 3:
            truth, predicted = as_columns(truth)[None], as_columns(predicted)[None]
        # One scale for all starts: the deviation of a short stretch changes from one to the next.
        deviation = truth.reshape(-1, truth.shape[-1]).std(axis=0) if scale is None else scale
        errors = [
            error_growth(t, p, scale=deviation) for t, p in zip(truth, predicted, strict=True)
        ]
        return cls(errors, dt=dt, lyapunov=lyapunov).plot(ax, **line)

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_estimator(
        cls,
        estimator: ClosedLoopModel | Pipeline,
        series: SeriesLike,
        *,
        horizon: int,
        step: int,
        exog: SeriesLike = None,
        ax: Axes | None = None,
        dt: float = 1.0,
        lyapunov: bool = False,
        **line: LineProperty,
    ) -> Self:
        """Forecast from many origins of a series, and draw the errors.

        Parameters
        ----------
        series : array-like of shape (n_steps,) or (n_steps, n_outputs)
            Observations that were not seen in training.
        horizon : int
            Steps per forecast.
        step : int
            Rows between origins.
        exog : array-like of shape (n_steps, n_exog), default=None
            The exogenous inputs, as `reservoirs.backtest` takes them.
        lyapunov : bool, default=False
            Whether time is in Lyapunov times.

        Returns
        -------
        ErrorGrowthDisplay
            The display, drawn.
        """
        panel = open_panel(series, "series")
        members = list(zip(panel.members, match_series(panel, exog, "exog"), strict=True))
        pairs = [backtest(estimator, s, horizon=horizon, step=step, exog=e) for s, e in members]
        scale = np.concatenate([as_columns(member) for member in panel.members]).std(axis=0)
        truth, predicted = (
            np.concatenate([stack_origins(pair[side], horizon) for pair in pairs])
            for side in (0, 1)
        )
        return cls.from_predictions(
            truth, predicted, ax=ax, scale=scale, dt=dt, lyapunov=lyapunov, **line
        )

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        # a logarithmic axis shows neither zero nor infinity
        finite = np.where(np.isfinite(self.errors), self.errors, LARGEST_ERROR)
        errors = np.minimum(finite, LARGEST_ERROR)
        quantiles = np.quantile(errors, [0.1, 0.5, 0.9], axis=0)
        low, median, high = np.maximum(quantiles, SMALLEST_ERROR)
        times, style = self.dt * (1 + np.arange(len(median))), {"color": COLOUR, "lw": 1.5, **line}
        ax.plot(times, median, **style)
        if len(self.errors) > 1:
            ax.fill_between(times, low, high, color=style["color"], alpha=0.15, lw=0)
        if self.lyapunov:
            # The first error growing e-fold per Lyapunov time, until it is as large as the series.
            growth = np.minimum(median[0] * np.exp(times - times[0]), 1.0)
            ax.plot(times, growth, ":", color="#000000", lw=0.9)
        unit = (
            "Lyapunov times" if self.lyapunov else "time ahead" if self.dt != 1 else "steps ahead"
        )
        ax.set(yscale="log", xlabel=unit, ylabel="error / std")
        ax.grid(alpha=0.25)


@inherit_parameters(DISPLAY)
class PhasePortraitDisplay(Display):
    """Two variables against each other, or one against its rate of change: truth and forecast.

    Parameters
    ----------
    truth : array-like of shape (n_steps,) or (n_steps, n_outputs)
        The observed values.
    forecast : array-like of shape (n_rows,) or (n_rows, n_outputs)
        The values predicted, of any length.

    See Also
    --------
    ForecastDisplay : Truth and forecast against time.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from reservoirs.display import PhasePortraitDisplay
    >>> wave = np.sin(0.2 * np.arange(100))
    >>> display = PhasePortraitDisplay.from_predictions(wave, 0.9 * wave, dt=0.2)
    >>> display.ax_.get_ylabel()
    'dx / dt'
    """

    def __init__(
        self,
        truth: ArrayLike,
        forecast: ArrayLike,
        *,
        outputs: tuple[int, int] = (0, 1),
        dt: float = 1.0,
    ) -> None:
        self.truth, self.forecast = as_columns(truth), as_columns(forecast)
        self.outputs, self.dt = outputs, dt

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        ax: Axes | None = None,
        outputs: tuple[int, int] = (0, 1),
        dt: float = 1.0,
        **line: LineProperty,
    ) -> Self:
        """Draw a forecast made before.

        Returns
        -------
        PhasePortraitDisplay
            The display, drawn.
        """
        return cls(y_true, y_pred, outputs=outputs, dt=dt).plot(ax, **line)

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_estimator(
        cls,
        estimator: ClosedLoopModel | Pipeline,
        y_true: ArrayLike,
        *,
        context: SeriesLike = None,
        exog: SeriesLike = None,
        ax: Axes | None = None,
        outputs: tuple[int, int] = (0, 1),
        dt: float = 1.0,
        **line: LineProperty,
    ) -> Self:
        """Forecast as many steps as were observed, and draw both.

        Returns
        -------
        PhasePortraitDisplay
            The display, drawn.
        """
        y_true = one_series(y_true)
        y_pred = forecast(estimator, len(y_true), context=context, exog=exog)
        return cls.from_predictions(y_true, y_pred, ax=ax, outputs=outputs, dt=dt, **line)

    def _plane(self, values: Array) -> tuple[Array, Array]:
        # With one variable observed, its rate of change stands for the second of the phase plane.
        if values.shape[1] == 1:
            return values[:, 0], np.gradient(values[:, 0], self.dt)
        return values[:, self.outputs[0]], values[:, self.outputs[1]]

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        limit = 1.5 * np.abs(self.truth).max(axis=0)  # a forecast that left is drawn at the edge
        ax.plot(*self._plane(self.truth), **{**TRUTH, "lw": 0.8}, label="truth")
        style = {"color": COLOUR, "lw": 0.8, "label": "forecast", **line}
        ax.plot(*self._plane(np.clip(self.forecast, -limit, limit)), **style)
        if self.truth.shape[1] == 1:
            ax.set(xlabel="x", ylabel="dx / dt")
        else:
            first, second = self.outputs
            ax.set(xlabel=f"output {first}", ylabel=f"output {second}")
        ax.legend(loc="upper right", fontsize=8)
