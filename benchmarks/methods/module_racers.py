"""What steps a module in a race: HessianFree and optimizers of torch. Loads torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import cross_entropy
from torch.optim import LBFGS, Adam, Muon, Optimizer

from benchmarks.tasks.base import Settings, Task
from trainers import HessianFree

Step: TypeAlias = Callable[[], object]  # of an optimizer, on all training data

CURVATURE_ROWS = 300  # as documented: a product on a part of the rows costs as little
BATCH = 100  # rows of an update of a first-order method
# The best on the first seed of the autoencoder of 1e-3, 3e-3, 6e-3 and of 5e-3, 1e-2, 2e-2, 5e-2.
ADAM_RATE, MUON_RATE = 3e-3, 1e-2


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
        inputs = self.inputs if rows is None else self.inputs[rows]
        targets = self.targets if rows is None else self.targets[rows]
        outputs = self.module(inputs)
        if targets.is_floating_point():
            return (outputs - targets).square().sum(dim=1).mean(), outputs
        return cross_entropy(outputs, targets), outputs


def hessian_free(n_rows: int | None = None, **fixed: float) -> Callable[..., Step]:
    """Return a builder of our optimizer, with the curvature of some rows, drawn at every step.

    None takes the curvature of all rows.
    """

    def build(settings: Settings, task: Task, loss: ModuleLoss, seed: int) -> Step:
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
    return [Adam(module.parameters(), lr=ADAM_RATE)]


def make_muon(module: Module) -> list[Optimizer]:
    """Return Muon for matrices, for which it is made, and Adam for the rest."""
    matrices = [p for p in module.parameters() if p.ndim == 2]
    others = [p for p in module.parameters() if p.ndim != 2]
    return [Muon(matrices, lr=MUON_RATE, weight_decay=0.0), Adam(others, lr=ADAM_RATE)]


RACERS: dict[str, Callable[..., Step]] = {
    "torch_hf": hessian_free(),
    "torch_hf_rows": hessian_free(CURVATURE_ROWS, max_cg=50),
    "torch_lbfgs": build_lbfgs,
    "torch_adam": minibatches(make_adam),
    "torch_muon": minibatches(make_muon),
}
