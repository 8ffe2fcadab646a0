"""Where an echo state network starts a series in prediction."""

from __future__ import annotations

from reservoirs.estimators import States
from reservoirs.sequences import Array


def find_start(rule: str, mean_state: Array, last_states: States) -> Array | None:
    """Return the state, (n_units,), that a rule names; None is the zero state.

    The rule is "mean" of the training states, (n_units,), "zero", or "last" of those at the ends of
    the training series, (n_series, n_units).

    Raises
    ------
    ValueError
        For another rule, or "last" of several series.
    """
    if rule == "last" and len(last_states) != 1:
        raise ValueError(
            'initial_state="last" needs exactly one training series, got '
            f"{len(last_states)}; pass an array, or 'mean' or 'zero'"
        )
    named = {"zero": None, "mean": mean_state, "last": last_states[0]}
    if rule not in named:
        raise ValueError(
            f"initial_state must be 'auto', 'mean', 'zero', 'last' or an array, got {rule!r}"
        )
    return named[rule]
