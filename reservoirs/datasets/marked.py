"""Long-memory tasks with two marked steps: addition, multiplication, exclusive or."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_random_state

from reservoirs.datasets.long_memory import (
    LONG_MEMORY,
    Random,
    check_variant,
    draw_between,
    split_rows,
)
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.sequences import Array, Seed


class Marks(NamedTuple):
    """Lengths of the sequences and their two marked steps, (n_series,) each, steps from 0."""

    lengths: Array
    first: Array
    second: Array


DrawMarks = Callable[[int, int, Random], Marks]  # number of sequences, T, generator


def _hochreiter(n_series: int, n_steps: int, rng: Random) -> Marks:
    lengths = draw_between(rng, n_steps, n_steps + n_steps // 10, n_series)
    first = draw_between(rng, 1, min(9, n_steps // 2 - 3), n_series)
    second = draw_between(rng, 1, n_steps // 2 - 3, n_series)
    # stepping over the first mark leaves every unmarked step of the first half equally likely
    return Marks(lengths, first, second + (second >= first))


def _martens(n_series: int, n_steps: int, rng: Random) -> Marks:
    lengths = draw_between(rng, n_steps, n_steps * 11 // 10, n_series)
    first = draw_between(rng, 0, lengths // 10 - 1, n_series)
    return Marks(lengths, first, draw_between(rng, lengths // 10, lengths // 2 - 1, n_series))


def _scaled(*ranges: tuple[float, float]) -> DrawMarks:
    """Return a variant whose length and steps lie in [low, high) n_steps / 100."""

    def draw(n_series: int, n_steps: int, rng: Random) -> Marks:
        factor = n_steps / 100
        lengths, first, second = (
            draw_between(rng, int(low * factor), int(np.ceil(high * factor)) - 1, n_series)
            for low, high in ranges
        )
        return Marks(lengths, first, np.maximum(second, first + 1))

    return draw


MARKED: dict[str, DrawMarks] = {
    "hochreiter": _hochreiter,
    "martens": _martens,
    "sutskever": _scaled((100, 110), (1, 10), (10, 50)),
}
XOR = {"martens": _martens, "sutskever": _scaled((50, 55), (1, 10), (15, 25))}


def _marked(
    draw_values: Callable[[Random, int], Array], marks: Marks, variant: str, rng: Random
) -> tuple[list[Array], Array, Array]:
    """Return the series [value, marker], and the two marked values of each."""
    lengths = marks.lengths
    # all series are drawn as flat rows at once; a mark is counted from the start of its series
    starts = np.cumsum(lengths) - lengths
    first, second = starts + marks.first, starts + marks.second
    rows = np.zeros((int(lengths.sum()), 2))
    rows[:, 0] = draw_values(rng, len(rows))
    if variant != "martens":
        last = starts + lengths - (1 if variant == "hochreiter" else 3)
        rows[starts, 1] = rows[last, 1] = -1.0
    rows[first, 1] = rows[second, 1] = 1.0
    return split_rows(rows, lengths), rows[first, 0], rows[second, 0]


def _signed(rng: Random, size: int) -> Array:
    return rng.uniform(-1.0, 1.0, size)


def _unit(rng: Random, size: int) -> Array:
    return rng.uniform(0.0, 1.0, size)


def _bits(rng: Random, size: int) -> Array:
    return rng.randint(0, 2, size).astype(np.float64)


@inherit_parameters(LONG_MEMORY)
@checked(n_series=COUNT, n_steps=COUNT)
def addition(
    n_series: int, n_steps: int = 100, *, variant: str = "martens", random_state: Seed = None
) -> Bunch:
    """Add the two marked numbers of a sequence.

    y = (u_i + u_j) / 2 ("martens"), u_i + u_j ("sutskever"), 0.5 + (u_i + u_j) / 4 ("hochreiter")

    "martens": numbers in [0, 1], markers 0 and 1, one in the first tenth, one up to the half, T to
    1.1 T rows. "sutskever": marker -1 on the first row and the third from the end. "hochreiter":
    numbers in [-1, 1], marker -1 on the first and last row, one marked among the first ten rows
    (never the very first), the other in the first half.

    Returns
    -------
    Bunch
        `X`, a list of arrays of shape (n_rows, 2), rows [number, marker], and `y`, an array of
        shape (n_series,).

    Raises
    ------
    ValueError
        If the variant is unknown, or there are fewer than 10 steps.

    See Also
    --------
    multiplication : The product of the two numbers.
    xor : The same with bits.

    Examples
    --------
    >>> from reservoirs.datasets import addition
    >>> data = addition(2, 100, random_state=0)
    >>> number, marker = data.X[0].T
    >>> bool(abs(data.y[0] - number[marker == 1].mean()) < 1e-12)
    True
    """
    check_variant(n_steps, 10, variant, MARKED)
    rng = check_random_state(random_state)
    marks = MARKED[variant](n_series, n_steps, rng)
    X, a, b = _marked(_signed if variant == "hochreiter" else _unit, marks, variant, rng)
    y = {"hochreiter": 0.5 + (a + b) / 4.0, "martens": (a + b) / 2.0, "sutskever": a + b}
    return Bunch(X=X, y=y[variant], n_scored=None)


@inherit_parameters(LONG_MEMORY)
@checked(n_series=COUNT, n_steps=COUNT)
def multiplication(
    n_series: int, n_steps: int = 100, *, variant: str = "martens", random_state: Seed = None
) -> Bunch:
    """Multiply the two marked numbers of a sequence.

    y = u_i u_j

    The numbers lie in [0, 1]; markers and lengths are those of `addition`.

    Returns
    -------
    Bunch
        `X`, a list of arrays of shape (n_rows, 2), rows [number, marker], and `y`, an array of
        shape (n_series,).

    Raises
    ------
    ValueError
        If the variant is unknown, or there are fewer than 10 steps.

    See Also
    --------
    addition : The sum of the two numbers.

    Examples
    --------
    >>> from reservoirs.datasets import multiplication
    >>> data = multiplication(2, 100, random_state=0)
    >>> number, marker = data.X[0].T
    >>> bool(abs(data.y[0] - number[marker == 1].prod()) < 1e-12)
    True
    """
    check_variant(n_steps, 10, variant, MARKED)
    rng = check_random_state(random_state)
    X, a, b = _marked(_unit, MARKED[variant](n_series, n_steps, rng), variant, rng)
    return Bunch(X=X, y=a * b, n_scored=None)


@inherit_parameters(LONG_MEMORY)
@checked(n_series=COUNT, n_steps=COUNT)
def xor(
    n_series: int, n_steps: int = 100, *, variant: str = "martens", random_state: Seed = None
) -> Bunch:
    """Tell whether the two marked bits of a sequence differ.

    y = u_i xor u_j

    Parameters
    ----------
    n_steps : int, default=100
        T; the sequences have T to 1.1 T rows ("martens") or half as many ("sutskever").
    variant : {"martens", "sutskever"}, default="martens"
        Whose definition is used: of Martens & Sutskever (2011), or of the code released with it.

    Returns
    -------
    Bunch
        `X`, a list of arrays of shape (n_rows, 2), rows [bit, marker], and `y`, an array of shape
        (n_series,) of labels 0 and 1.

    Raises
    ------
    ValueError
        If the variant is unknown, or there are fewer than 20 steps.

    See Also
    --------
    addition : The same with numbers.

    Examples
    --------
    >>> from reservoirs.datasets import xor
    >>> data = xor(2, 100, random_state=0)
    >>> bit, marker = data.X[0].T
    >>> bool(data.y[0] == (bit[marker == 1].sum() == 1))
    True
    """
    check_variant(n_steps, 20, variant, XOR)
    rng = check_random_state(random_state)
    X, a, b = _marked(_bits, XOR[variant](n_series, n_steps, rng), variant, rng)
    return Bunch(X=X, y=(a != b).astype(int), n_scored=None)
