"""The processes that train copies of one module, and averages over them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle


class Replicas:
    """Averages over the processes of a DistributedDataParallel module that a closure calls.

    Such a module averages gradients that `backward` sums into parameters; a Hessian-free step never
    calls it, so that losses, gradients and curvature products are averaged here. The processes
    are known once the module was called within the context; without one nothing is averaged.
    """

    def __init__(self) -> None:
        self.group: torch.distributed.ProcessGroup | None = None
        self.handle: RemovableHandle | None = None

    def __enter__(self) -> Replicas:
        distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
        if distributed and torch.distributed.get_world_size() > 1:
            self.handle = register_module_forward_pre_hook(self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self.handle is not None:
            self.handle.remove()

    def _note(self, module: nn.Module, args: object) -> None:
        if isinstance(module, nn.parallel.DistributedDataParallel):
            self.group = module.process_group

    def average(self, tensor: Tensor) -> Tensor:
        """Return the mean of a tensor over the processes, which is the same in all of them."""
        if self.group is None:
            return tensor
        total = tensor.clone()
        torch.distributed.all_reduce(total, group=self.group)
        return total / torch.distributed.get_world_size(self.group)

    def average_number(self, number: float, like: Tensor) -> float:
        """Return the mean of a number over the processes, sent from the device of a tensor."""
        return number if self.group is None else float(self.average(like.new_tensor(number)))
