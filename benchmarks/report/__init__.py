"""The page of a run and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.results.records import Record


def write_page(path: Path, folder: Path, records: Sequence[Record], heading: str) -> None:
    """Write the page of some records.

    Parameters
    ----------
    path : Path
        The HTML file.
    folder : Path
        Of the results, for the arrays.
    records : sequence of dict
        Of any tasks.
    heading : str
        What was run.
    """
    from benchmarks.report import page  # it draws, and so loads torch and matplotlib

    page.write_page(path, folder, records, heading)
