"""
A law that is almost right
==========================

A model of the system often exists, with a coefficient that is off or a term that is missing, and
forecasts badly alone. `HybridForecaster` lets the readout of a small reservoir read one step of the
model beside the states: what is right is used, what is wrong is learned.
"""

import warnings

import numpy as np
from matplotlib import pyplot
from sklearn.pipeline import make_pipeline

from reservoirs import (
    ESNRegressor,
    ForecastDivergedWarning,
    HybridForecaster,
    SequenceScaler,
    datasets,
    forecast,
    metrics,
    next_step,
)

# %%
# The Lorenz system, and a step of it with a rho 10 % too large.

DT, EXPONENT = 0.02, 0.9056
series = datasets.lorenz63(2200, dt=DT, random_state=3)


def step(X, rho=30.8):
    """Return the next row of each by one Runge-Kutta step."""

    def velocity(z):
        x, y, w = z.T
        return np.column_stack(
            [10 * (y - x), x * (rho - w) - y, x * y - 8 / 3 * w]
        )

    k1 = velocity(X)
    k2 = velocity(X + DT / 2 * k1)
    k3 = velocity(X + DT / 2 * k2)
    k4 = velocity(X + DT * k3)
    return X + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


# %%
# Fifty units and 200 rows: the network alone, the model alone, and both.

network = ESNRegressor(
    n_units=50,
    spectral_radius=0.1,
    leak_rate=1.0,
    input_scaling=0.03,
    bias_scaling=0.5,
    alpha=1e-12,
    readout_features="state+input+squares",
    random_state=0,
)
train, start, n_steps = series[1000:1201], 1300, 600
context, truth = (
    series[start - 30 : start + 1],
    series[start + 1 : start + 1 + n_steps],
)

alone = make_pipeline(SequenceScaler(), network).fit(*next_step(train))
hybrid = HybridForecaster(
    make_pipeline(SequenceScaler(), network), model=step
).fit(train)

rows = [series[start : start + 1]]
for _ in range(n_steps):
    rows.append(step(rows[-1]))

with (
    warnings.catch_warnings()
):  # the network alone leaves the range of the data
    warnings.simplefilter("ignore", ForecastDivergedWarning)
    forecasts = {
        "the model alone": np.concatenate(rows)[1:],
        "the network alone": forecast(alone, n_steps, context=context),
        "both": hybrid.forecast(n_steps, context=context),
    }

# %%
# How long each stays within half a deviation, in Lyapunov times.

figure, axes = pyplot.subplots(
    3, sharex=True, figsize=(8, 6), layout="constrained"
)
times = EXPONENT * DT * np.arange(n_steps)
for ax, (name, values) in zip(axes, forecasts.items(), strict=True):
    valid = EXPONENT * metrics.valid_prediction_time(
        truth, values, dt=DT, threshold=0.5
    )
    ax.plot(times, truth[:, 0], color="black", linewidth=1, label="truth")
    ax.plot(
        times,
        values[:, 0],
        linewidth=1,
        label=f"{name}: {valid:.1f} Lyapunov times",
    )
    ax.axvline(valid, color="grey", linestyle=":")
    ax.legend(loc="upper right")
    ax.set_ylabel("x")
axes[-1].set_xlabel("Lyapunov times")

# %%
# The model may lack a whole term, take exogenous inputs, `model(X, exog)`, or return a part of the
# next row only. `model_in="both"` lets the units read it too. A field goes into
# `HybridForecaster(LocalForecaster(...), model=step)`, whose windows hold the model's next field.
# A file holds the name of the function: `load(path, callables={"model": step})`.

pyplot.show()
