"""Reusable workspace tensors."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from torch import Tensor


class Workspace:
    """Uninitialised tensors by name; asking for a name again gives the same memory.

    A fresh array of megabytes costs more than writing to it, since the system hands it out page by
    page: reusing takes a third off a gradient of 100 units, 80 steps and 100 series.

    The tensors have the dtype and device of `like`.
    """

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._memory: dict[str, Tensor] = {}
        self._views: dict[tuple[str, tuple[int, ...]], Tensor] = {}
        self._layers: dict[int, Workspace] = {}
        self._theta: Tensor | None = None
        self._weights: dict[str, Tensor] = {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        """Return the tensor of a name, with whatever was last written to it.

        Memory that is too small is replaced.
        """
        view = self._views.get((name, shape))
        if view is not None:
            return view
        size, memory = prod(shape), self._memory.get(name)
        if memory is None or len(memory) < size:
            memory = self._memory[name] = self._like.new_empty(size)
            # views of the memory just replaced would write to where nobody reads
            self._views = {key: v for key, v in self._views.items() if key[0] != name}
        view = self._views[name, shape] = memory[:size].view(shape)
        return view

    def weights(
        self, theta: Tensor, split: Callable[[Tensor], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Return views of a flat vector by name, those of last time where it is the same one."""
        if self._theta is not theta:
            self._theta, self._weights = theta, split(theta)
        return self._weights

    def layer(self, number: int) -> Workspace:
        """Return the workspace of one layer, whose names are apart from those of all others.

        Layers count from 0.
        """
        if number not in self._layers:
            self._layers[number] = Workspace(self._like)
        return self._layers[number]
