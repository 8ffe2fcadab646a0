"""Sums of contiguous folds of the rows, each predicted from all the others."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from reservoirs.readout.sums import Sums
from reservoirs.sequences import Array

AnySums = TypeVar("AnySums", bound=Sums)
Piece = tuple[Array, Array]  # features and targets of some rows
NO_FOLD = -1


def merged(parts: list[AnySums]) -> AnySums:
    """Return the sums of all parts, merged in their order; the parts stay as they are.

    There is at least one part, all of one class.
    """
    total = copy.deepcopy(parts[0])
    for sums in parts[1:]:
        total.merge(sums)
    return total


@dataclass(frozen=True)
class Folds(Generic[AnySums]):
    """Sums of the rows of each fold, and of those in none, which are learned from only.

    Attributes
    ----------
    scored : list of Sums
        One for each fold; a single one is scored by generalised cross-validation.
    unscored : list of Sums
        Of the rows that no penalty is judged by, if there are any.
    """

    scored: list[AnySums]
    unscored: list[AnySums] = field(default_factory=list)

    def parts(self) -> list[AnySums]:
        """Return the sums of all rows, in parts."""
        return self.unscored + self.scored

    def total(self) -> AnySums:
        """Return the sums of all rows."""
        parts = self.parts()
        return parts[0] if len(parts) == 1 else merged(parts)

    def pairs(self) -> Iterator[tuple[AnySums, AnySums]]:
        """Yield the sums of all rows but a fold, and of that fold: no row is read again."""
        for i, held_out in enumerate(self.scored):
            yield merged(self.unscored + self.scored[:i] + self.scored[i + 1 :]), held_out


def number_folds(scored: Array, n_folds: int) -> Array:
    """Return the fold of every row, (n_rows,), `NO_FOLD` for rows that are not scored.

    Folds are contiguous, and have as many scored rows each.
    """
    edges = np.linspace(0, int(scored.sum()), n_folds + 1).astype(int)
    numbers = np.searchsorted(edges, np.cumsum(scored) - 1, side="right") - 1
    return np.where(scored, numbers, NO_FOLD)


def cut(blocks: Iterable[Piece], folds: Array | None) -> Iterator[tuple[int, Array, Array]]:
    """Cut blocks where the fold of the rows, (n_rows,), changes, and yield that of every piece.

    None stands for a single fold.
    """
    row = 0
    for features, targets in blocks:
        if folds is None:
            yield 0, features, targets
            continue
        numbers = folds[row : row + len(features)]
        bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(features)]
        for first, last in zip(bounds[:-1], bounds[1:], strict=True):
            yield int(numbers[first]), features[first:last], targets[first:last]
        row += len(features)
