"""
Why recurrence
==============

A feed-forward network maps inputs of a fixed size, one by one, to outputs. Two things are built
into that. The inputs are taken as *independent and identically distributed* (iid): row 7 is
answered without a look at row 6, and the order of the rows does not count. And the number of
features is fixed once and for all. In a time series both are wrong: neighbours depend on each
other, which is all that a forecast lives from, and a series has as many values as it has.

A recurrent network keeps a hidden state, :math:`h_t = f(x_t, h_{t-1})`, so that an answer may
depend on everything that came before.

The task: the input is noise, the wanted output the product of the last input and the one before
it. One input alone says nothing about the product's sign.
"""

import numpy as np
from matplotlib import pyplot
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor

from reservoirs import ESNRegressor

rng = np.random.default_rng(0)
inputs = rng.uniform(-1, 1, 1500)[:, None]
targets = inputs[:, 0] * np.concatenate([[0.0], inputs[:-1, 0]])
train, test = slice(0, 1000), slice(1000, 1500)

feed_forward = MLPRegressor(
    hidden_layer_sizes=50, max_iter=2000, random_state=0
)
feed_forward.fit(inputs[train], targets[train])
recurrent = ESNRegressor(n_units=200, random_state=0)
recurrent.fit(inputs[train], targets[train])

# %%
# The feed-forward network explains nothing, the recurrent one nearly all.

models = {"feed-forward": feed_forward, "recurrent": recurrent}
figure, panels = pyplot.subplots(
    1, 2, figsize=(9, 4), sharey=True, layout="constrained"
)
for ax, (name, model) in zip(panels, models.items(), strict=True):
    predicted = model.predict(inputs[test])
    ax.plot(targets[test], predicted, ".", ms=4)
    ax.plot([-1, 1], [-1, 1], color="black", lw=0.7)
    score = r2_score(targets[test], predicted)
    ax.set(title=f"{name}: R2 = {score:.3f}", xlabel="wanted")
panels[0].set_ylabel("predicted")

# %%
# **Independent rows.** Shuffle them, and the feed-forward network gives the same answers, shuffled.
# For the recurrent one another order is another story.

order = rng.permutation(500)
shuffled = inputs[test][order]
for name, model in models.items():
    same = np.allclose(
        model.predict(shuffled), model.predict(inputs[test])[order]
    )
    print(f"{name}: the order of the rows does not count: {same}")

# %%
# **The third feature.** A window of two inputs serves a feed-forward network here: the last value
# becomes the first feature, the one before it the second. But who tells how long the window must
# be? Where the answer needs a third value, that is a third feature, and nothing that was learned
# for two takes it: the matrix of the first layer has two rows, not three. Another network must be
# trained from the beginning, with more weights for every step that it looks back.

windows = np.lib.stride_tricks.sliding_window_view(inputs[:, 0], 3)[:, ::-1]
two_features = MLPRegressor(
    hidden_layer_sizes=50, max_iter=2000, random_state=0
)
two_features.fit(windows[:1000, :2], targets[2:1002])
score = r2_score(targets[1002:], two_features.predict(windows[1000:, :2]))
print(f"window of two: R2 = {score:.3f}, first layer", end=" ")
print(two_features.coefs_[0].shape)
try:
    two_features.predict(windows)
except ValueError as error:
    print(f"window of three: {error}")

# %%
# The recurrent network has the same weights at every step. It takes series of any length, and of
# many lengths side by side:

lengths = [len(recurrent.predict(inputs[:n])) for n in (1, 10, 700)]
assert lengths == [1, 10, 700]

pyplot.show()
