"""Steps that transform the observation and can be undone: a logarithm, a difference.

    X[t] = [s[t], F[t]],  y[t] = s[t+1]   ->   [z[t], F[t]],  z[t+1],   z = T(s)

A Pipeline hands the same y to each of its steps. Each of these notes what y becomes by it, and the
regressor of this library that gets that very y learns what was noted, provided that it is the next
observation of the rows it sees. A forecast takes its outputs back to levels (`restored`).
"""

from __future__ import annotations

import weakref
from abc import abstractmethod
from contextlib import suppress
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.transformers import SeriesTransformer
from reservoirs.forecasting.loop import find_loop
from reservoirs.forecasting.recording import RecordingTransformer
from reservoirs.forecasting.training_end import record_training_end
from reservoirs.labels import is_frame, load_pandas
from reservoirs.sequences import (
    Array,
    InitialState,
    Layout,
    SeriesLike,
    check_rows,
    flatten,
    members_of,
    restore,
)
from reservoirs.targets import Targets, check_targets

BEHIND = (
    "{} must be the first step, alone or with Log: a scaler before it has changed the observations "
    "in y, and forecasts could not go back to them. Put scalers behind it, "
    "make_pipeline(Difference(), StandardScaler(), regressor)"
)
_NOTED: dict[int, tuple[weakref.ref[Any], Array]] = {}  # by the identity of y


