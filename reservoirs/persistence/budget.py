"""What reading a file may cost: memory and work in proportion to its size."""

from __future__ import annotations

from typing import NamedTuple

MEGABYTE = 2**20
MAX_DEPTH = 64  # containers and objects inside each other
INDEX_BYTES = 40_000  # of memory and time that one index of pandas is taken to cost
GENERATOR_BYTES = 1_000_000  # of one random generator


class Costs(NamedTuple):
    """Bytes of Python objects per character of a JSON text.

    They are those of a dictionary of one entry, an empty list with its place in the list around it,
    one more entry, one more item, and a text without its characters.
    """

    opened_dict: int = 190
    opened_list: int = 80
    colon: int = 40
    comma: int = 34
    quotes: int = 56


def size_as_objects(text: str) -> int:
    """Return an upper estimate of what a JSON text takes as Python objects.

    The text is ASCII; brackets inside of strings count as others do.
    """
    costs = Costs()
    # one character beyond ASCII makes a string of up to four bytes a character
    width = 4 if "\\u" in text else 1
    return (
        width * len(text)
        + costs.opened_dict * text.count("{")
        + costs.opened_list * text.count("[")
        + costs.colon * text.count(":")
        + costs.comma * text.count(",")
        + costs.quotes * text.count('"') // 2
    )


class Budget:
    """Counts what reading a file takes, and refuses a file that takes too much for its size.

    Together with the file itself it stays below four times the size of the file and 50 MB.
    """

    def __init__(self, n_bytes: int) -> None:
        self._memory = 40 * MEGABYTE + 5 * n_bytes // 2
        self._work = 256 * MEGABYTE + 32 * n_bytes
        self._nodes = 10_000 + n_bytes

    def take(self, n_bytes: int) -> None:
        """Count memory.

        Raises
        ------
        ValueError
            If it is too much.
        """
        self._memory -= n_bytes
        if self._memory < 0:
            raise ValueError("it would take far more memory than its size; drop long lists")

    def work_on(self, n_bytes: int) -> None:
        """Count bytes that are about to be looked through.

        Raises
        ------
        ValueError
            If it is too much.
        """
        self._work -= n_bytes
        if self._work < 0:
            raise ValueError("it refers to the same arrays far too often")

    def check_nodes(self, count: int) -> None:
        """Refuse too many values, those that are referred to counted each time.

        Raises
        ------
        ValueError
            If there are too many.
        """
        if count > self._nodes:
            raise ValueError("it refers to the same values far too often")
