"""For maintainers: put searches and long runs into the archive, and renew the package's settings.

    python -m benchmarks.tuning.pack --searches results/tuned --runs results/memory

Without options it only writes `settings.json` again from the logs in the archive.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.cells import archive
from benchmarks.cells.files import replace_file
from benchmarks.tuning.stored import StoredSearch, settings_file


def settings_text(files: Mapping[str, bytes]) -> str:
    """Return the package's settings as the logs of an archive say.

    Files are content by name; the text is JSON, a line per search.
    """
    lines = [
        json.dumps(
            asdict(StoredSearch.from_log(json.loads(content))),
            sort_keys=True,
            separators=(",", ":"),
        )
        for name, content in sorted(files.items())
        if name.startswith("searches/")
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def add_searches(files: dict[str, bytes], folder: Path) -> None:
    """Add the logs of a folder, and the studies of the defaults that are there.

    Files, content by name, are changed; the folder is that of tracks, as `tune --out` writes it.
    """
    for path in folder.glob("*/*--*.json"):
        files[f"searches/{path.parent.name}/{path.name}"] = path.read_bytes()
    for path in folder.glob("study/*.json"):
        files[f"study/{path.name}"] = path.read_bytes()


def add_runs(files: dict[str, bytes], folder: Path) -> None:
    """Add the records and arrays of a folder of results, in place of earlier ones.

    Files, content by name, are changed; the folder has `cells`.
    """
    paths = [path for path in (folder / "cells").iterdir() if path.suffix in (".json", ".npz")]
    cells = {path.stem.rpartition("--")[0] for path in paths}  # without the key
    # A record made by newer code has another key and so another name: update() would keep both.
    for name in list(files):
        if name.startswith("runs/") and Path(name).stem.rpartition("--")[0] in cells:
            del files[name]
    files.update({f"runs/{path.name}": path.read_bytes() for path in paths})


def main(arguments: Sequence[str] | None = None) -> None:
    """Put what the options name into the archive and write the settings again.

    None takes the arguments of the command line.
    """
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--searches", type=Path, metavar="FOLDER", help="of logs (tune --out)")
    parser.add_argument("--runs", type=Path, metavar="FOLDER", help="of results, with its `cells`")
    options = parser.parse_args(arguments)
    files = archive.read_archive() if archive.archive_file().exists() else {}
    if options.searches:
        add_searches(files, options.searches)
    if options.runs:
        add_runs(files, options.runs)
    if options.searches or options.runs:
        archive.write_archive(files)
    # Also when nothing was added: a new field of StoredSearch is read from the logs.
    replace_file(settings_file(), settings_text(files).encode())


if __name__ == "__main__":
    main()
