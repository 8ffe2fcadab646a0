"""A report in words: is the reservoir healthy, and which setting to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.diagnostics.capacities import memory_capacity
from reservoirs.diagnostics.driving import (
    DIAGNOSTICS,
    ReservoirModel,
    check_single_series,
    get_reservoir,
    run_reservoir,
)
from reservoirs.diagnostics.stability import distance_of_starts, driven_exponents
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Seed, SeriesLike

if TYPE_CHECKING:
    from reservoirs.readout import Readout


@inherit_parameters(DIAGNOSTICS)
def reservoir_report(
    model: ReservoirModel, rows: SeriesLike = None, *, random_state: Seed = 0
) -> str:
    """Say in words whether a reservoir is healthy, and which setting to change.

    Returns
    -------
    str
        A line each on the echo-state property, saturation, response to the input, memory and the
        condition of the readout, if there is one: "ok", or "!!" and what to change.

    See Also
    --------
    echo_state_index : The distance that is left between different starts.
    conditional_lyapunov : The exponents of the driven reservoir.
    memory_capacity : What a linear readout can reconstruct of past inputs.

    Examples
    --------
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import reservoir_report
    >>> reservoir = Reservoir(n_units=50, spectral_radius=0.8, random_state=0).fit([[0.0]])
    >>> print(reservoir_report(reservoir))
    50 units, spectral radius 0.8, leak rate 0.7
    ok  echo-state index ..., largest conditional exponent ... per step: forgets its start
    ok  ...% of the states are saturated: fine
    ok  largest deviation of a unit ...: the states respond to the input
    ok  memory capacity ... of at most 50: remembers
    """
    reservoir, rng = get_reservoir(model), check_random_state(random_state)
    if rows is None:
        driving = rng.uniform(-1, 1, (2000, reservoir.n_features_in_))
    else:
        driving = check_single_series(model, rows)
    # The first states still remember the zero state that they started from.
    states = run_reservoir(reservoir, driving)[len(driving) // 10 :]
    index = distance_of_starts(reservoir, driving, 10, check_random_state(random_state))
    memory = memory_capacity(model, n_steps=4 * reservoir.n_units + 1000, max_delay=100)
    lines = [
        f"{reservoir.n_units} units, spectral radius {reservoir.spectral_radius:g}, "
        f"leak rate {reservoir.leak_rate:g}",
        _forgetting(index, float(driven_exponents(reservoir, driving[:1000], 1)[0])),
        *_activity(states),
        _memory(memory.total, reservoir),
    ]
    readout = getattr(model, "readout_", None)
    if readout is not None:
        lines.append(_condition(readout))
    return "\n".join(lines)


def _line(good: bool, figure: str, verdict: str, remedy: str) -> str:
    return f"{'ok ' if good else '!! '} {figure}: {verdict if good else remedy}"


def _forgetting(index: float, exponent: float) -> str:
    return _line(
        index < 1e-3 and exponent < 0,
        f"echo-state index {index:.1e}, largest conditional exponent {exponent:.3f} per step",
        "forgets its start",
        "does not forget its start: lower spectral_radius, or raise input_scaling",
    )


def _activity(states: Array) -> list[str]:
    saturated = float(np.mean(np.abs(states) > 0.95))
    deviation = float(states.std(axis=0).max())
    return [
        _line(
            saturated < 0.2,
            f"{saturated:.0%} of the states are saturated",
            "fine",
            "the units saturate: lower input_scaling or bias_scaling, or scale the inputs",
        ),
        _line(
            deviation > 1e-6,
            f"largest deviation of a unit {deviation:.1e}",
            "the states respond to the input",
            "the states do not respond to the input: raise input_scaling",
        ),
    ]


def _memory(total: float, reservoir: Reservoir) -> str:
    return _line(
        total > 2,
        f"memory capacity {total:.1f} of at most {reservoir.n_units}",
        "remembers",
        "remembers almost nothing: raise spectral_radius, lower leak_rate or input_scaling",
    )


def _condition(readout: Readout) -> str:
    return _line(
        readout.condition < 1e12 or readout.method == "qr",
        f"readout by {readout.method}, condition {readout.condition:.1e}",
        "fine",
        "digits are lost: use solver='qr' or a larger alpha",
    )
