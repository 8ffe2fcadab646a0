"""The command that lists tasks, methods and suites: by kind, by word, families in a line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.table import Table

from benchmarks.cli.console import console, print_json
from benchmarks.methods.registry import METHODS
from benchmarks.running import suites
from benchmarks.tasks import TASKS
from benchmarks.tasks.names import nearest

FAMILY = 3  # variants from which on they share a line
SHOWN = 3  # variants of a family that its line names
KINDS = ("tasks", "methods", "suites")
HEADINGS = {  # what is done on a kind of data
    "Split": "one series, forecast on",
    "Simulation": "simulated from known inputs",
    "Filter": "an output for every input",
    "Attractor": "chaos: how far, and its climate",
    "Rolling": "real series, from several origins",
    "Labelled": "labels of series",
    "Memory": "what happened long ago",
    "Race": "training loss in equal time",
}


@dataclass(frozen=True)
class Entry:
    """One task, method or suite: the heading it stands under, its name and a line."""

    heading: str
    name: str
    title: str
    study: str = ""


def list_names(options: argparse.Namespace) -> int:
    """List tasks, methods and suites: all of them, one kind, or those that have a word.

    Raises
    ------
    UsageError
        If no name and no title has the word.
    """
    kinds, word = _read(options.what)
    entries = {kind: _having(_entries(kind), word) for kind in kinds}
    if not any(entries.values()):
        names = [entry.name for kind in kinds for entry in _entries(kind)]
        near = nearest(word, [*names, *KINDS])
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise suites.UsageError(f"no name and no title has {word!r}{hint}")
    if options.json:
        print_json({k: {e.name: e.title for e in entries[k]} for k in kinds if entries[k]})
        return 0
    for kind in kinds:
        _print(kind, entries[kind], fold=not word)
    if not word:
        console.print(
            "list WORD: those that have it, one a line; info NAME: all about one", highlight=False
        )
    return 0


def _read(what: list[str]) -> tuple[list[str], str]:
    """Return the kinds to list, and the word to look for; one kind where its name comes first."""
    first, *rest = [*what, ""]
    kind = next((k for k in KINDS if first and k.startswith(first.casefold().rstrip("s"))), None)
    if kind and len(first) >= 4:
        return [kind], " ".join(rest).strip()
    return list(KINDS), " ".join(what)


def _entries(kind: str) -> list[Entry]:
    """Return all of one kind."""
    if kind == "tasks":
        return [
            Entry(
                HEADINGS.get(t.kind.__name__, t.kind.__name__),
                t.name,
                f"{t.title.rstrip('.')}. {t.note}" if t.note else t.title,
                t.study,
            )
            for t in TASKS.values()
        ]
    if kind == "methods":
        headings = {"learner": "learners", "baseline": "baselines"}
        return [Entry(headings[m.kind], m.name, m.title) for m in METHODS.values()]
    return [Entry("", name, suites.load_suite(name).title) for name in suites.suite_names()]


def _having(entries: Iterable[Entry], word: str) -> list[Entry]:
    """Return the entries that have a word in name, title, heading or study."""
    wanted = word.casefold()
    return [e for e in entries if wanted in f"{e.name} {e.title} {e.heading} {e.study}".casefold()]


def _print(kind: str, entries: list[Entry], *, fold: bool) -> None:
    """Print one kind, a table for each heading."""
    for heading in dict.fromkeys(entry.heading for entry in entries):
        own = {e.name: e for e in entries if e.heading == heading}
        title = f"{kind}: {heading}" if heading else kind
        table = Table(
            title=f"{title} ({len(own)})", title_justify="left", show_header=False, box=None
        )
        table.add_column(no_wrap=max(map(len, own)) < console.width / 2)
        for name, text in _folded(own) if fold else _plain(own):
            table.add_row(name, text)
        console.print(table, markup=False, highlight=False)


def _plain(entries: Mapping[str, Entry]) -> list[tuple[str, str]]:
    return [(e.name, e.title) for e in entries.values()]


def _folded(entries: Mapping[str, Entry]) -> list[tuple[str, str]]:
    """Return a line for each entry, one for a family of three or more."""
    families: dict[str, list[Entry]] = {}
    for entry in entries.values():
        families.setdefault(entry.study or family(entry.name), []).append(entry)
    lines = []
    for name, members in families.items():
        if len(members) < FAMILY:
            lines += [(e.name, e.title) for e in members]
            continue
        names = ", ".join(e.name.removeprefix(f"{name}_") for e in members[:SHOWN])
        more = f" and {len(members) - SHOWN} more" if len(members) > SHOWN else ""
        lines.append((f"{name} ...", f"{len(members)}: {names}{more}; list {name}"))
    return lines


def family(name: str) -> str:
    """Return what the names of variants begin with: the words before the first with a digit.

    Examples
    --------
    >>> family("oscillator_eta0.05_cos"), family("mso12"), family("race_sine")
    ('oscillator', 'mso', 'race_sine')
    """
    words = name.split("_")
    number = next((i for i, word in enumerate(words) if re.search(r"\d", word)), len(words))
    if number == 0:
        return re.split(r"\d", words[0])[0] or name
    return "_".join(words[:number])
