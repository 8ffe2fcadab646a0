"""What the tasks with long time lags share: the target depends on inputs shown long before.

Three papers define them differently; `variant` names whose definition is used:

    "hochreiter"  Hochreiter & Schmidhuber (1997), Long short-term memory
    "martens"     Martens & Sutskever (2011), as in Sutskever's thesis (2013), section 4.4
    "sutskever"   the code released with it, steps scaled by n_steps / 100

A network solves a task when fewer than 1 % of 10,000 fresh sequences are wrong, by the rule of
`reservoirs.metrics.sequence_error_rate`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from reservoirs.sequences import Array

Random: TypeAlias = np.random.RandomState

LONG_MEMORY = """Arguments that the long-memory tasks take.

Parameters
----------
n_series : int
    Number of sequences.
n_steps : int, default=100
    The shortest length T of a sequence.
variant : {"hochreiter", "martens", "sutskever"}, default="martens"
    Whose definition is used: of Hochreiter & Schmidhuber (1997), of Martens & Sutskever (2011), or
    of the code released with the latter.
random_state : int, RandomState instance or None, default=None
    Seed of the sequences.
"""


def draw_between(rng: Random, low: int | Array, high: int | Array, size: int) -> Array:
    """Draw whole numbers of [low, high], both included; low wins where high is smaller."""
    low = np.broadcast_to(low, size)
    drawn: Array = rng.randint(low, np.maximum(high, low) + 1)
    return drawn


def check_variant(n_steps: int, minimum: int, variant: str, variants: Iterable[str]) -> None:
    """Raise if a variant is unknown or its sequences are too short.

    Raises
    ------
    ValueError
        If `variant` is none of `variants`, or `n_steps` is below `minimum`.
    """
    if variant not in variants:
        raise ValueError(f"variant must be one of {sorted(variants)}, got {variant!r}")
    if n_steps < minimum:
        raise ValueError(f"n_steps must be at least {minimum}, got {n_steps}")


def split_rows(rows: Array, lengths: Array) -> list[Array]:
    """Return flat rows as one array per series."""
    return np.split(rows, np.cumsum(lengths)[:-1])
