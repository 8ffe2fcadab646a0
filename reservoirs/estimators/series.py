"""What every estimator that carries a state along its series shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators.progress import CallbackSupportMixin
from reservoirs.estimators.settings import check_settings
from reservoirs.parallel import in_order
from reservoirs.sequences import Array, Layout, check_rows, context_rows
from reservoirs.version import Stamped

Step = Callable[[Array], Array]


class SeriesMixin(Stamped, CallbackSupportMixin):
    """Outputs of an estimator that carries a state along each series.

    It provides `_start_states(initial_state, n_series)`, `_drive(rows, state)` and `_read(rows,
    state)`: outputs of one series and its last state, per step, and as the targets were.
    """

    def _outputs(
        self, X: Any, context: Any, initial_state: Any, series_id: Any
    ) -> tuple[Array, Layout, list[Array]]:
        """Return the outputs of all series, their layout, and the last state of each."""
        check_is_fitted(self)
        model: Any = self
        check_settings(model)  # set_params may have come after fit
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        states = model._start_states(initial_state, layout.n_series)
        before = context_rows(self, context, layout)

        def run(i: int, span: slice) -> tuple[Array, Array]:
            state = states[i]
            if before is not None:
                _, state = model._drive(before[i], state)
            return model._read(rows[span], state)

        pairs = in_order(run, enumerate(layout.slices()), getattr(self, "n_jobs", None))
        found, ends = zip(*pairs, strict=True)
        return np.concatenate(found), layout, list(ends)

    @contextmanager
    def _stepping(self, state: Any) -> Iterator[Step]:
        """Yield a function that takes one row after the other, and returns the outputs after it."""
        model: Any = self

        def step(row: Array) -> Array:
            nonlocal state
            outputs, state = model._drive(row[None], state)
            values: Array = outputs[0]
            return values

        yield step

    def _stack_states(self, states: list[Array]) -> Array:
        return np.stack(states)
