"""The command that forecasts a CSV file."""

from __future__ import annotations

import argparse
import shlex
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from benchmarks.cells.files import replace_file
from benchmarks.cli.console import check_positive, console, errors
from benchmarks.csv_forecast import learning
from benchmarks.csv_forecast.page import describe, render, verdict
from benchmarks.csv_forecast.question import Question, read_material
from benchmarks.csv_forecast.sheet import DataError, parse_separator
from benchmarks.csv_forecast.table import ahead_of, write_table
from benchmarks.running.suites import UsageError

INTERRUPTED = 130


def forecast(options: argparse.Namespace) -> int:
    """Forecast the columns of a CSV file; 0 done, 1 bad data, 2 bad usage."""
    question = read_question(options)
    page, table = _where(options.out, question.path)
    try:
        return _forecast(question, page, table)
    except DataError as error:
        errors.print(
            f"reservoirs-bench: {question.path}: {error}",
            style="red",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
        return 1
    except KeyboardInterrupt:
        errors.print("interrupted; nothing was written")
        return INTERRUPTED


def read_question(options: argparse.Namespace) -> Question:
    """Read the options.

    Raises
    ------
    UsageError
        For numbers, zones and columns that make no sense.
    """
    check_positive(options.horizon, "--horizon")
    check_positive(options.rows, "--rows")
    for level in options.level:
        if not 0 < level < 100:
            raise UsageError(f"--level must be between 0 and 100 per cent, got {level:g}")
    targets, known = _names(options.target), _names(options.known)
    twice = {name for name in [*targets, *known] if [*targets, *known].count(name) > 1}
    if options.time in {*targets, *known}:
        twice.add(options.time)
    if twice:
        raise UsageError(f"the column {sorted(twice)[0]!r} is named twice: give it one role")
    return Question(
        path=options.file,
        targets=targets,
        horizon=options.horizon,
        time=options.time,
        known=known,
        levels=sorted(set(options.level)),
        season=_season(options.season),
        separator=None if options.sep is None else parse_separator(options.sep),
        decimal=options.decimal,
        date_format=options.date_format,
        zone=_zone(options.tz),
        n_learned=options.rows,
        fill=options.fill_known,
        seed=options.seed,
    )


def _names(texts: list[str]) -> list[str]:
    """Return the columns of an option that is given once or several times, with commas or not."""
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _season(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"--season takes a number of steps, or auto, got {text!r}")
    return int(text)


def _zone(name: str | None) -> str | None:
    try:
        return name and ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"--tz takes a zone such as Europe/Berlin, got {name!r}") from error


def _where(out: Path, file: Path) -> tuple[Path, Path]:
    """Return where page and table go: into a folder, or beside each other.

    Raises
    ------
    UsageError
        If one of them is the file that is read.
    """
    if out.suffix.lower() in (".html", ".htm"):
        page, table = out, out.with_name(f"{out.stem}-forecast.csv")
    else:
        page, table = out / "forecast.html", out / "forecast.csv"
    for path in (page, table):
        if path.resolve() == file.resolve():
            raise UsageError(f"--out would write over {file}; choose another")
    return page, table


def _forecast(question: Question, page: Path, table: Path) -> int:
    material = read_material(question)
    for note in material.notes:
        console.print(note, markup=False, highlight=False)
    answers = []
    for number, series in enumerate(material.series, start=1):
        count = f" ({number} of {len(material.series)})" if len(material.series) > 1 else ""
        with console.status(f"learning {series.name}{count}"):
            answers.append(learning.answer(series, question))
        for text in (*describe(answers[-1]), verdict(answers[-1])):
            console.print(text, markup=False, highlight=False)
    ahead = ahead_of(material)
    names = {
        "command": _say_command(question),
        "version": version("reservoirs"),
        "table_name": table.name,
    }
    text = render(material, answers, ahead, names)
    replace_file(table, write_table(material, answers, ahead).encode(errors="replace"))
    replace_file(page, text.encode(errors="replace"))
    console.print(f"forecast: {table}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"page: {page}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _say_command(question: Question) -> str:
    """Return the command that makes the same forecast; the file without its folder."""
    words = ["reservoirs-bench", "forecast", question.path.name]
    given = {
        "--time": question.time,
        "--target": ",".join(question.targets),
        "--known": ",".join(question.known),
        "--horizon": str(question.horizon),
        "--season": question.season and str(question.season),
        "--sep": question.separator,
        "--decimal": question.decimal,
        "--date-format": question.date_format,
        "--tz": question.zone,
    }
    for option, value in given.items():
        words += [option, value] if value else []
    return shlex.join([*words, "--level", *(f"{level:g}" for level in question.levels)])
