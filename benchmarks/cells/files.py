"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write a file under a temporary name and move it into place.

    Its folder is made.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # threads of one process may write the same file
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident():x}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            # A rename may reach the disk before the data: without this a crash leaves it empty.
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        # the file that was asked for, not the temporary one
        raise OSError(error.errno, error.strerror, str(path)) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
