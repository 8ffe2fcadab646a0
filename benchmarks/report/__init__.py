"""The page of a run and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.results.records import Record


def write_page(path: Path, folder: Path, records: Sequence[Record], heading: str) -> None:
    """Write the page of some records.

    Arrays are read from the folder of results; the heading says what was run.
    """
    from benchmarks.report import page  # it draws, and so loads torch and matplotlib

    page.write_page(path, folder, records, heading)
