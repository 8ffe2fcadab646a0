"""Scorers for cross-validation that close the loop."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from numbers import Integral
from typing import TYPE_CHECKING, Protocol

import numpy as np

from reservoirs.forecasting import ClosedLoopModel, closed_loop_model
from reservoirs.forecasting.bounds import choose_bound
from reservoirs.forecasting.columns import Columns
from reservoirs.forecasting.panels import open_panel
from reservoirs.forecasting.runs import run
from reservoirs.forecasting.start import Start
from reservoirs.labels import continue_labels, is_frame
from reservoirs.metrics import nrmse
from reservoirs.sequences import Array, SeriesLike, members_of, unmask

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

TOLERANCE = 1e-6  # of an observation, or of the deviation of the targets: the same value
WORST = 1e6  # the error of a forecast that diverged: finite, so that means and ranks stay defined


class ScaledMetric(Protocol):
    """An error of predictions, measured on the scale of the training targets."""

    def __call__(self, y_true: Array, y_pred: Array, *, scale: Array) -> float:
        """Return the error."""


Metric = ScaledMetric | Callable[[Array, Array], float]


class ForecastScorer:
    """A scorer for GridSearchCV that forecasts in a closed loop; see `forecast_scorer`.

    Parameters
    ----------
    metric : callable
        The error, metric(y_true, y_pred, scale=deviations) or metric(y_true, y_pred).
    context : int
        Test rows that are run first.
    """

    def __init__(self, metric: Metric, context: int) -> None:
        self.metric = metric
        self.context = context
        self._is_scaled = _takes_scale(metric)

    def __call__(
        self, model: ClosedLoopModel | BaseEstimator, X: SeriesLike, y: SeriesLike = None
    ) -> float:
        """Return minus the error of the closed-loop forecast of the test rows.

        Parameters
        ----------
        model : estimator or Pipeline
            Fitted.
        X : array-like of shape (n_rows, n_features), list of arrays or DataFrame
            Test rows as `next_step` built them, of one series or of several; for `Forecaster`,
            which takes no y, the series themselves.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), list or DataFrame, default=None
            Targets of these rows.

        Returns
        -------
        float
            Minus the error, the mean over the series; -1e6 for one that diverged without a bound.

        Raises
        ------
        ValueError
            If the context leaves no row with a target to forecast, or, without one, the test rows
            do not follow the training rows.
        """
        fitted = closed_loop_model(model)
        end, c = fitted.training_end_, self.context
        if y is None:
            X, y = _pairs_of_series(fitted, X, c)
        inputs = [_values(member) for member in open_panel(X, "X").members]
        truths = [_values(member) for member in _targets_of(y, inputs)]
        shortest = min(map(len, truths))
        if c >= shortest:
            raise ValueError(
                f"context={c} leaves none of {shortest} test rows to forecast; lower it, or test "
                "on more rows"
            )
        if not c:
            _check_start(inputs, fitted)
        _check_that_rows_follow(inputs, truths, fitted)
        predicted = self._forecasts(fitted, inputs, truths)
        errors = []
        for truth, values in zip(truths, predicted, strict=True):
            known = ~np.isnan(truth[c:]).any(axis=1)
            if known.any():
                scale = {"scale": end.target_deviation} if self._is_scaled else {}
                errors.append(self.metric(truth[c:][known], values[known], **scale))
        if not errors:
            raise ValueError("y has no test row without NaN after the context: nothing to score")
        error = float(np.mean(errors))
        return -min(error, WORST) if np.isfinite(error) else -WORST

    def _forecasts(
        self, model: ClosedLoopModel, inputs: list[Array], truths: list[Array]
    ) -> list[Array]:
        """Return the forecast of every test series, (n_steps, n_outputs)."""
        c, n_outputs = self.context, model.training_end_.n_outputs
        columns, starts = Columns(model), []
        for i, (rows, truth) in enumerate(zip(inputs, truths, strict=True)):
            exog = rows[:, n_outputs:]
            if c:
                # exog of row t enters with the observation of row t, which is y[t-1]: a context
                # begins with y[0], so with row 1
                # and, where a fold begins in a gap, with the first whole one
                first = int(np.argmax(~np.isnan(truth[:c]).any(axis=1)))
                observations, exog = columns.observations(truth[first:c], "y"), exog[1 + first :]
                state = model._start_states(None, 1)[0]
            else:
                last = model.training_end_.last_observations
                assert last is not None  # `closed_loop_model` refused targets per series
                observations, state = last[i][None], model.last_states_[i]
            starts.append(Start(observations, exog, state))
        _, margin = choose_bound(model, "auto")
        return [run(model, start, margin)[0] for start in starts]

    def __repr__(self) -> str:
        name = getattr(self.metric, "__name__", repr(self.metric))  # a partial has none
        return f"forecast_scorer({name}, context={self.context})"


def forecast_scorer(metric: Metric = nrmse, context: int = 0) -> ForecastScorer:
    """Make a scorer of closed-loop forecasts, for GridSearchCV and cross_val_score.

    Parameters
    ----------
    metric : callable, default=nrmse
        The error, metric(y_true, y_pred, scale=deviations), with the standard deviations of the
        training targets, or metric(y_true, y_pred) as those of scikit-learn. What else it needs
        is bound to it before: `functools.partial(mase, y_train=series, season=12)`.
    context : int, default=0
        0 forecasts all test rows from the end of training, which must follow the training rows
        immediately (as with `RollingOriginSplit` and TimeSeriesSplit); c forecasts the test rows
        after the first c of a held-out series, which are run first.

    Returns
    -------
    ForecastScorer
        Returns minus the error, and -1e6 for a forecast that diverged. Exogenous inputs are taken
        from the columns of X after the first n_outputs. Rows with NaN in y are left out of the
        error; those of the context are filled by the model's own forecast.

    Raises
    ------
    TypeError
        If the metric needs more arguments than these.
    ValueError
        If context is not an integer >= 0.

    See Also
    --------
    RollingOriginSplit : Folds whose test rows follow the training rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import cross_val_score
    >>> from reservoirs import ESNRegressor, next_step
    >>> from reservoirs.model_selection import RollingOriginSplit, forecast_scorer
    >>> X, y = next_step(np.sin(0.2 * np.arange(300)))
    >>> model = ESNRegressor(n_units=30, random_state=0)
    >>> folds = RollingOriginSplit(3, horizon=20)
    >>> scores = cross_val_score(model, X, y, cv=folds, scoring=forecast_scorer())
    >>> bool((scores > -0.1).all())
    True
    """
    if not isinstance(context, Integral) or context < 0:
        raise ValueError(f"context must be an integer >= 0, got {context!r}")
    return ForecastScorer(metric, int(context))


def _takes_scale(metric: Metric) -> bool:
    """Tell whether a metric takes the deviations of the training targets.

    Raises
    ------
    TypeError
        If it needs what a scorer does not know.
    """
    try:
        parameters = signature(metric).parameters.values()
    except ValueError:  # a builtin without a signature
        return False
    required = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    unknown = [name for name in required if name != "scale"]
    if unknown:
        name = getattr(metric, "__name__", "metric")
        raise TypeError(
            f"{name} needs {unknown[0]}, which a scorer does not know: bind it, "
            f"forecast_scorer(functools.partial({name}, {unknown[0]}=...))"
        )
    return any(p.name == "scale" or p.kind is p.VAR_KEYWORD for p in parameters)


def _pairs_of_series(
    model: ClosedLoopModel, X: SeriesLike, context: int
) -> tuple[list[Array], list[Array]]:
    """Return test series as rows and targets, from the end of training on without a context.

    Raises
    ------
    ValueError
        If the model needs a y, or exogenous inputs, or the labels do not go on from training.
    """
    panel, end = open_panel(X, "X"), model.training_end_
    if not hasattr(model, "numbers_of"):
        raise ValueError("forecast_scorer needs X and y as next_step builds them, exog among X")
    if model.n_features_in_ > end.n_outputs:
        raise ValueError(
            f"a {type(model).__name__} with exog is not scored by cross-validation, which hands no "
            "exog to a scorer: fit it on the rows of each fold of RollingOriginSplit, and compare "
            "forecast(n_steps, exog=) with the rows after them"
        )
    numbers = model.numbers_of(panel.outer, len(panel.members))
    if sorted(n for n in numbers if n is not None) != list(range(len(end.layout.lengths))):
        raise ValueError("the test series must be those of fit, by name or in their order")
    series: list[Array] = [np.empty(0)] * len(numbers)
    for number, member in zip(numbers, panel.members, strict=True):
        tail = end.tails[number] if end.tails and not context else None
        if tail is not None and is_frame(member) and member.index[0] != continue_labels(tail, 1)[0]:
            raise ValueError(
                f"the test rows begin at {member.index[0]} and do not follow the training rows, "
                f"which end at {tail[-1]}; use cv=RollingOriginSplit(...)"
            )
        assert end.last_observations is not None  # a model that takes no y
        before = end.last_observations[number : number + (not context)]
        series[number] = np.vstack([before, _values(member)])
    return [rows[:-1] for rows in series], [rows[1:] for rows in series]


def _values(member: SeriesLike) -> Array:
    """Return one series as rows, of numbers unless some of its columns are text."""
    values = np.asarray(unmask(member))
    try:
        values = values.astype(np.float64)
    except ValueError:
        values = values.astype(object)
    return values.reshape(len(values), -1)


def _targets_of(y: SeriesLike, inputs: list[Array]) -> list[SeriesLike]:
    """Return the targets of every test series."""
    if len(inputs) == 1 and members_of(y) is None and np.ndim(y) < 3:
        return [y]
    members = members_of(y)
    if members is not None:
        return members
    values, lengths = np.asarray(unmask(y)), [len(rows) for rows in inputs]
    if len(values) == len(inputs) != sum(lengths):
        return list(values)
    return np.split(values, np.cumsum(lengths)[:-1])


def _check_start(inputs: list[Array], model: ClosedLoopModel) -> None:
    """Check that the first test observation ends the training rows."""
    end = model.training_end_
    last, loop = end.last_observations, end.loop
    assert last is not None and loop is not None  # `closed_loop_model` refused the model otherwise
    first = [rows[0, : end.n_outputs].astype(np.float64) for rows in inputs]
    expected = last * loop[0] + loop[1]
    scale = end.target_deviation * np.abs(loop[0])
    size = TOLERANCE * np.maximum(np.abs(expected), scale)
    if len(first) != len(expected) or (np.abs(np.array(first) - expected) > size).any():
        raise ValueError(
            "the test rows do not follow the training rows: their first observation is not the "
            "last target of training, from which the forecast goes on. Use "
            "cv=RollingOriginSplit(...) or TimeSeriesSplit without gap, or "
            "forecast_scorer(context=c) to run c test rows first"
        )


def _check_that_rows_follow(
    inputs: list[Array], truths: list[Array], model: ClosedLoopModel
) -> None:
    """Check that no test row is left out."""
    end = model.training_end_
    loop = end.loop
    assert loop is not None  # `closed_loop_model` refused the model otherwise
    scale = end.target_deviation * np.abs(loop[0])
    for rows, truth in zip(inputs, truths, strict=True):
        later = rows[1:, : end.n_outputs].astype(np.float64)
        wanted = truth[:-1] * loop[0] + loop[1]
        # what is missing differs from nothing
        apart = np.abs(later - wanted) > TOLERANCE * np.maximum(np.abs(wanted), scale)
        if apart.any():
            row = 1 + int(np.argmax(apart.any(axis=1)))
            raise ValueError(
                f"the test rows do not follow each other: the observation of row {row} is not the "
                "target of the row before, to which the forecast goes on; test on consecutive rows"
            )