class LevelTransformer(
    OneToOneFeatureMixin, RecordingTransformer, BaseEstimator, auto_wrap_output_keys=None
):
    """A transformer of the observation that forecasts undo.

    Of `X, y = next_step(series, exog)` the columns of the observation are transformed, exogenous
    ones stay; without y, or with another y, all columns are.

    Attributes
    ----------
    n_levels_ : int
        The first columns, those that are transformed.
    """

    n_levels_: int

    @property
    @abstractmethod
    def reach(self) -> int:
        """Earlier rows that a value depends on."""

    @abstractmethod
    def forward(self, levels: Array) -> Array:
        """Return the transformed rows of one series, NaN for those that depend on rows before."""

    @abstractmethod
    def back(self, values: Array, levels: Array) -> Array:
        """Return levels from transformed values, (n, k), and the levels `reach` rows earlier."""

    def _fit_levels(self, X: SeriesLike, y: SeriesLike, series_id: SeriesLike) -> Self:
        """Count the columns that are transformed."""
        rows, layout = check_rows(
            self, X, series_id=series_id, reset=True, min_rows=2, allow_nan=True
        )
        if min(layout.lengths) <= self.reach:
            raise ValueError(
                f"{type(self).__name__} depends on the row {self.reach} before, and a series has "
                f"only {min(layout.lengths)} rows; lower lag, or drop that series"
            )
        targets = None if y is None else self._next_levels(rows, layout, y)
        self.n_levels_ = rows.shape[1] if targets is None else targets.shape[1]
        return self

    def _transform(self, X: SeriesLike, series_id: SeriesLike) -> SeriesLike:
        check_is_fitted(self, "n_levels_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=False, allow_nan=True)
        values = rows.copy()
        for span in layout.slices():
            values[span, : self.n_levels_] = self.forward(rows[span, : self.n_levels_])
        return restore(values, layout)

    @inherit_parameters(SERIES)
    def fit_transform(
        self, X: SeriesLike, y: SeriesLike = None, *, series_id: SeriesLike = None
    ) -> SeriesLike:
        """Fit, transform the same series, and note what y becomes.

        Parameters
        ----------
        y : array-like, list of arrays, DataFrame or None, default=None
            The next observation: the regressor that gets this very y learns the transformed one.

        Returns
        -------
        array-like, list of arrays or DataFrame
            What `transform` returns.

        Raises
        ------
        TypeError
            If y is a plain list of numbers.
        ValueError
            For bad data, or if a step before has scaled the observations that y goes on with.
        """
        features = SeriesTransformer.fit_transform(self, X, y, series_id=series_id)
        for name in ("training_end_", "last_states_"):
            self.__dict__.pop(name, None)
        if y is None:
            return features
        rows, layout = check_rows(self, X, series_id=series_id, reset=False, allow_nan=True)
        following = self._next_levels(rows, layout, y)
        targets = self._numeric_targets(y, layout)
        loop = None if targets is None else find_loop(rows, targets, layout)
        if following is None or targets is None:
            if loop is not None and self.reach:  # its first rows are NaN, so that none can learn
                raise ValueError(BEHIND.format(type(self).__name__))
            return features
        self.training_end_ = record_training_end(rows, targets, layout, X, y, loop=loop)
        self.last_states_ = self._end_states(rows, layout, features)
        _note(y, np.concatenate([self._ahead(rows[s], following[s]) for s in layout.slices()]))
        if self.reach and _noted(y) is None:
            raise TypeError(
                f"behind {type(self).__name__} a regressor learns the differences of y, which are "
                f"not noted of a plain {type(y).__name__}: pass y as an array or DataFrame, "
                "numpy.asarray(y)"
            )
        return features

    def _ahead(self, rows: Array, following: Array) -> Array:
        """Return what the next levels of one series become."""
        return self.forward(np.vstack([rows[:1, : following.shape[1]], following]))[1:]

    def _next_levels(self, rows: Array, layout: Layout, y: SeriesLike) -> Array | None:
        """Return the next observation of the rows, (n_rows, k), as far as y is it."""
        targets = self._numeric_targets(y, layout)
        for levels in (_noted(y), None if targets is None else targets.rows):
            if levels is not None and levels.shape[1] <= rows.shape[1] and len(levels) == len(rows):
                follows = np.ones(len(rows), dtype=bool)
                follows[layout.starts()] = False
                before = levels[np.flatnonzero(follows) - 1]
                if np.array_equal(rows[follows, : levels.shape[1]], before, equal_nan=True):
                    return levels
        return None

    def _numeric_targets(self, y: SeriesLike, layout: Layout) -> Targets | None:
        """Return targets per step, some perhaps missing: the regressor passes over gaps."""
        try:
            targets = check_targets(self, y, layout, allow_nan=True)
        except (TypeError, ValueError):
            return None
        return targets if targets.kind == "per_step" else None

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[Array]:
        return [np.empty((0, self.n_levels_))] * n_series

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return transformed rows, NaN where too few came before, and the last levels."""
        values = np.array(rows, dtype=np.float64)
        levels = np.vstack([state, values[:, : self.n_levels_]])
        values[:, : self.n_levels_] = self.forward(levels)[len(state) :]
        return values, levels[max(len(levels) - self.reach, 0) :]

    def _end_states(self, rows: Array, layout: Layout, features: SeriesLike) -> list[Array]:
        ends = [rows[span, : self.n_levels_] for span in layout.slices()]
        return [end[max(len(end) - self.reach, 0) :].copy() for end in ends]

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _note(y: SeriesLike, values: Array) -> None:
    """Note what y became; forgotten with y."""
    key, held = id(y), y[0] if isinstance(y, list | tuple) else y
    with suppress(TypeError):  # numbers in a list
        _NOTED[key] = weakref.ref(held, lambda _: _NOTED.pop(key, None)), values


def _noted(y: SeriesLike) -> Array | None:
    """Return what was noted of y."""
    reference, values = _NOTED.get(id(y), (None, None))
    held = y[0] if isinstance(y, list | tuple) else y
    return values if reference is not None and reference() is held else None


def transformed_targets(
    model: BaseEstimator, X: SeriesLike, y: SeriesLike, series_id: SeriesLike
) -> SeriesLike | None:
    """Return what y became by the steps before a model, in its container.

    None where nothing was noted, or what was noted is not the next observation of X.
    """
    values = None if y is None else _noted(y)
    if values is None:
        return None
    del _NOTED[id(y)]
    raw, layout = flatten(X, series_id)
    rows = np.asarray(raw, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(values):
        return None
    like_y = in_container_of(y, values, layout)
    targets = check_targets(model, like_y, layout, allow_nan=True)
    return None if find_loop(rows, targets, layout) is None else like_y


def in_container_of(y: SeriesLike, values: Array, layout: Layout) -> SeriesLike:
    """Return values, (n_rows, n_outputs), in the container and the shape of y."""
    members = members_of(y)
    if members is not None and layout.kind == "list":
        pieces = zip(layout.slices(), members, strict=True)
        return [values[span].reshape(np.shape(member)) for span, member in pieces]
    z = values.reshape(np.shape(y))
    if not is_frame(y):
        return z
    pd = load_pandas()
    is_table = hasattr(y, "columns")
    new = pd.DataFrame(z, y.index, y.columns) if is_table else pd.Series(z, y.index, name=y.name)
    new.attrs = dict(y.attrs)
    return new
