"""How a trained network runs along series: state carried, or a window per row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators import SeriesMixin, Step
from reservoirs.sequences import Array, Layout, check_rows
from trainers.data.batches import read_last
from trainers.network.row_by_row import row_runner
from trainers.network.small import SMALL, one_thread
from trainers.network.stack import Network
from trainers.network.workspace import Workspace

CHUNK = 4096  # rows, or windows, per forward pass
TOGETHER = 256  # series of one length that run side by side


class RunningMixin(SeriesMixin):
    """Outputs and states of a fitted recurrent network."""

    network_: Network
    weights_: dict[str, Array]
    window: int | None

    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions of one series, (n_steps or 1, n_outputs), and its last state."""
        values, state = self._drive(rows, state)
        return (values if self.target_kind_ == "per_step" else values[-1:]), state

    def _in_units(self, outputs: Array) -> Array:
        """Return outputs in the units of the targets."""
        return outputs

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and its last state."""
        if self.window:
            outputs, state = self._windowed(rows, state)
        else:
            found, states = self._carried(rows[:, None], state[None])
            outputs, state = found[:, 0], states[0]
        return self._in_units(outputs), state

    @contextmanager
    def _row_runner(self, state: Array) -> Iterator[Step]:
        """Yield a function of one row; a small network steps without torch."""
        theta = self._theta()
        if theta.device.type != "cpu" or self.network_.n_units > SMALL:
            with super()._row_runner(state) as step:
                yield step
            return
        dtype, back = theta.numpy().dtype, self.window - 1 if self.window else 0
        weights = {name: part.numpy() for name, part in self.network_.split(theta).items()}
        run, h = row_runner(self.network_, weights), None if self.window else state.astype(dtype)
        kept = state if self.window else np.empty((0, self.n_features_in_))

        def advance(row: Array) -> Array:
            nonlocal kept, h
            seen = np.concatenate([kept, row[None]])
            outputs, end = run((seen - self.input_mean_).astype(dtype), h)
            kept, h = seen[max(len(seen) - back, 0) :], None if self.window else end
            return self._in_units(outputs[None].astype(np.float64))[0]

        with one_thread(self.network_.n_units):
            yield advance

    def _outputs(
        self, X: Any, context: Any, initial_state: Any, series_id: Any
    ) -> tuple[Array, Layout, list[Array]]:
        """Run series of one length side by side, where there are several."""
        check_is_fitted(self)
        if self.window is not None or context is not None:
            return super()._outputs(X, context, initial_state, series_id)
        rows, layout = check_rows(self, X, series_id=series_id, reset=False)
        starts, lengths = layout.starts(), np.asarray(layout.lengths)
        states = np.array(self._start_states(initial_state, layout.n_series))
        per_step = self.target_kind_ == "per_step"
        width = self.network_.n_outputs
        values = np.empty((len(rows) if per_step else layout.n_series, width))
        for length in np.unique(lengths):
            alike = np.flatnonzero(lengths == length)
            for first in range(0, len(alike), TOGETHER):
                series = alike[first : first + TOGETHER]
                where = starts[series] + np.arange(length)[:, None]
                found, states[series] = self._carried(rows[where], states[series])
                values[where if per_step else series] = found if per_step else found[-1]
        return self._in_units(values), layout, list(states)

    @torch.inference_mode()
    def _carried(self, rows: Array, states: Array) -> tuple[Array, Array]:
        """Return the outputs of series of one length, (n_steps, n_series, n_outputs), and states.

        Parameters
        ----------
        rows : (n_steps, n_series, n_features)
        states : (n_series, state_size) before the first row
        """
        theta, h, found = self._theta(), self._tensor(states), []
        size = max(CHUNK // rows.shape[1], 1)
        with one_thread(self.network_.n_units):
            workspace = Workspace(theta)
            for first in range(0, len(rows), size):
                inputs = self._inputs(rows[first : first + size])
                run = self.network_.forward(theta, inputs, h, workspace)
                found.append(run.outputs.cpu().numpy().astype(np.float64))
                h = run.last
        return np.concatenate(found), h.cpu().numpy()

    @torch.inference_mode()
    def _windowed(self, rows: Array, earlier: Array) -> tuple[Array, Array]:
        """Predict row t from the rows max(0, t-k+1)..t; the state is the k - 1 rows before."""
        assert self.window is not None  # the caller asked
        theta, every = self._theta(), np.vstack([earlier, rows])
        tensor, found = self._inputs(every), []
        for first in range(len(earlier), len(every), CHUNK):
            ends = np.arange(first, min(first + CHUNK, len(every)))
            starts = np.maximum(ends - self.window + 1, 0)
            lengths = torch.as_tensor(ends - starts + 1, device=tensor.device)
            steps = torch.arange(int(lengths.max()), device=tensor.device)[:, None]
            where = torch.as_tensor(starts, device=tensor.device) + torch.minimum(
                steps, lengths - 1
            )
            with one_thread(self.network_.n_units):
                run = self.network_.forward(theta, tensor[where])
            found.append(read_last(run.outputs, lengths).cpu().numpy().astype(np.float64))
        return np.concatenate(found), every[len(every) - min(self.window - 1, len(every)) :]

    def _stack_states(self, states: list[Array]) -> Array:
        if self.window is not None:
            raise ValueError("return_state has no meaning with a window; set window=None")
        return np.stack(states)

    def _start_states(self, initial_state: Any, n_series: int) -> Any:
        """Return the state before each new series; with a window, no rows before it."""
        if self.window is not None:
            if initial_state is not None:
                raise ValueError(
                    "initial_state has no meaning with a window; pass earlier rows as context"
                )
            return [np.empty((0, self.n_features_in_))] * n_series
        size = self.network_.state_size
        if initial_state is None:
            parts = [v for k, v in self.weights_.items() if k.startswith("initial_state")]
            start = np.concatenate(parts) if parts else np.zeros(size)
        else:
            start = np.asarray(initial_state, dtype=np.float64)
        if start.shape not in {(size,), (n_series, size)} or not np.isfinite(start).all():
            raise ValueError(
                f"initial_state must be finite and have shape ({size},) or ({n_series}, {size}), "
                f"got {start.shape}; pass states returned with return_state=True"
            )
        return np.broadcast_to(start, (n_series, size))
