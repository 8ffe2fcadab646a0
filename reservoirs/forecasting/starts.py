"""Where closed loops start: observations, exogenous inputs and states, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reservoirs.forecasting.columns import Columns
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.nodes import OwnUnits, State
from reservoirs.forecasting.panels import Panel, match_series, open_panel
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.labels import continue_like, find_tail, is_frame
from reservoirs.sequences import Array, InitialState, SeriesLike

if TYPE_CHECKING:
    import pandas as pd


def find_starts(
    model: ClosedLoopModel,
    n_steps: int,
    *,
    context: SeriesLike,
    exog: SeriesLike,
    initial_state: InitialState,
) -> tuple[list[Start], Panel]:
    """Return one start per forecast.

    context and exog are as `forecast` takes them. An initial state of None takes the last state of
    training without a context, and the model's own rule with one. One start per context, or without
    context per training series, is returned with the container of these. A ValueError is raised if
    context and exog have the wrong shape, names or labels, or not the same number of series.
    """
    panel, ends = (
        _training_ends(model, initial_state)
        if context is None
        else _context_ends(model, context, initial_state)
    )
    inputs_of = match_series(panel, exog, "exog")
    columns = Columns(model)
    starts = []
    for end, inputs in zip(ends, inputs_of, strict=True):
        observations = end.observations
        if context is not None:
            observations = columns.observations(observations, "context")
        n_rows = len(observations) - 1 + n_steps
        rows = columns.exog(inputs, n_rows, end.labels, end.tail)
        starts.append(Start(observations, rows, end.state, end.labelled, end.tail))
    return starts, panel


@dataclass(frozen=True)
class _End:
    """Where known observations end: they, their labels, and the state before the first."""

    observations: SeriesLike
    state: Array
    labelled: bool
    labels: pd.Index | None
    tail: pd.Index | None


def _context_ends(
    model: ClosedLoopModel, context: SeriesLike, initial_state: InitialState
) -> tuple[Panel, list[_End]]:
    """Return the ends of contexts."""
    panel, ends = open_panel(context, "context"), []
    for number, values in zip(training_numbers(model, panel), panel.members, strict=True):
        labels = values.index if is_frame(values) else None
        tail = None if labels is None else _tail_of(labels, model.training_end_)
        state = start_of(model, number, initial_state)
        ends.append(_End(values, state, labels is not None, labels, tail))
    return panel, ends


def _training_ends(model: ClosedLoopModel, initial_state: InitialState) -> tuple[Panel, list[_End]]:
    """Return the ends of the training series, from the last target on."""
    end = model.training_end_
    assert end.last_observations is not None  # `check_loop` refused targets per series
    n_series = len(end.last_observations)
    # the last state has seen all rows of X but not y[-1], which enters first
    states = model.last_states_
    if initial_state is not None:
        states = [start_of(model, number, initial_state) for number in range(n_series)]
    ends = [
        _End(y[None], state, end.tails is not None, None if tail is None else tail[-1:], tail)
        for y, state, tail in zip(
            end.last_observations, states, end.tails or [None] * n_series, strict=True
        )
    ]
    return Panel(list(end.last_observations), end.layout.kind, end.outer), ends


def training_numbers(model: ClosedLoopModel, panel: Panel) -> list[int | None]:
    """Return which training series each series of a panel is, where that matters.

    It does for a model that scales each by itself, or has one for each. None for a series that is
    none of them, and for all if it does not matter.
    """
    scaler = getattr(getattr(model, "node", None), "scaler", None)
    owner, n_series = model if scaler is None else scaler, len(panel.members)
    if not hasattr(owner, "numbers_of"):
        return [None] * n_series
    numbers: list[int | None] = owner.numbers_of(panel.outer, n_series)
    return numbers


def start_of(model: ClosedLoopModel, number: int | None, initial_state: InitialState) -> State:
    """Return the state before the first row of a series.

    The number is from `training_numbers`, the initial state as for `forecast`. The state has the
    units of a training series.
    """
    if hasattr(model, "start_in"):  # it has a model for each series
        return model.start_in(number, initial_state)
    state = model._start_states(initial_state, 1)[0]
    node = getattr(model, "node", None)
    if number is None or not isinstance(node, OwnUnits):
        return state
    return node.known(state[1], number)


def _tail_of(labels: pd.Index, end: TrainingEnd) -> pd.Index | None:
    """Return the tail of a context: of the frequency of training where its labels are of that."""
    likely = next((tail for tail in end.tails or () if tail is not None), None)
    return continue_like(labels, likely) if likely is not None else find_tail(labels)
