"""
Twenty lags of a sine, then on its own
======================================

1000 points of a sine on [0, 4 pi], 800 to train on. Twenty values predict the next: one recurrent
layer of 64 units, its last state into a linear layer, mean squared error, Adam with learning rate
0.001, shuffled batches of 32, 100 epochs. In plain PyTorch that is two screens of code with a loop
for the forecast at the end; here it is an estimator.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import ESNRegressor, datasets, metrics, next_step
from reservoirs.display import (
    ErrorGrowthDisplay,
    ForecastDisplay,
    LossCurveDisplay,
)
from trainers import RNNRegressor

series = datasets.lagged_sine(1000)
X, y = next_step(series[:800])
truth = series[800:]
model = RNNRegressor(
    n_units=64,
    window=20,
    max_iter=100,
    batch_size=32,
    learning_rate=1e-3,
    validation_fraction=0.2,
    random_state=0,
).fit(X, y)

# %%
# The training and validation loss. Validation is the end of the series, never a random choice of
# windows: those would overlap with the training windows.

LossCurveDisplay.from_estimator(model)

# %%
# The recursive forecast: start from the last 20 values, predict, append, drop the oldest, 200
# times. ``forecast`` does that.

ForecastDisplay.from_estimator(model, truth, threshold=0.3)

# %%
# One step ahead all is well; errors that are fed back grow. From every tenth origin:

display = ErrorGrowthDisplay.from_estimator(model, series, horizon=200, step=10)
display.ax_.set_title("200 steps on its own, from many origins")

# %%
# The reason
# ----------
#
# The points are 4 pi / 999 = 0.0126 apart, so that twenty lags see a quarter of a radian: a piece
# of a sine that is nearly straight. Continuing the line, ``2 x[t] - x[t-1]``, is wrong by no more
# than 2e-4, and knows of no sine. The loss of the network, however small it looks, is that of a
# larger error: it has not even learned the line. Whoever looks at one step ahead alone cannot tell
# the three apart; the loop can.

print(f"R2 one step ahead: {model.score(X, y):.6f}")
line = 2 * series[1:-1] - series[:-2]
one_step = model.predict(X)
print(f"largest error, straight line: {abs(line - series[2:]).max():.0e}")
print(f"largest error, this network:  {abs(one_step - y)[20:].max():.0e}")

# %%
# What carries on a sine is the curvature, :math:`x_{t+1} = 2 \cos(0.0126)\, x_t - x_{t-1}`. The
# cosine is 0.99992, and the last digits decide between an oscillation that grows, one that dies,
# and one that stays. Adam with its noise of minibatches does not find these digits; more epochs
# or another seed give another wrong forecast.
#
# The cure
# --------
#
# Solve for them. The last layer is linear, so that the best one for given states is least squares
# with an exact answer. ``readout="ridge"`` does that after each epoch; Levenberg-Marquardt steps
# find the recurrent weights with the readout solved inside; an echo state network solves the
# readout and leaves all the rest as it was drawn. :ref:`Why this works
# <sphx_glr_auto_examples_course_plot_a_solved_readout.py>` has a page of its own.

cures = {
    "as above, all by Adam": model,
    "20 lags, readout solved": RNNRegressor(
        n_units=64,
        window=20,
        max_iter=10,
        batch_size=32,
        learning_rate=1e-3,
        readout="ridge",
        random_state=0,
    ),
    "20 lags, Levenberg-Marquardt": RNNRegressor(
        n_units=10,
        window=20,
        solver="levenberg_marquardt",
        readout="ridge",
        alpha=1e-12,
        max_iter=20,
        random_state=0,
    ),
    "echo state network": ESNRegressor(
        n_units=100, alpha=1e-12, washout=50, random_state=0
    ),
}
figure, ax = pyplot.subplots(figsize=(9, 4), layout="constrained")
errors = {}
for name, cure in cures.items():
    ahead = (cure if cure is model else cure.fit(X, y)).forecast(200)
    errors[name] = metrics.nrmse(truth, ahead, scale=series.std())
    print(f"{name:30} NRMSE {errors[name]:.1e} over 200 steps")
    ax.semilogy(np.abs(ahead - truth) + 1e-9, label=name)
ax.set(xlabel="steps on its own", ylabel="absolute error")
ax.legend(loc="lower right")
assert errors["20 lags, Levenberg-Marquardt"] < 1e-3
assert errors["echo state network"] < 1e-3

# %%
# The same twenty lags are enough, then. What failed was not the network but the way it was trained.
# Next, a system with a force that is known:
# :ref:`sphx_glr_auto_examples_course_plot_4_oscillator_map.py`.

pyplot.show()
