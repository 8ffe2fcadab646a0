"""What forecasts ask of a model, and how a model is told apart from the Pipeline around it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, TypeGuard

from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.series import States, Step
from reservoirs.estimators.settings import check_settings
from reservoirs.forecasting.loop import Loop
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.sequences import Array, InitialState

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class ClosedLoopModel(Protocol):
    """A fitted regressor whose predictions can become its next inputs.

    Attributes
    ----------
    n_features_in_ : int
        Number of inputs.
    training_end_ : TrainingEnd
        Where the training series ended.
    last_states_ : array of shape (n_series, state_size) or list of arrays
        The state at the end of each training series.
    """

    n_features_in_: int
    training_end_: TrainingEnd
    last_states_: States

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the model can predict."""

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the state before the first row of each series."""

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions after every row of known inputs, and the last state."""

    def _row_runner(self, state: Array) -> AbstractContextManager[Step]:
        """Return a function that takes one row after the other from a state on."""

    def _closed_loop(self, observation: Array, exog: Array, loop: Loop, state: Array) -> Array:
        """Return the predictions, (n_steps, n_outputs), each entering as the next observation."""


def split_pipeline(model: object) -> tuple[ClosedLoopModel, Pipeline | None]:
    """Split a model into its regressor and the Pipeline around it.

    Parameters
    ----------
    model : estimator or Pipeline
        A fitted regressor of this library, or a Pipeline that ends in one.

    Returns
    -------
    estimator : ClosedLoopModel
        The regressor.
    pipeline : Pipeline or None
        The whole Pipeline, None where there is none.

    Raises
    ------
    TypeError
        For another kind of model.
    """
    estimator, pipeline = model, None
    if not _closes_loops(model):
        from sklearn.pipeline import Pipeline  # not for `import reservoirs`: it brings all scalers

        if isinstance(model, Pipeline):
            estimator, pipeline = model.steps[-1][1], model
    if not _closes_loops(estimator):
        raise TypeError(
            "forecast takes a regressor of this library or a Pipeline that ends in one, got "
            f"{type(estimator).__name__}"
        )
    # scikit-learn's own check takes a tenth of a short forecast; it writes the error
    if not estimator.__sklearn_is_fitted__():
        check_is_fitted(estimator)
    check_settings(estimator)  # set_params may have come after fit
    return estimator, pipeline


def _closes_loops(model: object) -> TypeGuard[ClosedLoopModel]:
    return hasattr(model, "_closed_loop")
