"""A cell of coupled oscillators, the coRNN."""

from __future__ import annotations

from functools import cache
from numbers import Real
from types import ModuleType
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval
from torch import Tensor

from reservoirs.estimators import inherit_parameters
from reservoirs.sequences import Array
from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Documented
from trainers.network.cell import Cell, Jacobians, Tape
from trainers.network.small import as_arrays, is_small
from trainers.network.workspace import Workspace


class OscillatorCell(Documented, SuggestingMixin, BaseEstimator, Cell):
    """Coupled, driven and damped oscillators: the coRNN, `RNNRegressor(cell="cornn")`.

    z[t] = W_x x[t] + W_h [h[t-1]; v[t-1]] + b

    v[t] = v[t-1] + dt (tanh(z[t]) - gamma h[t-1] - epsilon v[t-1]),  h[t] = h[t-1] + dt v[t]

    Every unit is an oscillator with the position h, which the readout sees, and the velocity v;
    the others and the input force it. With a small dt states and gradients change little from step
    to step, so that they last over many; with dt, gamma and epsilon 1 it is the vanilla cell.

    Parameters
    ----------
    dt : float, default=0.5
        Time step, > 0, in the unit of time of gamma and epsilon: a unit answers an input within
        about 1 / dt rows, and keeps it for as long.
    gamma : float, default=1.0
        Stiffness, >= 0: the square of the frequency, in radians per unit of time, of a unit alone.
    epsilon : float, default=1.0
        Friction, >= 0, per unit of time.

    See Also
    --------
    RNNRegressor : Takes it as `cell`; cell="cornn" is the one with the defaults.
    gradient_flow : Shows how far gradients reach.

    Notes
    -----
    A unit alone is stable where dt epsilon and dt^2 gamma are small beside 1.

    References
    ----------
    Rusch & Mishra (2021), Coupled oscillatory recurrent neural network (coRNN), eq. 3 with explicit
    friction; here h moves with the new v.

    Examples
    --------
    >>> from trainers import OscillatorCell, RNNRegressor
    >>> model = RNNRegressor(cell=OscillatorCell(dt=0.05))
    >>> model.set_params(cell__gamma=2.0).cell
    OscillatorCell(dt=0.05, gamma=2.0)
    """

    _public_module = "trainers"
    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "dt": [Interval(Real, 0, None, closed="neither")],
        "gamma": [Interval(Real, 0, None, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="left")],
    }
    n_parts: ClassVar[int] = 2
    n_recurrent_parts: ClassVar[int] = 2

    def __init__(self, *, dt: float = 0.5, gamma: float = 1.0, epsilon: float = 1.0) -> None:
        self.dt = dt
        self.gamma = gamma
        self.epsilon = epsilon

    @property
    def _numbers(self) -> tuple[float, float, float]:
        return float(self.dt), float(self.gamma), float(self.epsilon)

    def check(self) -> None:
        """Refuse numbers out of their ranges."""
        self._validate_params()

    def _advance(self, force: Tensor, state: Tensor, out: Tensor) -> None:
        """Write [h; v] after a step under a force, (batch, n), or their derivatives."""
        dt, gamma, epsilon = self._numbers
        h, v = state.chunk(2, dim=1)
        after = v + dt * (force - gamma * h - epsilon * v)
        torch.cat([h + dt * after, after], dim=1, out=out)

    @inherit_parameters(Cell.forward)
    def forward(self, zx: Tensor, W_h: Tensor, state: Tensor, workspace: Workspace) -> Tape:
        """Run the cell; the tape keeps the slopes of tanh, in the memory of zx.

        Returns
        -------
        Tape
            The states, and the slopes.
        """
        n_steps, batch, n = zx.shape
        states, weights = workspace("states", n_steps + 1, batch, 2 * n), W_h.t()
        states[0] = state
        if is_small(zx):
            _compiled().oscillator_forward(*as_arrays(zx, weights, states), *self._numbers)
        else:
            for t in range(n_steps):
                force = zx[t].addmm_(states[t], weights).tanh_()
                self._advance(force, states[t], states[t + 1])
            torch.sub(1.0, zx * zx, out=zx)
        return Tape(states[..., :n], (zx,), states[-1], states)

    @inherit_parameters(Cell.backward)
    def backward(
        self,
        tape: Tape,
        W_h: Tensor,
        grad: Tensor,
        damping_term: Tensor | None,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Carry the errors of h and v back.

        Returns
        -------
        delta_x, delta_h : (n_steps, batch, n_units) torch.Tensor
            Twice dL/dz[t].
        start : (batch, 2 * n_units) torch.Tensor
            The derivative by the first state.
        """
        (slopes,), delta, n = tape.saved, workspace("delta", *grad.shape), grad.shape[2]
        carried = grad.new_zeros(grad.shape[1], 2 * n)  # of [h; v], through step t + 1
        if is_small(grad):
            arrays = as_arrays(grad, slopes, W_h, damping_term, delta, carried)
            _compiled().oscillator_backward(*arrays, *self._numbers)
            return delta, delta, carried
        dt, gamma, epsilon = self._numbers
        for t in range(len(delta) - 1, -1, -1):
            grad[t] += carried[:, :n]
            # dL/dv[t], through h[t] too
            by_v = carried[:, n:] + dt * grad[t]
            torch.mul(slopes[t], by_v, out=delta[t]).mul_(dt)
            if damping_term is not None:
                delta[t] += damping_term[t]
            carried = torch.cat([grad[t] - dt * gamma * by_v, (1.0 - dt * epsilon) * by_v], dim=1)
            carried.addmm_(delta[t], W_h)
        return delta, delta, carried

    @inherit_parameters(Cell.r_forward)
    def r_forward(
        self,
        tape: Tape,
        W_h: Tensor,
        r_zx: Tensor,
        r_W_h: Tensor,
        r_state: Tensor,
        workspace: Workspace,
    ) -> tuple[Tensor, Tensor]:
        """Carry derivatives forward; R z takes the memory of R zx.

        Returns
        -------
        r_hidden : (n_steps, batch, n_units) torch.Tensor
            R h[t].
        r_z : (n_steps, batch, n_units) torch.Tensor
            R z[t].
        """
        (slopes,), states, n = tape.saved, tape.recurrent, r_zx.shape[2]
        weights, direction = W_h.t(), r_W_h.t()
        r_states = workspace("r_states", *r_zx.shape[:2], 2 * n)
        if is_small(r_zx):
            start = r_state.contiguous()
            arrays = as_arrays(r_zx, states, slopes, weights, direction, start, r_states)
            _compiled().oscillator_r_forward(*arrays, *self._numbers)
            return r_states[..., :n], r_zx
        before = r_state
        for t in range(len(r_zx)):
            # R z[t] = R zx[t] + R(W_h) [h; v] + W_h R [h; v], of step t - 1
            r_zx[t].addmm_(states[t], direction).addmm_(before, weights)
            self._advance(slopes[t] * r_zx[t], before, r_states[t])
            before = r_states[t]
        return r_states[..., :n], r_zx

    @inherit_parameters(Cell.slopes)
    def slopes(self, tape: Tape) -> Tensor:
        """Return those of tanh, which the tape keeps.

        Returns
        -------
        (n_steps, batch, n_units) torch.Tensor
            Of every step, tanh'(z[t]).
        """
        return tape.saved[0]

    @inherit_parameters(Cell.jacobians)
    def jacobians(self, tape: Tape) -> Jacobians:
        """Return the derivatives of h[t] and v[t], two numbers a unit beside the slopes.

        Returns
        -------
        Jacobians
            Of every step.
        """
        dt, gamma, epsilon = self._numbers
        slopes = tape.saved[0]
        of_v = dt * slopes[:, :, None, None]
        by_z = torch.cat([dt * of_v, of_v], dim=2)
        kept = 1.0 - dt * epsilon
        by_state = slopes.new_tensor([[1.0 - dt * dt * gamma, dt * kept], [-dt * gamma, kept]])
        shape = (*slopes.shape[:2], 2, 2, slopes.shape[2])
        return Jacobians(by_z, by_z, by_state[:, :, None].expand(shape))

    @inherit_parameters(Cell.run_series)
    def run_series(self, zx: Array, weights: Array, start: Array) -> tuple[Array, Array]:
        """Run one series in the compiled loop.

        Returns
        -------
        hidden : (n_steps, n_units) ndarray
            Of every step, h[t].
        last : (2 * n_units,) ndarray
            The state [h; v] after the last step.
        """
        n = zx.shape[2]
        states = np.empty((len(zx) + 1, 1, 2 * n), zx.dtype)
        states[0, 0] = start
        _compiled().oscillator_forward(zx, weights, states, *self._numbers)
        return states[1:, 0, :n], states[-1, 0]


@cache
def _compiled() -> ModuleType:
    """Return the compiled passes; numba takes a tenth of a second to load."""
    from trainers.network import oscillator_loops

    return oscillator_loops
