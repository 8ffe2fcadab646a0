"""The picture of vanishing and exploding gradients."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from reservoirs.display import Display
from trainers.diagnostics import gradient_flow

SMALLEST = 1e-30


class GradientFlowDisplay(Display):
    """The norm of the error signal dL/dh against the steps it was carried back, relative to lag 0.

    Parameters
    ----------
    norms : (n_lags,), or (n_curves, n_lags): the median and the range of the curves are drawn
    """

    def __init__(self, norms: Any) -> None:
        self.norms = np.atleast_2d(np.asarray(norms, dtype=np.float64))

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, series_id: Any = None, ax: Any = None, **line: Any
    ) -> Self:
        """Measure the gradient flow, and draw.

        Parameters
        ----------
        estimator : RNNRegressor or RNNClassifier; one that is not fitted shows where it would start
        X, y, series_id : as `gradient_flow` takes them
        ax : matplotlib axes, or None
        line : as in `plot`
        """
        flow = gradient_flow(estimator, X, y, series_id=series_id)
        return cls(flow.error_norms).plot(ax, **line)

    def _draw(self, ax: Any, **line: Any) -> None:
        relative = self.norms / np.maximum(self.norms[:, :1], 1e-300)
        levels = np.quantile(np.maximum(relative, SMALLEST), [0.0, 0.5, 1.0], axis=0)
        lags, style = np.arange(levels.shape[1]), {"color": "#0072B2", "lw": 1.5, **line}
        ax.plot(lags, levels[1], **style)
        if len(relative) > 1:
            ax.fill_between(lags, levels[0], levels[2], color=style["color"], alpha=0.15, lw=0)
        ax.set(yscale="log", xlabel="lag (steps back from the last one)",
               ylabel="|dL/dh| relative to lag 0")  # fmt: skip
        ax.grid(alpha=0.25)
