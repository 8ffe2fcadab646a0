"""How a trained echo state network runs along known inputs, from which start."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.esn.nearest import AHEAD, EARLY, OpenStart, StartStates, read_all_from_nearest
from reservoirs.esn.pooling import Pooling, pooling_names
from reservoirs.esn.reading import READINGS, Reading
from reservoirs.estimators import Runs, SeriesMixin, States
from reservoirs.parallel import map_in_order
from reservoirs.readout import BLOCK
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, InitialState, Layout
from reservoirs.short_series import batches, cut_alike, run_batch


class RunningMixin(SeriesMixin):
    """A reservoir with a readout, from its parameters and what `fit` stored."""

    n_units: int
    washout: int
    pooling: str | Sequence[str]
    bidirectional: bool
    readout_features: str
    initial_state: ArrayLike
    reservoir_: Reservoir
    coef_: Array
    intercept_: Array
    mean_state_: Array
    auto_initial_state_: str
    start_states_: StartStates

    @property
    def _pooling(self) -> Pooling:
        names, medians = pooling_names(self.pooling), self.__dict__.get("medians_")
        return Pooling(names, self.bidirectional, self.washout, self._reading, medians)

    @property
    def _reading(self) -> Reading:
        return READINGS[self.readout_features]

    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs of one series, (n_steps or 1, n_outputs), and its last state."""
        if self.target_kind_ == "per_step":
            return self._drive(rows, state)
        features, of_series = self._pooling.features(self.reservoir_, rows, state)
        return (self.coef_ @ features + self.intercept_)[None], of_series[-1, : self.n_units]

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the readout after every row of one series, and its last state."""
        if isinstance(state, OpenStart):
            return state.drive(rows, self._drive)
        outputs = np.empty((len(rows), len(self.intercept_)))
        readout = self.coef_, self.intercept_
        for span, states in self.reservoir_.run(rows, state, packed=self.reservoir_.pack()):
            outputs[span] = self._reading.outputs(states, rows[span], readout)
        return outputs, states[-1]

    def _state_after(self, rows: Array, state: Array) -> Array:
        if isinstance(state, OpenStart):
            return self._drive(rows, state)[1]
        for _, states in self.reservoir_.run(rows, state, packed=self.reservoir_.pack()):
            last = states[-1]
        return last

    def _read_all(self, rows: Array, layout: Layout, states: States) -> Runs:
        """Return the outputs and last states of all series; short ones share a compiled call."""
        opened = [isinstance(state, OpenStart) and not len(state.seen) for state in states]
        if all(opened):
            return read_all_from_nearest(self.start_states_, rows, layout, self._read_all)
        if any(isinstance(state, OpenStart) for state in states):
            return super()._read_all(rows, layout, states)
        if self.target_kind_ == "per_series" or layout.n_series == 1:
            return super()._read_all(rows, layout, states)
        starts, readout = np.stack(list(states)), (self.coef_, self.intercept_)

        def run(span: slice, numbers: slice) -> Runs:
            lengths, inputs = layout.lengths[numbers], rows[span]
            if len(lengths) == 1:
                outputs, last = self._drive(inputs, starts[numbers.start])
                return [outputs], [last]
            driven, ends = run_batch(self.reservoir_, inputs, lengths, starts[numbers])
            parts = zip(*cut_alike(lengths, driven, inputs), strict=True)
            pieces = (self._reading.outputs(x, u, readout) for x, u in parts)
            return [piece.reshape(-1, len(self.intercept_)) for piece in pieces], list(ends)

        by_batch = map_in_order(run, batches(layout.lengths, BLOCK), self.n_jobs)
        outputs, last_states = zip(*by_batch, strict=True)
        return list(chain(*outputs)), list(chain(*last_states))

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the start of each series by the rules of docs/data.md."""
        start = self.initial_state if initial_state is None else initial_state
        if not isinstance(start, str):
            return self.reservoir_.check_state(start, n_series)
        if start == "auto":
            start = self.auto_initial_state_
        if start == "nearest":
            return self._open_starts(n_series)
        named = find_start(start, self.mean_state_, self.last_states_)
        return self.reservoir_.check_state(named, n_series)

    def _open_starts(self, n_series: int) -> list[Any]:
        starts = self.__dict__.get("start_states_")
        if starts is None:
            raise ValueError(
                'initial_state="nearest" needs states of the training series, which fit keeps with '
                f"targets per step and {EARLY + AHEAD} rows of a series, more where washout is "
                "longer; fit a new model on such, or take 'mean' or 'zero'"
            )
        start = OpenStart(starts, np.zeros((0, self.n_features_in_)), np.zeros(self.n_units))
        return [start] * n_series

    def _stack_states(self, states: list[Array]) -> Array:
        return np.stack([s.last if isinstance(s, OpenStart) else s for s in states])


def find_start(rule: str, mean_state: Array, last_states: States) -> Array | None:
    """Return the state, (n_units,), that a rule names; None is the zero state.

    The rule is "mean" of the training states, (n_units,), "zero", or "last" of those at the ends of
    the training series, (n_series, n_units).

    Raises
    ------
    ValueError
        For another rule, or "last" of several series.
    """
    if rule == "last" and len(last_states) != 1:
        raise ValueError(
            'initial_state="last" needs exactly one training series, got '
            f"{len(last_states)}; pass an array, or 'mean' or 'zero'"
        )
    named = {"zero": None, "mean": mean_state, "last": last_states[0]}
    if rule not in named:
        raise ValueError(
            "initial_state must be 'auto', 'nearest', 'mean', 'zero', 'last' or an array, got "
            f"{rule!r}"
        )
    return named[rule]
