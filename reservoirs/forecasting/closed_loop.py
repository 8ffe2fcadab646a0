"""`forecast`: one implementation of the closed loop for every regressor of the library."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.forecasting.bounds import choose_bound, warn_of_divergence
from reservoirs.forecasting.building import closed_loop_model
from reservoirs.forecasting.frames import restore_container
from reservoirs.forecasting.intervals import check_levels, with_intervals
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.runs import run, settle
from reservoirs.forecasting.starts import find_starts
from reservoirs.sequences import InitialState, SeriesLike

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


def forecast(
    model: ClosedLoopModel | BaseEstimator,
    n_steps: int,
    *,
    context: SeriesLike = None,
    exog: SeriesLike = None,
    initial_state: InitialState = None,
    bound: float | str | None = "auto",
    level: float | Sequence[float] | None = None,
) -> SeriesLike:
    """Forecast in a closed loop: every prediction becomes the next observation.

    y[t] = f(x[t-1], [y[t-1], exog[t]]) within its bounds,  x the state of the model

    Parameters
    ----------
    model : estimator
        A fitted regressor of this library, or a Pipeline with one or with a transformer of it; a
        search, VotingRegressor or TransformedTargetRegressor around them. Steps of this library
        carry their state, others take every row for itself. Context, exog and results are in the
        units of the model's own X and y.
    n_steps : int
        Number of steps.
    context : array-like of shape (n_context, n_outputs), list of arrays or DataFrame, default=None
        Observations whose last row is the last known value; a list gives a list of forecasts. None
        goes on where each training series ended, from y[-1]. NaN after the first row is filled by
        the model's own predictions.
    exog : array-like of shape (n_context + n_steps - 1, n_exog), default=None
        Known inputs, row j enters with observation j. Without context (n_steps, n_exog), and the
        first row belongs to y[-1]; one array per series where there are several.
    initial_state : array-like of shape (state_size,) or str, default=None
        State before the first context row; None takes the model's own rule.
    bound : float, None or "auto", default="auto"
        What is fed back is held within the range of the training targets and of the context,
        widened by this share of it on both sides, unless a step of a Pipeline cannot take that, the
        logarithm of a negative value say; None sets no limit. "auto" is the model's own parameter,
        .25 where it has none.
    level : float or sequence of float, default=None
        Levels of intervals around the forecast in per cent, 80 or [80, 95] say; None: no interval.
        They are made of the errors of the model's own forecasts from training rows.

    Returns
    -------
    array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
        The forecast, 1-D where y was. Without context one forecast per training series, in the
        container of X; a DataFrame, its index continued, for a model fitted on one. With a level a
        tuple of it, the lower and the upper ends, these with an axis more for several levels; a
        DataFrame has the ends as columns "y_lo80", "y_hi80" and so on instead.

    Raises
    ------
    TypeError
        If no part of the model is of this library.
    ValueError
        If the loop cannot close, a step mixes rows, context and exog have the wrong shape, names
        or labels, or there are too few errors for a level, or none.

    Warns
    -----
    ForecastDivergedWarning
        If the forecast meets its bound; without one, if it diverges, and then its rows are NaN
        from there on.

    See Also
    --------
    next_step : Build X and y for a model that forecasts.
    backtest : Forecast from many origins along a series.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, forecast, next_step
    >>> wave = np.sin(0.2 * np.arange(300))
    >>> model = ESNRegressor(n_units=50, random_state=0).fit(*next_step(wave))
    >>> bool(np.allclose(forecast(model, 20), np.sin(0.2 * np.arange(300, 320)), atol=0.01))
    True
    """
    fitted, margin = choose_bound(closed_loop_model(model), bound)
    check_steps(n_steps)
    levels = [] if level is None else check_levels(level)
    starts, panel = find_starts(
        fitted, int(n_steps), context=context, exog=exog, initial_state=initial_state
    )
    forecasts, steps = zip(*[run(fitted, start, margin) for start in starts], strict=True)
    warn_of_divergence(list(steps), int(n_steps), bounded=margin is not None)
    mean = restore_container(list(forecasts), starts, panel, fitted.training_end_)
    if level is None:
        return mean
    settled = [settle(fitted, start.observations, start.exog, start.state) for start in starts]
    ends = [
        fitted._interval(values, state, levels, start)
        for values, state, start in zip(forecasts, settled, starts, strict=True)
    ]
    end, single = fitted.training_end_, np.ndim(level) == 0
    return with_intervals(mean, ends, levels, starts, panel, end, single=single)


def check_steps(n_steps: int) -> None:
    """Check a number of steps.

    Raises
    ------
    ValueError
        If it is no integer, or below 1.
    """
    if not isinstance(n_steps, Integral) or n_steps < 1:
        raise ValueError(f"n_steps must be an integer >= 1, got {n_steps!r}")
