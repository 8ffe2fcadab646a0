"""
A field in space and time: Kuramoto-Sivashinsky
===============================================

u_t = -u u_x - u_xx - u_xxxx on a ring of length 22: flame fronts, the usual test of spatio-temporal
chaos. 64 places, one reservoir.
"""

import numpy as np
from matplotlib import pyplot
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, datasets, forecast, next_step

dt, exponent = 0.25, datasets.LYAPUNOV["kuramoto_sivashinsky_22"]
field = datasets.kuramoto_sivashinsky(16000, dt=dt, random_state=0)
esn = ESNRegressor(
    n_units=1500,
    input_scaling=0.1,
    spectral_radius=0.2,
    leak_rate=1.0,
    bias_scaling=1.5,
    alpha=1e-5,
    washout=100,
    random_state=0,
)
model = make_pipeline(StandardScaler(), esn).fit(*next_step(field[:12000]))

# %%
# From seven origins that it has not seen, each with 100 rows before it as context:

times, valid = dt * exponent * np.arange(600), []
for origin in range(12100, 15400, 500):
    truth = field[origin : origin + 600]
    found = forecast(model, 600, context=field[origin - 100 : origin])
    error = np.sqrt(np.mean((found - truth) ** 2, axis=1)) / field[:12000].std()
    valid.append(times[np.argmax(error > 0.3)])
print(
    "valid for",
    np.round(valid, 1),
    f"Lyapunov times, median {np.median(valid):.1f}",
)

# %%
# The last of them:

figure, panels = pyplot.subplots(
    3, 1, figsize=(9, 6), sharex=True, layout="constrained"
)
for ax, (name, values) in zip(
    panels,
    {"truth": truth, "forecast": found, "difference": found - truth}.items(),
    strict=True,
):
    image = ax.imshow(
        values.T,
        aspect="auto",
        origin="lower",
        cmap="RdBu_r",
        vmin=-3,
        vmax=3,
        extent=(0, 600 * dt * exponent, 0, 22),
    )
    ax.set(ylabel="place", title=name)
panels[-1].set_xlabel("Lyapunov times")
figure.colorbar(image, ax=list(panels), label="u")
pyplot.show()
