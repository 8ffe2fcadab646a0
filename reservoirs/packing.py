"""Packed weights are kept while what they were packed from stays the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from reservoirs.compiled.storage import PackedWeights
from reservoirs.sequences import Array


class _Entry(NamedTuple):
    """Packed weights, and what they were packed from."""

    arrays: tuple[Array, ...]
    settings: tuple[object, ...]
    weights: PackedWeights


class PackedCache:
    """The packed weights of every object that has some, for as long as it lives."""

    def __init__(self) -> None:
        self._entries: WeakKeyDictionary[object, _Entry] = WeakKeyDictionary()

    def get(
        self,
        owner: object,
        arrays: tuple[Array, ...],
        settings: tuple[object, ...],
        pack: Callable[[], PackedWeights],
    ) -> PackedWeights:
        """Return the packed weights of an object, packed anew where something changed.

        They are kept only where all arrays are read-only, so that none can change behind a packed
        copy. `settings` is what else they depend on. The weights are not to be written to.
        """
        entry = self._entries.get(owner)
        if (
            entry is not None
            and entry.settings == settings
            and all(a is b for a, b in zip(entry.arrays, arrays, strict=True))
        ):
            return entry.weights
        weights = pack()
        if not any(array.flags.writeable for array in arrays):
            self._entries[owner] = _Entry(arrays, settings, weights)
        return weights
