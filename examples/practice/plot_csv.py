"""
Forecast your own CSV
=====================

A file with dates and numbers, a forecast with dates that go on, and how far to trust it.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, backtest, forecast, metrics, next_step
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

# %%
# A file to read; take yours instead. Monthly, a trend of its own, seasons, noise.

folder = Path(tempfile.mkdtemp())
dates = pd.date_range("1990-01-01", periods=420, freq="MS", name="month")
t, rng = np.arange(420), np.random.default_rng(0)
values = (
    60
    + 12 * np.sin(2 * np.pi * t / 12)
    + 5 * np.sin(2 * np.pi * t / 66)
    + rng.normal(0, 1, 420)
)
pd.DataFrame({"demand": values}, index=dates).to_csv(folder / "demand.csv")

# %%
# Read, scale, tune on the first 300 months by forecasts of a year, then fit all: the dates go on.

frame = pd.read_csv(folder / "demand.csv", index_col="month", parse_dates=True)
frame.index.freq = "MS"
esn = ESNRegressor(n_units=100, bias_scaling=0.2, washout=36, random_state=0)
model = make_pipeline(StandardScaler(), esn)
model.set_output(transform="pandas")  # keeps the dates
grid = {
    "esnregressor__input_scaling": [0.1, 0.3],
    "esnregressor__leak_rate": [0.3, 0.7],
    "esnregressor__alpha": [1e-3, 1e-1],
}
splits = RollingOriginSplit(8, horizon=12)
search = GridSearchCV(model, grid, cv=splits, scoring=forecast_scorer())
past = search.fit(*next_step(frame[:300])).best_estimator_
print(search.best_params_)
ahead = forecast(clone(past).fit(*next_step(frame)), 36)
print(ahead.head(3))

# %%
# How wrong are such forecasts? The model of the first 300 months forecasts a year from every sixth
# of the months that followed, beside the plainest rival: the same month of last year.

truth, found = backtest(past, frame.to_numpy()[264:], horizon=12, step=6)
scale = frame["demand"][:300].std()
errors = [
    metrics.nrmse(a, b, scale=scale) for a, b in zip(truth, found, strict=True)
]
months = frame["demand"].to_numpy()
seasonal = metrics.nrmse(months[300:], months[288:-12], scale=scale)
print(f"NRMSE over 12 months: {np.median(errors):.2f}")
print(f"of last year's month: {seasonal:.2f}")

figure, ax = pyplot.subplots(figsize=(8, 3.4), layout="constrained")
frame["demand"][-120:].plot(ax=ax, label="known")
ahead["demand"].plot(ax=ax, label="forecast")
ax.set_ylabel("demand")
ax.legend()
pyplot.show()
