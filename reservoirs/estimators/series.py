"""What every estimator that carries a state along its series shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.commit import CommittingMixin
from reservoirs.estimators.progress import CallbackSupportMixin
from reservoirs.estimators.settings import check_settings
from reservoirs.parallel import map_in_order
from reservoirs.sequences import (
    Array,
    InitialState,
    Layout,
    SeriesLike,
    check_rows,
    restore,
)
from reservoirs.suggestions import SuggestingMixin
from reservoirs.targets import TargetKind
from reservoirs.version import Stamped

Step = Callable[[Array], Array]  # a row of inputs -> the outputs after it
# outputs, which follow one another, and last states, one per series
Runs: TypeAlias = tuple[list[Array], list[Array]]
States: TypeAlias = Array | list[Array]  # one per series: rows of an array, or pieces of any length


class SeriesMixin(Stamped, SuggestingMixin, CommittingMixin, CallbackSupportMixin, ABC):
    """Outputs of an estimator that carries a state along each series.

    Attributes
    ----------
    n_features_in_ : int
        Number of features.
    target_kind_ : "per_step" or "per_series"
        Whether `fit` got a target for each row or for each series.
    last_states_ : array of shape (n_series, state_size) or list of arrays
        The state at the end of each training series.
    """

    n_features_in_: int
    target_kind_: TargetKind
    last_states_: States

    @abstractmethod
    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the state before the first row of each series."""

    @abstractmethod
    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and its last state."""

    @abstractmethod
    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs of one series, as its targets were, and its last state."""

    def _outputs(
        self,
        X: SeriesLike,
        context: SeriesLike,
        initial_state: InitialState,
        series_id: SeriesLike,
    ) -> tuple[Array, Layout, list[Array]]:
        """Return the outputs of all series, their layout, and the last state of each."""
        check_is_fitted(self)
        check_settings(self)  # set_params may have come after fit
        rows, layout, states, earlier = self._open(X, context, initial_state, series_id)
        if earlier is not None:
            starts = zip(earlier, states, strict=True)
            states = list(map_in_order(self._state_after, starts, self._n_jobs))
        outputs, last_states = self._read_all(rows, layout, states)
        return np.concatenate(outputs), layout, last_states

    def _state_after(self, rows: Array, state: Array) -> Array:
        """Return the state after the rows of one series, whatever is read of it."""
        return self._drive(rows, state)[1]

    def _open(
        self,
        X: SeriesLike,
        context: SeriesLike,
        initial_state: InitialState,
        series_id: SeriesLike,
    ) -> tuple[Array, Layout, States, list[Array] | None]:
        """Return checked rows, their layout, the states before them, and the rows of context."""
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        states = self._start_states(initial_state, layout.n_series)
        if context is None:
            return rows, layout, states, None
        return rows, layout, states, split_context(*check_rows(self, context, reset=False), layout)

    @property
    def _n_jobs(self) -> int | None:
        jobs: int | None = getattr(self, "n_jobs", None)
        return jobs

    def _read_all(self, rows: Array, layout: Layout, states: States) -> Runs:
        """Return the outputs and the last states of all series, in order."""
        series = zip((rows[span] for span in layout.slices()), states, strict=True)
        pairs = map_in_order(self._read, series, self._n_jobs)
        outputs, last_states = zip(*pairs, strict=True)
        return list(outputs), list(last_states)

    def _restored(self, values: Array, layout: Layout) -> SeriesLike:
        """Return predictions in the container of X; those per series are an array."""
        return restore(values, layout) if self.target_kind_ == "per_step" else values

    @contextmanager
    def _row_runner(self, state: Array) -> Iterator[Step]:
        """Yield a function that takes one row after the other, and returns the outputs after it."""

        def step(row: Array) -> Array:
            nonlocal state
            outputs, state = self._drive(row[None], state)
            values: Array = outputs[0]
            return values

        yield step

    def _stack_states(self, states: list[Array]) -> Array:
        return np.stack(states)


def split_context(rows: Array, pieces: Layout, layout: Layout) -> list[Array]:
    """Return the rows before each series of X.

    Rows of the context divide into series as `pieces` says, those of X as `layout`. Each of the
    arrays is (n_rows, n_features).

    Raises
    ------
    ValueError
        If there is not one for each series.
    """
    if pieces.n_series != layout.n_series:
        raise ValueError(
            f"context must hold one array per series of X, {layout.n_series}, got {pieces.n_series}"
        )
    return [rows[span] for span in pieces.slices()]


def match_numbers(
    own: Sequence[Hashable] | None, n_own: int, names: Sequence[Hashable] | None, n_series: int
) -> list[int | None]:
    """Return which training series each of some series is.

    By name where both have names, else by place where there are as many as in `fit`; None for a
    series that is none of them. `own` are the names of the `n_own` training series.
    """
    if names is not None and own is not None:
        place = {name: i for i, name in enumerate(own)}
        return [place.get(name) for name in names]
    return list(range(n_series)) if n_series == n_own else [None] * n_series
