"""Tasks with long time lags: what counts at the end was shown long before.

Three papers define them differently; `variant` names whose definition is used:

    "hochreiter"  Hochreiter & Schmidhuber (1997), Long short-term memory
    "martens"     Martens & Sutskever (2011), as in Sutskever's thesis (2013), section 4.4
    "sutskever"   the code released with it, steps scaled by n_steps / 100

A network solves a task when fewer than 1 % of 10,000 fresh sequences are wrong, by the rule of
`reservoirs.metrics.wrong_sequences`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state

from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.sequences import Array

Marks = tuple[Array, Array, Array]  # lengths, first and second marked step, from 0


def _between(rng: Any, low: Any, high: Any, size: int) -> Array:
    """Draw whole numbers of [low, high], both included; low wins where high is smaller."""
    low = np.broadcast_to(low, size)
    drawn: Array = rng.randint(low, np.maximum(high, low) + 1)
    return drawn


def _hochreiter(n_series: int, n_steps: int, rng: Any) -> Marks:
    lengths = _between(rng, n_steps, n_steps + n_steps // 10, n_series)
    first = _between(rng, 1, min(9, n_steps // 2 - 3), n_series)
    second = _between(rng, 1, n_steps // 2 - 3, n_series)
    return lengths, first, second + (second >= first)  # any unmarked one of the first half


def _martens(n_series: int, n_steps: int, rng: Any) -> Marks:
    lengths = _between(rng, n_steps, n_steps * 11 // 10, n_series)
    first = _between(rng, 0, lengths // 10 - 1, n_series)
    return lengths, first, _between(rng, lengths // 10, lengths // 2 - 1, n_series)


def _scaled(*ranges: tuple[float, float]) -> Callable[[int, int, Any], Marks]:
    """Return a variant whose steps lie in [low, high) n_steps / 100."""

    def draw(n_series: int, n_steps: int, rng: Any) -> Marks:
        factor = n_steps / 100
        found = [
            _between(rng, int(low * factor), int(np.ceil(high * factor)) - 1, n_series)
            for low, high in ranges
        ]
        return found[0], found[1], np.maximum(found[2], found[1] + 1)

    return draw


MARKED: dict[str, Callable[[int, int, Any], Marks]] = {
    "hochreiter": _hochreiter,
    "martens": _martens,
    "sutskever": _scaled((100, 110), (1, 10), (10, 50)),
}
XOR = {"martens": _martens, "sutskever": _scaled((50, 55), (1, 10), (15, 25))}


def _check(n_steps: int, least: int, variant: str, known: Any) -> None:
    if variant not in known:
        raise ValueError(f"variant must be one of {sorted(known)}, got {variant!r}")
    if n_steps < least:
        raise ValueError(f"n_steps must be at least {least}, got {n_steps}")


def _cut(rows: Array, lengths: Array) -> list[Array]:
    """Return flat rows as one array per series."""
    return np.split(rows, np.cumsum(lengths)[:-1])


def _marked(
    values: Callable[[Any, int], Array], draw: Callable[[int, int, Any], Marks],
    n_series: int, n_steps: int, variant: str, rng: Any,
) -> tuple[list[Array], Array, Array]:  # fmt: skip
    """Return the series [value, marker], and the two marked values of each."""
    lengths, first, second = draw(n_series, n_steps, rng)
    starts = np.cumsum(lengths) - lengths
    rows = np.zeros((int(lengths.sum()), 2))
    rows[:, 0] = values(rng, len(rows))
    if variant != "martens":
        last = starts + lengths - (1 if variant == "hochreiter" else 3)
        rows[starts, 1] = rows[last, 1] = -1.0
    rows[starts + first, 1] = rows[starts + second, 1] = 1.0
    return _cut(rows, lengths), rows[starts + first, 0], rows[starts + second, 0]


def _signed(rng: Any, size: int) -> Array:
    return rng.uniform(-1.0, 1.0, size)


def _unit(rng: Any, size: int) -> Array:
    return rng.uniform(0.0, 1.0, size)


def _bits(rng: Any, size: int) -> Array:
    return rng.randint(0, 2, size).astype(np.float64)


@checked(n_series=COUNT, n_steps=COUNT)
def addition(
    n_series: int, n_steps: int = 100, *, variant: str = "martens", random_state: Any = None
) -> Bunch:
    """Add the two marked numbers of a sequence: rows [number, marker], one target per series.

    "martens": numbers in [0, 1], markers 0 and 1, one in the first tenth, one up to the half,
    n_steps to 1.1 n_steps rows; target (u_i + u_j) / 2. "sutskever": target u_i + u_j, marker -1 on
    the first row and the third from the end. "hochreiter": numbers in [-1, 1], marker -1 on the
    first and last row, one marked among the first ten rows (never the very first), the other in the
    first half; target 0.5 + (u_i + u_j) / 4.

    Parameters
    ----------
    n_series : number of sequences
    n_steps : shortest length T
    variant : whose definition
    random_state : seed

    Returns
    -------
    Bunch with `X`, a list of (n_rows, 2), and `y`, (n_series,)

    Raises
    ------
    ValueError
        For an unknown variant or fewer than 10 steps.
    """
    _check(n_steps, 10, variant, MARKED)
    rng = check_random_state(random_state)
    values = _signed if variant == "hochreiter" else _unit
    X, a, b = _marked(values, MARKED[variant], n_series, n_steps, variant, rng)
    y = {"hochreiter": 0.5 + (a + b) / 4.0, "martens": (a + b) / 2.0, "sutskever": a + b}
    return Bunch(X=X, y=y[variant], n_scored=None)


@checked(n_series=COUNT, n_steps=COUNT)
def multiplication(
    n_series: int, n_steps: int = 100, *, variant: str = "martens", random_state: Any = None
) -> Bunch:
    """Multiply the two marked numbers of a sequence, which lie in [0, 1]; else as `addition`.

    Parameters
    ----------
    n_series : number of sequences
    n_steps : shortest length T
    variant : whose definition
    random_state : seed

    Returns
    -------
    Bunch with `X`, a list of (n_rows, 2), and `y`, (n_series,)

    Raises
    ------
    ValueError
        For an unknown variant or fewer than 10 steps.
    """
    _check(n_steps, 10, variant, MARKED)
    rng = check_random_state(random_state)
    X, a, b = _marked(_unit, MARKED[variant], n_series, n_steps, variant, rng)
    return Bunch(X=X, y=a * b, n_scored=None)


@checked(n_series=COUNT, n_steps=COUNT)
def xor(
    n_series: int, n_steps: int = 100, *, variant: str = "martens", random_state: Any = None
) -> Bunch:
    """Tell whether the two marked bits of a sequence differ: rows [bit, marker], labels 0 and 1.

    Parameters
    ----------
    n_series : number of sequences
    n_steps : T; "martens": n_steps to 1.1 n_steps rows, "sutskever": half of it
    variant : "martens" or "sutskever"
    random_state : seed

    Returns
    -------
    Bunch with `X`, a list of (n_rows, 2), and `y`, (n_series,) of 0 and 1

    Raises
    ------
    ValueError
        For an unknown variant or fewer than 20 steps.
    """
    _check(n_steps, 20, variant, XOR)
    rng = check_random_state(random_state)
    X, a, b = _marked(_bits, XOR[variant], n_series, n_steps, variant, rng)
    return Bunch(X=X, y=(a != b).astype(int), n_scored=None)


# variant -> longest length, number of the first step, and the ranges of two or of three signals,
# both ends included; all but the number per n_steps
SIGNALS = {
    "hochreiter": (1.1, 1, ((0.1, 0.2), (0.5, 0.6)), ((0.1, 0.2), (0.33, 0.43), (0.66, 0.76))),
    "martens": (1.0, 1, ((0.1, 0.2), (0.5, 0.6)), ((0.1, 0.2), (0.3, 0.4), (0.6, 0.7))),
    "sutskever": (1.0, 0, ((0.01, 0.1), (0.4, 0.5)), ((0.01, 0.1), (0.3, 0.4), (0.5, 0.6))),
}


@checked(n_series=COUNT, n_steps=COUNT)
def temporal_order(
    n_series: int,
    n_steps: int = 100,
    *,
    n_signals: int = 2,
    variant: str = "martens",
    random_state: Any = None,
) -> Bunch:
    """Tell in which order signals X and Y came among distractors a, b, c, d; one-hot rows.

    Columns are a, b, c, d, X, Y; "hochreiter" and "sutskever" have two more, with which
    "hochreiter" begins and ends a sequence of n_steps to 1.1 n_steps rows.

    Parameters
    ----------
    n_series : number of sequences
    n_steps : length T
    n_signals : 2 (4 classes) or 3 (8 classes)
    variant : whose definition of the signals' places
    random_state : seed

    Returns
    -------
    Bunch with `X`, a list of (n_rows, 6 or 8), and `y`, (n_series,) of class numbers: the signals
    as binary digits, X 0 and Y 1, the first one highest

    Raises
    ------
    ValueError
        For an unknown variant, fewer than 20 steps or another number of signals.
    """
    _check(n_steps, 20, variant, SIGNALS)
    if n_signals not in (2, 3):
        raise ValueError(f"n_signals must be 2 or 3, got {n_signals}")
    rng = check_random_state(random_state)
    longest, number, *places = SIGNALS[variant]
    lengths = _between(rng, n_steps, int(longest * n_steps), n_series)
    starts = np.cumsum(lengths) - lengths
    symbols = rng.randint(0, 4, int(lengths.sum()))
    y = np.zeros(n_series, dtype=int)
    for low, high in places[n_signals - 2]:
        signal = rng.randint(0, 2, n_series)
        where = _between(rng, round(low * n_steps), round(high * n_steps), n_series) - number
        symbols[starts + where] = 4 + signal
        y = 2 * y + signal
    if variant == "hochreiter":
        symbols[starts], symbols[starts + lengths - 1] = 6, 7
    rows = np.eye(6 if variant == "martens" else 8)[symbols]
    return Bunch(X=_cut(rows, lengths), y=y, n_scored=None)


@checked(n_series=COUNT, n_steps=COUNT)
def random_permutation(
    n_series: int, n_steps: int = 100, *, n_symbols: int = 100, random_state: Any = None
) -> Bunch:
    """Predict the next of random symbols, of which only the last is known: it equals the first.

    The first is one of two symbols that occur nowhere else.

    Parameters
    ----------
    n_series : number of sequences
    n_steps : symbols per sequence
    n_symbols : different symbols
    random_state : seed

    Returns
    -------
    Bunch with `X`, (n_series, n_steps - 1, n_symbols) one-hot, and `y`, (n_series, n_steps - 1) the
    number of the next symbol; only the last step is scored

    Raises
    ------
    ValueError
        For fewer than 3 steps or 3 symbols.
    """
    if n_steps < 3 or n_symbols < 3:
        raise ValueError(f"need 3 steps and 3 symbols, got {n_steps} and {n_symbols}")
    rng = check_random_state(random_state)
    symbols = rng.randint(2, n_symbols, (n_series, n_steps))
    symbols[:, 0] = symbols[:, -1] = rng.randint(0, 2, n_series)
    return Bunch(X=np.eye(n_symbols)[symbols[:, :-1]], y=symbols[:, 1:], n_scored=1)


@checked(n_series=[COUNT, None], n_steps=COUNT, n_symbols=COUNT, n_values=COUNT)
def memorisation(
    n_series: int | None = None,
    n_steps: int = 100,
    *,
    n_symbols: int = 5,
    n_values: int = 2,
    random_state: Any = None,
) -> Bunch:
    """Repeat the first symbols of a sequence after n_steps blanks, the last of them a trigger.

    The 5-bit task has 5 symbols of 2 values (the default), the 20-bit task 10 symbols of 5. Rows
    are one-hot: the values, blank, trigger. Targets are blank until the trigger, then the symbols.

    Parameters
    ----------
    n_series : number of sequences; None gives each possible one once
    n_steps : T, steps between the last symbol shown and the first one wanted
    n_symbols : symbols to remember
    n_values : values of a symbol
    random_state : seed

    Returns
    -------
    Bunch with `X`, (n_series, n_steps + 2 n_symbols, n_values + 2), and `y`, (n_series, n_steps +
    2 n_symbols) of value numbers, n_values for blank; the last n_symbols steps are scored

    Raises
    ------
    ValueError
        For n_steps < 1, or n_series=None where there are more than 100,000 sequences.
    """
    if n_series is None and n_values**n_symbols > 100_000:
        raise ValueError(
            f"there are {n_values}^{n_symbols} sequences; pass n_series to draw some of them"
        )
    if n_series is None:
        shown = np.array(list(product(range(n_values), repeat=n_symbols)))
    else:
        shown = check_random_state(random_state).randint(0, n_values, (n_series, n_symbols))
    blank, trigger = n_values, n_values + 1
    seen = np.full((len(shown), n_steps + 2 * n_symbols), blank)
    y = seen.copy()
    seen[:, :n_symbols], seen[:, n_symbols + n_steps - 1] = shown, trigger
    y[:, -n_symbols:] = shown
    return Bunch(X=np.eye(n_values + 2)[seen], y=y, n_scored=n_symbols)
