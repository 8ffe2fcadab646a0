"""Independent streams of random numbers from one seed."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from reservoirs.sequences import Seed


def seed_streams(random_state: Seed) -> list[np.random.SeedSequence]:
    """Return independent seed streams for W, W_in, the bias, the noise and the mixing matrix."""
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return np.random.SeedSequence(seed).spawn(5)
