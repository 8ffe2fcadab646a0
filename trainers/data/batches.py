"""Series -> seeded, masked, time-major batches: windows, or chunks with carried state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reservoirs.parallel import ComputedOnce
from reservoirs.sequences import Array

MAX_GATHERED_ROWS = 50_000  # rows that are gathered at once where that spares small calls


@dataclass(frozen=True)
class Batch:
    """Time-major tensors of some series or windows, padded at the end.

    Attributes
    ----------
    inputs : (n_steps, batch, n_features) torch.Tensor
        Zero on padding.
    targets : (n_scored_steps, batch, n_outputs) torch.Tensor
        Of the last steps only: before them nothing is scored.
    mask : (n_scored_steps, batch, 1) torch.Tensor
        The weight of scored steps, 1 where all count the same, else 0.
    inside : (n_steps, batch, 1) torch.Tensor
        1 on steps of the series, 0 on padding.
    carried : bool, default=False
        Whether the state goes on from the batch before.
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    inside: Tensor
    carried: bool = False

    @ComputedOnce
    def weight(self) -> float:
        """Number of scored steps."""
        return float(self.mask.count_nonzero())

    @property
    def n_outputs(self) -> int:
        """Steps whose outputs are needed, the last ones."""
        return len(self.targets)

    def split(self, size: int) -> Iterator[Batch]:
        """Yield batches of fewer series.

        The last may have fewer than `size` series.
        """
        tensors = (self.inputs, self.targets, self.mask, self.inside)
        for pieces in zip(*(torch.split(tensor, size, dim=1) for tensor in tensors), strict=True):
            yield Batch(*pieces)

    def chunks(self, size: int) -> Iterator[Batch]:
        """Yield the batch in chunks of steps, each going on from the one before.

        The last may have fewer than `size` steps.
        """
        n_steps = len(self.inputs)
        n_unscored = n_steps - self.n_outputs
        for start in range(0, n_steps, size):
            steps = slice(start, start + size)
            # targets begin after the unscored steps, so their rows are counted from there
            scored = slice(max(start - n_unscored, 0), max(start + size - n_unscored, 0))
            yield Batch(
                inputs=self.inputs[steps],
                targets=self.targets[scored],
                mask=self.mask[scored],
                inside=self.inside[steps],
                carried=start > 0,
            )


