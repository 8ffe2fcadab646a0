"""A cell of one's own as a module of torch: its equations alone, differentiated by autograd.

    g = sigmoid(G [x; h]),  h' = (1 - g) h + g tanh(W [x; h])

A minimal gated unit. `RNNRegressor(cell=GatedCell)` trains it; so do `torch.nn.GRUCell` and the
other cells of torch, as they are.

References
----------
Zhou, Wu, Zhang & Zhou (2016), Minimal gated unit for recurrent neural networks, without the gate
on the state inside tanh.
"""

import torch


class GatedCell(torch.nn.Module):
    """One gate; a state of two tensors would be a tuple, and `n_parts = 2`."""

    def __init__(self, n_inputs, n_units):
        super().__init__()
        self.gate = torch.nn.Linear(n_inputs + n_units, n_units)
        self.candidate = torch.nn.Linear(n_inputs + n_units, n_units)

    def forward(self, x, h):
        seen = torch.cat([x, h], dim=1)
        g = torch.sigmoid(self.gate(seen))
        return (1 - g) * h + g * torch.tanh(self.candidate(seen))
