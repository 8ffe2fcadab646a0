"""
The resonance curve of a driven oscillator, from noise
======================================================

An experiment: an oscillator is shaken at random, force and position are recorded. A network learns
from that record; then *it* is shaken with one tone after the other. Its resonance curve is the
oscillator's, ``|x / F| = 1 / sqrt((1 - w^2)^2 + (eta w)^2)``.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import ESNRegressor, datasets, next_step

eta, dt = 0.2, 0.1
data = datasets.oscillator(4000, eta=eta, force="hold", dt=dt, random_state=0)
esn = ESNRegressor(
    n_units=300, input_scaling=0.003, leak_rate=0.2, alpha=1e-13, random_state=0
)
esn.fit(*next_step(data.x[:, None], data.force[:, None]))

tones, gains = np.geomspace(0.3, 3.0, 25), []
for tone in tones:
    force = np.cos(tone * dt * np.arange(1500))[:, None]
    x = esn.forecast(1500, context=np.zeros((1, 1)), exog=force)[
        500:, 0
    ]  # swung in
    wave = np.exp(-1j * tone * dt * np.arange(500, 1500))
    gains.append(2 * abs(np.mean(x * wave)))

figure, ax = pyplot.subplots(figsize=(7, 4), layout="constrained")
fine = np.geomspace(0.3, 3.0, 300)
ax.plot(
    fine,
    1 / np.hypot(1 - fine**2, eta * fine),
    color="#333333",
    lw=4,
    alpha=0.3,
    label="theory",
)
ax.plot(tones, gains, "o", ms=4, label="the network")
ax.set(
    xscale="log",
    yscale="log",
    xlabel="angular frequency",
    ylabel="gain |x / F|",
)
for axis, ticks in (
    (ax.xaxis, (0.3, 0.5, 1, 2, 3)),
    (ax.yaxis, (0.2, 0.5, 1, 2, 5)),
):
    axis.set_ticks(ticks, labels=ticks)
ax.minorticks_off()
ax.legend()
pyplot.show()
