"""
Lorenz-63: forecast and climate
===============================

Two questions to a model of chaos. How long does its forecast hold? And when it no longer does, are
its statistics still those of the system?
"""

import numpy as np
from matplotlib import pyplot
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, datasets, forecast, next_step
from reservoirs.diagnostics import closed_loop_lyapunov
from reservoirs.display import ErrorGrowthDisplay, ForecastDisplay

dt, exponent = 0.02, datasets.LYAPUNOV["lorenz63"]
series = datasets.lorenz63(14000, dt=dt, random_state=0)
esn = ESNRegressor(
    n_units=500,
    input_scaling=0.4,
    spectral_radius=0.4,
    leak_rate=0.65,
    bias_scaling=1.4,
    alpha=1e-13,
    washout=200,
    random_state=0,
)
model = make_pipeline(StandardScaler(), esn).fit(*next_step(series[:6000]))

# %%
# The forecast, in Lyapunov times:

ForecastDisplay.from_estimator(model, series[6000:6700], dt=dt * exponent)

# %%
# From many origins the error grows by e per Lyapunov time (dotted), as it must.

ErrorGrowthDisplay.from_estimator(
    model,
    series[6000:12000],
    horizon=600,
    step=300,
    dt=dt * exponent,
    lyapunov=True,
)

# %%
# The climate: the return map of successive maxima of z (Lorenz 1963), and the exponents of the
# network's own dynamics: one positive, one zero, as the system has.

free = forecast(model, 8000)


def maxima(z):
    """Return the local maxima of a series."""
    return z[1:-1][(z[1:-1] > z[:-2]) & (z[1:-1] > z[2:])]


figure, (left, right) = pyplot.subplots(
    1, 2, figsize=(10, 4), layout="constrained"
)
for values, name in ((series[6000:], "system"), (free, "network")):
    peaks = maxima(values[:, 2])
    left.plot(peaks[:-1], peaks[1:], ".", ms=3, label=name)
    right.hist(values[:, 0], bins=60, density=True, histtype="step", label=name)
left.set(xlabel="maximum of z", ylabel="next maximum", title="return map")
right.set(xlabel="x", ylabel="density", title="invariant density")
left.legend()

scaled = esn.fit(*next_step(StandardScaler().fit_transform(series[:6000])))
exponents = closed_loop_lyapunov(scaled, n_exponents=2) / dt
print(
    "largest exponents per unit time:",
    np.round(exponents, 2),
    "- the system's: 0.91, 0",
)
pyplot.show()
