"""
Why recurrence
==============

A feed-forward network maps inputs of a fixed size, one by one, to outputs. When the answer depends
on what came before, it has nothing to look at; a recurrent network keeps a hidden state.

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

feed_forward = MLPRegressor(hidden_layer_sizes=50, max_iter=2000, random_state=0).fit(
    inputs[train], targets[train]
)
recurrent = ESNRegressor(n_units=200, random_state=0).fit(inputs[train], targets[train])

# %%
# The feed-forward network explains nothing, the recurrent one nearly all.

figure, panels = pyplot.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for ax, (name, model) in zip(
    panels, {"feed-forward": feed_forward, "recurrent": recurrent}.items(), strict=True
):
    found = model.predict(inputs[test])
    ax.plot(targets[test], found, ".", ms=4)
    ax.plot([-1, 1], [-1, 1], color="black", lw=0.7)
    ax.set(title=f"{name}: R2 = {r2_score(targets[test], found):.3f}", xlabel="wanted")
panels[0].set_ylabel("found")

# %%
# A window of the last two inputs would serve a feed-forward network here. But who tells how long
# the window must be? And a series that is shorter, or longer, does not fit into it. The recurrent
# network takes series of any length:

lengths = [len(recurrent.predict(inputs[:n])) for n in (1, 10, 700)]
assert lengths == [1, 10, 700]
