"""What data of every kind say of themselves, and the seeds they are drawn from."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol, Self

from numpy.typing import NDArray

Array = NDArray[Any]


def stream(*names: object) -> int:
    """Return a seed below 2^31 that depends on the names alone.

    Whoever asks for the same names gets the same seed, so that all methods see the same data and
    a new method changes nothing for the others.

    Names say what the seed is for: a task, a part and a number, say.
    """
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) >> 1


class Data(Protocol):
    """The data of one run of a task, of whatever kind.

    A kind is a class in `tasks/split.py` or `tasks/kinds.py`, and the function that measures a
    method on it an entry of `protocols.evaluate.PROTOCOLS`.
    """

    @property
    def n_train(self) -> int:
        """Rows, series or sequences to train on."""

    @property
    def n_monitored(self) -> int:
        """Rows after those whose loss a trained network may record."""

    @property
    def washout(self) -> int:
        """First training rows that an echo state network leaves out."""

    @property
    def rows(self) -> list[int]:
        """Rows to train on, and all rows; for some kinds what is tested on."""

    @property
    def main_metric(self) -> str:
        """The metric that tuning goes by."""

    def for_tuning(self) -> Self:
        """Return the data that tuning may see, which hold nothing of the test."""
