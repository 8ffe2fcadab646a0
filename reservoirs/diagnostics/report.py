"""A report in words: is the reservoir healthy, and which knob to turn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.diagnostics.capacities import memory_capacity
from reservoirs.diagnostics.driving import one_series, reservoir_of, states_of
from reservoirs.diagnostics.stability import distance_of_starts, driven_exponents


def reservoir_report(model: Any, rows: Any = None, *, random_state: Any = 0) -> str:
    """Say in words whether a reservoir is healthy, and which knob to turn.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    rows : (n_steps, n_features), what drives it in use; None is uniform in [-1, 1]
    random_state : seed of everything drawn

    Returns
    -------
    Lines of text: echo-state property, saturation, memory, condition of the readout
    """
    reservoir, rng = reservoir_of(model), check_random_state(random_state)
    if rows is None:
        rows = rng.uniform(-1, 1, (2000, reservoir.n_features_in_))
    else:
        rows = one_series(model, rows)
    states = states_of(reservoir, rows)[len(rows) // 10 :]
    index = distance_of_starts(reservoir, rows, 10, check_random_state(random_state))
    exponent = float(driven_exponents(reservoir, rows[:1000], 1)[0])
    saturated = float(np.mean(np.abs(states) > 0.95))
    moving = float(states.std(axis=0).max())
    memory = memory_capacity(model, n_steps=4 * reservoir.n_units + 1000, max_delay=100)
    lines = [
        f"{reservoir.n_units} units, spectral radius {reservoir.spectral_radius:g}, "
        f"leak rate {reservoir.leak_rate:g}",
        _line(index < 1e-3 and exponent < 0, f"echo-state index {index:.1e}, largest conditional "
              f"exponent {exponent:.3f} per step", "forgets its start",
              "does not forget its start: lower spectral_radius, or raise input_scaling"),
        _line(saturated < 0.2, f"{saturated:.0%} of the states are saturated", "fine",
              "the units only switch: lower input_scaling or bias_scaling, or scale the inputs"),
        _line(moving > 1e-6, f"largest deviation of a unit {moving:.1e}", "the input is felt",
              "the input is not felt: raise input_scaling"),
        _line(memory.total > 2, f"memory capacity {memory.total:.1f} of at most "
              f"{reservoir.n_units}", "remembers", "remembers almost nothing: raise "
              "spectral_radius, lower leak_rate or input_scaling"),
    ]  # fmt: skip
    readout = getattr(model, "readout_", None)
    if readout is not None:
        lines.append(
            _line(readout.condition < 1e12 or readout.method == "qr", f"readout by "
                  f"{readout.method}, condition {readout.condition:.1e}", "fine",
                  "digits are lost: use solver='qr' or a larger alpha")
        )  # fmt: skip
    return "\n".join(lines)


def _line(good: bool, figure: str, verdict: str, remedy: str) -> str:
    return f"{'ok ' if good else '!! '} {figure}: {verdict if good else remedy}"