@dataclass(frozen=True)
class Examples:
    """Pieces of rows to learn from: whole series, or windows.

    Attributes
    ----------
    rows : (n_rows, n_features) torch.Tensor
        The rows of all series, one after the other.
    targets : (n_rows, n_outputs) torch.Tensor
        Their targets.
    starts, lengths : (n_pieces,) ndarray of int
        The first row and the number of rows of each piece.
    scored : (n_rows,) torch.Tensor of bool
        Rows whose target counts when a piece is scored on every step.
    n_last : int or None
        How many last steps of a piece count; None for all that are scored.
    all_known : bool, default=True
        Whether the last steps all have a target; else those count that are scored.
    weights : (n_rows, 1) torch.Tensor or None, default=None
        What the loss of every row counts, above 0; None for 1.
    """

    rows: Tensor
    targets: Tensor
    starts: Array
    lengths: Array
    scored: Tensor
    n_last: int | None
    all_known: bool = True
    weights: Tensor | None = None

    @ComputedOnce
    def _equal_lengths(self) -> bool:
        """Whether all pieces have one length: no padding then."""
        return bool((self.lengths == self.lengths[0]).all())

    @ComputedOnce
    def _steps(self) -> Tensor:
        """The steps of the longest piece, (n_steps, 1)."""
        return torch.arange(int(self.lengths.max()), device=self.rows.device)[:, None]

    @property
    def n_pieces(self) -> int:
        """Number of pieces."""
        return len(self.starts)

    def batches_per_gather(self, batch_size: int) -> int:
        """Return how many batches are worth gathering at once: one where lengths differ."""
        if not self._equal_lengths:
            return 1
        return max(MAX_GATHERED_ROWS // (batch_size * len(self._steps)), 1)

    def batch(self, pieces: Array) -> Batch:
        """Gather some pieces into one padded, masked batch.

        In the order of `pieces`, the numbers of the pieces.
        """
        if self._equal_lengths:
            return self._unpadded(pieces)
        lengths = self.lengths[pieces]
        steps = self._steps[: int(lengths.max())]
        # no step before this one is scored in any piece
        first = 0 if self.n_last is None else max(int(lengths.min()) - self.n_last, 0)
        ends = torch.as_tensor(lengths, device=self.rows.device)
        inside = steps < ends
        # padding repeats the last row: an index past the end would read the next series
        where = self._first_rows(pieces) + torch.minimum(steps, ends - 1)
        if self.n_last is None:
            scored = self.scored[where]
        else:
            scored = steps >= ends - self.n_last
            scored = scored if self.all_known else scored & self.scored[where]
        real = inside[..., None].to(self.rows.dtype)
        return Batch(
            inputs=self.rows[where] * real,
            targets=self.targets[where[first:]],
            mask=self._weighed((inside & scored)[first:, :, None].to(self.rows.dtype), where),
            inside=real,
        )

    def _unpadded(self, pieces: Array) -> Batch:
        """Gather pieces of one length."""
        where = self._first_rows(pieces) + self._steps
        first = 0 if self.n_last is None else max(len(where) - self.n_last, 0)
        inside = self.rows.new_ones(len(where), len(pieces), 1)
        mask = inside[first:]
        if self.n_last is None or not self.all_known:
            mask = self.scored[where[first:]][..., None].to(self.rows.dtype)
        mask = self._weighed(mask, where)
        return Batch(self.rows[where], self.targets[where[first:]], mask, inside)

    def _weighed(self, mask: Tensor, where: Tensor) -> Tensor:
        """Return the mask of the last steps times the weights of their rows."""
        if self.weights is None:
            return mask
        return mask * self.weights[where[-len(mask) :]]

    def _first_rows(self, pieces: Array) -> Tensor:
        return torch.as_tensor(self.starts[pieces], device=self.rows.device)

    def as_one_batch(self) -> Batch:
        """Return all pieces as one batch."""
        return self.batch(np.arange(self.n_pieces))


def series_pieces(lengths: Array) -> tuple[Array, Array]:
    """Return the pieces that are whole series.

    The first row and the number of rows of each, (n_series,), from the rows per series.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    return np.cumsum(lengths) - lengths, lengths


def window_pieces(lengths: Array, window: int) -> tuple[Array, Array]:
    """Return the pieces that are all complete windows.

    The first row and the number of rows of each, from the rows per series; a series shorter than a
    window is one short window.
    """
    starts, sizes = [], []
    for first, length in zip(*series_pieces(lengths), strict=True):
        # A series shorter than the window is one piece, as long as it is.
        count = max(int(length) - window + 1, 1)
        starts.append(first + np.arange(count))
        sizes.append(np.full(count, min(window, int(length))))
    return np.concatenate(starts), np.concatenate(sizes)


def shuffled_batches(
    examples: Examples, batch_size: int, truncation: int | None, rng: np.random.Generator
) -> Iterator[Batch]:
    """Yield the batches of one epoch in a random order.

    Every piece is in one, or in the chunks of one: after `truncation` steps the gradient is cut but
    the state carried on; None never cuts.
    """
    order = rng.permutation(examples.n_pieces)
    n_gathered = batch_size * examples.batches_per_gather(batch_size)
    for first in range(0, len(order), n_gathered):
        for batch in examples.batch(order[first : first + n_gathered]).split(batch_size):
            if truncation is None or len(batch.inputs) <= truncation:
                yield batch
            else:
                yield from batch.chunks(truncation)


def read_last(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the last step of every series of a padded batch.

    Values are (n_steps, batch, width), padded at the end; those of step lengths - 1, (batch,
    width), are returned.
    """
    return values[lengths - 1, torch.arange(values.shape[1], device=values.device)]
