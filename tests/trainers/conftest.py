"""What the tests of the trainers draw their data from: each test from a generator of its own."""

import numpy as np
import pytest
import torch


@pytest.fixture
def rng():
    """Return a generator of NumPy."""
    return np.random.default_rng(0)


@pytest.fixture
def draw():
    """Return a function of a shape that gives standard normal float64 tensors."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return draw
