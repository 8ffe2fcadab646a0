"""
Kinds of tasks
==============

Many-to-one, one-to-many, many-to-many in step and delayed: what differs is where inputs come in and
where targets stand. The network between them, and the estimators here, are the same.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import ESNRegressor
from trainers import RNNClassifier, RNNRegressor

rng = np.random.default_rng(0)

# %%
# Inputs below (grey), the state (blue), targets above (red), time to the right:

kinds = {  # the steps that have an input, those that have a target
    "one to many": ([0], [0, 1, 2, 3]),
    "many to one": ([0, 1, 2, 3], [3]),
    "many to many, in step": ([0, 1, 2, 3], [0, 1, 2, 3]),
    "many to many, delayed": ([0, 1, 2, 3], [2, 3, 4]),
}
figure, panels = pyplot.subplots(1, 4, figsize=(10, 3), layout="constrained")
square = {"marker": "s", "ms": 14, "ls": "none", "mec": "black"}
arrow = {"arrowstyle": "-|>", "lw": 1.2, "shrinkA": 8, "shrinkB": 8}
for ax, (name, (inputs, targets)) in zip(panels, kinds.items(), strict=True):
    last = max(inputs + targets)
    for step in range(last):
        ax.annotate("", xytext=(step, 1), xy=(step + 1, 1), arrowprops=arrow)
    for step in inputs:
        ax.annotate("", xytext=(step, 0), xy=(step, 1), arrowprops=arrow)
    for step in targets:
        ax.annotate("", xytext=(step, 1), xy=(step, 2), arrowprops=arrow)
    ax.plot(inputs, np.zeros(len(inputs)), color="#BBBBBB", **square)
    ax.plot(range(last + 1), np.ones(last + 1), color="#56B4E9", **square)
    ax.plot(targets, np.full(len(targets), 2), color="#D55E00", **square)
    ax.set(xlim=(-0.6, 4.6), ylim=(-0.5, 2.5), title=name)
    ax.title.set_size(10)
    ax.axis("off")

# %%
# **Many to one**: a label for every series. The series may be of any length.

labels = rng.integers(0, 2, 80)
series = [
    np.sin(
        (0.3 + 0.4 * k) * np.arange(rng.integers(15, 30)) + rng.uniform(0, 6)
    )[:, None]
    for k in labels
]
classifier = RNNClassifier(
    cell="gru", n_units=16, max_iter=40, learning_rate=0.02, random_state=0
)
classifier.fit(series[:60], labels[:60])
print("many to one: accuracy", classifier.score(series[60:], labels[60:]))

# %%
# **One to many**: the input stands on the first row, zeros follow; the output is a series. Here a
# number becomes the frequency of an oscillation.

frequencies = rng.uniform(0.2, 0.5, 40)
ask = np.zeros((40, 30, 1))
ask[:, 0, 0] = frequencies
answers = np.sin(frequencies[:, None] * np.arange(30))
one_to_many = RNNRegressor(
    cell="lstm", n_units=32, max_iter=300, learning_rate=0.01, random_state=0
)
one_to_many.fit(ask[:30], answers[:30])

# %%
# **Many to many, in step**: an answer to every input, at once. **Delayed**: the answer comes later,
# here six steps; the network has to keep what it heard.

inputs = rng.uniform(-1, 1, (800, 1))
smooth = np.convolve(inputs[:, 0], np.ones(4) / 4)[:800]
delayed = np.concatenate([np.zeros(6), inputs[:-6, 0]])
in_step = ESNRegressor(n_units=100, washout=20, random_state=0).fit(
    inputs[:600], smooth[:600]
)
# far memory: no leak, small inputs, so that tanh stays linear
later = ESNRegressor(
    n_units=100,
    leak_rate=1.0,
    input_scaling=0.1,
    bias_scaling=0.2,
    washout=20,
    random_state=0,
).fit(inputs[:600], delayed[:600])

figure, panels = pyplot.subplots(3, 1, figsize=(8, 7), layout="constrained")
found = one_to_many.predict(ask[30:])
for truth, guess, level in zip(answers[30:34], found, range(4), strict=False):
    panels[0].plot(3 * level + truth, color="#333333", lw=2.2, alpha=0.45)
    panels[0].plot(3 * level + guess, lw=1.2)
panels[0].set(
    title="one to many: a number becomes an oscillation", xlabel="step"
)
for ax, model, truth, name in (
    (panels[1], in_step, smooth, "in step: the mean of four inputs"),
    (panels[2], later, delayed, "delayed: the input of six steps ago"),
):
    guess = model.predict(inputs[600:], context=inputs[:600])
    ax.plot(truth[600:680], color="#333333", lw=2.2, alpha=0.45, label="wanted")
    ax.plot(guess[:80], lw=1.2, label="found")
    ax.set(title=name, xlabel="step")
    ax.legend(loc="upper right", ncols=2)
pyplot.show()
