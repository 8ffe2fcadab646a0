"""The picture of vanishing and exploding gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.display import Display
from reservoirs.estimators import inherit_parameters
from reservoirs.sequences import SeriesLike
from trainers.diagnostics import gradient_flow

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from trainers.rnn.base import RecurrentNetwork

LineProperty: TypeAlias = Any  # a keyword of matplotlib's plot
SMALLEST_NORM = 1e-30  # drawn on a logarithmic axis


class GradientFlowDisplay(Display):
    """The norm of the error signal against the steps it was carried back, relative to lag 0.

    norm(dL/dh[T-k]) / norm(dL/dh[T]) against the lag k

    Parameters
    ----------
    norms : array-like of shape (n_lags,) or (n_curves, n_lags)
        The norms; of several curves the median and the range are drawn.

    See Also
    --------
    gradient_flow : The measurement.
    reservoirs.display.LossCurveDisplay : The losses of a fit.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from trainers import GradientFlowDisplay
    >>> display = GradientFlowDisplay([1.0, 0.5, 0.25]).plot()
    >>> display.ax_.lines[0].get_ydata()
    array([1.  , 0.5 , 0.25])
    """

    def __init__(self, norms: ArrayLike) -> None:
        self.norms = np.atleast_2d(np.asarray(norms, dtype=np.float64))

    @classmethod
    @inherit_parameters(gradient_flow, Display.plot)
    def from_estimator(
        cls,
        estimator: RecurrentNetwork,
        X: SeriesLike,
        y: SeriesLike,
        *,
        series_id: SeriesLike = None,
        ax: Axes | None = None,
        **line: LineProperty,
    ) -> Self:
        """Measure the gradient flow, and draw.

        Parameters
        ----------
        estimator : RNNRegressor or RNNClassifier
            One that is not fitted is measured with the weights that its training would start from.

        Returns
        -------
        GradientFlowDisplay
            The display, drawn.
        """
        flow = gradient_flow(estimator, X, y, series_id=series_id)
        return cls(flow.error_norms).plot(ax, **line)

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        # a first norm of zero would divide by zero: the gradient vanished already
        relative = self.norms / np.maximum(self.norms[:, :1], 1e-300)
        low, median, high = np.quantile(np.maximum(relative, SMALLEST_NORM), [0, 0.5, 1], axis=0)
        lags, style = np.arange(len(median)), {"color": "#0072B2", "lw": 1.5, **line}
        ax.plot(lags, median, **style)
        if len(relative) > 1:
            ax.fill_between(lags, low, high, color=style["color"], alpha=0.15, lw=0)
        ax.set(
            yscale="log",
            xlabel="lag (steps back from the last one)",
            ylabel="|dL/dh| relative to lag 0",
        )
        ax.grid(alpha=0.25)
