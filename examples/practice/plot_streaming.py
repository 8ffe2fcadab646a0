"""
A stream that does not fit into memory
======================================

``partial_fit`` takes a series chunk by chunk. The readout is the one of all rows so far, to the
last bit, however the series was cut; memory is that of the sums, whatever the length.
"""

import numpy as np
from matplotlib import pyplot

from reservoirs import ESNRegressor, datasets, metrics, next_step

series = datasets.mackey_glass(6500, tau=17, random_state=0)
X, y = next_step(series[:6000])
esn = ESNRegressor(
    n_units=200, leak_rate=0.5, washout=100, alpha=1e-9, random_state=0
)

seen, errors, position = [], [], 0
for n_rows in (300, 200, 500, 1000, 2000, 2000):  # as they come
    chunk = slice(position, position + n_rows)
    esn.partial_fit(X[chunk], y[chunk])
    position += n_rows
    truth = series[position + 1 : position + 101]
    seen.append(position)
    errors.append(metrics.nrmse(truth, esn.forecast(100), scale=series.std()))

at_once = ESNRegressor(**esn.get_params()).set_params(solver="qr").fit(X, y)
assert np.array_equal(esn.coef_, at_once.coef_)

figure, ax = pyplot.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(seen, errors, "o-")
ax.set(
    xscale="log",
    yscale="log",
    xlabel="rows seen",
    ylabel="NRMSE of the next 100 steps",
)
ax.set_xticks(seen, labels=seen)
ax.minorticks_off()
pyplot.show()
