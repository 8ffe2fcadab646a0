"""
A plain regression example, noisy
=================================

A sine with noise that is added to every value: x[t] = sin(0.02 t) + 2 u[t], u uniform on [0, 1).
800 values for training, windows of four consecutive values predict the next. Such an example often
comes in Keras: a simple layer of 32 relu units, a dense layer of 8, one output, RMSprop, 100 epochs
in batches of 16. Here it is as a torch module.

The noise cannot be predicted: its variance, 4 / 12 = 1/3, is the best mean squared error there is.
"""

import numpy as np
import torch
from matplotlib import pyplot
from torch import nn

from reservoirs import ESNRegressor, datasets

torch.set_num_threads(1)  # for matrices this small, more threads only wait for each other
series = datasets.lagged_sine_noisy(1000, random_state=0)
windows = np.lib.stride_tricks.sliding_window_view(series, 5)
X = torch.tensor(windows[:, None, :4], dtype=torch.float32)  # one step with four features
y = torch.tensor(windows[:, 4:], dtype=torch.float32)


class Small(nn.Module):
    """RNN of 32 relu units, dense layer of 8, one output."""

    def __init__(self):
        super().__init__()
        self.recurrent = nn.RNN(4, 32, nonlinearity="relu", batch_first=True)
        self.dense = nn.Sequential(nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, window):
        return self.dense(self.recurrent(window)[0][:, -1])


torch.manual_seed(0)
model = Small()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for _ in range(100):
    for batch in torch.randperm(796).split(16):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(X[batch]), y[batch]).backward()
        optimizer.step()
with torch.no_grad():
    found = model(X)[:, 0].numpy()

# %%
# With one step per window nothing recurs: the module is a feed-forward network in disguise. An echo
# state network reads the series value by value and does the averaging itself.

inputs, targets = series[:-1, None], series[1:]
esn = ESNRegressor(n_units=100, leak_rate=0.05, alpha=10.0, washout=50, random_state=0)
esn.fit(inputs[:799], targets[:799])
echo = esn.predict(inputs)

for name, guess, truth in (("torch module", found[796:], series[800:]),
                           ("echo state network", echo[799:], series[800:])):  # fmt: skip
    print(f"{name:20} test MSE {np.mean((guess - truth) ** 2):.3f}, noise alone 0.333")

figure, ax = pyplot.subplots(figsize=(9, 4), layout="constrained")
ax.plot(series, ".", ms=2, color="#999999", label="series")
ax.plot(np.arange(4, 1000), found, lw=0.8, label="torch module")
ax.plot(np.arange(1, 1000), echo, lw=1.5, label="echo state network")
ax.axvline(800, color="black", ls="--", lw=0.8)
ax.set(xlabel="t", ylabel="x", title="left of the line: training")
ax.legend(ncols=3, loc="upper right")
