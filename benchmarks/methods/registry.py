"""All methods, by name."""

from __future__ import annotations

from benchmarks.methods import (
    baselines,
    context,
    echo_state,
    framework,
    informed,
    labellers,
    long_memory,
    parroting,
    peers,
    races,
    rolling,
    smoothing,
    trained,
)
from benchmarks.methods.base import Method

METHODS: dict[str, Method] = {
    method.name: method
    for module in (
        long_memory,
        races,
        echo_state,
        trained,
        peers,
        baselines,
        parroting,
        informed,
        labellers,
        rolling,
        smoothing,
        context,
        framework,
    )
    for method in module.METHODS
}
