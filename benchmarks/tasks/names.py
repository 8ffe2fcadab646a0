"""Names of tasks, methods and suites: which texts are one, and which were meant by others."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

N_NEAREST = 3
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


def nearest(name: str, existing: Iterable[str]) -> list[str]:
    """Return the three names at most that were likely meant by one that does not exist.

    Those that differ in upper and lower case come first, then those that begin with it, those with
    a word that begins with it, those that hold it, and those that are spelt alike.

    Examples
    --------
    >>> nearest("sine", ["race_sine", "sine_clean", "lstm", "sine_noisy_0.1"])
    ['sine_clean', 'sine_noisy_0.1', 'race_sine']
    >>> nearest("LSTM", ["race_sine", "lstm", "lstm_memory"])
    ['lstm', 'lstm_memory']
    """
    names = list(dict.fromkeys(existing))
    folded = {own: _fold(own) for own in names}
    wanted = _fold(name)
    if not wanted:
        return []
    orders = (
        [own for own in names if folded[own] == wanted],
        [own for own in names if folded[own].startswith(wanted)],
        [own for own in names if f"_{wanted}" in folded[own]],
        [own for own in names if wanted in folded[own]],
        [own for text in _close(wanted, folded) for own in names if folded[own] == text],
    )
    return list(dict.fromkeys(own for order in orders for own in order))[:N_NEAREST]


def _fold(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _close(wanted: str, folded: dict[str, str]) -> list[str]:
    return get_close_matches(wanted, list(dict.fromkeys(folded.values())), n=N_NEAREST)
