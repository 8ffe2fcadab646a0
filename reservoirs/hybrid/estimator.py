"""HybridForecaster: a known model and a reservoir that learns what it lacks. Wiring only."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils._param_validation import HasMethods, StrOptions

from reservoirs.esn import ESNRegressor
from reservoirs.estimators import Progress
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    DEFAULT_BOUND,
    INTERVAL_ORIGINS,
    ORIGINS,
    IntervalRows,
    check_outputs,
    find_loop,
    next_step,
    open_rows,
    record_training_end,
    scale_targets,
    skip_leading,
)
from reservoirs.hybrid.informed import (
    Model,
    check_finite,
    fit_field,
    model_columns,
)
from reservoirs.hybrid.network import new_estimator
from reservoirs.hybrid.running import RunningMixin
from reservoirs.local import LocalForecaster
from reservoirs.sequences import Array, Layout, SeriesLike, check_rows
from reservoirs.targets import Targets, check_targets


@inherit_parameters(ESNRegressor)
class HybridForecaster(RunningMixin, RegressorMixin, BaseEstimator):
    """Forecast with an imperfect model of the system, and a reservoir that learns the rest.

    y[t] = C [x[t]; u[t]; M(u[t])] + c,  x the states of a reservoir that is driven by u

    M is one step of the model, a law with a wrong coefficient, say, or without a term. The readout
    weighs what it returns beside the states, by ridge regression: where the model is right a small
    reservoir and few rows are enough.

    Parameters
    ----------
    estimator : ESNRegressor, Pipeline or LocalForecaster, default=None
        The network, or a Pipeline of scalers that ends in it: these scale what the network reads,
        the model sees the rows as they came. None is ESNRegressor(). A LocalForecaster learns a
        field from few rows, its windows hold what the model makes of them too.
    model : callable
        One step, `model(X)` or with exogenous inputs `model(X, exog)`: many rows (n_rows,
        n_outputs) at once, each to its next row. It may return other columns too, a part of the
        next row, say, but always as many.
    model_in : {"readout", "both"}, default="readout"
        Whether the readout alone reads what the model returns, or the units as well: "both" helps
        where the model lacks a term that is not linear. A `input_scaling` of one number for each
        column has, with "both", those of the model last.

    Attributes
    ----------
    estimator_ : ESNRegressor, Pipeline or LocalForecaster
        Fitted on [u; M(u)], the reservoir, `coef_` and `alpha_` among its attributes.
    n_model_columns_ : int
        Number of columns that the model returned.
    last_states_ : array of shape (n_series, n_units)
        The last state of every training series.
    interval_rows_ : IntervalRows or None
        The last training rows, for intervals; None where a forecast cannot have them.
    training_end_ : TrainingEnd
        Where the training series ended, from which forecasts go on.
    n_features_in_ : int
        Number of features, without what the model returns.

    See Also
    --------
    ESNRegressor : The network alone.
    NVARRegressor : Polynomials of delayed inputs: they may find the law itself.

    Notes
    -----
    `save` writes the name of the model, no code: `load(file, callables={"model": step})` gives it
    back. For pickle the model must be a function of a module.

    References
    ----------
    Pathak, Wikner, Fussell, Chandra, Hunt, Girvan & Ott (2018), Hybrid forecasting of chaotic
    processes: using machine learning in conjunction with a knowledge-based model, Chaos 28, 041101.

    Examples
    --------
    A pendulum whose model has no friction:

    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, HybridForecaster
    >>> def pendulum(X, friction=0.0):
    ...     angle, speed = X.T
    ...     for _ in range(10):
    ...         speed = speed - 0.01 * (np.sin(angle) + friction * speed)
    ...         angle = angle + 0.01 * speed
    ...     return np.column_stack([angle, speed])
    >>> series = np.array([[2.0, 0.0]])
    >>> for _ in range(400):
    ...     series = np.vstack([series, pendulum(series[-1:], friction=0.1)])
    >>> network = ESNRegressor(n_units=30, alpha=1e-8, random_state=0)
    >>> model = HybridForecaster(network, model=pendulum).fit(series[:200])
    >>> bool(abs(model.forecast(200) - series[200:400]).max() < 0.05)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "model": [callable],
        "model_in": [StrOptions({"readout", "both"})],
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "bound": BOUND,
        "interval_origins": ORIGINS,
    }
    _settings_of_prediction = frozenset({"exog_align", "bound", "interval_origins"})

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        model: Model,
        model_in: str = "readout",
        exog_align: str = "observation",
        bound: float | None = DEFAULT_BOUND,
        interval_origins: int | None = INTERVAL_ORIGINS,
    ) -> None:
        self.estimator = estimator
        self.model = model
        self.model_in = model_in
        self.exog_align = exog_align
        self.bound = bound
        self.interval_origins = interval_origins

    @_fit_context(prefer_skip_nested_validation=False)
    @inherit_parameters(SERIES)
    def fit(
        self,
        X: SeriesLike,
        y: SeriesLike = None,
        *,
        exog: SeriesLike = None,
        series_id: SeriesLike = None,
    ) -> Self:
        """Draw the reservoir and solve the readout of its states and of the model.

        NaN in y and in X is treated as `ESNRegressor.fit` does.

        Parameters
        ----------
        X : array-like, list of arrays or DataFrame
            The observations, of one series or of several; with y the inputs that
            `next_step(series, exog)` made of them.
        y : array-like, list of arrays, DataFrame or None, default=None
            The next observation of every row, as `next_step` made it; None: X is the series.
        exog : array-like of shape (n_steps, n_exog), list of arrays or DataFrame, default=None
            Known inputs beside a series, as `next_step` takes them.

        Returns
        -------
        HybridForecaster
            The fitted estimator.

        Raises
        ------
        TypeError
            If `estimator` is none that reads rows as they come.
        ValueError
            For bad data, targets per series, exog beside y, or a model that returns other than a
            row of numbers for each.
        """
        if y is None:
            X, y = next_step(X, exog, align=self.exog_align, series_id=series_id)
            series_id = None
        elif exog is not None:
            raise ValueError(
                "exog goes with a series alone, fit(series, exog=exog); X of "
                "next_step(series, exog) has it already"
            )
        rows, layout, gaps = open_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        scaled = scale_targets(self, X, y, series_id)
        targets = self._targets(scaled, layout, allow_nan=True)
        progress = Progress(self, X, y, 0, {"series_id": series_id})
        loop = find_loop(rows, targets, layout)
        whole = skip_leading(rows, layout, gaps, targets, loop)
        self.n_targets_ = targets.rows.shape[1]
        for inputs, outputs in self._passes(whole, loop):
            self._learn(inputs, whole.layout, outputs)
        self.interval_rows_ = self._keep_rows(inputs, whole.layout)
        end = record_training_end(rows, targets, layout, X, y, loop=loop)
        end = self._complete(end, whole, changed=gaps is not None)
        if isinstance(self.estimator_, LocalForecaster):  # what happened at one site may at another
            of_field = self.estimator_.training_end_.target_range
            assert of_field is not None  # every fit has one
            end = replace(end, target_range=of_field[:, : self.n_targets_])
        self.training_end_ = end
        self.target_kind_ = targets.kind
        progress.end()
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    @inherit_parameters(SERIES, ESNRegressor.partial_fit)
    def partial_fit(
        self,
        X: SeriesLike,
        y: SeriesLike,
        *,
        new_series: bool = False,
        series_id: SeriesLike = None,
    ) -> Self:
        """Learn from one more chunk, as `ESNRegressor.partial_fit` does.

        Returns
        -------
        HybridForecaster
            The estimator, fitted once two rows came after washout.

        Raises
        ------
        ValueError
            For bad data, targets per series, another number of outputs than before, or an
            estimator with scalers, which chunks cannot be fitted to.
        """
        first = not self._goes_on("partial_fit")
        rows, layout = check_rows(self, X, series_id=series_id, reset=first)
        targets = self._targets(y, layout)
        if not first:
            check_outputs(targets, self.training_end_)
        self.n_targets_ = targets.rows.shape[1]
        columns = self._model_columns(rows, first=first)
        if first:
            self.estimator_ = self._new_estimator(rows.shape[1], columns.shape[1])
        if not isinstance(self.estimator_, ESNRegressor):
            raise ValueError(
                "partial_fit cannot fit the scalers of estimator, or fields, to chunks: scale by "
                "numbers that you know, in input_scaling, or use fit"
            )
        network = copy.copy(self.estimator_)
        network.partial_fit(
            _contained(np.hstack([rows, columns]), layout),
            _contained(targets.rows, layout),
            new_series=new_series,
        )
        self.estimator_, self.interval_rows_ = network, None
        self.training_end_ = record_training_end(
            rows,
            targets,
            layout,
            X,
            y,
            loop=network.training_end_.loop,
            last_only=True,
            earlier=None if first else self.training_end_.target_range,
        )
        self.target_kind_ = targets.kind
        if self.__sklearn_is_fitted__():
            self.last_states_ = self._learner.last_states_
        return self

    def _targets(self, y: SeriesLike, layout: Layout, *, allow_nan: bool = False) -> Targets:
        targets = check_targets(self, y, layout, allow_nan=allow_nan)
        if targets.kind == "per_series":
            raise ValueError("HybridForecaster takes targets per step, got one target per series")
        return targets

    def _learn(self, rows: Array, layout: Layout, targets: Targets) -> None:
        """Fit the network on rows, (n_rows, n_features), and what the model makes of them."""
        columns = self._model_columns(rows, first=True)
        estimator = self._new_estimator(rows.shape[1], columns.shape[1])
        if isinstance(estimator, LocalForecaster):
            fit_field(
                estimator, _contained(rows, layout), _contained(targets.rows, layout), self.model
            )
            self.estimator_, self.last_states_ = estimator, estimator.last_states_
            return
        estimator.fit(
            _contained(np.hstack([rows, columns]), layout), _contained(targets.rows, layout)
        )
        self.estimator_ = estimator
        self.last_states_ = self._learner.last_states_

    def _model_columns(self, rows: Array, *, first: bool) -> Array:
        """Return what the model makes of training rows; the first ones say how many columns."""
        known = None if first else self.n_model_columns_
        columns = model_columns(self.model, rows, self.n_targets_, known)
        check_finite(columns)
        self.n_model_columns_ = columns.shape[1]
        return columns

    def _new_estimator(self, n_inputs: int, n_model: int) -> BaseEstimator:
        return new_estimator(
            self.estimator,
            n_inputs,
            n_model,
            model_in=self.model_in,
            interval_origins=self.interval_origins,
        )

    def _keep_rows(self, rows: Array, layout: Layout) -> IntervalRows | None:
        """Return the rows that the network kept, as they were before the model."""
        kept = getattr(self._learner, "interval_rows_", None)
        if kept is None:
            return None
        spans = list(layout.slices())
        firsts = [spans[i].start + first for i, first in zip(kept.series, kept.firsts, strict=True)]
        pieces = [rows[f : f + n] for f, n in zip(firsts, kept.lengths, strict=True)]
        return replace(kept, rows=np.concatenate(pieces).astype(np.float64))


def _contained(rows: Array, layout: Layout) -> SeriesLike:
    """Return rows as one array, or as a list of those of each series."""
    return [rows[span] for span in layout.slices()] if layout.many else rows
