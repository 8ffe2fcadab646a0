"""One offline HTML file: a table and the pictures of every task."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.methods.registry import METHODS
from benchmarks.report import forecast, physics, summary, training
from benchmarks.report.palette import Result
from benchmarks.results import published, records, statistics, tables
from benchmarks.results.records import Record
from benchmarks.results.tables import Row
from benchmarks.tasks import TASKS, Task
from benchmarks.tasks.kinds import Filter, Memory, Race
from benchmarks.tuning.stored import load_log

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em;
       color: #222; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .8em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child, table.text td, table.text th { text-align: left; }
tr.baseline { color: #666; } .note { color: #8a4b00; } .failed { color: #b00020; }
img { max-width: 100%; height: auto; } .wide { overflow-x: auto; }
nav a { margin-right: 1em; white-space: nowrap; } footer { color: #666; font-size: 13px; }
"""
INTRO = """Every method saw the same standardised training rows and the same warm-up before a
forecast, and ran in the same closed loop. Errors are NRMSE: 0 is perfect, 1 is as good as the mean.
A table holds medians over seeds with the quartiles in brackets, and a bootstrap interval of the
ranking metric (the last column of errors) that resamples seeds, then starts. <i>validation</i> is
the score the settings were chosen by, on other seeds. Failures are counted and rank last;
<i>noisy</i> times were taken while the machine had more to do than it has cores for.
<i>free</i>N is a forecast of N steps fed with its own output. Grey rows are
baselines, not learners."""


def write_page(path: Path, folder: Path, found: list[Record], heading: str) -> None:
    """Write the report of some records.

    Parameters
    ----------
    path : of the HTML file
    folder : of the results, for the arrays
    found : records
    heading : title of the page
    """
    groups = tables.group_by_task(found)
    links = " ".join(f'<a href="#{name}">{html.escape(TASKS[name].title)}</a>' for name in groups)
    sections = [_section(name, group, folder) for name, group in groups.items()]
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{heading}</h1><p>{INTRO}</p><nav>{links}</nav>"
        f"{_across(groups)}{''.join(sections)}{_published(list(groups))}{_footer(found)}"
        "</body></html>"
    )
    path.write_text(page)


def _section(name: str, group: list[Record], folder: Path) -> str:
    task = TASKS[name]
    results = [_result(row, group, folder) for row in tables.summarise(group)]
    names = tables.metric_names(group)
    note = f'<p class="note">{html.escape(task.note)}</p>' if task.note else ""
    images = "".join(
        _image(figure, f"{task.title}: {what}")
        for what, figure in _pictures(task, results, names)
        if figure
    )
    table = _table([r.row for r in results], names)
    return f'<h2 id="{name}">{html.escape(task.title)}</h2>{note}{table}{images}'


def _result(row: Row, group: list[Record], folder: Path) -> Result:
    """Return a row with its interval, and its arrays."""
    mine = [record for record in group if record["method"] == row.method]
    loaded = [a for a in (records.load_arrays(folder, record) for record in mine) if a]
    samples = [a["samples"] for a in loaded if "samples" in a]
    if samples:
        interval: tuple[float, float] | None = statistics.interval(samples, statistic=np.mean)
    else:
        values = np.array([tables.metric_value(r, tables.ranking_metric(r), row.larger_is_better)
                           for r in mine])  # fmt: skip
        interval = statistics.interval(list(values)) if len(values) > 1 else None
    return Result(replace(row, interval=interval), mine, loaded)


def _pictures(
    task: Task, results: list[Result], names: list[str]
) -> Iterator[tuple[str, Figure | None]]:
    """Yield what can be drawn of a task, None where there is nothing to draw."""
    ranking = names[-1] if names else ""
    filtered = issubclass(task.kind, Filter)  # nothing is fed back
    steps = "test steps" if filtered else "steps after the last known value"
    title = task.title
    yield "truth against forecast, error strip below", forecast.forecasts(results, title, steps)
    if not filtered:
        yield "error growth", forecast.error_growth(results, title)
    yield "valid times", physics.valid_times(results, title)
    yield "space and time", physics.space_time(results, title)
    yield "climate", physics.climate(results, title)
    if task.name.startswith(("oscillator", "van_der_pol")):
        portrait = f"{title}: truth grey, free run coloured"
        yield "phase portrait", forecast.phase_portraits(results, 0.1, portrait)
    yield "resonance", physics.resonance(results, title)
    yield "limit cycle", physics.limit_cycle(results, title)
    yield "memory", physics.memory(results, title)
    yield "training and validation curves", training.training_curves(results, title)
    yield "training loss against seconds and passes", training.learning(results, title)
    yield "gradient through time", training.gradient_flow(results, title)
    if not issubclass(task.kind, Memory | Race):  # whose learning curves say more
        yield "error against cost", summary.pareto(results, ranking, title)
    tracks = {r.records[0].get("track", "stored") for r in results}
    logs = [load_log(task.settings_key, r.row.method, t) for r in results for t in tracks]
    yield "budget of tuning", summary.tuning([log for log in logs if log], f"{title}: tuning")


