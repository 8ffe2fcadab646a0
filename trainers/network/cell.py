"""What a recurrent cell is: one object with its equations, as three passes over time.

A cell sees two sums of pre-activations, one from its input and one from its last state,

    zx[t] = W_x x[t] + b,   zh[t] = W_h h[t-1]

(where the state has several parts, W_h may multiply more of them than h) and turns them into the
next state. Its three passes are

    forward    zx, state[0]      -> h and what the other passes need (the tape)
    backward   dL/dh[t]          -> dL/dzx[t], dL/dzh[t], dL/dstate[0]
    r_forward  R zx, R(W_h) h    -> R h[t], R(pre-activation)[t]

where R is the derivative along a direction in weight space (Pearlmutter 1994). All tensors are
time-major, (n_steps, batch, width); gates lie side by side along the width.

A new cell is a subclass of `Cell` in a file of its own and an entry in `cells.CELLS`. Its passes
are written in torch. The cells of this package have their loops over time compiled besides, for
small networks on the CPU; tests hold the two to each other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from reservoirs.sequences import Array
from trainers.network.workspace import Workspace


@dataclass(frozen=True)
class Tape:
    """What a forward pass leaves for the backward and R-forward passes.

    Attributes
    ----------
    hidden : (n_steps + 1, batch, n_units) torch.Tensor
        h, that of the start first.
    saved : tuple of (n_steps or n_steps + 1, batch, width) torch.Tensor
        What the cell needs again.
    last : (batch, n_parts * n_units) torch.Tensor
        The state to go on from.
    seen : (n_steps + 1, batch, n_recurrent_parts * n_units) torch.Tensor or None, default=None
        What the recurrent weights multiply, that of the start first; None where it is h.
    """

    hidden: Tensor
    saved: tuple[Tensor, ...]
    last: Tensor
    seen: Tensor | None = None

    @property
    def recurrent(self) -> Tensor:
        """What the recurrent weights multiply, that of the start first."""
        return self.hidden if self.seen is None else self.seen

    @property
    def states(self) -> Tensor:
        """States h of every step, (n_steps, batch, n_units)."""
        return self.hidden[1:]


@dataclass(frozen=True)
class Jacobians:
    """How the state of a unit follows from its own pre-activations and its own last state.

    Attributes
    ----------
    x, h : (n_steps, batch, n_parts, n_gates, n_units) torch.Tensor
        Derivatives of the parts of the state by zx and by zh.
    state : (n_steps, batch, n_parts, n_parts, n_units) torch.Tensor
        Derivatives by the parts of the last state, the pre-activations held fixed.
    """

    x: Tensor
    h: Tensor
    state: Tensor


class Cell(ABC):
    """A recurrent cell.

    Attributes
    ----------
    n_gates : int
        Pre-activations per unit.
    n_parts : int
        Parts of the state, each (batch, n_units): h alone, or h and c.
    n_recurrent_parts : int
        How many of them, from h on, the recurrent weights multiply.
    largest_slopes : tuple of float
        The largest slope of the activation of every gate: 1 of tanh, 1/4 of the logistic function.
    recurs_through_weights_only : bool
        Whether h[t-1] reaches h[t] through W_h alone: dh[t]/dh[t-1] = diag(f') W_h, what the
        penalty on vanishing gradients supposes.
    """

    n_gates: ClassVar[int] = 1
    n_parts: ClassVar[int] = 1
    n_recurrent_parts: ClassVar[int] = 1
    largest_slopes: ClassVar[tuple[float, ...]] = (1.0,)
    recurs_through_weights_only: ClassVar[bool] = False

    @property
    def torch_name(self) -> str:
        """What torch calls a layer of this cell, a key of `torch_layers.RUNNERS`; "" for none."""
        return ""

    @abstractmethod
    def forward(self, zx: Tensor, W_h: Tensor, state: Tensor, workspace: Workspace) -> Tape:
        """Run the cell along a batch of series.

        Parameters
        ----------
        zx : (n_steps, batch, n_gates * n_units) torch.Tensor
            W_x x[t] + b; may be overwritten.
        W_h : (n_gates * n_units, n_recurrent_parts * n_units) torch.Tensor
            The recurrent weights.
        state : (batch, n_parts * n_units) torch.Tensor
            The state before the first step.
        workspace : Workspace
            Memory that the tape may use, until the next forward pass with the same workspace.

        Returns
        -------
        Tape
            The states, and what the other two passes need.
        """

    @abstractmethod
    def backward(
        self,
        tape: Tape,
        W_h: Tensor,
        grad: Tensor,
        damping_term: Tensor | None,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Carry the errors back through time.

        Parameters
        ----------
        tape : Tape
            Of the forward pass.
        W_h : (n_gates * n_units, n_recurrent_parts * n_units) torch.Tensor
            The recurrent weights.
        grad : (n_steps, batch, n_units) torch.Tensor
            Errors dL/dh[t] through the outputs of step t. On return, through all later steps too.
        damping_term : (n_steps, batch, n_gates * n_units) torch.Tensor or None
            Structural damping: what is added to the derivative of every pre-activation on the way.
        workspace : Workspace
            Memory that the results may use.

        Returns
        -------
        delta_x, delta_h : (n_steps, batch, n_gates * n_units) torch.Tensor
            dL/dzx and dL/dzh.
        start : (batch, n_parts * n_units) torch.Tensor
            dL/dstate[0].
        """

    @abstractmethod
    def r_forward(
        self,
        tape: Tape,
        W_h: Tensor,
        r_zx: Tensor,
        r_W_h: Tensor,
        r_state: Tensor,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor]:
        """Carry derivatives along a direction in weight space forward through time.

        Parameters
        ----------
        tape : Tape
            Of the forward pass.
        W_h : (n_gates * n_units, n_recurrent_parts * n_units) torch.Tensor
            The recurrent weights.
        r_zx : (n_steps, batch, n_gates * n_units) torch.Tensor
            R zx[t]; may be overwritten.
        r_W_h : (n_gates * n_units, n_recurrent_parts * n_units) torch.Tensor
            R W_h, the direction of the recurrent weights.
        r_state : (batch, n_parts * n_units) torch.Tensor
            R state[0].
        workspace : Workspace
            Memory that the results may use.

        Returns
        -------
        r_hidden : (n_steps, batch, n_units) torch.Tensor
            R h[t].
        r_z : (n_steps, batch, n_gates * n_units) torch.Tensor
            R of the pre-activations.
        """

    @abstractmethod
    def slopes(self, tape: Tape) -> Tensor:
        """Return the derivatives of the activations by the pre-activations.

        Parameters
        ----------
        tape : Tape
            Of the forward pass.

        Returns
        -------
        (n_steps, batch, n_gates * n_units) torch.Tensor
            f'(z[t]), gate by gate.
        """

    def jacobians(self, tape: Tape) -> Jacobians | None:
        """Return the derivatives of one step; None, as here, where a cell does not say them.

        They make the derivatives by all weights at once fast, which `sensitivities` finds along one
        direction after another where there are none.

        Parameters
        ----------
        tape : Tape
            Of the forward pass.

        Returns
        -------
        Jacobians or None
            Of every step.
        """
        del tape
        return None

    def run_series(self, zx: Array, weights: Array, start: Array) -> tuple[Array, Array]:
        """Run the cell along one series, for closed loops that go on row by row.

        Here by `forward`; cells with compiled passes spare themselves torch's calls.

        Parameters
        ----------
        zx : (n_steps, 1, n_gates * n_units) ndarray
            W_x x[t] + b; overwritten.
        weights : (n_recurrent_parts * n_units, n_gates * n_units) ndarray
            W_h'.
        start : (n_parts * n_units,) ndarray
            The state before the first step; left unchanged.

        Returns
        -------
        hidden : (n_steps, n_units) ndarray
            h[t].
        last : (n_parts * n_units,) ndarray
            The state after the last step.
        """
        drive, state = torch.from_numpy(zx), torch.tensor(start)[None]
        tape = self.forward(drive, torch.from_numpy(weights).t(), state, Workspace(drive))
        return tape.hidden[1:, 0].numpy(), tape.last[0].numpy()

    def initial_bias(self, drawn: Array) -> Array:
        """Return the bias that training starts from; here as drawn.

        Parameters
        ----------
        drawn : (n_gates * n_units,) ndarray
            As `init` draws it; left unchanged.

        Returns
        -------
        (n_gates * n_units,) ndarray
            The first bias.
        """
        return drawn

    def check(self) -> None:
        """Refuse settings of the cell that make no sense; here there are none."""
        return

    def __eq__(self, other: object) -> bool:
        """Tell whether another object is the same cell with the same settings."""
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment] # its settings may change

    def with_activation(self, activation: str) -> Cell:
        """Return the cell with another activation; itself where the equations fix them, as here.

        Parameters
        ----------
        activation : str
            A key of `rnn.ACTIVATIONS`.

        Returns
        -------
        Cell
            The cell.
        """
        del activation
        return self


def gate_slopes(gates: Tensor, n: int) -> Tensor:
    """Return the slopes of gates, all logistic but the third, which is tanh.

    s (1 - s) of the logistic ones, 1 - g^2 of the third

    Gates are values of the activations side by side, (..., n_gates * n) for n units.
    """
    slopes = gates * (1.0 - gates)
    tanh = gates[..., 2 * n : 3 * n]
    slopes[..., 2 * n : 3 * n] = 1.0 - tanh * tanh
    return slopes


def state_memory(zx: Array, start: Array) -> Array:
    """Return memory for every part of the state along one series, begun.

    zx, (n_steps, 1, n_gates * n), says how many steps, and the dtype; start is (n_parts, n). In
    what is returned, (n_parts, n_steps + 1, 1, n), the first row of every part is its start.
    """
    parts = np.empty((len(start), len(zx) + 1, 1, start.shape[1]), zx.dtype)
    parts[:, 0, 0] = start
    return parts


@cache
def compiled_loops(name: str) -> ModuleType:
    """Return the compiled passes of a cell, or others, by name.

    Numba, which they load, takes a tenth of a second: not before they are used.
    """
    return import_module(f"trainers.network.{name}_loops")
