"""Forecaster: forecasts of a real series, without settings. Wiring only."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from numbers import Integral
from typing import ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.esn import ESNRegressor
from reservoirs.esn.base import RESERVOIR_SETTINGS
from reservoirs.estimators.commit import CommittingMixin
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.forecaster.branch import Inputs
from reservoirs.forecaster.combined import CombinedForecast, Plan, find_season
from reservoirs.forecaster.transforms import possible_transforms
from reservoirs.forecasting import (
    ALIGNMENTS,
    Bounds,
    Loop,
    TrainingEnd,
    find_loop,
    forecast,
    next_step,
    record_training_end,
)
from reservoirs.reservoir import Reservoir
from reservoirs.seeds import seed_streams
from reservoirs.sequences import Array, InitialState, Seed, SeriesLike, check_rows
from reservoirs.suggestions import SuggestingMixin
from reservoirs.targets import check_targets
from reservoirs.version import Stamped

BASELINES = ("seasonal_naive", "persistence")
SIZES = 20, 500  # units at least and at most


@inherit_parameters(ESNRegressor)
class Forecaster(Stamped, SuggestingMixin, CommittingMixin, BaseEstimator):
    """Forecast a real series: short, noisy, with trend and season, without settings.

    Echo state networks read the series, its differences, seasonal differences and logarithm, with
    and without lags and harmonics of the season beside their states. Each way, and each penalty,
    forecasts twenty blocks of the series that its readout was not fitted on, exactly and from one
    decomposition; the ways are combined with weights score^-8, beside the forecasts that repeat the
    last value or season.

    Parameters
    ----------
    estimator : ESNRegressor, default=None
        Whose reservoir is used, with at most its `n_units` and a quarter of the rows, 20 at least.
        None is ESNRegressor().
    season : "auto", int or None, default="auto"
        Steps of a season; None or 1: none. "auto" is read off the autocorrelation (`season_`):
        give it where you know it.
    transforms : {"auto", "none"}, default="auto"
        Differences and logarithms that the series is long and positive enough for, or none.
    n_lags : "auto" or int, default="auto"
        Last values that the readout reads where there is a season; "auto" is one more than the
        season, at most a fifth of the rows and 60.
    n_harmonics : "auto" or int, default="auto"
        Harmonics of the season beside them; "auto" is half the season, at most 6.
    horizon : int, default=None
        Steps of the forecasts that are compared: best those you need. None is a season, a twentieth
        of the rows at least, 8 to 100.
    n_members : int, default=3
        Reservoirs whose outputs are averaged.
    combine : {"weights", "best"}, default="weights"
        Whether all ways are weighed or the best is taken.
    baselines : sequence of str, default=('seasonal_naive', 'persistence')
        Forecasts that are weighed with the others.
    exog_align : {"observation", "target"}, default="observation"
        Whether a row of exog enters with its own observation (a force), or with the one before, as
        a property of the value predicted (weather, a holiday).
    random_state : int, RandomState instance or None, default=None
        Seed of the reservoirs.

    Attributes
    ----------
    season_ : list of int
        The season of each series.
    horizon_ : list of int
        Steps of the forecasts that were compared, for each series.
    cv_results_ : dict of lists
        A row for each way tried: series, transform, features, alpha, score (geometric mean of the
        errors of its loops, in deviations of the series) and weight.
    residuals_ : list of arrays of shape (n_loops, horizon, n_outputs)
        Truth minus the combined forecast of the loops of each series.
    training_end_ : TrainingEnd
        Where the series ended, from which forecasts go on.
    n_features_in_ : int
        Number of columns, those of exog included.

    See Also
    --------
    ESNRegressor : One network, with `alpha="closed_loop"` for its penalty.
    backtest : Forecasts from many origins of one fitted network.

    References
    ----------
    Hyndman & Athanasopoulos (2021), Forecasting: principles and practice, chapters 5 and 9.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import Forecaster
    >>> months = np.arange(96)
    >>> sales = (100 + months) * (1 + 0.2 * np.sin(2 * np.pi * months / 12))
    >>> model = Forecaster(season=12, horizon=12, n_members=1, random_state=0).fit(sales[:84])
    >>> bool(abs(model.forecast(12) / sales[84:] - 1).max() < 0.05)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        "estimator": [ESNRegressor, None],
        "season": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left"), None],
        "transforms": [StrOptions({"auto", "none"})],
        "n_lags": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "n_harmonics": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "horizon": [Interval(Integral, 1, None, closed="left"), None],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "combine": [StrOptions({"weights", "best"})],
        "baselines": [tuple, list],
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "random_state": ["random_state"],
    }
    bound: ClassVar[None] = None  # each way has bounds of its own, `reservoirs.forecast` sets none
    training_end_: TrainingEnd
    last_states_: Array
    season_: list[int]
    horizon_: list[int]
    models_: list[CombinedForecast]

    def __init__(
        self,
        estimator: ESNRegressor | None = None,
        *,
        season: int | str | None = "auto",
        transforms: str = "auto",
        n_lags: int | str = "auto",
        n_harmonics: int | str = "auto",
        horizon: int | None = None,
        n_members: int = 3,
        combine: str = "weights",
        baselines: Sequence[str] = BASELINES,
        exog_align: str = "observation",
        random_state: Seed = None,
    ) -> None:
        self.estimator = estimator
        self.season = season
        self.transforms = transforms
        self.n_lags = n_lags
        self.n_harmonics = n_harmonics
        self.horizon = horizon
        self.n_members = n_members
        self.combine = combine
        self.baselines = baselines
        self.exog_align = exog_align
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: SeriesLike,
        y: None = None,
        *,
        exog: SeriesLike = None,
        series_id: SeriesLike = None,
    ) -> Self:
        """Try all ways on each series, and weigh them.

        Parameters
        ----------
        X : array-like of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
            The observations, of one series or of several, each with ways and weights of its own.
        y : None, default=None
            There is none: the series is X.
        exog : array-like of shape (n_steps, n_exog), list of arrays or DataFrame, default=None
            Known inputs, as `next_step` takes them.
        series_id : array-like of shape (n_steps,), default=None
            The series of each row of a 2-D X.

        Returns
        -------
        Forecaster
            The fitted estimator.

        Raises
        ------
        ValueError
            For bad data, or a series too short for one loop.
        """
        if y is not None:
            raise ValueError(
                "Forecaster takes the series alone, fit(series): y must be None, and known inputs "
                "go to exog="
            )
        unknown = set(self.baselines) - set(BASELINES)
        if unknown:
            raise ValueError(f"baselines must be of {BASELINES}, got {sorted(unknown)[0]!r}")
        inputs, targets_like = next_step(X, exog, align=self.exog_align, series_id=series_id)
        rows, layout = check_rows(self, inputs, reset=True, min_rows=2)
        targets = check_targets(self, targets_like, layout)
        loop, d = find_loop(rows, targets, layout), targets.rows.shape[1]
        self.training_end_ = record_training_end(
            rows, targets, layout, inputs, targets_like, loop=loop
        )
        self.season_, self.horizon_, self.models_ = [], [], []
        for span in layout.slices():
            series = np.vstack([rows[span][:1, :d], targets.rows[span]])
            known = np.vstack([rows[span][:, d:], np.zeros((1, rows.shape[1] - d))])
            self.models_.append(self._fit_one(series, known))
        self.residuals_ = [model.residuals for model in self.models_]
        self.last_states_ = np.arange(layout.n_series)[:, None]
        self.cv_results_ = self._table()
        return self

    def _fit_one(self, series: Array, exog: Array) -> CombinedForecast:
        """Plan what is tried on one series, and try it."""
        n, d = series.shape
        season = find_season(series) if self.season == "auto" else int(self.season or 1)
        horizon = self.horizon or int(np.clip(max(season, n // 20), 8, 100))
        shortest = horizon + horizon // 2 + 4
        if self.horizon is None and n < shortest:
            horizon = max((n - 4) * 2 // 3, 1)
        if n < horizon + horizon // 2 + 4:
            raise ValueError(
                f"a series of {n} rows is too short to compare forecasts of {horizon} steps, which "
                f"needs {shortest}; lower horizon or pass a longer series"
            )
        season = season if n >= 2 * season + horizon else 1
        transforms = possible_transforms(series, season, horizon)
        transforms = transforms if self.transforms == "auto" else transforms[:1]
        ways, most = [Inputs()], max(n // (5 * d), 1)
        n_lags = min(season + 1, most, 60) if self.n_lags == "auto" else min(int(self.n_lags), most)
        n_harmonics = min(season // 2, 6) if self.n_harmonics == "auto" else int(self.n_harmonics)
        if n_lags and (season > 1 or self.n_lags != "auto"):
            ways.append(Inputs(n_lags, season, n_harmonics if season > 1 else 0))
        lags = {"persistence": 1, "seasonal_naive": season}
        baselines = {name: lags[name] for name in self.baselines}
        if season == 1:  # which repeats the last value
            baselines.pop(BASELINES[0], None)
        plan = Plan(transforms, ways, baselines, horizon, self.combine == "best")
        self.season_.append(season)
        self.horizon_.append(horizon)
        return CombinedForecast(series, exog, plan, self._reservoirs(n, d + exog.shape[1]))

    def _reservoirs(self, n_rows: int, n_features: int) -> list[Reservoir]:
        """Draw a reservoir for each member, of a size that suits the rows."""
        estimator = self.estimator or ESNRegressor()
        settings = {name: getattr(estimator, name) for name in RESERVOIR_SETTINGS}
        settings["n_units"] = min(int(np.clip(n_rows // 4, *SIZES)), estimator.n_units)
        seeds = np.random.SeedSequence(_entropy(self.random_state)).generate_state(self.n_members)
        return [Reservoir(**settings).drawn(n_features, int(seed)) for seed in seeds]

    def _table(self) -> dict[str, list[object]]:
        """Return `cv_results_`."""
        table: dict[str, list[object]] = {
            name: [] for name in ("series", "transform", "features", "alpha", "score", "weight")
        }
        for number, model in enumerate(self.models_):
            for scored, alpha in zip(model.scored, model.alphas, strict=True):
                row = (number, scored.transform, scored.inputs, alpha, scored.score, scored.weight)
                for name, value in zip(table, row, strict=True):
                    table[name].append(value)
        return table

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "models_")

    def _start_states(self, initial_state: InitialState, n_series: int) -> Array:
        raise ValueError(
            "Forecaster goes on from the end of the series it was fitted on and takes no context "
            "and no initial state; fit it on the longer series"
        )

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        """Return the forecast of one series, or an end of its interval."""
        model, (side, level) = self.models_[int(state[0])], getattr(self, "_end", (0, 0.0))
        values = model.forecast(len(exog), exog)
        return values + side * model.half_widths(len(exog), level) if side else values

    def forecast(
        self,
        n_steps: int,
        exog: SeriesLike = None,
        level: float | Sequence[float] | None = None,
    ) -> SeriesLike:
        """Forecast from the end of each series.

        Parameters
        ----------
        n_steps : int
            Number of steps; intervals beyond `horizon_` widen as those of a random walk.
        exog : array-like of shape (n_steps, n_exog), list of arrays or DataFrame, default=None
            Known inputs, as `reservoirs.forecast` takes them.
        level : float or sequence of float, default=None
            Levels of intervals in per cent, 80 say; None: no interval.

        Returns
        -------
        array of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
            The forecast, in the container of the series, with its labels going on. With a level a
            tuple of it, the lower and the upper ends, these with an axis more for several levels;
            of one DataFrame a DataFrame with columns as "y", "y_lo80", "y_hi80".

        Raises
        ------
        ValueError
            For bad exog, or a level that the residuals are too few for.
        """
        mean = forecast(self, n_steps, exog=exog, bound=None)
        if level is None:
            return mean
        levels = [float(value) for value in np.atleast_1d(level)]
        for value in levels:
            self._check_level(value)
        low, high = ([self._at(side, value, n_steps, exog) for value in levels] for side in (-1, 1))
        if hasattr(mean, "columns"):
            return _side_by_side(mean, levels, low, high)
        if np.ndim(level) == 0:
            return mean, low[0], high[0]
        if isinstance(mean, list):
            ends = ([np.stack(e, -1) for e in zip(*of, strict=True)] for of in (low, high))
            return mean, *ends
        return mean, np.stack(low, axis=-1), np.stack(high, axis=-1)

    def _check_level(self, level: float) -> None:
        most = min(len(residuals) / (len(residuals) + 1) for residuals in self.residuals_)
        if not 0 < level <= 100 * most:
            raise ValueError(
                f"level must be in (0, {100 * most:.4g}] per cent, for {most / (1 - most):.0f} "
                f"loops, got {level:g}; a longer series has more"
            )

    def _at(self, side: int, level: float, n_steps: int, exog: SeriesLike) -> SeriesLike:
        """Return one end of the intervals of a level, in the container of the series."""
        model = copy.copy(self)
        model._end = (side, level)
        return forecast(model, n_steps, exog=exog, bound=None)

    def summary(self) -> str:
        """Return a table of the ways that weigh most, for each series.

        Returns
        -------
        str
            Season, horizon, and a line for each way.
        """
        lines = []
        for number, model in enumerate(self.models_):
            lines.append(
                f"series {number}: {len(model.y)} rows, season {self.season_[number]}, "
                f"loops of {self.horizon_[number]} steps"
            )
            best = sorted(model.scored, key=lambda scored: -scored.weight)[:6]
            lines += [
                f"  weight {s.weight:4.2f}  error {s.score:7.3g}  {s.transform}"
                + (f", {s.inputs}" if s.inputs else "")
                for s in best
            ]
        return "\n".join(lines)


def _entropy(random_state: Seed) -> int:
    """Return what seeds the reservoirs; None draws anew."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(np.random.default_rng(seed_streams(random_state)[0]).integers(2**31 - 1))


def _side_by_side(
    mean: SeriesLike, levels: list[float], low: list[SeriesLike], high: list[SeriesLike]
) -> SeriesLike:
    """Return one DataFrame of a forecast and the ends of its intervals."""
    frame = mean.copy()
    for column in mean.columns:
        for level, lower, upper in zip(levels, low, high, strict=True):
            frame[f"{column}_lo{level:g}"] = lower[column]
            frame[f"{column}_hi{level:g}"] = upper[column]
    return frame
