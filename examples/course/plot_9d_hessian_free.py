"""
Hessian-free optimisation, in words
===================================

Gradient descent looks at the slope alone. It is as fast as the *steepest curvature* lets it be: a
longer step would overshoot there. Where another direction has a gradient of 1e-4 and a curvature of
1e-6, it crawls, although the bottom is a hundred units away: the way to go is the gradient
*divided by the curvature*. Networks that must remember have such directions. What happened long ago
changes the loss little (its gradient has vanished), but the curvature has vanished still more.

Newton's method divides by the curvature: :math:`d = -H^{-1} g`. Three things stand in its way, and
each has its answer (Martens 2010; Martens & Sutskever 2011):

1. H of a network is not positive definite: along a direction of negative curvature Newton walks
   uphill. The **Gauss-Newton matrix** :math:`G = J^\\top H_L J`, with J the derivative of the
   outputs by the weights and :math:`H_L` the curvature of the loss by the outputs, is never
   negative.
2. H of n weights has n squared numbers. But **conjugate gradients** solve :math:`G d = -g` with
   products :math:`G v` alone, and such a product costs one or two gradients: J v forwards, times
   :math:`H_L`, and :math:`J^\\top` backwards. No matrix is ever written: hence *Hessian-free*.
3. The quadratic model is right nearby only. **Damping**, :math:`(G + \\lambda) d = -g`, keeps the
   step near; :math:`\\lambda` grows when the loss fell less than the model had promised, and
   shrinks when it kept its word. *Structural damping* also keeps the hidden states near.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import datasets, next_step
from trainers import RNNRegressor

# %%
# Two weights are enough to see it. A valley with curvatures 1 and 0.001: descent at its best rate
# falls to the floor at once and then creeps along it. Conjugate gradients are there in two steps.

curvature = np.diag([0.001, 1.0])
start = np.array([-40.0, 1.5])
descent = [start]
for _ in range(200):
    descent.append(descent[-1] - 1.9 * curvature @ descent[-1])
conjugate, weights = [start], start
residual = -curvature @ weights
direction = residual
for _ in range(2):
    product = curvature @ direction  # all that is asked of the matrix
    length = residual @ residual / (direction @ product)
    weights = weights + length * direction
    smaller = residual - length * product
    direction = smaller + smaller @ smaller / (residual @ residual) * direction
    residual = smaller
    conjugate.append(weights)
descent, conjugate = np.array(descent), np.array(conjugate)
print(f"after 200 steps of descent {np.linalg.norm(descent[-1]):.1f} away")
print(f"after 2 conjugate steps    {np.linalg.norm(conjugate[-1]):.0e} away")

figure, ax = pyplot.subplots(figsize=(9, 3.4), layout="constrained")
x, y = np.meshgrid(np.linspace(-45, 5, 200), np.linspace(-2.2, 2.2, 100))
ax.contour(
    x, y, 0.0005 * x**2 + 0.5 * y**2, 20, colors="#BBBBBB", linewidths=0.7
)
ax.plot(
    *descent.T, ".-", color="#D55E00", ms=3, lw=0.8, label="descent, 200 steps"
)
ax.plot(
    *conjugate.T, "o-", color="#0072B2", label="conjugate gradients, 2 steps"
)
ax.plot(0, 0, "k*", ms=10)
ax.set(xlabel="weight of small curvature", ylabel="weight of large curvature")
ax.legend(loc="lower right")

# %%
# The same on a network. One epoch of Adam is a pass over the data, one Hessian-free step is many;
# the fair axis is processor time. Both train all weights of a plain network with 16 units on the
# driven oscillator.

data = datasets.oscillator(500, force="multi", dt=0.1, random_state=0)
X, y = next_step(data.x[:, None], data.force[:, None])
figure, ax = pyplot.subplots(figsize=(8, 3.6), layout="constrained")
losses = {}
for name, settings, colour in (
    (
        "Adam",
        {"solver": "adam", "learning_rate": 5e-3, "max_iter": 150},
        "#D55E00",
    ),
    ("Hessian-free", {"solver": "hessian_free", "max_iter": 15}, "#0072B2"),
):
    network = RNNRegressor(n_units=16, window=20, random_state=0, **settings)
    network.fit(X[:100], y[:100])  # so that compiling is not counted
    network.fit(X, y)
    seconds = [row["seconds"] for row in network.history_]
    ax.loglog(seconds, network.loss_curve_, color=colour, label=name)
    losses[name] = network.loss_curve_[-1]
    print(f"{name:12} loss {losses[name]:.1e} after {seconds[-1]:.1f} s")
ax.set(xlabel="seconds", ylabel="training loss")
ax.legend()

# %%
# When to take it: a smooth loss that must get small, all data in one batch, a network of up to some
# thousand weights, or lags that descent does not bridge. When not: labels and noisy data, where the
# last digits of the training loss are worth nothing; there Adam on minibatches is ahead. For a
# module of your own: ``trainers.HessianFree``
# (:ref:`sphx_glr_auto_examples_practice_plot_custom_module.py`).

pyplot.show()
