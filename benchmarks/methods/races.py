"""The racers: optimizers that lower one training loss in equal seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.methods.base import Method
from benchmarks.methods.trained import network
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Race

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer

    from benchmarks.methods.trained import RNN

Step: TypeAlias = Callable[[], object]  # of an optimizer, on all training data

CURVATURE_ROWS = 300  # as documented: a product on a part of the rows costs as little
BATCH = 100  # rows of an update of a first-order method


@dataclass(frozen=True)
class ModuleLoss:
    """The training loss of a module in a race.

    Parameters
    ----------
    module : torch.nn.Module
        What is trained.
    inputs, targets : torch.Tensor
        Training data, a row each; targets are class numbers, or what the outputs should be.
    """

    module: Module
    inputs: Tensor
    targets: Tensor

    def on(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the loss and the outputs it came from, of all rows or some.

        Cross-entropy for class numbers, else the squared error summed over outputs; both are means
        over the rows.
        """
        from torch.nn.functional import cross_entropy

        inputs = self.inputs if rows is None else self.inputs[rows]
        targets = self.targets if rows is None else self.targets[rows]
        outputs = self.module(inputs)
        if targets.is_floating_point():
            return (outputs - targets).square().sum(dim=1).mean(), outputs
        return cross_entropy(outputs, targets), outputs


def racer(solver: str, **fixed: float) -> Callable[..., RNN]:
    """Return a builder of the vanilla network that every racer trains."""

    def build(settings: Settings, task: Task, data: Race, seed: int) -> RNN:
        own = {"solver": solver, "n_units": 30, "window": 20}
        return network({**own, **fixed, **settings}, seed)

    return build


def hessian_free(n_rows: int | None = None, **fixed: float) -> Callable[..., Step]:
    """Return a builder of our optimizer, with the curvature of some rows, drawn at every step.

    None takes the curvature of all rows.
    """

    def build(settings: Settings, task: Task, loss: ModuleLoss, seed: int) -> Step:
        import torch

        from trainers import HessianFree

        optimizer = HessianFree(loss.module.parameters(), **{**fixed, **settings})
        generator = torch.Generator().manual_seed(seed)

        def step() -> float:
            if n_rows is None:
                return optimizer.step(loss.on)
            rows = torch.randperm(len(loss.inputs), generator=generator)[:n_rows]
            return optimizer.step(loss.on, curvature=lambda: loss.on(rows))

        return step

    return build


def build_lbfgs(settings: Settings, task: Task, loss: ModuleLoss, seed: int) -> Step:
    """Return torch's L-BFGS for a module."""
    from torch.optim import LBFGS

    optimizer = LBFGS(  # its own tolerances would end the race after a second
        loss.module.parameters(),
        line_search_fn="strong_wolfe",
        history_size=100,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        **settings,
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value, _ = loss.on()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    return lambda: optimizer.step(closure)  # type: ignore[no-untyped-call]


def minibatches(make: Callable[[Module], list[Optimizer]]) -> Callable[..., Step]:
    """Return a builder of an epoch of minibatches, stepped by some optimizers of torch at once."""

    def build(settings: Settings, task: Task, loss: ModuleLoss, seed: int) -> Step:
        import torch

        optimizers = make(loss.module)
        generator = torch.Generator().manual_seed(seed)

        def epoch() -> None:
            order = torch.randperm(len(loss.inputs), generator=generator)
            for rows in torch.split(order, BATCH):
                for optimizer in optimizers:
                    optimizer.zero_grad()
                loss.on(rows)[0].backward()  # type: ignore[no-untyped-call]
                for optimizer in optimizers:
                    optimizer.step()

        return epoch

    return build


def make_adam(module: Module) -> list[Optimizer]:
    """Return Adam for all parameters."""
    from torch.optim import Adam

    return [Adam(module.parameters(), lr=ADAM_RATE)]


def make_muon(module: Module) -> list[Optimizer]:
    """Return Muon for matrices, for which it is made, and Adam for the rest."""
    from torch.optim import Adam, Muon

    matrices = [p for p in module.parameters() if p.ndim == 2]
    others = [p for p in module.parameters() if p.ndim != 2]
    return [Muon(matrices, lr=MUON_RATE, weight_decay=0.0), Adam(others, lr=ADAM_RATE)]


# The best on the first seed of the autoencoder of 1e-3, 3e-3, 6e-3 and of 5e-3, 1e-2, 2e-2, 5e-2.
ADAM_RATE, MUON_RATE = 3e-3, 1e-2
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
        hessian_free(),
        colour="#E69F00",
        by_invitation=True,
    ),
    Method(
        "torch_hf_rows",
        f"HessianFree, curvature of {CURVATURE_ROWS} rows",
        hessian_free(CURVATURE_ROWS, max_cg=50),
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
    Method(
        "torch_adam",
        "torch.optim.Adam",
        minibatches(make_adam),
        colour="#009E73",
        by_invitation=True,
    ),
    Method(
        "torch_muon",
        "torch.optim.Muon",
        minibatches(make_muon),
        colour="#CC79A7",
        by_invitation=True,
    ),
]
