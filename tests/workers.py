"""What the worker of a backend runs in place of a cell, and may import by its name."""

import time


def answer(cell, limits, sources, *, folder, seconds=0.0):
    """Return, in a while, the files that an earlier run of the cell left in a folder."""
    time.sleep(seconds)
    left = (path for path in (folder / "cells").iterdir() if path.name.startswith(cell.name))
    return {path.name: path.read_bytes() for path in left}
