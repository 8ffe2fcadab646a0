"""The page of a forecast: one offline HTML file; its text is `page.html.jinja`."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from benchmarks.csv_forecast.learning import TITLE, Answer, Backtest
from benchmarks.csv_forecast.question import Material
from benchmarks.csv_forecast.table import decimals, write_times
from benchmarks.drawing.svg import Band, Line, Panel, draw
from benchmarks.drawing.ticks import time_ticks

if TYPE_CHECKING:
    import pandas as pd

WIDTHS = {"broad": 940, "narrow": 380}
MOST_SHOWN = 400  # steps of history in a picture
MOST_ROWS = 48  # of the forecast in the page


def render(
    material: Material, answers: list[Answer], ahead: pd.Index, names: dict[str, str]
) -> str:
    """Return the page of a forecast.

    Parameters
    ----------
    material : Material
        What was read.
    answers : list of Answer
        One for each target.
    ahead : pandas.Index
        The times of the forecast.
    names : dict of str to str
        `command`, `version` and `table_name`, as they are written on the page.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    environment = Environment(
        loader=PackageLoader("benchmarks.csv_forecast", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    style = (files("benchmarks") / "drawing" / "page.css").read_text(encoding="utf-8")
    targets = ", ".join(one.series.name for one in answers)
    return environment.get_template("page.html.jinja").render(
        heading=f"{material.question.horizon} steps of {targets}: {material.question.path.name}",
        style=style,
        parts=[_part(material, one, ahead) for one in answers],
        notes=[*material.notes, *(note for one in answers for note in describe(one))],
        knows=bool(material.question.known),
        seconds=f"{sum(one.seconds for one in answers):.0f}",
        **names,
    )


def verdict(answer: Answer) -> str:
    """Return in one sentence what the forecast is worth."""
    tested = answer.backtest
    if tested is None:
        return f"Nothing was held back to test the forecast of {answer.series.name}: too few rows."
    scores = {score.title: score for score in tested.scores}
    own, digits = scores.pop(TITLE), decimals(answer.series.values)
    times = "once" if tested.n_origins == 1 else f"{tested.n_origins} times"
    begin = (
        f"Asked {times} for {tested.horizon} steps that it had not learned from, the forecast of "
        f"{answer.series.name} was off by {own.mae:,.{digits}f} on average"
    )
    best = min(scores.values(), key=lambda score: score.rmse)
    if best.rmse < own.rmse:
        return (
            f"{begin}, and {_the(best.title)} was better: its root mean square error is "
            f"{_ratio(best.rmse, own.rmse)} of it. Trust the simpler method here."
        )
    others = " and ".join(
        f"{_ratio(own.rmse, score.rmse)} of that of {_the(score.title)}"
        for score in scores.values()
    )
    return f"{begin}: its root mean square error is {others}."


def _the(title: str) -> str:
    """Return what a method is called inside a sentence."""
    return f"{'the ' * title.startswith('Seasonal')}{title[0].lower()}{title[1:]}"


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}" if other > 0 else "more than any part"


def describe(answer: Answer) -> list[str]:
    """Return what was done to one series, a sentence each."""
    name, n = answer.series.name, len(answer.series.values)
    season = f"a season of {answer.season} steps" if answer.season > 1 else "no season (--season N)"
    first = ", ".join(f"{what} (weight {weight:.2f})" for what, weight in answer.ways[:3])
    more = len(answer.ways) - 3
    return [
        f"{name}: {n:,} steps with {season}; echo state networks and simple forecasts, each tried "
        "on closed loops over blocks that its readout had not learned, were weighed by their "
        f"errors: {first}{f' and {more} more' if more > 0 else ''}.",
        *(f"{name}: {note}" for note in answer.notes),
    ]


def _part(material: Material, answer: Answer, ahead: pd.Index) -> dict[str, Any]:
    """Return what the page says of one target."""
    tested, digits = answer.backtest, decimals(answer.series.values)
    rows = _rows(answer, ahead, digits)
    past = _past(material, answer)
    part = {
        "name": answer.series.name,
        "verdict": verdict(answer),
        "picture": _picture(answer, ahead, past),
        "caption": _caption(answer),
        "scores": [],
        "columns": ["", answer.series.name, *(f"{level:g} % interval" for level in answer.levels)],
        "rows": rows[:MOST_ROWS],
        "n_more": max(len(rows) - MOST_ROWS, 0),
    }
    if tested is not None:
        part |= {
            "scores": [
                {
                    "title": score.title,
                    "mae": f"{score.mae:,.{digits}f}",
                    "rmse": f"{score.rmse:,.{digits}f}",
                    "relative": f"{score.relative:.2f}"
                    if score.relative == score.relative
                    else "-",
                }
                for score in tested.scores
            ],
            "held_back": _held_back(answer, tested),
            "tested": _tested(answer, tested, past),
            "tested_caption": "The rows that were held back, and the forecasts of them, each "
            f"{tested.horizon} steps from the row before.",
        }
    return part


def _past(material: Material, answer: Answer) -> pd.Index:
    """Return the times of the steps of a series."""
    first = answer.series.first
    return material.clock.labels[first : first + len(answer.series.values)]


def _caption(answer: Answer) -> str:
    levels = " and ".join(f"{level:g} %" for level in answer.levels)
    bands = f"; the shaded bands are intervals of {levels}" if levels else ""
    return f"The end of the series, and the forecast{bands}."


def _held_back(answer: Answer, tested: Backtest) -> str:
    """Return how the methods were compared, and how often the intervals held."""
    covered = " and ".join(
        f"the {level:g} % interval held {100 * share:.0f} %"
        for level, share in zip(answer.levels, tested.coverage, strict=False)
    )
    return (
        f"All methods learned the first {tested.n_learned:,} steps, and forecast the "
        f"{tested.n_origins * tested.horizon:,} steps after them, {tested.horizon} at a time, each "
        "time from all that had come before. Errors are in units of the column."
        + (f" Of the values, {covered}." if covered else "")
    )


def _rows(answer: Answer, ahead: pd.Index, digits: int) -> list[list[str]]:
    """Return the cells of the forecast."""
    times = write_times(ahead)
    rows = []
    for i, time in enumerate(times):
        ends = zip(answer.low[i], answer.high[i], strict=True)
        spans = [f"{low:,.{digits}f} to {high:,.{digits}f}" for low, high in ends]
        rows.append([time, f"{answer.mean[i]:,.{digits}f}", *spans])
    return rows


def _picture(answer: Answer, ahead: pd.Index, past: pd.Index) -> str:
    """Draw the end of the series, the forecast and its intervals, broad and narrow."""
    values, h = answer.series.values, len(answer.mean)
    n = min(len(values), MOST_SHOWN, max(4 * h, 60))
    gap = answer.series.n_ahead - h
    x_past = np.arange(-n, 0.0) + 1
    x_ahead = np.arange(1.0, h + 1) + gap
    if gap:
        joined_x, joined = x_ahead, answer.mean
    else:
        joined_x, joined = np.r_[0.0, x_ahead], np.r_[values[-1], answer.mean]
    levels = sorted(range(len(answer.levels)), key=lambda i: -answer.levels[i])
    bands = [
        Band(x_ahead, answer.low[:, i], answer.high[:, i], style, f"{answer.levels[i]:g} %")
        for i, style in zip(levels, ["band", *["band inner"] * len(levels)], strict=False)
    ]
    lines = [
        Line(x_past, values[-n:], "truth", answer.series.name),
        Line(joined_x, joined, "c1", "forecast"),
    ]
    labels = past[-n:].append(ahead[:0] if gap else ahead)
    alt = _say_picture(answer, ahead)
    return "".join(
        draw(
            [
                Panel(
                    lines,
                    bands,
                    [(0.0, "")],
                    [(i - n + 1, text) for i, text in time_ticks(labels, width // 95)],
                    height=300 if css == "broad" else 230,
                )
            ],
            width,
            alt,
            css,
        )
        for css, width in WIDTHS.items()
    )


def _say_picture(answer: Answer, ahead: pd.Index) -> str:
    """Return what the picture shows, for those who do not see it."""
    digits, times = decimals(answer.series.values), write_times(ahead)
    low, high = int(np.argmin(answer.mean)), int(np.argmax(answer.mean))
    return (
        f"Forecast of {answer.series.name}, {len(ahead)} steps from {times[0]} to {times[-1]}: it "
        f"begins at {answer.mean[0]:,.{digits}f}, is highest at {times[high]} with "
        f"{answer.mean[high]:,.{digits}f}, lowest at {times[low]} with "
        f"{answer.mean[low]:,.{digits}f}, and ends at {answer.mean[-1]:,.{digits}f}."
    )


def _tested(answer: Answer, tested: Backtest, past: pd.Index) -> str:
    """Draw the rows held back and their forecasts."""
    n = min(len(tested.truth), MOST_SHOWN)
    x, labels = np.arange(float(n)), past[tested.n_learned :][: len(tested.truth)][-n:]
    lines = [
        Line(x, tested.truth[-n:], "truth", answer.series.name),
        Line(x, tested.mean[-n:], "c1", "forecast"),
    ]
    errors = np.abs(tested.truth - tested.mean)
    digits = decimals(answer.series.values)
    alt = (
        f"{answer.series.name} and its forecasts over {n} steps that were held back; half of the "
        f"errors are below {np.nanmedian(errors):,.{digits}f}, all below "
        f"{np.nanmax(errors):,.{digits}f}."
    )
    ticks = {
        css: [(float(i), text) for i, text in time_ticks(labels, width // 95)]
        for css, width in WIDTHS.items()
    }
    strip = Line(x, (tested.mean - tested.truth)[-n:], "c1")
    return "".join(
        draw(
            [
                Panel(lines, x_ticks=ticks[css], height=220 if css == "broad" else 180),
                Panel([strip], x_ticks=ticks[css], y_title="forecast minus truth", height=70),
            ],
            width,
            alt,
            css,
        )
        for css, width in WIDTHS.items()
    )
