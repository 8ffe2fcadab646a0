"""
Back-propagation through time, by hand
======================================

The network and its loss, forwards:

.. math::

    h_t = \\tanh(U x_t + W h_{t-1} + b), \\qquad y_t = V h_t + c, \\qquad
    L = \\sum_t L_t, \\quad L_t = \\tfrac12 \\lVert y_t - d_t \\rVert^2 .

How does the loss at step t depend on W? Through every step k before it, since W was used at each of
them:

.. math::

    \\frac{\\partial L_t}{\\partial W} = \\frac{\\partial L_t}{\\partial y_t}
    \\frac{\\partial y_t}{\\partial h_t} \\sum_{k \\le t}
    \\frac{\\partial h_t}{\\partial h_k} \\frac{\\partial h_k}{\\partial W},
    \\qquad \\frac{\\partial h_t}{\\partial h_k} = \\prod_{i=k+1}^{t}
    \\frac{\\partial h_i}{\\partial h_{i-1}} = \\prod_{i=k+1}^{t}
    \\operatorname{diag}(1 - h_i^2)\\, W,

where the last derivative of the sum is that of step k alone, with the state before it held fixed,
and the factors of the product stand from i = t on the left to i = k + 1 on the right. This product
of Jacobians is what vanishes or explodes.

Nobody computes these sums one by one. Backwards from the last step, tau (Werbos 1990), one
recursion has all of them:

.. math::

    \\nabla_{h_\\tau} L &= V^\\top (y_\\tau - d_\\tau) \\\\
    \\nabla_{h_t} L &= V^\\top (y_t - d_t)
    + W^\\top \\operatorname{diag}(1 - h_{t+1}^2)\\, \\nabla_{h_{t+1}} L

and sums over t give the gradients of c, b, V, W and U. A network shared over time is a deep network
with tied weights.
"""

import numpy as np
import torch
from matplotlib import pyplot

rng = np.random.default_rng(0)
n_steps, n_inputs, n_units = 60, 2, 8
x, d = (
    rng.standard_normal((n_steps, n_inputs)),
    rng.standard_normal((n_steps, 1)),
)
shapes = {
    "U": (n_units, n_inputs),
    "W": (n_units, n_units),
    "b": (n_units,),
    "V": (1, n_units),
    "c": (1,),
}
weights = {
    name: 0.5 * rng.standard_normal(shape) for name, shape in shapes.items()
}


def forward(U, W, b, V, c):
    h = np.zeros((n_steps + 1, n_units))  # h[-1] is the state before
    y = np.zeros((n_steps, 1))
    for t in range(n_steps):
        h[t] = np.tanh(U @ x[t] + W @ h[t - 1] + b)
        y[t] = V @ h[t] + c
    return h, y


def backward(h, error, U, W, b, V, c):
    grads, carried = (
        {name: np.zeros(shape) for name, shape in shapes.items()},
        np.zeros(n_units),
    )
    sizes = np.zeros(n_steps)
    for t in reversed(range(n_steps)):
        dh = V.T @ error[t] + carried
        da = (1 - h[t] ** 2) * dh
        carried, sizes[t] = W.T @ da, np.linalg.norm(dh)
        grads["V"] += np.outer(error[t], h[t])
        grads["c"] += error[t]
        grads["U"] += np.outer(da, x[t])
        grads["W"] += np.outer(da, h[t - 1])
        grads["b"] += da
    return grads, sizes


h, y = forward(**weights)
by_hand, sizes = backward(h, y - d, **weights)

# %%
# Line by line, with a for what stands inside tanh:
#
# .. list-table::
#    :header-rows: 1
#
#    * - formula
#      - code
#    * - :math:`\nabla_{h_t} L = V^\top (y_t - d_t) + \ldots`
#      - ``dh = V.T @ error[t] + carried``
#    * - :math:`\nabla_{a_t} L = \operatorname{diag}(1 - h_t^2)\, \nabla_{h_t} L`
#      - ``da = (1 - h[t] ** 2) * dh``
#    * - :math:`\ldots + W^\top \nabla_{a_t} L`, on to step t - 1
#      - ``carried = W.T @ da``
#    * - :math:`\nabla_V L = \sum_t (y_t - d_t)\, h_t^\top`
#      - ``grads["V"] += np.outer(error[t], h[t])``
#    * - :math:`\nabla_c L = \sum_t (y_t - d_t)`
#      - ``grads["c"] += error[t]``
#    * - :math:`\nabla_U L = \sum_t \nabla_{a_t} L \; x_t^\top`
#      - ``grads["U"] += np.outer(da, x[t])``
#    * - :math:`\nabla_W L = \sum_t \nabla_{a_t} L \; h_{t-1}^\top`
#      - ``grads["W"] += np.outer(da, h[t - 1])``
#    * - :math:`\nabla_b L = \sum_t \nabla_{a_t} L`
#      - ``grads["b"] += da``
#
# **The sum over k, the long way.** The formula at the top as it stands: for every t all k up to it,
# with the product of the Jacobians between them. It takes a loop within the loop, and gives the
# same gradient of W.

long_way = np.zeros_like(weights["W"])
for t in range(n_steps):
    # dL[t]/dy[t] dy[t]/dh[t]; times the product it is dL[t]/dh[k]
    row = (y[t] - d[t]) @ weights["V"]
    for k in range(t, -1, -1):
        # the derivative of step k alone: diag(1 - h[k]^2) dW h[k-1]
        long_way += np.outer(row * (1 - h[k] ** 2), h[k - 1])
        # one more factor of the product, dh[k]/dh[k-1]
        row = row @ np.diag(1 - h[k] ** 2) @ weights["W"]
difference = abs(long_way - by_hand["W"]).max() / abs(long_way).max()
print(f"sum over k, product of Jacobians: difference {difference:.1e}")
assert difference < 1e-12

# %%
# Automatic differentiation must say the same:

tensors = {
    name: torch.tensor(w, requires_grad=True) for name, w in weights.items()
}
state, loss = torch.zeros(n_units, dtype=torch.float64), 0.0
for t in range(n_steps):
    inner = (
        tensors["U"] @ torch.tensor(x[t]) + tensors["W"] @ state + tensors["b"]
    )
    state = torch.tanh(inner)
    error = tensors["V"] @ state + tensors["c"] - torch.tensor(d[t])
    loss = loss + 0.5 * (error**2).sum()
loss.backward()
for name, found in by_hand.items():
    other = tensors[name].grad.numpy()
    difference = abs(found - other).max() / abs(other).max()
    print(f"dL/d{name}: relative difference {difference:.1e}")
    assert difference < 1e-12

# %%
# The forward pass squashes, the backward pass is linear: its slopes are fixed by the states of the
# forward pass. Double the error at the output, and every derivative doubles.

doubled, _ = backward(h, 2 * (y - d), **weights)
assert all(
    np.allclose(doubled[name], 2 * by_hand[name], rtol=1e-14)
    for name in by_hand
)

# %%
# An error of the last step alone, on its way back:

last = np.zeros_like(d)
last[-1] = 1.0
_, sizes = backward(h, last, **weights)
figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(np.arange(n_steps), sizes[::-1])
ax.set(
    yscale="log", xlabel="steps back from the last one", ylabel="norm of dL/dh"
)
ax.grid(alpha=0.25)
pyplot.show()
