"""A fitted local model as one whose loop closes, on its own grid and on others."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from math import prod
from typing import Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators import States
from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.forecasting import Bounds, ForecastMixin, Loop, Start, forecast, hold, next_step
from reservoirs.local.ends import widened
from reservoirs.local.grid import Grid, Sizes, given_grid, regular_grid
from reservoirs.local.model import LocalModel, run_closed_loop
from reservoirs.local.stream import Units
from reservoirs.sequences import Array, InitialState, SeriesLike


class PatchesMixin(ForecastMixin):
    """Forecasts of a field by a model of its patches.

    Attributes
    ----------
    grid_ : Grid
        Where the patches lie.
    model_ : LocalModel
        What carries a field one step on, in standardised units.
    units_ : Units
        Mean and deviation of each channel.
    start_ : array of shape (state_size,)
        The state of a patch before a context.
    """

    patch: Sizes
    halo: Sizes
    channels: int
    boundary: str
    shared: bool
    grid_: Grid
    model_: LocalModel
    units_: Units
    start_: Array

    @property
    def inputs_(self) -> Array:
        """Columns of the window of each patch."""
        return self.grid_.inputs

    @property
    def outputs_(self) -> Array:
        """Columns of each patch."""
        return self.grid_.outputs

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _grid(self, n_columns: int, grid_shape: Sequence[int] | None) -> Grid:
        """Return the patches of a field of some columns."""
        if np.ndim(self.patch) == 2 or np.ndim(self.halo) == 2:
            return given_grid(self.halo, self.patch, n_columns, self.channels)
        shape = (n_columns // self.channels,) if grid_shape is None else tuple(grid_shape)
        if prod(shape) * self.channels != n_columns:
            raise ValueError(
                f"a grid of {shape} sites with channels={self.channels} has "
                f"{prod(shape) * self.channels} columns, got {n_columns}; set grid_shape and "
                "channels to those of the field"
            )
        return regular_grid(shape, self.channels, self.patch, self.halo, self.boundary)

    @inherit_parameters(forecast)
    def forecast(
        self,
        n_steps: int,
        *,
        context: SeriesLike = None,
        exog: SeriesLike = None,
        initial_state: InitialState = None,
        bound: float | str | None = "auto",
        level: float | Sequence[float] | None = None,
        grid_shape: Sequence[int] | None = None,
    ) -> SeriesLike:
        """Forecast in a closed loop; `reservoirs.forecast` tells the rules.

        Parameters
        ----------
        exog : None, default=None
            Known inputs are not taken.
        level : None, default=None
            Intervals are not offered.
        grid_shape : sequence of int, default=None
            Of another grid, whose last rows are the context: what holds at one place holds on a
            wider field too. The patches must fill it. None is the grid of `fit`.

        Returns
        -------
        array of shape (n_steps, n_columns), list of arrays or DataFrame
            The forecast; without context one per training series.

        Raises
        ------
        ValueError
            If there is no context for another grid, or patches are no longer alike there.
        """
        model = self if grid_shape is None else self._on(grid_shape)
        if model is not self and context is None:
            raise ValueError("another grid_shape needs a context: the last rows of the field on it")
        return forecast(
            model,
            n_steps,
            context=context,
            exog=exog,
            initial_state=initial_state,
            bound=bound,
            level=level,
        )

    @inherit_parameters(SERIES)
    def score(
        self,
        X: SeriesLike,
        y: None = None,
        sample_weight: None = None,
        *,
        series_id: SeriesLike = None,
    ) -> float:
        """Return R^2 of the predictions of the next row of a field, after every row but the last.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_columns), list of arrays or DataFrame
            The field.
        y : None, default=None
            Ignored: the field is X.
        sample_weight : None, default=None
            Weights are not taken.

        Returns
        -------
        float
            1 for perfect predictions, 0 for the mean.

        Raises
        ------
        ValueError
            If there are weights.
        """
        if sample_weight is not None:
            raise ValueError("LocalForecaster.score takes no sample_weight; leave it out")
        return super().score(*next_step(X, series_id=series_id))

    def _on(self, grid_shape: Sequence[int]) -> Self:
        """Return a model of the same patches on another grid."""
        check_is_fitted(self)
        if not self.shared or np.ndim(self.patch) == 2:
            raise ValueError(
                "another grid_shape needs patches that are all alike: shared=True, and patch and "
                "halo as sizes"
            )
        n_columns = prod(grid_shape) * self.channels
        other = copy(self)
        other.grid_ = self._grid(n_columns, grid_shape)
        other.n_features_in_ = n_columns
        other.__dict__.pop("feature_names_in_", None)
        other.training_end_ = widened(self.training_end_, n_columns, self.channels)
        return other

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        shape = self.grid_.n_patches, len(self.start_)
        if initial_state is None:
            return [np.broadcast_to(self.start_, shape)] * n_series
        states = np.asarray(initial_state)
        if states.shape not in (shape, (n_series, *shape)) or not np.isfinite(states).all():
            raise ValueError(
                f"initial_state must be None or finite states of shape {shape} or one such per "
                f"series, got shape {states.shape}"
            )
        return list(np.broadcast_to(states, (n_series, *shape)))

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        standardised = self.units_.standardised(np.asarray(rows, dtype=np.float64))
        values, state = self.model_.run(self.grid_, standardised, state)
        return self.units_.restored(values), state

    _read = _drive

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        """Run all patches on their own outputs."""
        units = self.units_
        first = units.standardised(observation)
        limits = None
        if bounds is not None:
            limits = units.standardised(bounds[0]), units.standardised(bounds[1])
        values = run_closed_loop(self.model_, self.grid_, first, state, len(exog), limits)
        # rounding must not take a value that was held off its bound
        return hold(units.restored(values), bounds)

    def _interval(
        self, values: Array, state: Array, levels: list[float], start: Start | None = None
    ) -> tuple[Array, Array]:
        raise ValueError("LocalForecaster has no intervals: leave out level")
