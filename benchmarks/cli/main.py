"""The command line: its parser, and what happens when something goes wrong."""

from __future__ import annotations

import argparse
import errno
import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.cells import plugins
from benchmarks.cli.console import RESULTS, errors
from benchmarks.cli.parsing import Parser
from benchmarks.running.suites import UsageError

LOGGER = logging.getLogger("benchmarks")
INTERRUPTED = 130  # as shells count it: 128 and the number of the signal
ELSEWHERE = "; choose a folder that can be written with --out"
HINTS: dict[int | None, str] = {
    errno.ENOSPC: "; make room and give the same command again: finished cells are kept",
    errno.EACCES: ELSEWHERE,
    errno.EPERM: ELSEWHERE,
    errno.EROFS: ELSEWHERE,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    0 all well, 1 a cell failed, 2 bad usage, 3 a regression, 130 interrupted. The arguments stand
    without the program's name; None takes those of the command line.
    """
    _speak()
    options = _parser().parse_args(arguments)
    try:
        # Before the command, whose options may name a plugin's task or method.
        plugins.announce(getattr(options, "plugin", None) or [])
        plugins.load_plugins()
        # Imported here, so that `--help` and `list` load neither torch nor matplotlib.
        module, command = options.action
        return int(getattr(import_module(f"benchmarks.cli.{module}"), command)(options))
    except (UsageError, ValueError, OSError) as error:
        number = error.errno if isinstance(error, OSError) else None
        errors.print(
            f"reservoirs-bench: {error}{HINTS.get(number, '')}",
            style="red",
            soft_wrap=True,
            markup=False,
            highlight=False,
        )
        return 2
    except KeyboardInterrupt:
        errors.print("interrupted; the same command goes on where this one stopped")
        return INTERRUPTED


def _speak() -> None:
    """Let messages reach the terminal, whatever its encoding can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if not LOGGER.handlers:
        LOGGER.addHandler(_Said())


class _Said(logging.Handler):
    """Prints what the library says of files on the console of errors."""

    def emit(self, record: logging.LogRecord) -> None:
        errors.print(record.getMessage(), style="yellow", soft_wrap=True, markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="reservoirs-bench",
        description="Compare four ways to learn a recurrent network.",
        epilog="exit codes: 0 all well, 1 a cell failed, 2 bad usage, 3 a regression, "
        "130 interrupted",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('reservoirs')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _run(commands)
    _look(commands)
    _results(commands)
    _tune(commands)
    _forecast(commands)
    speed = commands.add_parser("speed", help="time our calls against peers, interleaved")
    speed.add_argument("--quick", action="store_true", help="small sizes only")
    speed.add_argument("--scaling", action="store_true", help="how cost grows, instead")
    speed.add_argument("--grid", action="store_true", help="cells over sizes by torch's, instead")
    speed.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    speed.set_defaults(action=("speed", "speed"))
    return parser


def _run(commands: argparse._SubParsersAction[Parser]) -> None:
    run = commands.add_parser("run", help="run a suite, print its tables and write report.html")
    _cells(run)
    run.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    run.add_argument("--timeout", type=float, help="seconds until a cell is killed")
    run.add_argument("--memory", type=float, default=8000.0, help="megabytes a cell may take")
    run.add_argument("--retry", action="store_true", help="run cells again that left no result")
    run.add_argument("--fresh", action="store_true", help="run what came with the package too")
    run.add_argument("--shard", metavar="I/N", help="run the I-th of N parts (1/4 .. 4/4) only")
    where = run.add_mutually_exclusive_group()
    where.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="run on a Dask cluster")
    where.add_argument("--backend", default="local", help="or on a backend of joblib (loky, say)")
    run.add_argument("--dry-run", action="store_true", help="say what would run, run nothing")
    run.set_defaults(action=("run", "run"))


def _forecast(commands: argparse._SubParsersAction[Parser]) -> None:
    parser = commands.add_parser(
        "forecast",
        help="forecast the columns of a CSV file: a table with intervals, and a page",
        epilog="exit codes: 0 done, 1 the file cannot be forecast as it is, 2 bad usage",
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="UTF-8, columns named first")
    parser.add_argument("--time", metavar="COLUMN", help="dates or numbers; default: rows in order")
    for name, needed, text in (
        ("--target", True, "what to forecast (commas between several)"),
        ("--known", False, "known ahead: weather, holidays, prices, in rows beyond the target"),
    ):
        parser.add_argument(
            name, action="append", required=needed, default=[], metavar="COLUMN", help=text
        )
    parser.add_argument("--horizon", type=int, required=True, metavar="N", help="steps ahead")
    parser.add_argument(
        "--level", type=float, nargs="+", default=[80.0, 95.0], help="of intervals, in per cent"
    )
    parser.add_argument("--season", default="auto", help="steps of a season, auto or 1 for none")
    parser.add_argument(
        "--out", type=Path, default=RESULTS / "forecast", help="folder, or page.html"
    )
    parser.add_argument("--sep", help="what separates columns: a character, or tab")
    parser.add_argument("--decimal", choices=[".", ","], help="the decimal mark")
    parser.add_argument(
        "--date-format", metavar="FORMAT", help="of times, as in %%d.%%m.%%Y %%H:%%M"
    )
    parser.add_argument("--tz", metavar="ZONE", help="whose clock was read, as in Europe/Berlin")
    parser.add_argument("--rows", type=int, default=4000, help="last rows to learn from, 4000")
    parser.add_argument("--fill-known", action="store_true", help="fill gaps of known inputs")
    parser.add_argument("--seed", type=int, default=0, help="of the reservoirs, 0")
    parser.set_defaults(action=("forecast", "forecast"))


def _look(commands: argparse._SubParsersAction[Parser]) -> None:
    listing = commands.add_parser("list", help="list tasks, methods and suites")
    listing.add_argument("what", nargs="*", help="tasks, methods or suites, and a word to look for")
    listing.set_defaults(action=("listing", "list_names"))
    info = commands.add_parser("info", help="say everything about a task, a method or a suite")
    info.add_argument("name")
    info.set_defaults(action=("inspect", "info"))
    status = commands.add_parser("status", help="what of a suite is done, failed and to do")
    _cells(status)
    status.set_defaults(action=("inspect", "status"))
    records = commands.add_parser("records", help="published numbers beside ours")
    records.add_argument("name", nargs="*", help="only these tasks")
    records.add_argument("--update", type=Path, metavar="FOLDER", help="put in ours from results")
    records.set_defaults(action=("published", "records"))
    for parser in (listing, info, status, records):
        parser.add_argument("--json", action="store_true", help="print JSON")
    for parser in (listing, info, records):
        _plugin(parser)


def _results(commands: argparse._SubParsersAction[Parser]) -> None:
    report = commands.add_parser("report", help="write the report of a folder of results again")
    report.add_argument("folder", type=Path)
    report.add_argument("-o", "--output", type=Path, help="default report.html in the folder")
    report.set_defaults(action=("inspect", "report"))
    compare = commands.add_parser("compare", help="paired differences between two folders")
    compare.add_argument("before", type=Path, metavar="A")
    compare.add_argument("after", type=Path, metavar="B")
    compare.add_argument(
        "--tolerance",
        type=float,
        default=1.1,
        help="largest ratio of errors that does not count as a regression, 1.1",
    )
    compare.add_argument("--json", action="store_true", help="print JSON")
    compare.set_defaults(action=("inspect", "compare"))
    export = commands.add_parser("export", help="write all records as one table")
    export.add_argument("folder", type=Path)
    export.add_argument("output", type=Path, help="file.csv, file.json or file.parquet")
    export.set_defaults(action=("inspect", "export"))
    merge = commands.add_parser("merge", help="put the records of several folders into one")
    merge.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    merge.add_argument("--out", type=Path, required=True, help="folder that takes them")
    merge.set_defaults(action=("inspect", "merge"))
    for parser in (report, compare, export, merge):
        _plugin(parser)


def _tune(commands: argparse._SubParsersAction[Parser]) -> None:
    tune = commands.add_parser("tune", help="search settings on validation rows, or check the logs")
    _choices(tune)
    tune.add_argument("--check", action="store_true", help="check the stored logs, search nothing")
    tune.add_argument("--defaults", action="store_true", help="run the study of the defaults")
    text = "run the study of the defaults by forecasts in a closed loop"
    tune.add_argument("--forecast-defaults", action="store_true", help=text)
    text = "run the study of the classifier's defaults"
    tune.add_argument("--label-defaults", action="store_true", help=text)
    tune.add_argument("--track", default="trials:50", help="trials:N, seconds:N, or stored")
    tune.add_argument("--again", action="store_true", help="search what is stored already too")
    tune.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    tune.add_argument("--out", type=Path, help="folder of the logs, default results/tuned")
    tune.set_defaults(action=("tune", "tune"))


def _cells(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "suite", nargs="?", default="oscillators", help="a suite (see list) or a file.toml of yours"
    )
    parser.add_argument("--full", action="store_true", help="every task, every method")
    _choices(parser)
    parser.add_argument("--seeds", type=int, help="test seeds per method, counted from 0")
    parser.add_argument("--track", help="default, stored, trials:N or seconds:N")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")


def _choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-t", "--task", action="append", help="only this task (may be repeated)")
    parser.add_argument(
        "-m", "--method", action="append", help="only this method (may be repeated)"
    )
    _plugin(parser)


def _plugin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plugin",
        type=Path,
        action="append",
        metavar="FILE.py",
        help="tasks and methods of yours (may be repeated)",
    )
