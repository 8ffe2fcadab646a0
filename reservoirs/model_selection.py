"""Cross-validation for forecasts: a rolling origin, and scorers that close the loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np

from reservoirs.forecasting import ForecastDivergedWarning, forecast, split_pipeline
from reservoirs.metrics import nrmse
from reservoirs.sequences import Array

__all__ = ["RollingOriginSplit", "forecast_scorer"]

WORST = 1e6  # the error of a forecast that diverged: finite, so that means and ranks stay defined


class RollingOriginSplit:
    """Train on all rows up to an origin, test on the rows after it; the origin moves on.

    Fold i trains on rows before o_i and tests on o_i, ..., o_i + horizon - 1; the last fold ends
    with the data and o_(i+1) = o_i + step.

    Parameters
    ----------
    n_splits : number of folds
    horizon : rows tested per fold
    step : rows between origins; None is horizon, so that tests do not overlap
    max_train_size : train on at most this many rows just before the origin; None is all

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy.
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        horizon: int,
        step: int | None = None,
        max_train_size: int | None = None,
    ) -> None:
        sizes = {
            "n_splits": n_splits, "horizon": horizon,
            "step": 1 if step is None else step,
            "max_train_size": 1 if max_train_size is None else max_train_size,
        }  # fmt: skip
        for name, value in sizes.items():
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
        self.n_splits = n_splits
        self.horizon = horizon
        self.step = step
        self.max_train_size = max_train_size

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.n_splits

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[Array, Array]]:
        """Yield the training and test rows of every fold.

        Parameters
        ----------
        X : (n_rows, n_features), one series
        y, groups : ignored

        Raises
        ------
        ValueError
            If the first fold has no row to train on.
        """
        n_rows, step = len(X), self.step or self.horizon
        first = n_rows - self.horizon - (self.n_splits - 1) * step
        if first < 1:
            raise ValueError(
                f"{n_rows} rows are too few for n_splits={self.n_splits}, horizon={self.horizon}, "
                f"step={step}: at least {n_rows - first + 1} are needed; lower one of them"
            )
        for fold in range(self.n_splits):
            origin = first + fold * step
            start = 0 if self.max_train_size is None else max(origin - self.max_train_size, 0)
            yield np.arange(start, origin), np.arange(origin, origin + self.horizon)


class ForecastScorer:
    """A scorer for GridSearchCV that forecasts in a closed loop; see `forecast_scorer`."""

    def __init__(self, metric: Callable[..., float], context: int) -> None:
        self.metric = metric
        self.context = context

    def __call__(self, model: Any, X: Any, y: Any) -> float:
        """Return minus the error of the closed-loop forecast of the test rows.

        Parameters
        ----------
        model : fitted regressor or Pipeline
        X, y : test rows as `next_step` built them

        Raises
        ------
        ValueError
            If the context leaves no row to forecast.
        """
        end = split_pipeline(model)[0].training_end_
        inputs, truth = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
        truth = truth.reshape(len(truth), -1)
        known, c = inputs[:, end.n_outputs :], self.context
        if c >= len(truth):
            raise ValueError(
                f"context={c} leaves none of {len(truth)} test rows to forecast; lower it, or test "
                "on more rows"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ForecastDivergedWarning)
            if c:
                exog = known[1:] if known.shape[1] else None
                found = forecast(model, len(truth) - c, context=truth[:c], exog=exog)
            else:
                found = forecast(model, len(truth), exog=known if known.shape[1] else None)
        error = self.metric(truth[c:], np.asarray(found), scale=end.target_deviation)
        return -min(error, WORST) if np.isfinite(error) else -WORST

    def __repr__(self) -> str:
        return f"forecast_scorer({self.metric.__name__}, context={self.context})"


def forecast_scorer(metric: Callable[..., float] = nrmse, context: int = 0) -> ForecastScorer:
    """Make a scorer of closed-loop forecasts, for GridSearchCV and cross_val_score.

    Parameters
    ----------
    metric : metric(y_true, y_pred, scale=...) -> error; scale is the training targets' deviation
    context : 0 forecasts all test rows from the end of training, which they must follow at once (as
        with `RollingOriginSplit` and TimeSeriesSplit); c forecasts the test rows after the first c
        of a held-out series, which are run first

    Returns
    -------
    A scorer: minus the error, and -1e6 for a forecast that diverged. Exogenous inputs are taken
    from the columns of X after the first n_outputs.

    Raises
    ------
    ValueError
        If context is no integer >= 0.
    """
    if not isinstance(context, Integral) or context < 0:
        raise ValueError(f"context must be an integer >= 0, got {context!r}")
    return ForecastScorer(metric, int(context))
