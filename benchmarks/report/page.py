"""One offline HTML file: a table and the pictures of every task; its text is `page.html.jinja`."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.cells.files import replace_file
from benchmarks.methods.registry import METHODS
from benchmarks.report import forecast, physics, rolling, summary, training
from benchmarks.report.palette import Result, plain_labels
from benchmarks.results import published, statistics, tables
from benchmarks.results.records import Record, load_arrays
from benchmarks.results.rolling import COLUMNS, STUDIES, Overall, overall
from benchmarks.results.tables import Row
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.kinds import Filter, Memory, Race, Rolling
from benchmarks.tuning.stored import StoredSearch, load_search


@dataclass(frozen=True)
class Image:
    """A picture inside the page.

    `alt` says what it shows, for those who do not see it; the data are a PNG file in base 64.
    """

    alt: str
    data: str


@dataclass(frozen=True)
class Section:
    """What the page says of one task.

    Metrics are the columns of the table; of its rows the best method comes first. The dimension is
    that of the attractor of a chaotic system, None where records do not say.
    """

    task: Task
    metrics: list[str]
    rows: list[Row]
    images: list[Image]
    true_dimension: float | None = None


@dataclass(frozen=True)
class Study:
    """What the page says of a group of real files together: a row per method, and pictures."""

    title: str
    rows: list[Overall]
    images: list[Image]


def write_page(path: Path, folder: Path, records: Sequence[Record], heading: str) -> None:
    """Write the page of some records.

    Arrays are read from the folder of results.
    """
    # a title of a plugin may hold a dollar sign, which matplotlib takes for the start of a formula
    with rc_context({"text.parse_math": False}):
        page = _render(folder, records, heading)
    # a lone surrogate has no place in UTF-8
    replace_file(path, page.encode(errors="replace"))


def _render(folder: Path, records: Sequence[Record], heading: str) -> str:
    groups = tables.group_by_task(records)
    environment = Environment(
        loader=PackageLoader("benchmarks.report", ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["number"] = tables.format_number
    environment.filters["quartiles"] = tables.format_quartiles
    environment.filters["count"] = tables.format_count
    return environment.get_template("page.html.jinja").render(
        heading=heading,
        ranks=_draw_ranks(groups),
        studies=[_study(name, rows, groups) for name, rows in overall(records).items()],
        columns=COLUMNS,
        sections=[_section(TASKS[name], group, folder) for name, group in groups.items()],
        methods=METHODS,
        entries=published.entries(list(groups)),
        n_cells=len(records),
        provenance=next((p for r in reversed(records) if (p := r.get("provenance"))), None),
        track=records[-1]["track"] if records else "",
    )


def _section(task: Task, group: Sequence[Record], folder: Path) -> Section:
    """Return the table and the pictures of one task."""
    results = [_result(row, group, folder) for row in tables.summarise(group)]
    metrics = tables.metric_names(group)
    images = [
        _image(figure, f"{task.title}: {what}")
        for what, figure in _draw(task, results, metrics)
        if figure
    ]
    dimensions = [
        m["true_dimension"] for r in group if "true_dimension" in (m := r.get("metrics", {}))
    ]
    dimension = float(np.median(dimensions)) if dimensions else None
    return Section(task, metrics, [result.row for result in results], images, dimension)


def _study(name: str, rows: list[Overall], groups: Mapping[str, Sequence[Record]]) -> Study:
    """Return the table and the pictures of a group of real files."""
    title = STUDIES[name]
    files = {task: group for task, group in groups.items() if task in rows[0].by_file}
    drawn = rolling.by_file(rows, title)
    images = [_image(drawn, f"{title}: every method on every file")] if drawn else []
    ranks = _draw_ranks(files) if len(files) < len(groups) and len(files) > 1 else None
    return Study(title, rows, [*images, *([ranks] if ranks else [])])


def _result(row: Row, group: Sequence[Record], folder: Path) -> Result:
    """Return a row with its interval, and its arrays."""
    records = [record for record in group if record["method"] == row.method]
    arrays = [a for record in records if (a := load_arrays(folder, record))]
    samples = [a["samples"] for a in arrays if "samples" in a]
    interval: tuple[float, float] | None = None
    if samples:
        # The mean over starts, as the metric beside it is one.
        interval = statistics.interval(samples, statistic=np.mean)
    elif len(records) > 1:
        values = [
            tables.metric_value(record, tables.ranking_metric(record), row.larger_is_better)
            for record in records
        ]
        interval = statistics.interval([np.array(value) for value in values])
    return Result(replace(row, interval=interval), records, arrays)


def _draw(
    task: Task, results: list[Result], metrics: list[str]
) -> Iterator[tuple[str, Figure | None]]:
    """Yield what can be drawn of a task, None where there is nothing to draw."""
    ranking = metrics[-1] if metrics else ""
    filtered = issubclass(task.kind, Filter)  # nothing is fed back
    steps = "test steps" if filtered else "steps after the last known value"
    title = task.title
    yield "truth against forecast, error strip below", forecast.forecasts(results, title, steps)
    if not filtered:
        yield "error growth", forecast.error_growth(results, title)
    yield "valid times", physics.valid_times(results, title)
    yield "space and time", physics.space_time(results, title)
    yield "climate", physics.climate(results, title)
    # Only here is the slope of the first variable the velocity.
    if task.name.startswith(("oscillator", "van_der_pol")):
        portrait = f"{title}: truth grey, free run coloured"
        yield "phase portrait", forecast.phase_portraits(results, 0.1, portrait)
    yield "resonance", physics.resonance(results, title)
    yield "limit cycle", physics.limit_cycle(results, title)
    yield "memory", physics.memory(results, title)
    yield "training and validation curves", training.training_curves(results, title)
    yield "training loss against seconds and passes", training.learning(results, title)
    yield "gradient through time", training.gradient_flow(results, title)
    yield "forecasts from every origin", rolling.origins(results, title)
    # of those, learning curves or a table of all files say more
    if not issubclass(task.kind, Memory | Race | Rolling):
        yield "error against cost", summary.pareto(results, ranking, title)
    yield "budget of tuning", summary.tuning(_searches(task, results), f"{title}: tuning")


def _searches(task: Task, results: list[Result]) -> list[StoredSearch]:
    """Return the searches behind the settings, as far as they are stored."""
    tracks = {result.records[0].get("track", "stored") for result in results}
    searches = (
        load_search(task.settings_key, result.row.method, track)
        for result in results
        for track in tracks
    )
    return [search for search in searches if search is not None]


def _draw_ranks(groups: Mapping[str, Sequence[Record]]) -> Image | None:
    """Return ranks and profile over all tasks that the same methods ran on."""
    # A method that was left out of a hard task would rank too well.
    common = [{record["method"] for record in group} for group in groups.values()]
    methods = {m: METHODS[m].title for m in METHODS if all(m in names for names in common)}
    if not methods:
        return None
    medians = []
    for group in groups.values():
        errors = {m: [tables.ranking_error(r) for r in group if r["method"] == m] for m in methods}
        medians.append([tables.quartiles(values)[0] for values in errors.values()])
    figure = summary.ranks(methods, np.array(medians), "tasks")
    return _image(figure, "ranks and performance profile") if figure else None


def _image(figure: Figure, alt: str) -> Image:
    plain_labels(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return Image(alt, base64.b64encode(buffer.getvalue()).decode())
