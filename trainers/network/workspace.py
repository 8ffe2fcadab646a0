"""Tensors that are written over, so that a training loop asks for its memory only once."""

from __future__ import annotations

from math import prod

from torch import Tensor


class Buffers:
    """Uninitialised tensors by name; asking for a name again gives the same memory.

    A fresh array of megabytes costs more than writing to it, since the system hands it out page by
    page: reusing takes a third off a gradient of 100 units, 80 steps and 100 series.

    Parameters
    ----------
    like : a tensor of the wanted dtype and device
    """

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._kept: dict[str, Tensor] = {}
        self._views: dict[tuple[str, tuple[int, ...]], Tensor] = {}

    def __call__(self, name: str, *shape: int) -> Tensor:
        """Return the tensor of a name, with whatever was last written to it.

        Parameters
        ----------
        name : whose memory
        shape : wanted now; memory that is too small is replaced
        """
        view = self._views.get((name, shape))
        if view is not None:
            return view
        size, kept = prod(shape), self._kept.get(name)
        if kept is None or len(kept) < size:
            kept = self._kept[name] = self._like.new_empty(size)
            self._views = {key: v for key, v in self._views.items() if key[0] != name}
        view = self._views[name, shape] = kept[:size].view(shape)
        return view
