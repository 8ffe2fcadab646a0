"""
A differential equation is a recurrent network
==============================================

The damped, driven oscillator in dimensionless time, :math:`\\ddot x + \\eta \\dot x + x = F(t)`, as
two equations of first order: :math:`\\dot x = v` and :math:`\\dot v = F - \\eta v - x`. A step of
Euler's method,

.. math::

    x_{i+1} &= x_i + \\Delta t\\, v_i \\\\
    v_{i+1} &= v_i + \\Delta t\\, (F_i - \\eta v_i - x_i),

is a map :math:`h_{i+1} = W h_i + U F_i` of the state :math:`h = (x, v)`: a linear recurrent network
with two units. Not "like" one: the same numbers.
"""

import numpy as np
from matplotlib import pyplot
from scipy.linalg import expm

from reservoirs import ESNRegressor, Reservoir, datasets, next_step
from reservoirs.display import ForecastDisplay, PhasePortraitDisplay

dt, eta, n_steps = 0.05, 0.1, 1200
force = np.cos(0.8 * dt * np.arange(n_steps))

by_hand = np.zeros((n_steps + 1, 2))
for i in range(n_steps):
    x, v = by_hand[i]
    by_hand[i + 1] = x + dt * v, v + dt * (force[i] - eta * v - x)

W = np.array([[1.0, dt], [-dt, 1.0 - eta * dt]])
network = Reservoir(
    n_units=2,
    topology=W,
    input_scaling=np.array([[0.0], [dt]]),
    bias_scaling=np.zeros(2),
    activation="identity",
    leak_rate=1.0,
)
states = network.fit_transform(force[:, None])
print(f"largest difference: {abs(states - by_hand[1:]).max():.1e}")
assert abs(states - by_hand[1:]).max() < 1e-12

# %%
# The eigenvalues of W say what Euler's method does: their size is above one although the oscillator
# is damped when dt is too large. The exact step is a recurrent network too, with the matrix
# exponential for W.

exact = expm(dt * np.array([[0.0, 1.0], [-1.0, -eta]]))
for name, matrix in (("Euler", W), ("exact", exact)):
    print(f"{name}: spectral radius {abs(np.linalg.eigvals(matrix)).max():.5f}")

# %%
# Now the other way round: a network that has never seen the equation learns the map from data, x
# and the force only. Velocity is hidden from it; it must remember.

data = datasets.oscillator(1500, eta=eta, force="multi", dt=0.1, random_state=0)
x, F = data.x[:, None], data.force[:, None]
esn = ESNRegressor(
    n_units=200, input_scaling=0.01, leak_rate=0.2, alpha=1e-14, random_state=0
)
esn.fit(*next_step(x[:1000], F))

# the targets came from a solution here; measurements would do as well
figure, (left, right) = pyplot.subplots(
    1, 2, figsize=(10, 3.6), layout="constrained", width_ratios=[2, 1]
)
exog = F[999:1499]
ForecastDisplay.from_estimator(esn, x[1000:], exog=exog, dt=0.1, ax=left)
PhasePortraitDisplay.from_estimator(esn, x[1000:], exog=exog, dt=0.1, ax=right)
left.set_title("500 steps in a closed loop, driven by the known force")
pyplot.show()
