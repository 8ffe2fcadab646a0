"""Pictures of forecasts: against the truth, how errors grow, phase portraits."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from reservoirs.display.axes import COLOUR, TRUTH, Display
from reservoirs.forecasting import backtest, forecast
from reservoirs.metrics import error_growth
from reservoirs.sequences import Array

SMALLEST = 1e-16  # error drawn on a logarithmic axis


def _columns(values: Any) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array.reshape(len(array), -1)


class ForecastDisplay(Display):
    """Truth and forecast of one output, and a line where the forecast stops to be valid.

    Parameters
    ----------
    truth, forecast : (n_steps,) or (n_steps, n_outputs)
    output : the column drawn
    dt : time per step
    threshold : of the error, up to which a forecast counts as valid
    errors : (n_steps,) the error of every step; None is `metrics.error_growth`
    """

    def __init__(
        self, truth: Any, forecast: Any, *, output: int = 0, dt: float = 1.0,
        threshold: float = 0.4, errors: Any = None,
    ) -> None:  # fmt: skip
        self.truth, self.forecast = _columns(truth), _columns(forecast)
        self.output, self.dt, self.threshold = output, dt, threshold
        self.errors = error_growth(self.truth, self.forecast) if errors is None else errors

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_pred: Any, *, ax: Any = None, output: int = 0, dt: float = 1.0,
        threshold: float = 0.4, **line: Any,
    ) -> Self:  # fmt: skip
        """Draw a forecast made before.

        Parameters
        ----------
        y_true, y_pred : (n_steps,) or (n_steps, n_outputs)
        ax : matplotlib axes, or None
        output, dt, threshold : as in the class
        line : as in `plot`
        """
        return cls(y_true, y_pred, output=output, dt=dt, threshold=threshold).plot(ax, **line)

    @classmethod
    def from_estimator(
        cls, estimator: Any, y_true: Any, *, context: Any = None, exog: Any = None, ax: Any = None,
        output: int = 0, dt: float = 1.0, threshold: float = 0.4, **line: Any,
    ) -> Self:  # fmt: skip
        """Forecast as many steps as are known, and draw both.

        Parameters
        ----------
        estimator : a fitted regressor, or a Pipeline that ends in one
        y_true : (n_steps,) or (n_steps, n_outputs), what came after the training data or `context`
        context, exog : as `forecast` takes them
        ax : matplotlib axes, or None
        output, dt, threshold : as in the class
        line : as in `plot`
        """
        found = forecast(estimator, len(y_true), context=context, exog=exog)
        return cls.from_predictions(
            y_true, found, ax=ax, output=output, dt=dt, threshold=threshold, **line
        )

    def _draw(self, ax: Any, **line: Any) -> None:
        truth, guess = self.truth[:, self.output], self.forecast[:, self.output]
        times, span = self.dt * (1 + np.arange(len(truth))), np.ptp(truth) or 1.0
        low, high = truth.min() - 0.2 * span, truth.max() + 0.35 * span  # room for the legend
        ax.plot(times, truth, **TRUTH, label="truth")
        style = {"color": COLOUR, "lw": 1.2, "label": "forecast", **line}
        ax.plot(times, np.clip(guess, low, high), **style)
        lost = np.flatnonzero(~(np.asarray(self.errors) <= self.threshold))
        if len(lost):
            label = f"error > {self.threshold:g} std"
            ax.axvline(times[lost[0]], color="#000000", lw=0.8, ls="--", label=label)
        ax.set(ylim=(low, high), xlabel="time" if self.dt != 1 else "step", ylabel="value")
        ax.legend(loc="upper right", fontsize=8, ncols=3)


class ErrorGrowthDisplay(Display):
    """The error of forecasts against the time ahead: median and 10-90 % band over starts.

    Parameters
    ----------
    errors : (n_starts, n_steps), in standard deviations
    dt : time per step, in Lyapunov times where they are known
    lyapunov : whether time is in Lyapunov times, so that errors of chaos grow by e per unit
    """

    def __init__(self, errors: Any, *, dt: float = 1.0, lyapunov: bool = False) -> None:
        self.errors = np.atleast_2d(np.asarray(errors, dtype=np.float64))
        self.dt, self.lyapunov = dt, lyapunov

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_pred: Any, *, ax: Any = None, scale: Any = None, dt: float = 1.0,
        lyapunov: bool = False, **line: Any,
    ) -> Self:  # fmt: skip
        """Draw the errors of forecasts made before.

        Parameters
        ----------
        y_true, y_pred : (n_steps,), (n_steps, n_outputs) or (n_starts, n_steps, n_outputs)
        ax : matplotlib axes, or None
        scale : per output; None is the standard deviation of y_true
        dt, lyapunov : as in the class
        line : as in `plot`
        """
        truth, guess = np.asarray(y_true), np.asarray(y_pred)
        if truth.ndim < 3:
            truth, guess = _columns(truth)[None], _columns(guess)[None]
        size = truth.reshape(-1, truth.shape[-1]).std(axis=0) if scale is None else scale
        errors = [error_growth(t, g, scale=size) for t, g in zip(truth, guess, strict=True)]
        return cls(errors, dt=dt, lyapunov=lyapunov).plot(ax, **line)

    @classmethod
    def from_estimator(
        cls, estimator: Any, series: Any, *, horizon: int, step: int, exog: Any = None,
        ax: Any = None, dt: float = 1.0, lyapunov: bool = False, **line: Any,
    ) -> Self:  # fmt: skip
        """Forecast from many origins of a series, and draw.

        Parameters
        ----------
        estimator : a fitted regressor, or a Pipeline that ends in one
        series : (n_steps,) or (n_steps, n_outputs), not seen in training
        horizon, step, exog : as `backtest` takes them
        ax : matplotlib axes, or None
        dt, lyapunov : as in the class
        line : as in `plot`
        """
        truth, found = backtest(estimator, series, horizon=horizon, step=step, exog=exog)
        scale = _columns(series).std(axis=0)
        return cls.from_predictions(
            truth, found, ax=ax, scale=scale, dt=dt, lyapunov=lyapunov, **line
        )

    def _draw(self, ax: Any, **line: Any) -> None:
        seen = np.where(np.isfinite(self.errors), np.minimum(self.errors, 1e3), 1e3)
        low, middle, high = np.maximum(np.quantile(seen, [0.1, 0.5, 0.9], axis=0), SMALLEST)
        times, style = self.dt * (1 + np.arange(len(middle))), {"color": COLOUR, "lw": 1.5, **line}
        ax.plot(times, middle, **style)
        if len(self.errors) > 1:
            ax.fill_between(times, low, high, color=style["color"], alpha=0.15, lw=0)
        if self.lyapunov:
            growth = np.minimum(middle[0] * np.exp(times - times[0]), 1.0)
            ax.plot(times, growth, ":", color="#000000", lw=0.9)
        unit = (
            "Lyapunov times" if self.lyapunov else "time ahead" if self.dt != 1 else "steps ahead"
        )
        ax.set(yscale="log", xlabel=unit, ylabel="error / std")
        ax.grid(alpha=0.25)


class PhasePortraitDisplay(Display):
    """Two variables against each other, or one against its rate of change: truth and forecast.

    Parameters
    ----------
    truth, forecast : (n_steps,) or (n_steps, n_outputs)
    outputs : the two columns drawn; with one column its time derivative is the other
    dt : time per step
    """

    def __init__(
        self, truth: Any, forecast: Any, *, outputs: tuple[int, int] = (0, 1), dt: float = 1.0
    ) -> None:
        self.truth, self.forecast = _columns(truth), _columns(forecast)
        self.outputs, self.dt = outputs, dt

    @classmethod
    def from_predictions(
        cls, y_true: Any, y_pred: Any, *, ax: Any = None, outputs: tuple[int, int] = (0, 1),
        dt: float = 1.0, **line: Any,
    ) -> Self:  # fmt: skip
        """Draw a forecast made before.

        Parameters
        ----------
        y_true, y_pred : (n_steps,) or (n_steps, n_outputs), of any lengths
        ax : matplotlib axes, or None
        outputs, dt : as in the class
        line : as in `plot`
        """
        return cls(y_true, y_pred, outputs=outputs, dt=dt).plot(ax, **line)

    @classmethod
    def from_estimator(
        cls, estimator: Any, y_true: Any, *, context: Any = None, exog: Any = None, ax: Any = None,
        outputs: tuple[int, int] = (0, 1), dt: float = 1.0, **line: Any,
    ) -> Self:  # fmt: skip
        """Forecast as many steps as are known, and draw both.

        Parameters
        ----------
        estimator : a fitted regressor, or a Pipeline that ends in one
        y_true : (n_steps,) or (n_steps, n_outputs)
        context, exog : as `forecast` takes them
        ax : matplotlib axes, or None
        outputs, dt : as in the class
        line : as in `plot`
        """
        found = forecast(estimator, len(y_true), context=context, exog=exog)
        return cls.from_predictions(y_true, found, ax=ax, outputs=outputs, dt=dt, **line)

    def _plane(self, values: Array) -> tuple[Array, Array]:
        if values.shape[1] == 1:
            return values[:, 0], np.gradient(values[:, 0], self.dt)
        return values[:, self.outputs[0]], values[:, self.outputs[1]]

    def _draw(self, ax: Any, **line: Any) -> None:
        reach = 1.5 * np.abs(self.truth).max(axis=0)
        ax.plot(*self._plane(self.truth), **{**TRUTH, "lw": 0.8}, label="truth")
        style = {"color": COLOUR, "lw": 0.8, "label": "forecast", **line}
        ax.plot(*self._plane(np.clip(self.forecast, -reach, reach)), **style)
        first, second = self.outputs
        alone = self.truth.shape[1] == 1
        ax.set(xlabel="x" if alone else f"output {first}",
               ylabel="dx / dt" if alone else f"output {second}")  # fmt: skip
        ax.legend(loc="upper right", fontsize=8)
