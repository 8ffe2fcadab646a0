"""What of the state before is replaced per step: leak rates, or the share of a mixed state."""

from __future__ import annotations

import inspect
from numbers import Real
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from reservoirs.sequences import Array


class Leaky(Protocol):
    """What has units that leak."""

    n_units: int
    leak_rate: ArrayLike
    mixing: float | None


def unit_rates(reservoir: Leaky) -> float | Array:
    """Return the leak rate of all units, or of each, (n_units,); with mixing its share.

    Several rates split the units into groups, one after the other, whose sizes differ by one at
    most; of more rates than units some have none.

    Raises
    ------
    ValueError
        If there is no rate, or some are outside (0, 1].
    """
    if reservoir.mixing is not None:
        return float(reservoir.mixing)
    rate = reservoir.leak_rate
    if isinstance(rate, Real):
        return float(rate)
    n_units = reservoir.n_units
    try:
        rates = np.asarray(rate, dtype=np.float64)
    except (TypeError, ValueError):  # text or complex numbers in a list
        rates = np.empty(0)
    if not rates.ndim:
        return float(rates)
    if rates.ndim != 1 or not len(rates) or not ((rates > 0) & (rates <= 1)).all():
        raise ValueError(
            f"leak_rate must be a number in (0, 1], or a list of such numbers, got {rate!r}"
        )
    return rates[np.arange(n_units) * len(rates) // n_units]


def check_mixing(reservoir: Leaky) -> None:
    """Refuse a leak rate beside mixing, which takes its place.

    Raises
    ------
    ValueError
        If there are both.
    """
    if reservoir.mixing is None:
        return
    default = inspect.signature(type(reservoir)).parameters["leak_rate"].default
    if not np.array_equal(np.asarray(reservoir.leak_rate), np.asarray(default)):
        raise ValueError(
            f"mixing={reservoir.mixing!r} takes the place of leak_rate, got "
            f"leak_rate={reservoir.leak_rate!r} beside it; leave leak_rate={default!r}, its default"
        )


def rates_key(reservoir: Leaky) -> object:
    """Return the leak rate as a value that compares with others, itself where it is a number."""
    rate = reservoir.leak_rate
    return rate if isinstance(rate, Real) else (np.shape(rate), *np.ravel(rate).tolist())


def describe_rates(reservoir: Leaky) -> str:
    """Return the words of a report, "leak rate 0.7", "leak rates 0.1 to 0.9" or "mixing 0.1"."""
    if reservoir.mixing is not None:
        return f"mixing {reservoir.mixing:g}"
    rates = np.unique(np.asarray(unit_rates(reservoir)))
    if len(rates) == 1:
        return f"leak rate {rates[0]:g}"
    return f"leak rates {rates[0]:g} to {rates[-1]:g}"
