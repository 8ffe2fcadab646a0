"""Names of tasks, methods and suites: they become names of files, so that not every text is one."""

from __future__ import annotations

import re

NAME = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)


def check_name(name: object, kind: str) -> str:
    """Return a name that may stand in the name of a file.

    Raises
    ------
    ValueError
        If it holds anything but letters, digits, "_", "-" and ".", or begins with a ".".
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            f"the name of a {kind} is made of letters, digits, '_', '-' and '.', at most 100 and "
            f"no '.' first, for files are named after it; got {name!r}"
        )
    return name
