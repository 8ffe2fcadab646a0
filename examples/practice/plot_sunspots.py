"""
Sunspots
========

309 yearly numbers: little data, an uneven cycle, nobody's perfect series. What a forecast is worth
here is seen beside a linear model and beside "as it is now".
"""

import numpy as np
from matplotlib import pyplot
from sklearn.linear_model import RidgeCV

from reservoirs import ESNRegressor, datasets, metrics, next_step
from reservoirs.display import ForecastDisplay

# the spread grows with the level: the root evens it out
series = np.sqrt(datasets.sunspots())
X, y = next_step(series[:221])
esn = ESNRegressor(
    n_units=50, leak_rate=0.5, input_scaling=0.02, alpha=np.logspace(-6, 3, 10)
)
esn.set_params(washout=20, random_state=0).fit(X, y)

# %%
# One year ahead, 1921 to 2008. The penalty was chosen by generalised cross-validation.

test_inputs, test_targets = next_step(series[220:])
lags = np.lib.stride_tricks.sliding_window_view(series, 10)
linear = RidgeCV(np.logspace(-3, 3, 7)).fit(lags[:211], series[10:221])
scale = series[:221].std()
rows = {
    "echo state network": esn.predict(test_inputs, context=X),
    "ten lags, linear": linear.predict(lags[211:-1]),
    "as it is now": test_inputs[:, 0],
}
for name, found in rows.items():
    print(
        f"{name:20} NRMSE {metrics.nrmse(test_targets, found, scale=scale):.3f}"
    )

# %%
# Free-running for two cycles, in the root of the number:

display = ForecastDisplay.from_estimator(esn, series[221:243], threshold=1.0)
display.ax_.set_xlabel("years after 1920")
pyplot.show()
