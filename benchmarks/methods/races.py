"""The racers: optimizers that lower one training loss in equal seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.methods.base import Method
from benchmarks.methods.trained import network
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Race

if TYPE_CHECKING:
    from benchmarks.methods.module_racers import ModuleLoss, Step
    from benchmarks.methods.trained import RNN


def racer(solver: str, **fixed: float) -> Callable[..., RNN]:
    """Return a builder of the vanilla network that every racer trains."""

    def build(settings: Settings, task: Task, data: Race, seed: int) -> RNN:
        own = {"solver": solver, "n_units": 30, "window": 20}
        return network({**own, **fixed, **settings}, seed)

    return build


def of_modules(name: str) -> Callable[..., Step]:
    """Return the builder of that name in `module_racers`, which is loaded when it is asked."""

    def build(settings: Settings, task: Task, loss: ModuleLoss, seed: int) -> Step:
        from benchmarks.methods import module_racers  # loads torch

        return module_racers.RACERS[name](settings, task, loss, seed)

    return build


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
        of_modules("torch_hf"),
        colour="#E69F00",
        by_invitation=True,
    ),
    Method(
        "torch_hf_rows",
        "HessianFree, curvature of 300 rows",
        of_modules("torch_hf_rows"),
        colour="#D55E00",
        by_invitation=True,
    ),
    Method(
        "torch_lbfgs",
        "torch.optim.LBFGS",
        of_modules("torch_lbfgs"),
        colour="#0072B2",
        by_invitation=True,
    ),
    Method(
        "torch_adam",
        "torch.optim.Adam",
        of_modules("torch_adam"),
        colour="#009E73",
        by_invitation=True,
    ),
    Method(
        "torch_muon",
        "torch.optim.Muon",
        of_modules("torch_muon"),
        colour="#CC79A7",
        by_invitation=True,
    ),
]
