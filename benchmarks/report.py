"""One offline HTML file: a table and the pictures of every task."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks import plots, records, tables
from benchmarks.methods import CONTROLS
from benchmarks.plots import Result
from benchmarks.tasks import TASKS

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em;
       color: #222; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25em .8em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
tr.control { color: #666; } .note { color: #8a4b00; } .failed { color: #b00020; }
img { max-width: 100%; height: auto; } .wide { overflow-x: auto; }
nav a { margin-right: 1em; white-space: nowrap; } footer { color: #666; font-size: 13px; }
"""
INTRO = """Every method saw the same standardised training rows and the same warm-up before a
forecast, and ran in the same closed loop. Errors are NRMSE: 0 is perfect, 1 is as good as the mean.
A table holds medians over seeds with the quartiles in brackets; failures are counted and rank last.
<i>free</i>N is a forecast of N steps fed with its own output. Grey rows are
controls, not learners."""


def write(path: Path, folder: Path, found: list[dict[str, Any]], heading: str) -> None:
    """Write the report of some records.

    Parameters
    ----------
    path : of the HTML file
    folder : of the results, for the arrays
    found : records
    heading : title of the page
    """
    groups = tables.by_task(found)
    links = " ".join(f'<a href="#{name}">{html.escape(TASKS[name].title)}</a>' for name in groups)
    sections = [_section(name, group, folder) for name, group in groups.items()]
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><h1>{heading}</h1><p>{INTRO}</p><nav>{links}</nav>"
        f"{''.join(sections)}{_footer(found)}</body></html>"
    )
    path.write_text(page)


def _section(name: str, group: list[dict[str, Any]], folder: Path) -> str:
    task, rows = TASKS[name], tables.summarise(group)
    results = []
    for row in rows:
        mine = [record for record in group if record["method"] == row.method]
        loaded = [a for a in (records.arrays(folder, record) for record in mine) if a]
        results.append(Result(row, mine, loaded))
    names = tables.metric_names(group)
    note = f'<p class="note">{html.escape(task.note)}</p>' if task.note else ""
    ranking = names[-1] if names else ""
    filtered = "filter" in task.tags  # nothing is fed back
    learned = task.tags & {"memory", "race"}  # the learning curves say more than the end
    steps = "test steps" if filtered else "steps after the last known value"
    pictures = [
        (plots.forecasts(results, task.title, steps), "truth against forecast, error strip below"),
        (None if filtered else plots.error_growth(results, task.title), "error growth"),
        (plots.training_curves(results, task.title), "training and validation curves"),
        (plots.learning(results, task.title), "training loss against seconds and passes"),
        (
            None if learned else plots.pareto(results, ranking, task.title),
            "accuracy against total time",
        ),
    ]
    if name.startswith(("oscillator", "van_der_pol")):
        figure = plots.phase_portraits(results, 0.1, f"{task.title}: truth grey, free run coloured")
        pictures.append((figure, "phase portrait"))
    images = "".join(_image(figure, f"{task.title}: {what}") for figure, what in pictures if figure)
    return f'<h2 id="{name}">{html.escape(task.title)}</h2>{note}{_table(rows, names)}{images}'


def _table(rows: list[tables.Row], names: list[str]) -> str:
    head = "".join(f"<th>{html.escape(n.replace('_', '-'))}</th>" for n in names)
    lines = [
        f"<tr><th>method</th>{head}<th>failed / seeds</th><th>fit, s</th>"
        "<th>weights trained</th></tr>"
    ]
    for row in rows:
        kind = ' class="control"' if row.method in CONTROLS else ""
        cells = "".join(f"<td>{tables.cell(row.metrics.get(n))}</td>" for n in names)
        failed = f"{row.n_failed} / {row.n_seeds}"
        if row.n_failed:
            failed = f'<span class="failed">{failed}</span>'
        lines.append(
            f"<tr{kind}><td>{html.escape(row.title)}</td>{cells}<td>{failed}</td>"
            f"<td>{tables.number(row.fit_seconds)}</td><td>{tables.count(row.trained)}</td></tr>"
        )
    reasons = [f"{row.title}: {r}" for row in rows for r in row.reasons]
    below = "".join(f'<p class="failed">{html.escape(reason)}</p>' for reason in reasons)
    return f'<div class="wide"><table>{"".join(lines)}</table></div>{below}'


def _image(figure: Figure, alt: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<p><img alt="{html.escape(alt)}" src="data:image/png;base64,{data}"></p>'


def _footer(found: list[dict[str, Any]]) -> str:
    sources = [r["provenance"] for r in found if "provenance" in r]
    if not sources:
        return ""
    known = sources[-1]
    versions = ", ".join(
        f"{n} {known[n]}" for n in ("python", "numpy", "scipy", "sklearn", "torch")
    )
    return (
        f"<footer><p>{len(found)} cells; {versions}; {known['machine']}, {known['n_cpu']} cores, "
        "one thread per cell. Settings were found on validation rows by an equal random search per "
        "method: <code>reservoirs-bench tune --check</code> reads the logs.</p></footer>"
    )
