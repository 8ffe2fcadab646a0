import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import diagnostics


def shift_register(draw_reservoir, n_units, scale=1e-6):
    """Return a reservoir in its linear range that remembers exactly its length."""
    first = np.zeros((n_units, 1))
    first[0] = scale
    return draw_reservoir(
        n_units=n_units,
        topology="delay_line",
        spectral_radius=1.0,
        input_scaling=first,
        bias_scaling=0.0,
    )


def test_a_shift_register_remembers_its_length(draw_reservoir):
    found = diagnostics.memory_capacity(shift_register(draw_reservoir, 100), n_steps=6000)

    assert_allclose(found.total, 99.0, atol=0.2)  # k = 0 is the input itself and does not count
    assert_allclose(found.profile[:99], 1.0, atol=0.01)


@pytest.mark.parametrize("radius", [0.5, 0.95, 1.2])
def test_memory_never_exceeds_the_number_of_units(radius, draw_reservoir):
    found = diagnostics.memory_capacity(draw_reservoir(spectral_radius=radius), n_steps=3000)

    assert 0 < found.total <= 40


def test_processing_capacity_of_a_shift_register_is_linear(draw_reservoir):
    found = diagnostics.information_processing_capacity(
        shift_register(draw_reservoir, 20), n_steps=5000, max_delays=(30, 5)
    )

    assert_allclose(found.by_degree, [20.0, 0.0], atol=0.1)


def test_processing_capacity_never_exceeds_the_number_of_units(draw_reservoir):
    found = diagnostics.information_processing_capacity(
        draw_reservoir(n_units=20), n_steps=5000, max_delays=(20, 8, 4)
    )

    assert found.total <= 20.0
    assert found.by_degree[1] > 0.5


def test_ranks_tell_separation_from_forgetting(draw_reservoir):
    ordered = draw_reservoir(spectral_radius=0.5)

    assert diagnostics.kernel_rank(ordered) > 5
    assert diagnostics.generalisation_rank(ordered, shared=60) == 1
