"""Transformers with a state that remember, inside a Pipeline, where the training series ended."""

from __future__ import annotations

from abc import abstractmethod

from reservoirs.estimators.docstrings import SERIES, inherit_parameters
from reservoirs.estimators.series import States
from reservoirs.estimators.transformers import SeriesTransformer
from reservoirs.forecasting.loop import find_loop
from reservoirs.forecasting.training_end import TrainingEnd, record_training_end
from reservoirs.sequences import Array, InitialState, Layout, SeriesLike, check_rows
from reservoirs.targets import Targets, check_targets


class RecordingTransformer(SeriesTransformer, auto_wrap_output_keys=None):
    """A transformer that carries a state along each series, so that loops close through it.

    A Pipeline calls `fit_transform` with its y: the transformer then knows the last observations
    and its own states after them, for whatever regressor reads it.

    Attributes
    ----------
    training_end_ : TrainingEnd
        Where the training series ended; set by `fit_transform` with numeric y per step.
    last_states_ : array of shape (n_series, state_size) or list of arrays
        The state at the end of each training series; set with it.
    """

    training_end_: TrainingEnd
    last_states_: States

    @abstractmethod
    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the state before the first row of each series."""

    @abstractmethod
    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the features after every row of one series, and its last state."""

    @abstractmethod
    def _end_states(self, rows: Array, layout: Layout, features: SeriesLike) -> States:
        """Return the last state of every series that was transformed."""

    @inherit_parameters(SERIES)
    def fit_transform(
        self, X: SeriesLike, y: SeriesLike = None, *, series_id: SeriesLike = None
    ) -> SeriesLike:
        """Fit, transform the same series, and remember where they ended.

        Parameters
        ----------
        y : array-like, list of arrays, DataFrame or None, default=None
            Numeric targets per step let a loop close through this step; others are ignored.

        Returns
        -------
        array-like, list of arrays or DataFrame
            What `transform` returns.
        """
        features = super().fit_transform(X, y, series_id=series_id)
        for name in ("training_end_", "last_states_"):
            self.__dict__.pop(name, None)
        if y is None:
            return features
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        targets = self._numeric_targets(y, layout)
        if targets is not None:
            loop = find_loop(rows, targets, layout)
            self.training_end_ = record_training_end(rows, targets, layout, X, y, loop=loop)
            self.last_states_ = self._end_states(rows, layout, features)
        return features

    def _numeric_targets(self, y: SeriesLike, layout: Layout) -> Targets | None:
        """Return targets per step; None for labels, and for what the regressor will refuse."""
        try:
            targets = check_targets(self, y, layout)
        except (TypeError, ValueError):
            return None
        return targets if targets.kind == "per_step" else None
