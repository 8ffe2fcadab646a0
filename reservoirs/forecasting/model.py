"""What forecasts ask of a model."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from reservoirs.estimators.series import States, Step
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.sequences import Array, InitialState


class ClosedLoopModel(Protocol):
    """A fitted regressor whose predictions can become its next inputs.

    Attributes
    ----------
    n_features_in_ : int
        Number of inputs.
    training_end_ : TrainingEnd
        Where the training series ended.
    bound : float or None
        How far forecasts may leave the range of the data, in ranges.
    """

    n_features_in_: int
    training_end_: TrainingEnd
    bound: float | None

    @property
    def last_states_(self) -> States:
        """The state at the end of each training series."""

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the model can predict."""

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the state before the first row of each series."""

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions after every row of known inputs, and the last state."""

    def _row_runner(self, state: Array) -> AbstractContextManager[Step]:
        """Return a function that takes one row after the other from a state on."""

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Loop | None = None,
    ) -> Array:
        """Return the predictions, (n_steps, n_outputs), each entering as the next observation.

        With bounds, the smallest and largest value of each output, they are held within these.
        """

    def _interval(
        self, values: Array, state: Array, levels: list[float], start: Start | None = None
    ) -> tuple[Array, Array]:
        """Return the ends of intervals around a forecast, (n_steps, n_outputs), from a state.

        They are (n_levels, n_steps, n_outputs) each, the levels in per cent. The start is where the
        forecast starts, None inside of a Pipeline, which has it in other units.
        """
