"""A network that is fed a share of its own last outputs: generalised teacher forcing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from reservoirs.parallel import ComputedOnce
from reservoirs.sequences import Array
from trainers.network.cell import compiled_loops
from trainers.network.passes import ForwardPass, LayerErrors
from trainers.network.row_by_row import row_runner
from trainers.network.sensitivities import linearised
from trainers.network.stack import Network, RowRunner
from trainers.network.torch_layers import Keep
from trainers.network.workspace import Workspace


@dataclass(frozen=True)
class ForcedNetwork(Network):
    """A network whose first inputs are mixed with what it said one step before.

    x'[t] = f x[t] + (1 - f) (scale o[t-1] + shift),  o[-1] = 0

    With a small share f the network averages over about 1 / f rows of noise, as a filter does; with
    f = 1 it is the plain network, in a closed loop, where x is what it said, f has no effect. The
    last outputs are the last numbers of the state.

    Attributes
    ----------
    forcing : float, default=1.0
        The share f.
    scale, shift : tuple of float, default=()
        How an output becomes an input, one number for every output.

    References
    ----------
    Hess, Monfared, Brenner & Durstewitz (2023), Generalized teacher forcing for learning chaotic
    dynamics, who mix the states.
    """

    forcing: float = 1.0
    scale: tuple[float, ...] = ()
    shift: tuple[float, ...] = ()

    @property
    def state_size(self) -> int:
        """Numbers in the state of one series, its last outputs among them."""
        return self.n_layers * self.layer_state_size + self.n_outputs

    @ComputedOnce
    def feedback(self) -> Tensor:
        """The matrix (1 - f) diag(scale), (n_inputs, n_outputs), by which o[t-1] enters x'[t]."""
        matrix = torch.zeros(self.n_inputs, self.n_outputs, dtype=torch.float64)
        matrix.diagonal().copy_(
            (1.0 - self.forcing) * torch.tensor(self.scale, dtype=torch.float64)
        )
        return matrix

    @classmethod
    def of(cls, network: Network, forcing: float, scale: Array, shift: Array) -> Self:
        """Return a network that is fed a share of its own outputs."""
        plain = {field.name: getattr(network, field.name) for field in fields(Network)}
        maps = {"scale": tuple(scale.tolist()), "shift": tuple(shift.tolist())}
        return cls(**{**plain, "forcing": forcing, **maps})

    def unforced(self) -> Network:
        """Return the network that is fed its inputs alone."""
        return Network(**{field.name: getattr(self, field.name) for field in fields(Network)})

    def mixing(self, run: RowRunner, dtype: np.dtype) -> RowRunner:
        """Return a function that mixes the rows, in place, and runs them one by one.

        Its state ends with the last outputs.
        """
        n, size = self.n_outputs, self.n_layers * self.layer_state_size
        scale = (1.0 - self.forcing) * np.array(self.scale, dtype)
        shift = (1.0 - self.forcing) * np.array(self.shift, dtype)

        def mix(rows: Array, state: Array | None) -> tuple[Array, Array]:
            h = None if state is None else state[:size]
            outputs = np.zeros(n, dtype) if state is None else state[size:]
            for row in rows:
                row[:n] = self.forcing * row[:n] + scale * outputs + shift
                outputs, h = run(row[None], h)
            assert h is not None  # there is at least one row
            return outputs, np.concatenate([h, outputs])

        return mix

    def forward(
        self,
        theta: Tensor,
        inputs: Tensor,
        state: Tensor | None = None,
        workspace: Workspace | None = None,
        n_outputs: int | None = None,
        masks: Sequence[Tensor] = (),
        keep: Keep = "tape",
    ) -> ForwardPass:
        """Run the network; the inputs of the pass are those mixed with the outputs."""
        assert not masks  # refused before
        mixed = self._mixed(theta, inputs, state)
        size = self.n_layers * self.layer_state_size
        plain = None if state is None else state[:, :size]
        # the passes back and forward below read tapes
        keep = "tape" if keep == "gradient" else keep
        run = super().forward(theta, mixed, plain, workspace, n_outputs, keep=keep)
        return replace(run, said=run.outputs[-1])

    def _mixed(self, theta: Tensor, inputs: Tensor, state: Tensor | None) -> Tensor:
        """Return the inputs mixed with the outputs, series by series and row by row."""
        weights = {name: weight.numpy() for name, weight in self.split(theta).items()}
        run, mixed = row_runner(self, weights), inputs.clone()
        for i in range(inputs.shape[1]):
            run(mixed[:, i].numpy(), None if state is None else state[i].numpy())
        return mixed

    def backward(
        self,
        run: ForwardPass,
        grad: Tensor,
        damping_terms: list[Tensor] | None = None,
        workspace: Workspace | None = None,
        on_layer: Callable[[int, LayerErrors], None] | None = None,
    ) -> Tensor:
        """Return the gradient, the errors carried back through what is fed back too."""
        assert damping_terms is None  # refused before
        steps, batch = run.inputs.shape[:2]
        by_x, by_h, by_state, *weights, dtype = self._given(run)
        grads = np.zeros((batch, steps, self.n_outputs), dtype)
        grads[:, steps - len(grad) :] = grad.transpose(0, 1).numpy()
        errors = np.empty((batch, self.n_layers, steps, self.n_units), dtype)
        deltas = np.empty((2, *errors.shape[:3], self.kind.n_gates * self.n_units), dtype)
        start = np.zeros((batch, self.n_layers, self.kind.n_parts, self.n_units), dtype)
        for i in range(batch):
            written = grads[i], errors[i], deltas[0, i], deltas[1, i], start[i]
            compiled_loops("forcing").backward(by_x[i], by_h[i], by_state[i], *weights, *written)
        gradient = grad.new_empty(self.n_weights)
        gradients = self.split(gradient)
        self.readout_gradients(run, torch.from_numpy(grads).transpose(0, 1), gradients)
        for layer in range(self.n_layers - 1, -1, -1):
            at_h, at_zx, at_zh = (
                torch.from_numpy(values).transpose(0, 1).contiguous()
                for values in (errors[:, layer], deltas[0, :, layer], deltas[1, :, layer])
            )
            of_start = torch.from_numpy(start[:, layer]).flatten(1)
            of_layer = LayerErrors(at_h, at_zx, at_zh, of_start)
            if on_layer is not None:
                on_layer(layer, of_layer)
            self.layer_gradients(run, layer, of_layer, gradients)
        return gradient

    def r_forward(
        self, run: ForwardPass, direction: Tensor, workspace: Workspace | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return J v, and no pre-activations: structural damping is not for it."""
        steps, batch = run.inputs.shape[:2]
        by_x, by_h, by_state, *weights, dtype = self._given(run)
        v = self.split(direction)
        r_zx, r_zh = np.empty((2, batch, self.n_layers, steps, by_x.shape[4] * self.n_units), dtype)
        state = np.zeros((batch, self.n_layers, self.kind.n_parts, self.n_units), dtype)
        for layer in range(self.n_layers):
            by_inputs = run.layer_inputs(layer) @ v[f"input_weights_{layer}"].t()
            if self.hidden_bias:
                by_inputs += v[f"bias_{layer}"]
            by_states = run.tapes[layer].recurrent[:-1] @ v[f"recurrent_weights_{layer}"].t()
            r_zx[:, layer], r_zh[:, layer] = by_inputs.movedim(1, 0), by_states.movedim(1, 0)
            if self.learn_initial_state and run.from_start:
                state[:, layer] = v[f"initial_state_{layer}"].view(state.shape[2:]).numpy()
        top = run.layer_inputs(self.n_layers)
        r_outputs = top @ v["output_weights"].t() + v["output_bias"]
        if self.skip:
            r_outputs += run.inputs @ v["skip_weights"].t()
        outputs = np.ascontiguousarray(r_outputs.movedim(1, 0).numpy())
        for i in range(batch):
            written = r_zx[i], r_zh[i], outputs[i], state[i]
            compiled_loops("forcing").r_forward(by_x[i], by_h[i], by_state[i], *weights, *written)
        return torch.from_numpy(outputs).movedim(0, 1)[steps - len(run.outputs) :], []

    def _given(self, run: ForwardPass) -> tuple[Any, ...]:
        """Return what the compiled loops read, and the dtype."""
        parts = run.jacobians()
        if not parts:
            raise ValueError(
                f"teacher_forcing below 1 needs Cell.jacobians, which {type(run.cell).__name__} "
                "does not have; write it, or set teacher_forcing=1"
            )
        *by_and_weights, V, V_x = linearised(run, parts)
        dtype = V.dtype
        V_x = V_x if self.skip else np.zeros((self.n_outputs, self.n_inputs), dtype)
        return *by_and_weights, V, V_x, self.feedback.numpy().astype(dtype), dtype
