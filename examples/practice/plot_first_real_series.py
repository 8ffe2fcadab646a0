"""
Your first real series
======================

Twelve years of airline passengers: a file with dates, a forecast with intervals, and whether it is
any better than last year's months.
"""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from matplotlib import pyplot

from reservoirs import Forecaster, metrics

# %%
# A file that sktime ships (the extra ``real-data``); take yours instead. The dates become the
# index, and say how far apart the rows are.

package = Path(find_spec("sktime").origin).parent
file = package / "datasets/data/Airline/Airline.csv"
frame = pd.read_csv(file, index_col="Date", parse_dates=True)
frame.index.freq = "MS"
print(frame.tail(3))

# %%
# Four lines: what is known, the season that you know, the horizon that you need, and a forecast of
# the last two years with its intervals. Nothing is scaled, differenced or tuned before.

known, later = frame[:-24], frame[-24:]
model = Forecaster(season=12, horizon=12, random_state=0)
model.fit(known)
ahead = model.forecast(24, level=[80, 95])
print(ahead.head(3).round(1).to_string())

# %%
# What it looks like. The intervals come from its own forecasts inside the ten years; beyond a year
# they widen as those of a random walk.

figure, ax = pyplot.subplots(figsize=(8, 3.6), layout="constrained")
model.plot_forecast(24, level=[80, 95], n_past=60, ax=ax)
ax.plot(later["Passengers"], color="black", lw=1.2, ls=":", label="what came")
ax.legend(loc="upper left")

# %%
# What it did: it tried the series, its differences, seasonal differences and logarithms, each with
# and without last year's values beside the reservoir, let them forecast parts of the ten years that
# they had not seen, and weighed them by how well they did.

print(model.summary())

# %%
# How far to trust it: each of the last four years, forecast from all years before. Beside it the
# plainest rival, the months of last year again. (``model.backtest`` forecasts from many origins of
# a longer series without fitting anew.)

for year in range(1957, 1961):
    past, truth = frame[: f"{year - 1}"], frame.loc[f"{year}"]
    anew = Forecaster(season=12, horizon=12, random_state=0).fit(past)
    found = anew.forecast(12)
    last_year = past[-12:].set_axis(truth.index)
    error = metrics.skill(truth, found, last_year)
    scaled = metrics.mase(truth, found, y_train=past, season=12)
    print(f"{year}: {error:.2f} of last year's error, MASE {scaled:.2f}")

# %%
# Where you know no season, ``season="auto"`` reads it off the series and says in ``season_`` what
# it found. Several columns, many series of different lengths and known inputs such as holidays
# (``exog``) work in the same way. ``reservoirs-bench run real`` has this file and twenty others,
# beside the methods of statistics.

pyplot.show()
