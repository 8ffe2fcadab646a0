"""Noise on the inputs and dropout between layers, drawn anew for every batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from trainers.data.batches import Batch
from trainers.network.stack import Network


@dataclass(frozen=True)
class Perturbations:
    """What training adds to a batch, and prediction does not.

    Attributes
    ----------
    input_noise : float, default=0.0
        Standard deviation of the noise on every input, as the network sees them.
    dropout : float, default=0.0
        Share of the outputs of a layer that the next layer does not see.
    """

    input_noise: float = 0.0
    dropout: float = 0.0

    def inputs(self, batch: Batch, rng: np.random.Generator) -> Tensor:
        """Return the inputs of a batch with noise, none on padding."""
        if not self.input_noise:
            return batch.inputs
        noise = torch.from_numpy(rng.standard_normal(tuple(batch.inputs.shape)))
        return batch.inputs + self.input_noise * noise.to(batch.inputs) * batch.inside

    def masks(self, batch: Batch, network: Network, rng: np.random.Generator) -> list[Tensor]:
        """Return what the outputs of every layer but the last are multiplied by.

        0 with probability p, else 1 / (1 - p), so that the mean stays; (n_steps, batch, n_units)
        each, none without dropout.

        References
        ----------
        Zaremba, Sutskever & Vinyals (2014), Recurrent neural network regularization.
        """
        if not self.dropout:
            return []
        shape, keep = (*batch.inputs.shape[:2], network.n_units), 1.0 - self.dropout
        drawn = (torch.from_numpy(rng.random(shape)) < keep for _ in range(network.n_layers - 1))
        return [kept.to(batch.inputs) / keep for kept in drawn]
