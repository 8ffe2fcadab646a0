"""The forecast of one series, and what it was worth on rows that it had not learned from."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.csv_forecast.question import Question, Series
from benchmarks.csv_forecast.rivals import LaggedRidge, SeasonalNaive
from benchmarks.csv_forecast.sheet import DataError
from benchmarks.tasks.data import Array
from reservoirs import Forecaster, forecast

HELD_BACK = 5  # a fifth of the rows at most is forecast to compare
MOST_ORIGINS = 20
SETTLING = 200  # rows that a model runs along before each forecast that is compared
TITLE = "Forecaster"


@dataclass(frozen=True)
class Score:
    """What the forecasts of one method were worth.

    Attributes
    ----------
    title : str
        Of the method.
    mae, rmse : float
        Mean absolute and root mean square error, in units of the series.
    relative : float
        The root mean square error over that of the seasonal naive forecast.
    """

    title: str
    mae: float
    rmse: float
    relative: float


@dataclass(frozen=True)
class Backtest:
    """Forecasts of rows that were held back.

    Attributes
    ----------
    n_learned : int
        Rows before them, which all methods learned from.
    n_origins : int
        Forecasts, one behind the other.
    horizon : int
        Steps of each.
    truth, mean : arrays of shape (n_origins * horizon,)
        What came, and what was forecast.
    scores : list of Score
        The best first.
    coverage : list of float
        Share of the truth within the intervals of each level.
    """

    n_learned: int
    n_origins: int
    horizon: int
    truth: Array
    mean: Array
    scores: list[Score]
    coverage: list[float]


@dataclass(frozen=True)
class Answer:
    """The forecast of one series.

    Attributes
    ----------
    series : Series
        What was forecast.
    mean : array of shape (horizon,)
        The forecast.
    low, high : arrays of shape (horizon, n_levels)
        The ends of the intervals.
    levels : list of float
        Those that the residuals are enough for.
    season : int
        Steps of the season, 1 where there is none.
    ways : list of (str, float)
        What was combined, and the weight of each, the heaviest first.
    backtest : Backtest or None
        None where the series is too short.
    notes : list of str
        What is to be said of it.
    seconds : float
        Processor time of all fits and forecasts.
    """

    series: Series
    mean: Array
    low: Array
    high: Array
    levels: list[float]
    season: int
    ways: list[tuple[str, float]]
    backtest: Backtest | None
    notes: list[str]
    seconds: float


Maker = Callable[[Question], Forecaster]


def make_forecaster(question: Question) -> Forecaster:
    """Return the model that learns: nothing to set but season and horizon."""
    return Forecaster(
        season="auto" if question.season is None else question.season,
        horizon=question.horizon,
        exog_align="target",
        random_state=question.seed,
    )


def answer(series: Series, question: Question, make: Maker = make_forecaster) -> Answer:
    """Learn a series, compare on rows held back, and forecast.

    Parameters
    ----------
    series : Series
        What is forecast.
    question : Question
        How far, with which intervals.
    make : callable, default=make_forecaster
        Returns the model.

    Returns
    -------
    Answer
        The forecast, and what it is worth.

    Raises
    ------
    DataError
        If the series is too short or constant.
    """
    began, notes = time.process_time(), list[str]()
    _check_length(series, question)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tested = backtest(series, question, make)
        n, exog = len(series.values), series.exog
        model = _fit(make(question), series, n)
        levels = _possible_levels(model, question.levels, notes)
        ahead = _ahead(model, series.n_ahead, exog[n:] if exog.shape[1] else None, levels)
    notes += _said(caught)
    if tested is None:
        notes.append(
            "The series is too short to hold rows back, so that nothing says how good this is."
        )
    mean, low, high = (part[-question.horizon :] for part in ahead)
    ways = sorted(model.models_[0].ways, key=lambda way: -way.weight)
    return Answer(
        series=series,
        mean=mean,
        low=low,
        high=high,
        levels=levels,
        season=model.season_[0],
        ways=[(_describe(w.transform, w.inputs), w.weight) for w in ways if w.weight >= 0.01],
        backtest=tested,
        notes=notes,
        seconds=time.process_time() - began,
    )


def _check_length(series: Series, question: Question) -> None:
    n, needed = int((~np.isnan(series.values)).sum()), _least_rows(question.horizon)
    if n < needed:
        possible = (n - 4) * 2 // 3
        way = f"ask for --horizon {possible}, or " if possible >= 1 else ""
        raise DataError(
            f"{series.name!r} has {n} values, and a forecast of {question.horizon} steps needs "
            f"{needed}; {way}add earlier rows"
        )
    if np.nanstd(series.values) == 0:
        raise DataError(
            f"{series.name!r} is {series.values[0]:g} in every row: there is nothing to learn"
        )


def _least_rows(horizon: int) -> int:
    """Return the rows that comparing forecasts of a horizon needs."""
    return horizon + horizon // 2 + 4


def _fit(model: Forecaster, series: Series, n: int) -> Forecaster:
    """Fit the first n rows."""
    exog = series.exog[:n] if series.exog.shape[1] else None
    return model.fit(series.values[:n, None], exog=exog)


def _possible_levels(model: Forecaster, levels: list[float], notes: list[str]) -> list[float]:
    """Return the levels that the loops of a fit are enough for."""
    n_loops = len(model.residuals_[0])
    highest = 100 * n_loops / (n_loops + 1)
    possible = [level for level in levels if level <= highest]
    if possible != levels:
        left = ", ".join(f"{level:g} %" for level in levels if level > highest)
        notes.append(
            f"No interval of {left}: the series is long enough for {n_loops} comparable forecasts, "
            f"which allow {highest:.0f} % at most."
        )
    return possible


def _ahead(
    model: Forecaster, n_steps: int, exog: Array | None, levels: list[float]
) -> tuple[Array, Array, Array]:
    """Return a forecast from the end of a fit, with the ends of its intervals."""
    if not levels:
        mean = np.asarray(model.forecast(n_steps, exog=exog)).reshape(n_steps)
        none = np.empty((n_steps, 0))
        return mean, none, none
    mean, low, high = model.forecast(n_steps, exog=exog, level=levels)
    low, high = (np.asarray(end).reshape(n_steps, len(levels)) for end in (low, high))
    return np.asarray(mean).reshape(n_steps), low, high


def plan_origins(n: int, horizon: int, season: int | None) -> int:
    """Return how many forecasts, one behind the other, are held back from n rows; 0: none."""
    least = max(_least_rows(horizon), 2 * (season or 1) + horizon, 20)
    return int(
        np.clip(min(n // HELD_BACK // horizon, (n - least) // horizon), 0, MOST_ORIGINS)
    ) or (1 if n - horizon >= least else 0)


def backtest(series: Series, question: Question, make: Maker = make_forecaster) -> Backtest | None:
    """Learn the first rows, and forecast the rest by all methods.

    Parameters
    ----------
    series : Series
        What is forecast.
    question : Question
        How far.
    make : callable, default=make_forecaster
        Returns the model.

    Returns
    -------
    Backtest or None
        None where the series is too short.
    """
    y, exog, h = series.values, series.exog, question.horizon
    n_origins = plan_origins(len(y), h, question.season)
    n = len(y) - n_origins * h
    if not n_origins or np.isnan(y[:n]).sum() > n // 2 or np.isnan(y[n:]).all():
        return None
    model = _fit(make(question), series, n)
    season = model.season_[0]
    levels = _possible_levels(model, question.levels, [])
    mean, low, high = _ahead(model, h, exog[n : n + h] if exog.shape[1] else None, levels)
    rivals: list[SeasonalNaive | LaggedRidge] = [
        SeasonalNaive(season),
        LaggedRidge.fitted(y[:n], exog[:n], season),
    ]
    forecasts: dict[str, list[Array]] = {TITLE: [mean], **{r.title: [] for r in rivals}}
    for number in range(n_origins):
        origin = n + number * h
        if number:
            forecasts[TITLE].append(_from(model, series, origin, h))
        for rival in rivals:
            forecasts[rival.title].append(rival.forecast(y[:origin], exog, h))
    found = {title: np.concatenate(parts) for title, parts in forecasts.items()}
    truth = y[n : n + n_origins * h]
    widths = np.tile(high - mean[:, None], (n_origins, 1))
    errors = np.abs(truth - found[TITLE])[:, None] <= widths
    return Backtest(
        n_learned=n,
        n_origins=n_origins,
        horizon=h,
        truth=truth,
        mean=found[TITLE],
        scores=_scores(found, truth),
        coverage=[float(np.mean(inside[~np.isnan(truth)])) for inside in errors.T],
    )


def _from(model: Forecaster, series: Series, origin: int, horizon: int) -> Array:
    """Return the forecast of a fitted model from a later row.

    The model runs along the rows before, from a whole number of seasons after the first on, since
    harmonics count from there.
    """
    reach = model.models_[0].n_before + SETTLING
    season = model.season_[0]
    first = max((origin - reach) // season * season, 0)
    while first and np.isnan(series.values[first]):  # a context begins with a value
        first -= season
    first = max(first, 0)
    exog = series.exog[first + 1 : origin + horizon] if series.exog.shape[1] else None
    context = series.values[first:origin, None]
    return np.asarray(forecast(model, horizon, context=context, exog=exog)).reshape(horizon)


def _scores(found: dict[str, Array], truth: Array) -> list[Score]:
    """Return what each method was worth, the best first; missing truth does not count."""
    there = ~np.isnan(truth)
    errors = {title: (values - truth)[there] for title, values in found.items()}
    rmse = {title: float(np.sqrt(np.mean(e**2))) for title, e in errors.items()}
    naive = rmse["Seasonal naive"] or np.nan
    scores = [
        Score(title, float(np.mean(np.abs(e))), rmse[title], rmse[title] / naive)
        for title, e in errors.items()
    ]
    return sorted(scores, key=lambda score: score.rmse)


def _said(caught: list[warnings.WarningMessage]) -> list[str]:
    """Return what warnings say, each once."""
    texts = dict.fromkeys(str(w.message) for w in caught if issubclass(w.category, UserWarning))
    return [f"Said while learning: {text}." for text in texts]


def _describe(transform: str, inputs: str) -> str:
    """Return a way in words: its transform, and what the readout reads."""
    if not inputs:
        return transform.replace("_", " ")
    words = {"identity": "the series", "log": "logarithm"}
    parts = [words.get(w, f"differences of {w[1:]}") for w in transform.split()]
    return f"{', '.join(parts)}; {inputs}"
