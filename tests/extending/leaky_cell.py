"""A cell of one's own: leaky units, which keep a share of their last state.

    z[t] = zx[t] + W_h h[t-1]
    h[t] = (1 - a) h[t-1] + a tanh(z[t])

Everything about a cell is in one class, and the class in one dictionary. Its three passes get whole
series, time-major: `zx` is W_x x[t] + b for all steps, (n_steps, batch, n_units).

References
----------
Jaeger, Lukosevicius, Popovici & Siewert (2007), Optimization and applications of echo state
networks with leaky-integrator neurons.
"""

from contextlib import contextmanager

import torch

from trainers.network.cell import Cell, Tape
from trainers.network.cells import CELLS


class LeakyCell(Cell):
    """Leaky integration of tanh units, a in (0, 1] the share replaced at every step."""

    def __init__(self, leak_rate=0.5):
        self.leak_rate = leak_rate

    def forward(self, zx, W_h, state, workspace):
        a, hidden, slopes = self.leak_rate, [state], []
        for drive in zx:
            value = torch.tanh(drive + hidden[-1] @ W_h.T)
            hidden.append((1 - a) * hidden[-1] + a * value)
            slopes.append(1 - value**2)  # tanh'(z[t])
        return Tape(torch.stack(hidden), saved=(torch.stack(slopes),), last=hidden[-1])

    def backward(self, tape, W_h, grad, damping_term, workspace):
        # e[t] = dL/dh[t] + (1 - a) e[t+1] + W_h' d[t+1]
        # d[t] = dL/dz[t] = a tanh'(z[t]) e[t]
        a, (slopes,) = self.leak_rate, tape.saved
        delta, from_next = torch.empty_like(grad), torch.zeros_like(grad[0])
        for t in reversed(range(len(grad))):
            grad[t] += from_next  # is e[t] from here on
            delta[t] = a * slopes[t] * grad[t]
            if damping_term is not None:
                delta[t] += damping_term[t]
            from_next = (1 - a) * grad[t] + delta[t] @ W_h
        return delta, delta, from_next  # by zx, by W_h h[t-1], by the first state

    def r_forward(self, tape, W_h, r_zx, r_W_h, r_state, workspace):
        # R z[t] = R zx[t] + R(W_h) h[t-1] + W_h R h[t-1]
        # R h[t] = (1 - a) R h[t-1] + a tanh'(z[t]) R z[t]
        a, (slopes,) = self.leak_rate, tape.saved
        r_z, r_hidden, r_h = torch.empty_like(r_zx), torch.empty_like(r_zx), r_state
        for t in range(len(r_zx)):
            r_z[t] = r_zx[t] + tape.hidden[t] @ r_W_h.T + r_h @ W_h.T
            r_h = r_hidden[t] = (1 - a) * r_h + a * slopes[t] * r_z[t]
        return r_hidden, r_z

    def slopes(self, tape):
        return tape.saved[0]


@contextmanager
def registered():
    """Let `RNNRegressor(cell="leaky")` find the cell; in a program, the first line is enough."""
    CELLS["leaky"] = LeakyCell()
    try:
        yield
    finally:
        del CELLS["leaky"]
