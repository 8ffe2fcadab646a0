"""The archive: logs of all searches and records of long runs, in one file of the source tree.

`archive.zip` lies beside the code but is not installed with the package, which reads only
`tuning/settings.json`. Names in it: `searches/TRACK/TASK--METHOD.json`, `study/defaults.json`,
`study/forecasts.json`, `runs/TASK--METHOD--SEED--KEY.json` and `.npz`.
"""

from __future__ import annotations

import importlib.resources
import io
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from benchmarks.cells.files import replace_file


class ArchiveMissingError(ValueError):
    """The archive is asked for where only the package is installed."""


def archive_file() -> Path:
    """Return where the archive lies in a checkout."""
    return Path(str(importlib.resources.files("benchmarks"))) / "archive.zip"


def read_archive(pattern: str = "*") -> dict[str, bytes]:
    """Return files of the archive.

    The pattern is of their names, * standing for any characters, slashes too; the result is content
    by name, sorted.

    Raises
    ------
    ArchiveMissingError
        If the archive is not there.
    """
    path = archive_file()
    if not path.exists():
        raise ArchiveMissingError(
            f"there is no {path}: logs of searches and records of long runs come with a checkout "
            "of the source, not with the installed package"
        )
    with ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if fnmatchcase(name, pattern))
        return {name: archive.read(name) for name in names}


def write_archive(files: Mapping[str, bytes]) -> None:
    """Replace the archive; the same files give the same bytes.

    `files` is content by name.
    """
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            # Without the time of a file, git sees a change only where the content changes.
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED, compresslevel=9)
    replace_file(archive_file(), buffer.getvalue())
