"""Series -> seeded, masked, time-major batches: windows, or chunks with carried state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reservoirs.sequences import Array


@dataclass(frozen=True)
class Batch:
    """Time-major tensors of some series or windows, padded at the end.

    Attributes
    ----------
    inputs : (n_steps, batch, n_features)
    targets : (n_steps, batch, n_outputs)
    mask : (n_steps, batch, 1), 1 on scored steps
    inside : (n_steps, batch, 1), 1 on steps that are no padding
    carried : whether the state goes on from the batch before
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    inside: Tensor
    carried: bool = False

    @property
    def weight(self) -> float:
        """Number of scored steps."""
        return float(self.mask.sum())


@dataclass(frozen=True)
class Examples:
    """Pieces of rows to learn from: whole series, or windows.

    Attributes
    ----------
    rows : (n_rows, n_features) of all series
    targets : (n_rows, n_outputs)
    starts, lengths : (n_pieces,), the rows of each piece
    scored : (n_rows,) bool, rows whose target counts when a piece is scored on every step
    last_only : whether only the last step of a piece counts
    """

    rows: Tensor
    targets: Tensor
    starts: Array
    lengths: Array
    scored: Tensor
    last_only: bool

    @property
    def n_pieces(self) -> int:
        """Number of pieces."""
        return len(self.starts)

    def batch(self, pieces: Array) -> Batch:
        """Gather some pieces into one padded, masked batch.

        Parameters
        ----------
        pieces : (batch,) numbers of the pieces
        """
        device = self.rows.device
        starts = torch.as_tensor(self.starts[pieces], device=device)
        lengths = torch.as_tensor(self.lengths[pieces], device=device)
        steps = torch.arange(int(lengths.max()), device=device)[:, None]
        inside = steps < lengths
        where = starts + torch.minimum(steps, lengths - 1)
        counted = (steps == lengths - 1) if self.last_only else inside & self.scored[where]
        real = inside[..., None].to(self.rows.dtype)
        return Batch(
            self.rows[where] * real,
            self.targets[where],
            counted[..., None].to(self.rows.dtype),
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
    for first in range(0, len(order), batch_size):
        batch = examples.batch(order[first : first + batch_size])
        n_steps = len(batch.inputs)
        size = n_steps if truncation is None else truncation
        for start in range(0, n_steps, size):
            part = slice(start, start + size)
            yield Batch(
                batch.inputs[part], batch.targets[part], batch.mask[part], batch.inside[part],
                carried=start > 0,
            )  # fmt: skip


def read_last(values: Tensor, lengths: Tensor) -> Tensor:
    """Return the step lengths - 1 of every series of a padded batch, (batch, width)."""
    return values[lengths - 1, torch.arange(values.shape[1], device=values.device)]
