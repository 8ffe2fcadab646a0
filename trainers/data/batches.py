"""Series -> seeded, masked, time-major batches: windows, or chunks with carried state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from reservoirs.sequences import Array

GATHERED = 50_000  # rows that are gathered at once, at most, where that spares small calls


@dataclass(frozen=True)
class Batch:
    """Time-major tensors of some series or windows, padded at the end.

    Attributes
    ----------
    inputs : (n_steps, batch, n_features)
    targets : (n_outputs_steps, batch, n_outputs), of the last steps only: before them nothing is
        scored
    mask : (n_outputs_steps, batch, 1), 1 on scored steps
    inside : (n_steps, batch, 1), 1 on steps that are no padding
    carried : whether the state goes on from the batch before
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    inside: Tensor
    carried: bool = False

    @cached_property
    def weight(self) -> float:
        """Number of scored steps."""
        return float(self.mask.sum())

    @property
    def n_outputs(self) -> int:
        """Steps whose outputs are needed, the last ones."""
        return len(self.targets)

    def split(self, size: int) -> Iterator[Batch]:
        """Yield batches of `size` series each."""
        parts = (self.inputs, self.targets, self.mask, self.inside)
        for tensors in zip(*(torch.split(part, size, dim=1) for part in parts), strict=True):
            yield Batch(*tensors)

    def chunks(self, size: int) -> Iterator[Batch]:
        """Yield pieces of `size` steps, each carrying on from the one before."""
        n_steps = len(self.inputs)
        early = n_steps - self.n_outputs
        for start in range(0, n_steps, size):
            part = slice(start, start + size)
            scored = slice(max(start - early, 0), max(start + size - early, 0))
            yield Batch(
                self.inputs[part], self.targets[scored], self.mask[scored], self.inside[part],
                carried=start > 0,
            )  # fmt: skip


@dataclass(frozen=True)
class Examples:
    """Pieces of rows to learn from: whole series, or windows.

    Attributes
    ----------
    rows : (n_rows, n_features) of all series
    targets : (n_rows, n_outputs)
    starts, lengths : (n_pieces,), the rows of each piece
    scored : (n_rows,) bool, rows whose target counts when a piece is scored on every step
    n_last : how many last steps of a piece count; None for all that are scored
    """

    rows: Tensor
    targets: Tensor
    starts: Array
    lengths: Array
    scored: Tensor
    n_last: int | None

    @cached_property
    def _even(self) -> bool:
        """Whether all pieces have one length: no padding then."""
        return bool((self.lengths == self.lengths[0]).all())

    @cached_property
    def _steps(self) -> Tensor:
        """The steps of the longest piece, (n_steps, 1)."""
        return torch.arange(int(self.lengths.max()), device=self.rows.device)[:, None]

    @property
    def n_pieces(self) -> int:
        """Number of pieces."""
        return len(self.starts)

    def together(self, batch_size: int) -> int:
        """Return how many batches are worth gathering at once: one where lengths differ.

        Parameters
        ----------
        batch_size : pieces per batch
        """
        return max(GATHERED // (batch_size * len(self._steps)), 1) if self._even else 1

    def batch(self, pieces: Array) -> Batch:
        """Gather some pieces into one padded, masked batch.

        Parameters
        ----------
        pieces : (batch,) numbers of the pieces
        """
        device, dtype = self.rows.device, self.rows.dtype
        starts = torch.as_tensor(self.starts[pieces], device=device)
        if self._even:
            where = starts + self._steps
            first = 0 if self.n_last is None else max(len(where) - self.n_last, 0)
            real = self.rows.new_ones(len(where), len(pieces), 1)
            counted = real[first:]
            if self.n_last is None:
                counted = self.scored[where][..., None].to(dtype)
            return Batch(self.rows[where], self.targets[where[first:]], counted, real)
        lengths = self.lengths[pieces]
        steps = self._steps[: int(lengths.max())]
        first = 0 if self.n_last is None else max(int(lengths.min()) - self.n_last, 0)
        ends = torch.as_tensor(lengths, device=device)
        inside = steps < ends
        where = starts + torch.minimum(steps, ends - 1)
        late = self.scored[where] if self.n_last is None else steps >= ends - self.n_last
        real = inside[..., None].to(dtype)
        return Batch(
            self.rows[where] * real,
            self.targets[where[first:]],
            (inside & late)[first:, :, None].to(dtype),
            real,
        )

    def whole(self) -> Batch:
        """Return all pieces as one batch."""
        return self.batch(np.arange(self.n_pieces))


def series_pieces(lengths: Array) -> tuple[Array, Array]:
    """Return the starts and lengths of whole series from their lengths."""
    lengths = np.asarray(lengths, dtype=np.int64)
    return np.cumsum(lengths) - lengths, lengths


def window_pieces(lengths: Array, window: int) -> tuple[Array, Array]:
    """Return the starts and lengths of all complete windows.

    Parameters
    ----------
    lengths : (n_series,) rows per series; a series shorter than a window is one short window
    window : rows per window
    """
    starts, sizes = [], []
    for first, length in zip(*series_pieces(lengths), strict=True):
        count = max(int(length) - window + 1, 1)
        starts.append(first + np.arange(count))
        sizes.append(np.full(count, min(window, int(length))))
    return np.concatenate(starts), np.concatenate(sizes)


def shuffled(
    examples: Examples, batch_size: int, truncation: int | None, rng: np.random.Generator
) -> Iterator[Batch]:
    """Yield the batches of one epoch in a random order.

    Parameters
    ----------
    examples : what to learn from
    batch_size : pieces per batch
    truncation : steps per chunk, after which the gradient is cut but the state carried on; None
        never cuts
    rng : the source of the order
    """
    order = rng.permutation(examples.n_pieces)
    several = batch_size * examples.together(batch_size)
    for first in range(0, len(order), several):
        for batch in examples.batch(order[first : first + several]).split(batch_size):
            if truncation is None or len(batch.inputs) <= truncation:
                yield batch
            else:
                yield from batch.chunks(truncation)


def read_last(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the step lengths - 1 of every series of a padded batch, (batch, width)."""
    return values[lengths - 1, torch.arange(values.shape[1], device=values.device)]
