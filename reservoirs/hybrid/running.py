"""How a fitted hybrid forecaster runs along rows: what learns reads the rows and the model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from sklearn.base import BaseEstimator

from reservoirs.esn import ESNRegressor
from reservoirs.esn.intervals import read_kept_rows
from reservoirs.esn.nearest import OpenStart
from reservoirs.estimators import Runs, States
from reservoirs.estimators.series import Step
from reservoirs.forecasting import ForecastMixin, IntervalRows, LoopOrigins, held_out_residuals
from reservoirs.hybrid.informed import Informed, Model, loop_runner, model_columns, row_runner
from reservoirs.hybrid.network import Learner, scaled, split_steps
from reservoirs.local import LocalForecaster
from reservoirs.sequences import Array, InitialState, Layout


class RunningMixin(ForecastMixin):
    """Outputs of a fitted estimator on rows beside what a model makes of them.

    Attributes
    ----------
    estimator_ : ESNRegressor, Pipeline or LocalForecaster
        Fitted on both.
    model : callable
        The model.
    n_targets_ : int
        Number of columns that are observed.
    n_model_columns_ : int
        Number of columns that the model returns.
    """

    estimator_: BaseEstimator
    model: Model
    n_targets_: int
    n_model_columns_: int

    def _informed(self, rows: Array) -> Array:
        """Return what the network reads of rows, [u; M(u)] in its units."""
        return self._reader()(rows)

    def _reader(self) -> Informed:
        """Return the same as a function of its own, for one row after the other."""
        steps, sizes = split_steps(self.estimator_)[0], (self.n_targets_, self.n_model_columns_)

        def read(rows: Array) -> Array:
            return scaled(steps, np.hstack([rows, model_columns(self.model, rows, *sizes)]))

        return read

    @property
    def _learner(self) -> Learner:
        return split_steps(self.estimator_)[1]

    @property
    def _network(self) -> ESNRegressor:
        network = self._learner
        assert isinstance(network, ESNRegressor)  # a field has no use for it
        return network

    def _settled(self, kept: IntervalRows) -> Array:
        network = self._network
        assert network.interval_rows_ is not None  # as `_keep_rows` found them
        return network._settled(network.interval_rows_)

    def _loop_residuals(self, origins: LoopOrigins) -> Array:
        """Return the errors of loops of fits to the rows before them."""
        network = self._network
        assert network.interval_rows_ is not None  # as above
        features = read_kept_rows(network, network.interval_rows_, origins.targets)
        run = loop_runner(network, origins.loop, self._reader())
        readout = network.coef_, network.intercept_
        return held_out_residuals(origins, features, readout, network.alpha_, run)

    def _training_starts(self, n_series: int) -> States:
        field = isinstance(self.estimator_, LocalForecaster)
        return self._start_states(None if field else "zero", n_series)

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        return self._learner._start_states(initial_state, n_series)

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and its last state."""
        values, last = self._learner._drive(self._informed(rows), state)
        return values[
            :, : self.n_targets_
        ], last  # of a field what is predicted of the model is left

    _read = _drive

    @contextmanager
    def _row_runner(self, state: Array) -> Iterator[Step]:
        # the first rows still have to choose a start that is open
        if isinstance(state, OpenStart) or isinstance(self.estimator_, LocalForecaster):
            with super()._row_runner(state) as step:
                yield step
        else:
            yield row_runner(self._network, self._reader(), state)

    def _read_all(self, rows: Array, layout: Layout, states: States) -> Runs:
        values, last = self._learner._read_all(self._informed(rows), layout, states)
        return [of_series[:, : self.n_targets_] for of_series in values], last

    def _state_after(self, rows: Array, state: Array) -> Array:
        return self._learner._state_after(self._informed(rows), state)

    def _stack_states(self, states: list[Array]) -> Array:
        return self._learner._stack_states(states)

    def _goes_on(self, method: str) -> bool:
        return method == "partial_fit" and hasattr(getattr(self, "estimator_", None), "stream_")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_") and self._learner.__sklearn_is_fitted__()
