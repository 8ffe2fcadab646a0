"""The racers: optimizers that lower one training loss in equal seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.methods.base import Method
from benchmarks.methods.trained import network
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Race

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer

    from benchmarks.methods.trained import RNN


def racer(solver: str, **fixed: float) -> Callable[..., RNN]:
    """Return a builder of the vanilla network that every racer trains."""

    def build(settings: Settings, task: Task, data: Race, seed: int) -> RNN:
        own = {"solver": solver, "n_units": 30, "window": 20}
        return network({**own, **fixed, **settings}, seed)

    return build


def build_hessian_free(settings: Settings, task: Task, module: Module, seed: int) -> Optimizer:
    """Return our optimizer for a module."""
    from trainers import HessianFree

    return HessianFree(module.parameters(), damping=0.1, **settings)


def build_lbfgs(settings: Settings, task: Task, module: Module, seed: int) -> Optimizer:
    """Return torch's L-BFGS for a module."""
    from torch.optim import LBFGS

    return LBFGS(  # its own tolerances would end the race after a second
        module.parameters(),
        line_search_fn="strong_wolfe",
        tolerance_grad=0.0,
        tolerance_change=0.0,
        **settings,
    )


RATES = {1e-2: "#0072B2", 3e-3: "#56B4E9", 1e-3: "#009E73", 3e-4: "#999999"}
METHODS = [
    *(
        Method(
            f"adam_{rate:g}",
            f"Adam, rate {rate:g}",
            racer("adam", learning_rate=rate),
            colour=colour,
            by_invitation=True,
        )
        for rate, colour in RATES.items()
    ),
    Method(
        "race_hf",
        "Hessian-free",
        racer("hessian_free", solver__damping=1e-2),
        colour="#D55E00",
        by_invitation=True,
    ),
    Method(
        "torch_hf",
        "HessianFree",
        build_hessian_free,
        colour="#D55E00",
        by_invitation=True,
    ),
    Method(
        "torch_lbfgs",
        "torch.optim.LBFGS",
        build_lbfgs,
        colour="#0072B2",
        by_invitation=True,
    ),
]
