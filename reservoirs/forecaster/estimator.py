"""Forecaster: forecasts of a real series, without settings. Wiring only."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from reservoirs.esn import ESNRegressor
from reservoirs.esn.base import RESERVOIR_SETTINGS
from reservoirs.estimators.commit import CommittingMixin
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.forecaster.combined import CombinedForecast, Past
from reservoirs.forecaster.filling import drawn_straight, forecast_gaps
from reservoirs.forecaster.fitting import fit_by_refits, fit_series
from reservoirs.forecaster.plan import (
    BASELINES,
    Plan,
    choose_baselines,
    choose_horizon,
    choose_inputs,
    choose_transforms,
)
from reservoirs.forecaster.seasons import Season, Seasons, find_season, seasons_of
from reservoirs.forecaster.verbs import VerbsMixin
from reservoirs.forecasting import (
    ALIGNMENTS,
    BOUND,
    DEFAULT_BOUND,
    find_loop,
    next_step,
    record_training_end,
)
from reservoirs.forecasting.gaps import open_rows
from reservoirs.forecasting.panels import open_panel
from reservoirs.forecasting.series_only import check_series_only
from reservoirs.labels import is_frame
from reservoirs.mistakes import callers_level
from reservoirs.reservoir import Reservoir
from reservoirs.seeds import seed_streams
from reservoirs.sequences import Array, Seed, SeriesLike
from reservoirs.suggestions import SuggestingMixin
from reservoirs.targets import check_targets
from reservoirs.version import Stamped

SIZES = 20, 500  # units at least and at most

if TYPE_CHECKING:
    import pandas as pd


@inherit_parameters(ESNRegressor)
class Forecaster(VerbsMixin, Stamped, SuggestingMixin, CommittingMixin, BaseEstimator):
    """Forecast a real series: short, noisy, with trend and season, without settings.

    Echo state networks read the series, its differences, seasonal differences and logarithm, with
    and without lags and harmonics of the season beside their states. Each way, and each penalty,
    forecasts twenty blocks of the series that its readout was not fitted on, exactly and from one
    decomposition; the ways are combined with weights score^-8, beside the forecasts that repeat the
    last value or season.

    Parameters
    ----------
    estimator : regressor, default=None
        An ESNRegressor, whose reservoir is used, with at most its `n_units` and a quarter of the
        rows, 20 at least; None is ESNRegressor(). Any other regressor with `forecast` learns each
        transform of the first 65 % of the rows, is compared by its loops from the rest, and learns
        all rows again; `n_lags` and `n_harmonics` have no meaning then.
    season : "auto", int, None, list or dict, default="auto"
        Steps of a season; None or 1: none. "auto" is read off the autocorrelation (`season_`):
        give it where you know it. Of several series a list has one for each, a dict one for each
        name of a DataFrame with a MultiIndex.
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
    bound : float or None, default=0.25
        What a way feeds back is held within the range of the transformed series that it has
        learned, and this share of that range beyond; levels within the range of the series and as
        much again, more where the forecast is long. None lets both go.
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
    labels_ : list of pandas.Index or None
        The labels of each series, where it has some.
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
        "estimator": [HasMethods(["fit", "forecast"]), None],
        "season": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
            None,
            list,
            dict,
        ],
        "transforms": [StrOptions({"auto", "none"})],
        "n_lags": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "n_harmonics": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "horizon": [Interval(Integral, 1, None, closed="left"), None],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "combine": [StrOptions({"weights", "best"})],
        "baselines": [tuple, list],
        "bound": BOUND,
        "exog_align": [StrOptions(set(ALIGNMENTS))],
        "random_state": ["random_state"],
    }
    _settings_of_prediction = frozenset({"bound", "exog_align"})
    season_: list[int]
    horizon_: list[int]
    residuals_: list[Array]
    cv_results_: dict[str, list[object]]
    labels_: list[pd.Index | None]

    def __init__(
        self,
        estimator: BaseEstimator | None = None,
        *,
        season: Seasons = "auto",
        transforms: str = "auto",
        n_lags: int | str = "auto",
        n_harmonics: int | str = "auto",
        horizon: int | None = None,
        n_members: int = 3,
        combine: str = "weights",
        baselines: Sequence[str] = BASELINES,
        bound: float | None = DEFAULT_BOUND,
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
        self.bound = bound
        self.exog_align = exog_align
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: SeriesLike,
        y: SeriesLike = None,
        *,
        exog: SeriesLike = None,
        series_id: SeriesLike = None,
    ) -> Self:
        """Try all ways on each series, and weigh them.

        Parameters
        ----------
        X : array-like of shape (n_steps,) or (n_steps, n_outputs), list of arrays or DataFrame
            The observations, of one series or of several, each with ways and weights of its own.
            NaN after the first row of a series is filled by the forecasts of a first fit; loops
            along what was filled are not compared.
        y : None, default=None
            Ignored, with a warning: the series is X.
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
            For bad data, a y that is the next observation of X, or a series too short for one loop.

        Warns
        -----
        UserWarning
            If there is a y, or a series is too short for a season that was given.
        """
        check_series_only(X, y, "Forecaster", ", and known inputs as exog=")
        inputs, targets_like = next_step(X, exog, align=self.exog_align, series_id=series_id)
        rows, layout, gaps = open_rows(self, inputs, reset=True, min_rows=2)
        targets = check_targets(self, targets_like, layout, allow_nan=True)
        loop, d = find_loop(rows, targets, layout), targets.rows.shape[1]
        if gaps is not None:
            gaps.check(loop)
        rows, following, fits = rows.copy(), targets.rows.copy(), []
        seasons = seasons_of(self.season, layout)
        for number, (span, season) in enumerate(zip(layout.slices(), seasons, strict=True)):
            series = np.vstack([rows[span][:1, :d], following[span]])
            known = np.vstack([rows[span][:, d:], np.zeros((1, rows.shape[1] - d))])
            series, *fit = self._fit_with_gaps(series, known, season, number)
            rows[span, :d], following[span] = series[:-1], series[1:]
            fits.append(fit)
        targets = replace(targets, rows=following, missing=None)
        self.training_end_ = record_training_end(
            rows, targets, layout, inputs, targets_like, loop=loop
        )
        plans, self.models_, self.last_states_ = (list(part) for part in zip(*fits, strict=True))
        self.season_ = [plan.season for plan in plans]
        self.horizon_ = [plan.horizon for plan in plans]
        members = open_panel(X, "X", series_id).members
        self.labels_ = [member.index if is_frame(member) else None for member in members]
        self.residuals_ = [model.residuals for model in self.models_]
        self.cv_results_ = _table(self.models_)
        return self

    def _fit_with_gaps(
        self, y: Array, exog: Array, season: Season, number: int
    ) -> tuple[Array, Plan, CombinedForecast, Past]:
        """Fit one series, of gaps twice; return it without gaps, and what `_fit_one` returns."""
        missing = np.isnan(y)
        if not missing.any():
            return y, *self._fit_one(y, exog, season, number)
        straight = drawn_straight(y)
        _, model, _ = self._fit_one(straight, exog, season, number)
        y = forecast_gaps(model, y, straight, exog, self.bound)
        with warnings.catch_warnings():  # said by the first
            warnings.simplefilter("ignore")
            return y, *self._fit_one(y, exog, season, number, np.any(missing, axis=1))

    def _fit_one(
        self, y: Array, exog: Array, season: Season, number: int, missing: Array | None = None
    ) -> tuple[Plan, CombinedForecast, Past]:
        """Try all ways on one series; return where forecasts go on from, too."""
        found = find_season(y) if season == "auto" else int(season or 1)
        horizon = choose_horizon(len(y), found, self.horizon)
        if found > 1 and len(y) < 2 * found + horizon:  # what is shorter shows no season
            if season != "auto":
                warnings.warn(
                    f"season={found} is left out: it needs {2 * found + horizon} rows, two seasons "
                    f"and the horizon of {horizon}, got {len(y)}; lower horizon or pass a longer "
                    "series",
                    UserWarning,
                    stacklevel=callers_level(),
                )
            found = 1
        plan = Plan(
            transforms=choose_transforms(y, found, horizon, self.transforms),
            inputs=choose_inputs(y.shape, found, self.n_lags, self.n_harmonics),
            baselines=choose_baselines(list(self.baselines), found),
            season=found,
            horizon=horizon,
            margin=DEFAULT_BOUND if self.bound is None else self.bound,
            best_only=self.combine == "best",
            missing=np.zeros(len(y), dtype=bool) if missing is None else missing,
        )
        if self.estimator is None or isinstance(self.estimator, ESNRegressor):
            reservoirs = self._reservoirs(len(y), y.shape[1] + exog.shape[1])
            model, past = fit_series(y, exog, plan, reservoirs, number)
        else:
            model, past = fit_by_refits(y, exog, plan, self.estimator, self._seeds(), number)
        return plan, model, past

    def _reservoirs(self, n_rows: int, n_features: int) -> list[Reservoir]:
        """Draw a reservoir for each member, of a size that suits the rows."""
        estimator = self.estimator or ESNRegressor()
        settings = {name: getattr(estimator, name) for name in RESERVOIR_SETTINGS}
        settings["n_units"] = min(int(np.clip(n_rows // 4, *SIZES)), estimator.n_units)
        return [Reservoir(**settings).drawn(n_features, seed) for seed in self._seeds()]

    def _seeds(self) -> list[int]:
        """Draw a seed for each member."""
        sequence = np.random.SeedSequence(_entropy(self.random_state))
        return [int(seed) for seed in sequence.generate_state(self.n_members)]

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn has no stubs
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.__sklearn_is_fitted__()
        return tags


def _entropy(random_state: Seed) -> int:
    """Return what seeds the reservoirs; None draws anew."""
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(np.random.default_rng(seed_streams(random_state)[0]).integers(2**31 - 1))


def _table(models: list[CombinedForecast]) -> dict[str, list[object]]:
    """Return `cv_results_`."""
    names = {"transform": "transform", "features": "inputs"}
    names |= {name: name for name in ("alpha", "score", "weight")}
    pairs = [(number, way) for number, model in enumerate(models) for way in model.ways]
    table = {name: [getattr(way, of) for _, way in pairs] for name, of in names.items()}
    return {"series": [number for number, _ in pairs], **table}
