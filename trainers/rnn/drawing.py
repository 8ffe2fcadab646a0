"""Data that are drawn: a function, or an object with `draw`, in the place of X."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from reservoirs.sequences import SeriesLike

FIRST = 256  # sequences at least, by which scales and classes are measured
Draw: TypeAlias = Callable[[np.random.Generator, int], tuple[SeriesLike, SeriesLike]]
Drawing: TypeAlias = Any  # X of a fit: data, or what draws them


def find_draw(X: Drawing) -> Draw | None:
    """Return the function (rng, n) -> (X, y) of what draws sequences; None for data."""
    draw = X.draw if callable(getattr(X, "draw", None)) else X
    if not callable(draw):
        return None

    def drawn(rng: np.random.Generator, n: int) -> tuple[SeriesLike, SeriesLike]:
        sequences = draw(rng, n)
        if hasattr(sequences, "X") and hasattr(sequences, "y"):
            return sequences.X, sequences.y
        if isinstance(sequences, tuple) and len(sequences) == 2:
            return sequences
        raise TypeError(
            "draw(rng, n) must return the tuple (X, y) of n sequences, or an object that has both, "
            f"got {type(sequences).__name__}"
        )

    return drawn


def first_sample(
    X: Drawing,
    y: SeriesLike,
    generator: Callable[[], np.random.Generator],
    batch_size: int,
    refused: Mapping[str, object],
) -> tuple[SeriesLike, SeriesLike, Draw | None]:
    """Return data as they came, or some that are drawn to measure scales by, and what draws more.

    Raises
    ------
    ValueError
        If y came beside what draws it, or an argument or parameter that is refused is set.
    TypeError
        If what is drawn is no pair.
    """
    draw = find_draw(X)
    if draw is None:
        return X, y, None
    for name, value in {"y": y, **refused}.items():
        if value is not None:
            raise ValueError(
                f"X draws its sequences and their targets, so {name} must be None: every epoch "
                "learns batch_size sequences that are new, and its loss is that before it"
            )
    return *draw(generator().spawn(1)[0], max(batch_size, FIRST)), draw
