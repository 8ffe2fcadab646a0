"""
Tune what you will use: GridSearchCV on closed-loop forecasts
=============================================================

A network that predicts one step well may forecast badly when it feeds on its own output. So score
the forecast: ``forecast_scorer`` runs the loop as long as each test fold, ``RollingOriginSplit``
keeps the folds behind their training data.
"""

from matplotlib import pyplot
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, datasets, next_step
from reservoirs.display import ForecastDisplay
from reservoirs.model_selection import RollingOriginSplit, forecast_scorer

series = datasets.mackey_glass(2400, tau=17, random_state=0)
X, y = next_step(series[:2000])
model = make_pipeline(
    StandardScaler(), ESNRegressor(n_units=200, washout=100, random_state=0)
)
grid = {
    "esnregressor__leak_rate": [0.3, 0.6, 1.0],
    "esnregressor__alpha": [1e-10, 1e-8, 1e-6, 1e-4],
}
splits = RollingOriginSplit(4, horizon=150)
search = GridSearchCV(
    model, grid, cv=splits, scoring=forecast_scorer(), n_jobs=2
).fit(X, y)
print(search.best_params_, f"NRMSE {-search.best_score_:.3f}")

# %%
# One-step scores would have chosen otherwise:

one_step = GridSearchCV(model, grid, cv=splits, n_jobs=2).fit(X, y)
print("by one-step R2:", one_step.best_params_)

figure, (top, bottom) = pyplot.subplots(
    2, 1, figsize=(8, 5), sharex=True, layout="constrained"
)
for ax, found, name in (
    (top, search, "chosen by forecasts"),
    (bottom, one_step, "by one step"),
):
    ForecastDisplay.from_estimator(found.best_estimator_, series[2000:], ax=ax)
    ax.set_title(name)
top.label_outer()
pyplot.show()
