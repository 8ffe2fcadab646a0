"""Rows that still tell where a series started are found."""

import numpy as np
import pytest

from reservoirs import Reservoir
from reservoirs.esn.startup import startup_rows

WAVE = np.sin(0.2 * np.arange(4000))[:, None]


@pytest.mark.parametrize(("leak_rate", "fewest", "most"), [(1.0, 10, 200), (0.05, 100, 900)])
def test_after_the_startup_two_starts_agree(leak_rate, fewest, most):
    reservoir = Reservoir(n_units=50, leak_rate=leak_rate, spectral_radius=0.8, random_state=0)
    reservoir.fit(WAVE)
    n_rows = startup_rows(reservoir, WAVE)

    apart = np.abs(
        reservoir.transform(WAVE) - reservoir.transform(WAVE, initial_state=np.full(50, 0.5))
    ).max(axis=1)
    assert fewest < n_rows < most
    assert (apart[n_rows:] < 1e-5).all() and apart[max(n_rows - 50, 0)] > 1e-7


def test_a_reservoir_that_never_forgets_has_a_quarter_of_the_rows():
    W = np.diag(np.ones(5))
    reservoir = Reservoir(n_units=5, topology=W, activation="identity", random_state=0).fit(WAVE)
    assert startup_rows(reservoir, WAVE[:100]) == 25
    assert startup_rows(reservoir, WAVE[:3]) == 0
