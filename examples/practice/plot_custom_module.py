"""
Hessian-free for a torch module of your own
===========================================

``trainers.HessianFree`` is a torch optimizer. The closure returns the loss and the outputs it came
from; nothing else changes. Here a GRU with an attention layer, which this library does not have.
"""

import torch
from matplotlib import pyplot
from torch import nn

from reservoirs import datasets
from trainers import HessianFree

# for matrices this small, more threads only wait for each other
torch.set_num_threads(1)
data = datasets.addition(200, 20, random_state=0)
inputs = nn.utils.rnn.pad_sequence(
    [torch.tensor(x) for x in data.X], batch_first=True
)
inputs = inputs.double()  # series of 20 to 22 steps, then zeros
targets = torch.tensor(data.y, dtype=torch.float64).reshape(200, -1)


class Attentive(nn.Module):
    """A GRU whose states are averaged with weights that it chooses."""

    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRU(inputs.shape[2], 12, batch_first=True)
        self.attention, self.out = nn.Linear(12, 1), nn.Linear(12, 1)

    def forward(self, series):
        states = self.recurrent(series)[0]
        weights = torch.softmax(self.attention(states), dim=1)
        return self.out((weights * states).sum(dim=1))


def closure():
    outputs = model(inputs)
    return nn.functional.mse_loss(outputs, targets), outputs


torch.manual_seed(0)
model = Attentive().double()
optimizer = HessianFree(model.parameters(), damping=0.1)
second_order = [float(optimizer.step(closure)) for _ in range(25)]
last = optimizer.record
print(
    f"last step: {last.loss_before:.2g} -> {last.loss_after:.2g},",
    f"{last.cg_iterations} products",
)

torch.manual_seed(0)
model = Attentive().double()
adam, first_order = torch.optim.Adam(model.parameters(), lr=0.01), []
for _ in range(300):
    adam.zero_grad()
    loss, _ = closure()
    loss.backward()
    adam.step()
    first_order.append(loss.item())

figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(
    1 + torch.arange(25), second_order, "o-", ms=3, label="Hessian-free, steps"
)
ax.plot(1 + torch.arange(300), first_order, label="Adam, epochs")
ax.set(xscale="log", yscale="log", xlabel="step", ylabel="mean squared error")
ax.legend()
pyplot.show()
