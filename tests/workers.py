"""What the worker of a backend runs in place of a cell, and may import by its name."""


def answer(cell, limits, sources, *, folder):
    """Return the files that an earlier run of the cell left in a folder."""
    left = (path for path in (folder / "cells").iterdir() if path.name.startswith(cell.name))
    return {path.name: path.read_bytes() for path in left}
