"""Cross-validation for forecasts: a rolling origin, and scorers that close the loop."""

from __future__ import annotations

from collections.abc import Iterator
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
from reservoirs.sequences import Array, SeriesLike, flatten, members_of, unmask
from reservoirs.suggestions import suggest_parameters

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

__all__ = ["RollingOriginSplit", "forecast_scorer"]

TOLERANCE = 1e-6  # of an observation, or of the deviation of the targets: the same value
WORST = 1e6  # the error of a forecast that diverged: finite, so that means and ranks stay defined


@suggest_parameters
class RollingOriginSplit:
    """Train on all rows up to an origin, test on the rows after it; the origin moves on.

    Fold i trains on rows before o_i and tests on o_i, ..., o_i + horizon - 1; the last fold ends
    with the data and o_(i+1) = o_i + step. Several series in one DataFrame are divided each.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    horizon : int
        Rows tested per fold.
    step : int, default=None
        Rows between origins; None takes the horizon, so that tests do not overlap.
    max_train_size : int, default=None
        Train on at most this many rows just before the origin; None takes all.

    See Also
    --------
    forecast_scorer : Score the closed-loop forecast of the rows tested.
    reservoirs.backtest : Forecast from many origins without refitting.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.model_selection import RollingOriginSplit
    >>> folds = RollingOriginSplit(2, horizon=3).split(np.zeros((10, 1)))
    >>> [(len(train), test.tolist()) for train, test in folds]
    [(4, [4, 5, 6]), (7, [7, 8, 9])]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        horizon: int,
        step: int | None = None,
        max_train_size: int | None = None,
    ) -> None:
        sizes = {"n_splits": n_splits, "horizon": horizon}
        optional = {"step": step, "max_train_size": max_train_size}
        sizes |= {name: value for name, value in optional.items() if value is not None}
        for name, value in sizes.items():
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
        self.n_splits = n_splits
        self.horizon = horizon
        self.step = step
        self.max_train_size = max_train_size

    def get_n_splits(
        self, X: SeriesLike = None, y: SeriesLike = None, groups: SeriesLike = None
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X : object, default=None
            Ignored.
        y : object, default=None
            Ignored.
        groups : object, default=None
            Ignored.

        Returns
        -------
        int
            The number of folds.
        """
        return self.n_splits

    def split(
        self, X: SeriesLike, y: SeriesLike = None, groups: SeriesLike = None
    ) -> Iterator[tuple[Array, Array]]:
        """Yield the training and test rows of every fold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or DataFrame
            One series, of which the length is read, or a DataFrame with a MultiIndex: every series
            of it is divided, with its own last rows at the end of the last fold.
        y : object, default=None
            Ignored.
        groups : array-like of shape (n_rows,), default=None
            The series of each row of an array.

        Yields
        ------
        train : array of shape (n_train,)
            Positions of the rows to train on.
        test : array of shape (n_series * horizon,)
            Positions of the rows to test on.

        Raises
        ------
        ValueError
            If the first fold has no row of a series to train on.
        """
        spans, step = _spans_of(X, groups), self.step or self.horizon
        needed = self.horizon + (self.n_splits - 1) * step
        shortest = min(span.stop - span.start for span in spans)
        if shortest <= needed:
            raise ValueError(
                f"{shortest} rows are too few for n_splits={self.n_splits}, "
                f"horizon={self.horizon}, step={step}: at least {needed + 1} are needed; "
                "lower one of them"
            )
        for fold in range(self.n_splits):
            train, test = [], []
            for span in spans:
                origin = span.stop - needed + fold * step
                start = max(span.start, origin - (self.max_train_size or origin))
                train.append(np.arange(start, origin))
                test.append(np.arange(origin, origin + self.horizon))
            yield np.concatenate(train), np.concatenate(test)


def _spans_of(X: SeriesLike, groups: SeriesLike) -> list[slice]:
    """Return the rows of every series that folds divide."""
    if groups is not None or (is_frame(X) and X.index.nlevels > 1):
        return list(flatten(X, groups)[1].slices())
    return [slice(0, len(X))]


class Metric(Protocol):
    """An error of predictions, measured on the scale of the training targets."""

    __name__: str

    def __call__(self, y_true: Array, y_pred: Array, *, scale: Array) -> float:
        """Return the error."""


class ForecastScorer:
    """A scorer for GridSearchCV that forecasts in a closed loop; see `forecast_scorer`.

    Parameters
    ----------
    metric : callable
        The error, metric(y_true, y_pred, scale=deviations).
    context : int
        Test rows that are run first.
    """

    def __init__(self, metric: Metric, context: int) -> None:
        self.metric = metric
        self.context = context

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
                error = self.metric(truth[c:][known], values[known], scale=end.target_deviation)
                errors.append(error)
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
        return f"forecast_scorer({self.metric.__name__}, context={self.context})"


def forecast_scorer(metric: Metric = nrmse, context: int = 0) -> ForecastScorer:
    """Make a scorer of closed-loop forecasts, for GridSearchCV and cross_val_score.

    Parameters
    ----------
    metric : callable, default=nrmse
        The error, metric(y_true, y_pred, scale=deviations), with the standard deviations of the
        training targets.
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
    if not hasattr(model, "numbers_of") or model.n_features_in_ > end.n_outputs:
        raise ValueError("forecast_scorer needs X and y as next_step builds them, exog among X")
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
