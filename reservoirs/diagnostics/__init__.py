"""Is the reservoir healthy: memory, ranks, echo-state property, Lyapunov exponents.

Every function takes a fitted `Reservoir` or a fitted echo state network. Exponents are per step.
"""

from reservoirs.diagnostics.capacities import (
    generalisation_rank,
    information_processing_capacity,
    kernel_rank,
    memory_capacity,
)
from reservoirs.diagnostics.report import reservoir_report
from reservoirs.diagnostics.stability import (
    closed_loop_lyapunov,
    conditional_lyapunov,
    echo_state_index,
)

__all__ = [
    "closed_loop_lyapunov",
    "conditional_lyapunov",
    "echo_state_index",
    "generalisation_rank",
    "information_processing_capacity",
    "kernel_rank",
    "memory_capacity",
    "reservoir_report",
]
