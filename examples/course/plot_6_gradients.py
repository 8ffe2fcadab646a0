"""
Vanishing and exploding gradients, seen
=======================================

Every step back multiplies the error signal by one more Jacobian,

.. math::

    \\frac{\\partial h_t}{\\partial h_k} = \\prod_{i=k+1}^{t} \\operatorname{diag}(1 - h_i^2)\\, W .

Small weights shrink it, large weights blow it up, exponentially in the number of steps: trouble at
100 steps, and long before. A bound says how fast: the norm of the product is at most
:math:`\\lVert W \\rVert^{t-k}`, as tanh is nowhere steeper than one.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import next_step
from trainers import ESNInit, GradientFlowDisplay, RNNRegressor, gradient_flow

rng = np.random.default_rng(0)
X, y = next_step(0.1 * rng.standard_normal(600))
figure, ax = pyplot.subplots(figsize=(7, 4), layout="constrained")
for radius, colour in (
    (0.5, "#56B4E9"),
    (0.9, "#0072B2"),
    (1.1, "#009E73"),
    (2.0, "#D55E00"),
):
    start = ESNInit(spectral_radius=radius, input_scale=0.1)
    model = RNNRegressor(n_units=64, window=100, init=start, random_state=0)
    label = f"spectral radius {radius}"
    GradientFlowDisplay.from_estimator(
        model, X, y, ax=ax, color=colour, label=label
    )
ax.set_title("before training")
ax.legend()

# %%
# The same in words. A network that is not fitted is looked at with the weights it would start from.

print(gradient_flow(RNNRegressor(window=100, random_state=0), X, y))

# %%
# Gates help (an LSTM's forget gate starts open), orthogonal weights help, and so does an ESN start
# close to the edge:

figure, ax = pyplot.subplots(figsize=(7, 4), layout="constrained")
for name, settings, colour in (
    ("default", {}, "#E69F00"),
    ("orthogonal", {"init": "orthogonal"}, "#56B4E9"),
    ("ESN start", {"init": "esn"}, "#CC79A7"),
    ("LSTM", {"cell": "lstm"}, "#009E73"),
):
    model = RNNRegressor(n_units=64, window=100, random_state=0, **settings)
    GradientFlowDisplay.from_estimator(
        model, X, y, ax=ax, color=colour, label=name
    )
ax.legend()
pyplot.show()
