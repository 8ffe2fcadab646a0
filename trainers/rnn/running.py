"""How a trained network runs along series: state carried, or a window per row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from reservoirs.estimators import SeriesMixin, States, Step
from reservoirs.estimators.settings import check_settings
from reservoirs.sequences import Array, InitialState, Layout, SeriesLike
from trainers.data.batches import read_last
from trainers.network.row_by_row import row_runner
from trainers.network.small import SMALL, one_thread
from trainers.network.stack import Network
from trainers.network.workspace import Workspace

CHUNK = 4096  # rows, or windows, per forward pass
SIDE_BY_SIDE = 256  # series of one length that run together


class RunningMixin(SeriesMixin):
    """Outputs and states of a fitted recurrent network."""

    network_: Network
    weights_: dict[str, Array]
    input_mean_: Array
    input_scale_: Array
    dtype_: str
    window: int | None
    device: str

    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions of one series, (n_steps or 1, n_outputs), and its last state."""
        outputs, state = self._raw_outputs(rows, state)
        values = self._in_target_units(outputs)
        return (values if self.target_kind_ == "per_step" else values[-1:]), state

    def _in_target_units(self, outputs: Array) -> Array:
        """Return outputs of the network in the units of the targets."""
        return outputs

    def _network_inputs(self, rows: Array) -> torch.Tensor:
        """Return rows as the network sees them."""
        return self._tensor(self._in_network_units(rows))

    def _in_network_units(self, rows: Array) -> Array:
        """Return standardised rows."""
        standardized: Array = (rows - self.input_mean_) / self.input_scale_
        return standardized

    def _tensor(self, array: Array) -> torch.Tensor:
        return torch.tensor(array, dtype=getattr(torch, self.dtype_), device=self.device)

    def _flat_weights(self) -> torch.Tensor:
        return self._tensor(np.concatenate([w.ravel() for w in self.weights_.values()]))

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions after every row of one series, and its last state."""
        outputs, state = self._raw_outputs(rows, state)
        return self._in_target_units(outputs), state

    def _raw_outputs(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs of the network after every row of one series, and its last state."""
        if self.window:
            return self._run_windows(rows, state, self.window)
        side_by_side, states = self._run_carried(rows[:, None], state[None])
        return side_by_side[:, 0], states[0]

    @contextmanager
    def _row_runner(self, state: Array) -> Iterator[Step]:
        """Yield a function of one row; a small network steps without torch."""
        theta = self._flat_weights()
        small = self.network_.n_units <= SMALL and self.network_.runs_without_torch
        if theta.device.type != "cpu" or not small:
            with super()._row_runner(state) as step:
                yield step
            return
        dtype, n_previous = theta.numpy().dtype, self.window - 1 if self.window else 0
        weights = {name: tensor.numpy() for name, tensor in self.network_.split(theta).items()}
        run = row_runner(self.network_, weights)
        # With a window the state is the rows before; the network starts anew from each of them.
        h = None if self.window else state.astype(dtype)
        previous_rows = state if self.window else np.empty((0, self.n_features_in_))

        def step_row(row: Array) -> Array:
            nonlocal previous_rows, h
            rows = np.concatenate([previous_rows, row[None]])
            outputs, last_state = run(self._in_network_units(rows).astype(dtype), h)
            previous_rows = rows[max(len(rows) - n_previous, 0) :]
            h = None if self.window else last_state
            return self._in_target_units(outputs[None].astype(np.float64))[0]

        with one_thread(self.network_.n_units):
            yield step_row

    def _outputs(
        self,
        X: SeriesLike,
        context: SeriesLike,
        initial_state: InitialState,
        series_id: SeriesLike,
    ) -> tuple[Array, Layout, list[Array]]:
        """Run series of one length side by side, where there are several."""
        check_is_fitted(self)
        check_settings(self)  # set_params may have come after fit
        if self.window is not None or context is not None:
            return super()._outputs(X, context, initial_state, series_id)
        rows, layout, before, _ = self._open(X, None, initial_state, series_id)
        starts, lengths, states = layout.starts(), np.asarray(layout.lengths), np.array(before)
        per_step = self.target_kind_ == "per_step"
        width = self.network_.n_outputs
        values = np.empty((len(rows) if per_step else layout.n_series, width))
        for length in np.unique(lengths):
            same_length = np.flatnonzero(lengths == length)
            for first in range(0, len(same_length), SIDE_BY_SIDE):
                series = same_length[first : first + SIDE_BY_SIDE]
                row_numbers = starts[series] + np.arange(length)[:, None]
                outputs, states[series] = self._run_carried(rows[row_numbers], states[series])
                values[row_numbers if per_step else series] = outputs if per_step else outputs[-1]
        return self._in_target_units(values), layout, list(states)

    @torch.inference_mode()
    def _run_carried(self, rows: Array, states: Array) -> tuple[Array, Array]:
        """Run series of one length side by side, the state carried along each.

        Rows are (n_steps, n_series, n_features), states (n_series, state_size). The outputs after
        every row, (n_steps, n_series, n_outputs), and the states after the last are returned.
        """
        theta, h, outputs = self._flat_weights(), self._tensor(states), []
        n_steps = max(CHUNK // rows.shape[1], 1)
        with one_thread(self.network_.n_units):
            workspace = Workspace(theta)
            for first in range(0, len(rows), n_steps):
                inputs = self._network_inputs(rows[first : first + n_steps])
                run = self.network_.forward(theta, inputs, h, workspace, keep="nothing")
                outputs.append(run.outputs.cpu().numpy().astype(np.float64))
                h = run.last
        return np.concatenate(outputs), h.cpu().numpy()

    @torch.inference_mode()
    def _run_windows(self, rows: Array, previous: Array, window: int) -> tuple[Array, Array]:
        """Run the rows max(0, t-k+1)..t from the zero state for every row t.

        k is the window; previous, (n_previous, n_features), are the rows just before, at most k -
        1. The outputs, (n_steps, n_outputs), are returned with the last rows, which the windows of
        the next rows begin with.
        """
        theta, all_rows = self._flat_weights(), np.vstack([previous, rows])
        inputs, outputs = self._network_inputs(all_rows), []
        for first in range(len(previous), len(all_rows), CHUNK):
            ends = np.arange(first, min(first + CHUNK, len(all_rows)))
            starts = np.maximum(ends - window + 1, 0)
            lengths = torch.as_tensor(ends - starts + 1, device=inputs.device)
            steps = torch.arange(int(lengths.max()), device=inputs.device)[:, None]
            # Shorter windows, at the start of a series, are padded with their last row.
            row_numbers = torch.as_tensor(starts, device=inputs.device) + torch.minimum(
                steps, lengths - 1
            )
            with one_thread(self.network_.n_units):
                run = self.network_.forward(theta, inputs[row_numbers], keep="nothing")
            outputs.append(read_last(run.outputs, lengths).cpu().numpy().astype(np.float64))
        n_previous = min(window - 1, len(all_rows))
        return np.concatenate(outputs), all_rows[len(all_rows) - n_previous :]

    def _stack_states(self, states: list[Array]) -> Array:
        if self.window is not None:
            raise ValueError("return_state has no meaning with a window; set window=None")
        return np.stack(states)

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the state before each new series; with a window, no rows before it."""
        if self.window is not None:
            if initial_state is not None:
                raise ValueError(
                    "initial_state has no meaning with a window; pass earlier rows as context"
                )
            return [np.empty((0, self.n_features_in_))] * n_series
        size = self.network_.state_size
        if initial_state is None:
            learned = [v for k, v in self.weights_.items() if k.startswith("initial_state")]
            start = np.concatenate(learned) if learned else np.zeros(size)
            start = np.pad(start, (0, size - len(start)))  # the last outputs, where they are fed
        else:
            start = np.asarray(initial_state, dtype=np.float64)
        if start.shape not in {(size,), (n_series, size)} or not np.isfinite(start).all():
            raise ValueError(
                f"initial_state must be finite and have shape ({size},) or ({n_series}, {size}), "
                f"got {start.shape}; pass states returned with return_state=True"
            )
        return np.broadcast_to(start, (n_series, size))
