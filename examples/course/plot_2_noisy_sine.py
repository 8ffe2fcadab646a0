"""
A plain regression example, noisy
=================================

A sine with noise that is added to every value, :math:`x_t = \\sin(0.02\\,t) + 2 u_t` with
:math:`u_t` uniform on [0, 1). 800 values for training, windows of four consecutive values predict
the next. In Keras such an example is a simple layer of 32 relu units, a dense layer of 8 and one
output, trained with RMSprop for 100 epochs in batches of 16:

.. code-block:: python

    import keras

    model = keras.Sequential(
        [
            keras.Input((1, 4)),  # one step with four features
            keras.layers.SimpleRNN(32, activation="relu"),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1),
        ]
    )
    model.compile(loss="mean_squared_error", optimizer="rmsprop")
    model.fit(X[:796], y[:796], epochs=100, batch_size=16)
    predicted = model.predict(X)

Here is the same as a torch module. The noise cannot be predicted: its variance, 4 / 12 = 1/3, is
the best mean squared error there is.
"""

import numpy as np
import torch
from matplotlib import pyplot
from torch import nn

from reservoirs import ESNRegressor, datasets

# for matrices this small, more threads only wait for each other
torch.set_num_threads(1)
series = datasets.lagged_sine_noisy(1000, random_state=0)
windows = np.lib.stride_tricks.sliding_window_view(series, 5)
X = torch.tensor(windows[:, None, :4], dtype=torch.float32)
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
    predicted = model(X)[:, 0].numpy()

# %%
# With one step per window nothing recurs: the module is a feed-forward network in disguise, and
# four noisy values are too few to average over. An echo state network reads the series value by
# value. How long it averages is its ``leak_rate``: the state is replaced by a share of 0.02 per
# step, so that it holds the last fifty values. (With the default, 0.5, it holds two.) A penalty
# that suits noise, ``alpha``, does the rest.

inputs, targets = series[:-1, None], series[1:]
esn = ESNRegressor(
    n_units=100, leak_rate=0.02, alpha=0.1, washout=50, random_state=0
)
esn.fit(inputs[:799], targets[:799])
echo = esn.predict(inputs)

# %%
# Of these 200 values the noise alone has a little less than 1/3. The echo state network is within a
# few per cent of it; the module has learned some of the noise of its 796 windows by heart.

sine = np.sin(0.02 * np.arange(1000)) + 1
for name, guess in (
    ("torch module", predicted[796:]),
    ("echo state network", echo[799:]),
    ("the sine itself", sine[800:]),
):
    print(f"{name:20} test MSE {np.mean((guess - series[800:]) ** 2):.3f}")
assert np.mean((echo[799:] - series[800:]) ** 2) < 0.345

figure, ax = pyplot.subplots(figsize=(9, 4), layout="constrained")
ax.plot(series, ".", ms=2, color="#999999", label="series")
ax.plot(np.arange(4, 1000), predicted, lw=0.8, label="torch module")
ax.plot(np.arange(1, 1000), echo, lw=1.5, label="echo state network")
ax.axvline(800, color="black", ls="--", lw=0.8)
ax.set(xlabel="t", ylabel="x", title="left of the line: training")
ax.legend(ncols=3, loc="upper right")
pyplot.show()
