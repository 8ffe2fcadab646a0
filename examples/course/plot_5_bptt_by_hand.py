"""
Back-propagation through time, by hand
======================================

The network and its loss, forwards:

.. code-block:: none

    h[t] = tanh(U x[t] + W h[t-1] + b)
    y[t] = V h[t] + c
    L = 1/2 sum over t of |y[t] - d[t]|^2

Backwards from the last step (Werbos 1990):

.. code-block:: none

    dL/dh[t] = V' (y[t] - d[t]) + W' diag(1 - h[t+1]^2) dL/dh[t+1]

and sums over t give the gradients of c, b, V, W and U. A network shared over time is a deep network
with tied weights.
"""

import numpy as np
import torch
from matplotlib import pyplot

rng = np.random.default_rng(0)
n_steps, n_inputs, n_units = 60, 2, 8
x, d = rng.standard_normal((n_steps, n_inputs)), rng.standard_normal((n_steps, 1))
shapes = {"U": (n_units, n_inputs), "W": (n_units, n_units), "b": (n_units,),
          "V": (1, n_units), "c": (1,)}  # fmt: skip
weights = {name: 0.5 * rng.standard_normal(shape) for name, shape in shapes.items()}


def forward(U, W, b, V, c):
    h, y = np.zeros((n_steps + 1, n_units)), np.zeros((n_steps, 1))  # h[-1] is the state before
    for t in range(n_steps):
        h[t] = np.tanh(U @ x[t] + W @ h[t - 1] + b)
        y[t] = V @ h[t] + c
    return h, y


def backward(h, error, U, W, b, V, c):
    grads, carried = {name: np.zeros(shape) for name, shape in shapes.items()}, np.zeros(n_units)
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
# Automatic differentiation must say the same:

tensors = {name: torch.tensor(w, requires_grad=True) for name, w in weights.items()}
state, loss = torch.zeros(n_units, dtype=torch.float64), 0.0
for t in range(n_steps):
    inner = tensors["U"] @ torch.tensor(x[t]) + tensors["W"] @ state + tensors["b"]
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
assert all(np.allclose(doubled[name], 2 * by_hand[name], rtol=1e-14) for name in by_hand)

# %%
# An error of the last step alone, on its way back:

last = np.zeros_like(d)
last[-1] = 1.0
_, sizes = backward(h, last, **weights)
figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(np.arange(n_steps), sizes[::-1])
ax.set(yscale="log", xlabel="steps back from the last one", ylabel="|dL/dh|")
ax.grid(alpha=0.25)
