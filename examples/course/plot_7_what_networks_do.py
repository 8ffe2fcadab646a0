"""
What recurrent networks can do
==============================

A distributed hidden state and a dynamics that is not linear: that is enough to settle to a point,
to oscillate, and to behave chaotically. One and the same drawing of W, without any input and with
nothing trained, ``h[t] = tanh(g W h[t-1])``, does all three as its gain g grows.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import ESNRegressor, Reservoir, datasets, next_step
from reservoirs.display import PhasePortraitDisplay

still = np.zeros((600, 1))
start = np.random.default_rng(0).standard_normal(100)
figure, panels = pyplot.subplots(
    3, 1, figsize=(8, 6), sharex=True, layout="constrained"
)
for ax, (gain, what) in zip(
    panels,
    ((0.9, "a point"), (1.15, "an oscillation"), (3.0, "chaos")),
    strict=True,
):
    network = Reservoir(
        n_units=100,
        spectral_radius=gain,
        leak_rate=1.0,
        bias_scaling=0.0,
        random_state=2,
    ).fit(still)
    states = network.transform(still, initial_state=start)
    ax.plot(states[:300, :4], lw=1)
    beside = network.transform(still, initial_state=start + 1e-9)
    # the norm of the difference is 1e-8 at the start
    grown = np.linalg.norm(beside[299] - states[299]) / 1e-8
    ax.set(ylabel="h", ylim=(-1.1, 1.1), title=f"g = {gain}: {what}")
    print(f"{what}: in 300 steps a difference of 1e-8 grows {grown:.1e} times")
panels[-1].set_xlabel("step")

# %%
# Trained, such a network runs programs. One network, one state, several outputs at a time: a
# readout for each of three oscillators, all fed back.

t = 0.1 * np.arange(1500)
together = np.column_stack(
    [np.sin(t), np.sign(np.sin(0.7 * t)) * np.sin(0.7 * t) ** 2, np.cos(2 * t)]
)
esn = ESNRegressor(
    n_units=300,
    leak_rate=0.2,
    input_scaling=0.5,
    alpha=1e-5,
    washout=100,
    random_state=0,
)
esn.fit(*next_step(together[:1000]))
figure, ax = pyplot.subplots(figsize=(8, 3), layout="constrained")
ax.plot(
    t[1000:], together[1000:] + [0, 3, 6], color="#333333", lw=2.2, alpha=0.45
)
ax.plot(t[1000:], esn.forecast(500) + [0, 3, 6], lw=1.2)
ax.set(
    xlabel="time", title="three programs in one network, running on their own"
)

# %%
# And chaos can be learned: the network below has become a Lorenz system.

lorenz = datasets.lorenz63(6000, dt=0.02, random_state=0)
esn = ESNRegressor(
    n_units=300, input_scaling=0.03, washout=100, alpha=1e-9, random_state=0
)
esn.fit(*next_step(lorenz[:4000]))
PhasePortraitDisplay.from_estimator(esn, lorenz[4000:], outputs=(0, 2))
pyplot.show()