def _across(groups: dict[str, list[Record]]) -> str:
    """Return ranks and profile over all tasks that the same methods ran on."""
    common = [set(r["method"] for r in group) for group in groups.values()]
    methods = {m: METHODS[m].title for m in METHODS if all(m in there for there in common)}
    blocks = []
    for group in groups.values():
        middle = {m: [tables.ranking_error(r) for r in group if r["method"] == m] for m in methods}
        blocks.append([tables.quartiles(values)[0] for values in middle.values()])
    figure = summary.ranks(methods, np.array(blocks), "tasks") if methods else None
    if figure is None:
        return ""
    return f'<h2 id="all">All tasks</h2>{_image(figure, "ranks and performance profile")}'


def _published(names: list[str]) -> str:
    """Return published numbers of some tasks beside ours."""
    entries = published.entries(names)
    if not entries:
        return ""
    lines = ["<tr><th>task</th><th>method</th><th>metric</th><th>published</th><th>ours</th>"
             "<th>aim</th><th>sources; what differs</th></tr>"]  # fmt: skip
    for e in entries:
        found = e.ours
        ours = f"{tables.format_number(found['median'])} (n={found['n']})" if found else "not run"
        cells = (e.task, e.method, e.metric, ", ".join(e.values()) or "-", ours, e.verdict(),
                 "; ".join([*e.sources(), e.differs]).strip("; "))  # fmt: skip
        lines.append("<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in cells) + "</tr>")
    return (
        '<h2 id="records">Published numbers beside ours</h2><p>Ours are the committed medians; '
        "a number marked ? was recalled, not read again in its source.</p>"
        f'<div class="wide"><table class="text">{"".join(lines)}</table></div>'
    )


def _table(rows: list[Row], names: list[str]) -> str:
    head = "".join(f"<th>{html.escape(n.replace('_', '-'))}</th>" for n in names)
    lines = [
        f"<tr><th>method</th>{head}<th>95 % interval</th><th>validation</th>"
        "<th>failed / seeds</th><th>tuning, s</th><th>fit, s</th><th>weights trained</th></tr>"
    ]
    for row in rows:
        kind = ' class="control"' if METHODS[row.method].kind == "baseline" else ""
        cells = "".join(f"<td>{tables.format_quartiles(row.metrics.get(n))}</td>" for n in names)
        span = "-"
        if row.interval is not None:
            span = " to ".join(tables.format_number(end) for end in row.interval)
        chosen = "-" if row.validation is None else tables.format_number(row.validation)
        failed = f"{row.n_failed} / {row.n_seeds}"
        if row.n_failed:
            failed = f'<span class="failed">{failed}</span>'
        noisy = ' <span class="note">(noisy)</span>' if row.noisy else ""
        lines.append(
            f"<tr{kind}><td>{html.escape(row.title)}</td>{cells}<td>{span}</td><td>{chosen}</td>"
            f"<td>{failed}</td><td>{tables.format_number(row.tune_seconds)}</td>"
            f"<td>{tables.format_number(row.fit_seconds)}{noisy}</td><td>{tables.format_count(row.trained)}</td>"
            "</tr>"
        )
    reasons = [f"{row.title}: {r}" for row in rows for r in row.reasons]
    below = "".join(f'<p class="failed">{html.escape(reason)}</p>' for reason in reasons)
    unbroken = "".join(lines).replace("e-", "e\u2011")  # no line ends inside 1.0e-10
    return f'<div class="wide"><table>{unbroken}</table></div>{below}'


def _image(figure: Figure, alt: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<p><img alt="{html.escape(alt)}" src="data:image/png;base64,{data}"></p>'


def _footer(found: list[Record]) -> str:
    sources = [r["provenance"] for r in found if "provenance" in r]
    if not sources:
        return ""
    known = sources[-1]
    versions = ", ".join(
        f"{n} {known[n]}" for n in ("python", "numpy", "scipy", "sklearn", "torch")
    )
    track = found[-1]["track"]
    settings = (
        "Settings are the defaults."
        if track == "default"
        else "Settings were found on validation rows by an equal search per method (track "
        f"{html.escape(track)}): <code>reservoirs-bench tune --check</code> reads the logs."
    )
    return (
        f"<footer><p>{len(found)} cells; {versions}; {known['machine']}, {known['n_cpu']} cores, "
        f"one thread per cell. {settings}</p></footer>"
    )
