"""Methods on real series: naive and statistical baselines, boosted trees, and ours.

Each is told season and horizon, learns one series, and goes on from its end.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol, Self

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.methods.base import Method
from benchmarks.methods.peers import load
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Rolling
from reservoirs import ESNRegressor, Forecaster, NVARRegressor, forecast, next_step

LAGS_WITHOUT_SEASON, MOST_LAGS = 8, 60
LONGEST_SEASON = 60  # that exponential smoothing estimates


class FittedForecast(Protocol):
    """What a fitted model of statsmodels can do."""

    params: Array

    def forecast(self, steps: int) -> Array:
        """Return the steps after the last observation."""


class Regressor(Protocol):
    """A regressor of scikit-learn's kind."""

    def fit(self, X: Array, y: Array) -> Self:
        """Learn."""

    def predict(self, X: Array) -> Array:
        """Return an output for every row."""


def lag_count(n_rows: int, season: int) -> int:
    """Return how many of the last values the regressions read: a season and one more."""
    wanted = season + 1 if season > 1 else LAGS_WITHOUT_SEASON
    return min(wanted, n_rows // 5, MOST_LAGS)


class Repeat:
    """The last values stay, or the last season of them repeats: the (seasonal) naive forecast."""

    n_weights = 0

    def __init__(self, season: int) -> None:
        self.season = season

    def fit(self, X: Array) -> Self:
        """Keep the last season."""
        self.last = X[-self.season :]
        return self

    def forecast(self, n_steps: int) -> Array:
        """Repeat it."""
        return np.resize(self.last, n_steps)


class Statistical:
    """A model of statsmodels; `make` takes its package, the series and the season, and fits."""

    def __init__(
        self, make: Callable[[ModuleType, Array, int], FittedForecast], module: str, season: int
    ) -> None:
        self.make, self.season = make, season
        self.module = load(module, "'reservoirs[real-data]'")

    def fit(self, X: Array) -> Self:
        """Learn."""
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of likelihoods that did not converge: scored all the same
            self.fitted = self.make(self.module, X, self.season)
        self.n_weights = len(self.fitted.params)
        return self

    def forecast(self, n_steps: int) -> Array:
        """Return the steps after the last observation."""
        return np.asarray(self.fitted.forecast(n_steps))


def fit_autoregression(models: Any, y: Array, season: int) -> FittedForecast:  # noqa: ANN401 # a module
    """Fit an autoregression of a season's lags, with a constant."""
    return models.AutoReg(y, lags=lag_count(len(y), season)).fit()


def fit_smoothing(models: Any, y: Array, season: int) -> FittedForecast:  # noqa: ANN401 # a module
    """Fit exponential smoothing with a damped trend and, where it is short, a season."""
    seasonal = 1 < season <= LONGEST_SEASON and len(y) >= 2 * season
    return models.ExponentialSmoothing(
        y,
        trend="add",
        damped_trend=True,
        seasonal="add" if seasonal else None,
        seasonal_periods=season if seasonal else None,
    ).fit()


def fit_theta(models: Any, y: Array, season: int) -> FittedForecast:  # noqa: ANN401 # a module
    """Fit the theta model, its season taken out before."""
    seasonal = season > 1 and len(y) >= 2 * season
    method = "auto" if y.min() > 0 else "additive"
    return models.ThetaModel(y, period=season, deseasonalize=seasonal, method=method).fit()


class LaggedRegression:
    """A regression on a season's last values or differences, fed with its own output."""

    def __init__(self, regressor: Regressor, season: int, *, differences: bool) -> None:
        self.regressor, self.season, self.differences = regressor, season, differences

    def fit(self, X: Array) -> Self:
        """Learn the next value, all in deviations of the series."""
        values = np.diff(X) if self.differences else X
        self.last, self.mean, self.deviation = X[-1], values.mean(), values.std() or 1.0
        self.rows = (values - self.mean) / self.deviation
        self.n_lags = lag_count(len(X), self.season)
        windows = np.lib.stride_tricks.sliding_window_view(self.rows, self.n_lags + 1)
        self.regressor.fit(windows[:, :-1], windows[:, -1])
        if hasattr(self.regressor, "coef_"):  # trees have no weights
            self.n_weights = np.size(self.regressor.coef_) + 1
        return self

    def forecast(self, n_steps: int) -> Array:
        """Feed every prediction back."""
        rows = list(self.rows[-self.n_lags :])
        for _ in range(n_steps):
            rows.append(float(self.regressor.predict(np.array([rows[-self.n_lags :]]))[0]))
        values = np.array(rows[self.n_lags :]) * self.deviation + self.mean
        return self.last + np.cumsum(values) if self.differences else values


class ClosedLoop:
    """One of our regressors behind a scaler, as a user would write it."""

    def __init__(self, regressor: ESNRegressor | NVARRegressor) -> None:
        self.pipeline = make_pipeline(StandardScaler(), regressor)

    def fit(self, X: Array) -> Self:
        """Learn the next value."""
        self.pipeline.fit(*next_step(X[:, None]))
        self.n_weights = self.pipeline[-1].coef_.size + self.pipeline[-1].intercept_.size
        return self

    def forecast(self, n_steps: int, level: list[int]) -> tuple[Array, Array, Array]:
        """Feed every prediction back; return it with both ends of the intervals of each level."""
        mean, low, high = forecast(self.pipeline, n_steps, level=level)
        return mean, low, high


def _statistical(
    module: str, make: Callable[[ModuleType, Array, int], FittedForecast]
) -> Callable[..., Statistical]:
    """Return the builder of a method of statsmodels."""

    def build(settings: Settings, task: Task, data: Rolling, seed: int) -> Statistical:
        return Statistical(make, module, data.season)

    return build


def build_ridge(settings: Settings, task: Task, data: Rolling, seed: int) -> LaggedRegression:
    """Return a ridge regression on lags, its penalty by generalised cross-validation."""
    ridge = RidgeCV(np.logspace(-3, 3, 13))
    return LaggedRegression(ridge, data.season, differences=False)


def build_trees(settings: Settings, task: Task, data: Rolling, seed: int) -> LaggedRegression:
    """Return LightGBM on lags of the differences: trees do not go beyond what they have seen."""
    lightgbm = load("lightgbm", "lightgbm")
    trees = lightgbm.LGBMRegressor(
        min_child_samples=5, num_threads=1, verbosity=-1, random_state=seed
    )
    return LaggedRegression(trees, data.season, differences=True)


def build_forecaster(settings: Settings, task: Task, data: Rolling, seed: int) -> Forecaster:
    """Return `Forecaster` as it comes, told season and horizon."""
    return Forecaster(season=data.season, horizon=data.horizon, random_state=seed, **settings)


def build_default(settings: Settings, task: Task, data: Rolling, seed: int) -> ClosedLoop:
    """Return an echo state network with default settings."""
    return ClosedLoop(ESNRegressor(random_state=seed, **settings))


def build_chosen(settings: Settings, task: Task, data: Rolling, seed: int) -> ClosedLoop:
    """Return an echo state network whose penalty closed loops choose."""
    chosen = {"alpha": "closed_loop", "alpha_horizon": data.horizon, **settings}
    return ClosedLoop(ESNRegressor(random_state=seed, **chosen))


def build_nvar(settings: Settings, task: Task, data: Rolling, seed: int) -> ClosedLoop:
    """Return a linear next-generation reservoir of a season's delays, penalised likewise."""
    delays = {"n_delays": lag_count(data.n_train, data.season), "degree": 1}
    chosen = {"alpha": "closed_loop", "alpha_horizon": data.horizon, **delays, **settings}
    return ClosedLoop(NVARRegressor(**chosen))


def _naive(settings: Settings, task: Task, data: Rolling, seed: int) -> Repeat:
    return Repeat(1)


def _seasonal(settings: Settings, task: Task, data: Rolling, seed: int) -> Repeat:
    return Repeat(data.season)


BASELINES: dict[str, tuple[str, Callable[..., Any], str]] = {
    "naive": ("Naive", _naive, "#BBBBBB"),
    "seasonal_naive": ("Seasonal naive", _seasonal, "#999999"),
    "autoreg": (
        "AutoReg",
        _statistical("statsmodels.tsa.ar_model", fit_autoregression),
        "#555555",
    ),
    "ets": (
        "ETS, damped trend",
        _statistical("statsmodels.tsa.holtwinters", fit_smoothing),
        "#8C6D31",
    ),
    "theta": (
        "Theta",
        _statistical("statsmodels.tsa.forecasting.theta", fit_theta),
        "#C49C94",
    ),
    "ridge_lags": ("Ridge on lags", build_ridge, "#637939"),
    "lightgbm": ("LightGBM on differences", build_trees, "#B5CF6B"),
}
LEARNERS: dict[str, tuple[str, Callable[..., Any], str]] = {
    "forecaster": ("Forecaster", build_forecaster, "#D55E00"),
    "esn_default": ("ESN, defaults", build_default, "#0072B2"),
    "esn_closed_loop": ("ESN, closed loops", build_chosen, "#56B4E9"),
    "nvar_closed_loop": ("Linear NVAR, closed loops", build_nvar, "#009E73"),
}
METHODS = [
    *(
        Method(name, title, build, kind="baseline", colour=colour, kinds=(Rolling,))
        for name, (title, build, colour) in BASELINES.items()
    ),
    *(
        Method(name, title, build, colour=colour, kinds=(Rolling,))
        for name, (title, build, colour) in LEARNERS.items()
    ),
]
