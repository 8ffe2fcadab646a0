"""
One layer: its matrices, and the network unrolled
=================================================

A recurrent network with one hidden layer has three matrices and two biases, the same at every step:

.. math::

    a_t &= U x_t + W h_{t-1} + b \\\\
    h_t &= \\sigma_h(a_t) \\\\
    y_t &= V h_t + c, \\qquad \\hat y_t = \\sigma_y(y_t).

:math:`\\sigma_h` is tanh in most cases, :math:`\\sigma_y` what the task asks for: the identity for
a number, the sigmoid for yes or no, softmax for one of several classes. Others write :math:`W_{hx}`
for U, :math:`W_{hh}` for W, :math:`z_h` for a. The page :doc:`notation </notation>` has both.
"""

import numpy as np
from matplotlib import pyplot
from matplotlib.patches import FancyBboxPatch

from reservoirs import datasets, next_step
from trainers import RNNRegressor

GREY, BLUE, RED, GREEN = "#555555", "#0072B2", "#D55E00", "#009E73"


def box(ax, x, y, text, colour):
    """Draw a box with its name."""
    shape = {"boxstyle": "round,pad=0.02", "fc": "white", "ec": colour, "lw": 2}
    ax.add_patch(FancyBboxPatch((x - 0.32, y - 0.22), 0.64, 0.44, **shape))
    ax.text(x, y, text, ha="center", va="center", fontsize=12)


def arrow(ax, start, end, name, colour, shift):
    """Draw an arrow with the name of its matrix beside it."""
    style = {"arrowstyle": "-|>", "color": colour, "lw": 1.8}
    ax.annotate("", xytext=start, xy=end, arrowprops=style)
    x, y = np.mean([start, end], axis=0) + shift
    ax.text(x, y, name, color=colour, ha="center", va="center", fontsize=12)


# %%
# The network as it is written (left), with a loop, and unrolled over time (right), without one. An
# unrolled network is a deep feed-forward network with a layer per step, whose layers share their
# weights: U, W and V are drawn several times and exist once.

figure, (left, right) = pyplot.subplots(
    1, 2, figsize=(10, 4), layout="constrained", width_ratios=[1, 2.6]
)
for ax, steps in ((left, ["t"]), (right, ["t-1", "t", "t+1"])):
    for i, step in enumerate(steps):
        x = 1.6 * i
        box(ax, x, 0, f"$x_{{{step}}}$", GREY)
        box(ax, x, 1.2, f"$h_{{{step}}}$", BLUE)
        box(ax, x, 2.4, f"$y_{{{step}}}$", GREY)
        arrow(ax, (x, 0.22), (x, 0.98), "U", GREEN, (0.2, 0))
        arrow(ax, (x, 1.42), (x, 2.18), "V", RED, (0.2, 0))
        if ax is right:
            arrow(ax, (x - 1.26, 1.2), (x - 0.34, 1.2), "W", BLUE, (0, 0.18))
    ax.set(xlim=(-1.5, 1.6 * len(steps) - 0.2), ylim=(-0.5, 2.9), aspect=1)
    ax.axis("off")
arrow(right, (3.54, 1.2), (4.5, 1.2), "W", BLUE, (0, 0.18))
loop = {"arrowstyle": "-|>", "color": BLUE, "lw": 1.8}
loop["connectionstyle"] = "arc3,rad=-2.2"
left.annotate("", xytext=(-0.34, 1.05), xy=(-0.34, 1.35), arrowprops=loop)
left.text(-0.92, 1.2, "W", color=BLUE, ha="center", va="center", fontsize=12)
left.set_title("with a loop")
right.set_title("unrolled over three steps")

# %%
# The shapes. A network of six units that reads two features and gives one output (the oscillator,
# its position and its force):

data = datasets.oscillator(400, force="multi", dt=0.1, random_state=0)
X, y = next_step(data.x[:, None], data.force[:, None])
model = RNNRegressor(
    n_units=6, max_iter=60, learning_rate=0.01, random_state=0
).fit(X, y)
names = {
    "U": "input_weights_0",
    "W": "recurrent_weights_0",
    "b": "bias_0",
    "V": "output_weights",
    "c": "output_bias",
}
U, W, b, V, c = (model.weights_[name] for name in names.values())

figure, panels = pyplot.subplots(
    1, 3, figsize=(9, 3.4), layout="constrained", width_ratios=[2, 6, 6]
)
for ax, (name, matrix, rows, columns) in zip(
    panels,
    (
        ("U", U, "units", "features"),
        ("W", W, "units", "units before"),
        ("V", V, "outputs", "units"),
    ),
    strict=True,
):
    image = ax.imshow(matrix, cmap="RdBu_r", vmin=-1.5, vmax=1.5)
    shape = " x ".join(map(str, matrix.shape))
    ax.set(title=f"{name}: {shape}", xlabel=columns, ylabel=rows)
    ax.set_xticks(range(matrix.shape[1]), [])
    ax.set_yticks(range(matrix.shape[0]), [])
figure.colorbar(image, ax=list(panels), label="weight")

# %%
# ======  ============================  ======================  ==============================
# letter  shape                         here                    in ``weights_``
# ======  ============================  ======================  ==============================
# x       n_features                    2
# h       n_units                       6
# y       n_outputs                     1
# U       n_units x n_features          6 x 2                   ``input_weights_0``
# W       n_units x n_units             6 x 6                   ``recurrent_weights_0``
# b       n_units                       6                       ``bias_0``
# V       n_outputs x n_units           1 x 6                   ``output_weights``
# c       n_outputs                     1                       ``output_bias``
# ======  ============================  ======================  ==============================
#
# The number of weights does not depend on the length of the series. And these three lines are all
# that the network does, so that they give its prediction to the last of its seven digits. (The
# estimator standardises what enters and leaves, and computes in single precision.)

h = np.zeros(6)
outputs = []
for x in (X - model.input_mean_) / model.input_scale_:
    h = np.tanh(U @ x + W @ h + b)
    outputs.append(V @ h + c)
by_hand = model.target_mean_ + model.target_scale_ * np.array(outputs)
difference = abs(by_hand[:, 0] - np.ravel(model.predict(X))).max()
print(f"largest difference from predict: {difference:.0e}")
assert difference < 1e-5

# %%
# What an echo state network draws and what it learns is the same picture with other colours: U, W
# and b are drawn and stay, V and c are solved for.

pyplot.show()
