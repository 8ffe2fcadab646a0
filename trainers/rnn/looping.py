"""What a trained network keeps for its closed loops: where training ended, rows for intervals."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from reservoirs.forecasting import (
    DIVERGED,
    Bounds,
    ForecastMixin,
    IntervalRows,
    Loop,
    Start,
    keep_rows,
    kept_pieces,
    record_training_end,
)
from reservoirs.sequences import Array, Layout, SeriesLike
from reservoirs.targets import Targets
from trainers.network.heads import SpreadHead
from trainers.network.stack import Network
from trainers.rnn.base import RecurrentNetwork
from trainers.rnn.several_steps import (
    end_after,
    find_steps,
    first_step,
    run_in_steps,
    told_rows,
)
from trainers.rnn.spreads import spread_ends
from trainers.rnn.teaching import check_forcing, check_shares, forced_networks


class ForecastingNetwork(ForecastMixin, RegressorMixin, RecurrentNetwork):
    """A trained network whose loop may close."""

    teacher_forcing: ArrayLike
    target_mean_: Array
    target_scale_: Array
    interval_origins: int | None
    n_ahead_: int
    _widened = 1.1  # of intervals: the loops run along rows that were learned, or that chose

    def _record_training_end(
        self,
        rows: Array,
        targets: Targets,
        layout: Layout,
        X: SeriesLike,
        y: SeriesLike,
        *,
        last_only: bool = False,
    ) -> None:
        """Record what a forecast without context goes on from: all series, or the last one."""
        seen, in_series, of_pairs = rows, layout, targets
        if targets.kind == "per_step" and last_only:
            span = list(layout.slices())[-1]
            seen, in_series = rows[span], Layout("single", (span.stop - span.start,))
            of_pairs = Targets(targets.rows[span], targets.kind, targets.flat)
        self.n_ahead_, loop = find_steps(seen, of_pairs, in_series)
        end = record_training_end(
            rows, self._first_step(targets), layout, X, y, loop=loop, last_only=last_only
        )
        if self.n_ahead_ > 1:
            names = None if end.output_names is None else end.output_names[: end.n_outputs]
            end = replace(end, output_names=names)
            end = end_after(end, of_pairs, in_series, rows.shape[1])
        self.training_end_ = end

    def _first_step(self, targets: Targets) -> Targets:
        """Return targets of one step, as a closed loop takes them."""
        return first_step(targets, targets.rows.shape[1] // self.n_ahead_)

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions one step ahead of every row, and the last state."""
        values, state = super()._drive(rows, state)
        return values[:, : values.shape[1] // self.n_ahead_], state

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        """Feed every prediction back, those of several steps together."""
        if self.n_ahead_ == 1:
            return super()._closed_loop(observation, exog, loop, state, bounds)

        def read(rows: Array, before: Array) -> tuple[Array, Array]:
            outputs, after = self._raw_outputs(rows, before)
            return self._in_target_units(outputs[-1:])[0], after

        limit = DIVERGED * self.training_end_.target_size
        return run_in_steps(read, self.n_ahead_, observation, exog, loop, state, bounds, limit)

    def _stages(self) -> list[Network]:
        """Return the networks of the stages of training, by the shares of teacher forcing."""
        shares = check_shares(self.teacher_forcing)
        if min(shares) == 1.0:
            return [self.network_]
        check_forcing(self, self._head, self.n_ahead_)
        inputs = self.input_mean_, self.input_scale_
        targets = self.target_mean_, self.target_scale_
        return forced_networks(self.network_, shares, self.loop_, inputs=inputs, targets=targets)

    def _store_end_states(
        self, rows: Array, layout: Layout, targets: Targets, *, last_only: bool = False
    ) -> None:
        """Store the state at the end of the series that a forecast may go on from."""
        last_states: list[Array] = []
        if self.target_kind_ == "per_step":
            spans, starts = list(layout.slices()), self._start_states(None, layout.n_series)
            told = self._told_rows(targets, layout)
            for number in range(len(spans) - 1 if last_only else 0, len(spans)):
                series = rows[spans[number]]
                series = np.vstack([series, told[number]]) if told else series
                last_states.append(self._drive(series, starts[number])[1])
        self.last_states_ = last_states

    def _told_rows(self, targets: Targets, layout: Layout) -> list[Array]:
        """Return the inputs after the last row of every series that targets of steps tell of."""
        if self.n_ahead_ == 1:
            return []
        return told_rows(self.training_end_, targets, layout, self.n_features_in_)

    def _keep_rows(self, rows: Array, layout: Layout, targets: Targets) -> IntervalRows | None:
        """Keep what intervals need of the training rows, unless none are wanted."""
        if self.interval_origins is None or targets.kind == "per_series":
            return None
        pieces, starts = kept_pieces(layout, rows.shape[1]), self._start_states(None, 1)
        spans, before = list(layout.slices()), dict[int, Array]()
        for number, first in pieces.items():
            if first:
                begin = spans[number].start
                before[number] = self._drive(rows[begin : begin + first], starts[0])[1]
        targets = self._first_step(targets)
        counted = np.zeros(len(rows), dtype=bool)
        counted[targets.known] = True
        if targets.weights is not None:
            counted &= targets.weights > 0
        return keep_rows(
            rows, layout, targets, self.loop_, counted=counted, pieces=pieces, starts=before
        )

    def _interval(
        self, values: Array, state: Array, levels: list[float], start: Start | None = None
    ) -> tuple[Array, Array]:
        """Return the ends of intervals, by the network's own distances where it learned some."""
        head = self._head
        if start is None or self.n_ahead_ > 1 or not isinstance(head, SpreadHead):
            return super()._interval(values, state, levels, start)
        return spread_ends(self, head, values, levels, start)

    def _settled(self, kept: IntervalRows) -> Array:
        """Return which kept rows were held out; all where none of a single series were."""
        allowed, fraction = np.ones(len(kept.rows), dtype=bool), self._held_out_fraction()
        if fraction is not None and kept.layout.n_series == 1:
            n_rows = len(kept.rows) + kept.firsts[0]
            # the row before the first that is held out enters the first loop
            allowed[: n_rows - ceil(fraction * n_rows) - 1 - kept.firsts[0]] = False
        return allowed
