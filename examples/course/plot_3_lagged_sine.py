"""
Twenty lags of a sine, then on its own
======================================

1000 points of a sine on [0, 4 pi], 800 to train on. Twenty values predict the next: one recurrent
layer of 64 units, its last state into a linear layer, mean squared error, Adam with learning rate
0.001, shuffled batches of 32, 100 epochs. In plain PyTorch that is two screens of code with a loop
for the forecast at the end; here it is an estimator.
"""

from matplotlib import pyplot

from reservoirs import datasets, next_step
from reservoirs.display import ErrorGrowthDisplay, ForecastDisplay, LossCurveDisplay
from trainers import RNNRegressor

series = datasets.lagged_sine(1000)
X, y = next_step(series[:800])
model = RNNRegressor(
    n_units=64, window=20, max_iter=100, batch_size=32, learning_rate=1e-3,
    validation_fraction=0.2, random_state=0,
).fit(X, y)  # fmt: skip

# %%
# The training and validation loss. Validation is the end of the series, never a random choice of
# windows: those would overlap with the training windows.

LossCurveDisplay.from_estimator(model)

# %%
# The recursive forecast: start from the last 20 values, predict, append, drop the oldest, 200
# times. ``forecast`` does that.

ForecastDisplay.from_estimator(model, series[800:], threshold=0.3)

# %%
# One step ahead all is well; errors that are fed back grow. From every tenth origin:

display = ErrorGrowthDisplay.from_estimator(model, series, horizon=200, step=10)
display.ax_.set_title("200 steps on its own, from many origins")

# %%
# Nothing was said about the sine. Compare with the oscillator, where the force is known too:
# :ref:`sphx_glr_auto_examples_course_plot_4_oscillator_map.py`.

pyplot.show()
