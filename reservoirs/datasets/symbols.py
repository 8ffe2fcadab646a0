"""Long-memory tasks with symbols: temporal order, random permutation, memorisation."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_random_state

from reservoirs.datasets.long_memory import (
    LONG_MEMORY,
    check_variant,
    draw_between,
    split_rows,
)
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.estimators.ranges import COUNT, checked
from reservoirs.sequences import Seed


class Signals(NamedTuple):
    """Where the signals of `temporal_order` lie, in shares of T, both ends included.

    The first step is number `first_step`; `two` and `three` are the ranges for so many signals.
    """

    longest: float
    first_step: int
    two: tuple[tuple[float, float], ...]
    three: tuple[tuple[float, float], ...]


SIGNALS = {
    "hochreiter": Signals(
        1.1, 1, ((0.1, 0.2), (0.5, 0.6)), ((0.1, 0.2), (0.33, 0.43), (0.66, 0.76))
    ),
    "martens": Signals(1.0, 1, ((0.1, 0.2), (0.5, 0.6)), ((0.1, 0.2), (0.3, 0.4), (0.6, 0.7))),
    "sutskever": Signals(1.0, 0, ((0.01, 0.1), (0.4, 0.5)), ((0.01, 0.1), (0.3, 0.4), (0.5, 0.6))),
}


@inherit_parameters(LONG_MEMORY)
@checked(n_series=COUNT, n_steps=COUNT)
def temporal_order(
    n_series: int,
    n_steps: int = 100,
    *,
    n_signals: int = 2,
    variant: str = "martens",
    random_state: Seed = None,
) -> Bunch:
    """Tell in which order signals X and Y came among distractors.

    The rows are one-hot, with columns a, b, c, d, X, Y; "hochreiter" and "sutskever" have two more,
    with which "hochreiter" begins and ends a sequence of T to 1.1 T rows.

    Parameters
    ----------
    n_signals : {2, 3}, default=2
        Number of signals, which make 4 or 8 classes.

    Returns
    -------
    Bunch
        `X`, a list of arrays of shape (n_rows, 6) or (n_rows, 8), and `y`, an array of shape
        (n_series,) of class numbers: the signals as binary digits, X 0 and Y 1, the first one
        highest.

    Raises
    ------
    ValueError
        If the variant is unknown, or there are fewer than 20 steps or another number of signals.

    See Also
    --------
    random_permutation : Remember one symbol among many.

    Examples
    --------
    >>> from reservoirs.datasets import temporal_order
    >>> data = temporal_order(2, 100, random_state=0)
    >>> data.X[0].shape
    (100, 6)
    >>> symbols = data.X[0].argmax(axis=1)
    >>> x_or_y = symbols[symbols >= 4] - 4
    >>> bool(data.y[0] == 2 * x_or_y[0] + x_or_y[1])
    True
    """
    check_variant(n_steps, 20, variant, SIGNALS)
    if n_signals not in (2, 3):
        raise ValueError(f"n_signals must be 2 or 3, got {n_signals}")
    rng, signals = check_random_state(random_state), SIGNALS[variant]
    lengths = draw_between(rng, n_steps, int(signals.longest * n_steps), n_series)
    starts = np.cumsum(lengths) - lengths
    symbols = rng.randint(0, 4, int(lengths.sum()))
    y = np.zeros(n_series, dtype=int)
    for low, high in signals.two if n_signals == 2 else signals.three:
        signal = rng.randint(0, 2, n_series)
        numbers = draw_between(rng, round(low * n_steps), round(high * n_steps), n_series)
        symbols[starts + numbers - signals.first_step] = 4 + signal
        # the signals in order are the binary digits of the class
        y = 2 * y + signal
    if variant == "hochreiter":
        symbols[starts], symbols[starts + lengths - 1] = 6, 7
    rows = np.eye(6 if variant == "martens" else 8)[symbols]
    return Bunch(X=split_rows(rows, lengths), y=y, n_scored=None)


@inherit_parameters(LONG_MEMORY)
@checked(n_series=COUNT, n_steps=COUNT)
def random_permutation(
    n_series: int, n_steps: int = 100, *, n_symbols: int = 100, random_state: Seed = None
) -> Bunch:
    """Predict the next of random symbols, the last of which equals the first.

    The first is one of two symbols that occur nowhere else; only the last can be predicted.

    Parameters
    ----------
    n_steps : int, default=100
        Symbols per sequence.
    n_symbols : int, default=100
        Number of different symbols.

    Returns
    -------
    Bunch
        `X`, an array of shape (n_series, n_steps - 1, n_symbols), one-hot, `y`, an array of shape
        (n_series, n_steps - 1), the number of the next symbol, and `n_scored`, 1: only the last
        step is scored.

    Raises
    ------
    ValueError
        If there are fewer than 3 steps or 3 symbols.

    See Also
    --------
    memorisation : Repeat several symbols.

    Examples
    --------
    >>> from reservoirs.datasets import random_permutation
    >>> data = random_permutation(2, 100, n_symbols=10, random_state=0)
    >>> data.X.shape
    (2, 99, 10)
    >>> bool(data.y[0, -1] == data.X[0, 0].argmax())
    True
    """
    if n_steps < 3 or n_symbols < 3:
        raise ValueError(f"need 3 steps and 3 symbols, got {n_steps} and {n_symbols}")
    rng = check_random_state(random_state)
    symbols = rng.randint(2, n_symbols, (n_series, n_steps))
    symbols[:, 0] = symbols[:, -1] = rng.randint(0, 2, n_series)
    return Bunch(X=np.eye(n_symbols)[symbols[:, :-1]], y=symbols[:, 1:], n_scored=1)


@inherit_parameters(LONG_MEMORY)
@checked(n_series=[COUNT, None], n_steps=COUNT, n_symbols=COUNT, n_values=COUNT)
def memorisation(
    n_series: int | None = None,
    n_steps: int = 100,
    *,
    n_symbols: int = 5,
    n_values: int = 2,
    random_state: Seed = None,
) -> Bunch:
    """Repeat the first symbols of a sequence after blanks, the last of which is a trigger.

    The 5-bit task has 5 symbols of 2 values (the default), the 20-bit task 10 symbols of 5. Rows
    are one-hot: the values, blank, trigger. Targets are blank until the trigger, then the symbols.

    Parameters
    ----------
    n_series : int, default=None
        Number of sequences; None gives each possible one once.
    n_steps : int, default=100
        T, the steps between the last symbol shown and the first one to be repeated.
    n_symbols : int, default=5
        Number of symbols to remember.
    n_values : int, default=2
        Number of values of a symbol.

    Returns
    -------
    Bunch
        `X`, an array of shape (n_series, n_steps + 2 n_symbols, n_values + 2), `y`, an array of
        shape (n_series, n_steps + 2 n_symbols) of value numbers, n_values for blank, and
        `n_scored`, n_symbols: only the last steps are scored.

    Raises
    ------
    ValueError
        If n_series is None and there are more than 100,000 sequences.

    See Also
    --------
    random_permutation : Remember one symbol among many.

    Examples
    --------
    >>> from reservoirs.datasets import memorisation
    >>> data = memorisation(n_steps=20)
    >>> data.X.shape, data.n_scored
    ((32, 30, 4), 5)
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
    inputs = np.full((len(shown), n_steps + 2 * n_symbols), blank)
    y = inputs.copy()
    inputs[:, :n_symbols], inputs[:, n_symbols + n_steps - 1] = shown, trigger
    y[:, -n_symbols:] = shown
    return Bunch(X=np.eye(n_values + 2)[inputs], y=y, n_scored=n_symbols)
