import numpy as np
import pytest

from reservoirs.seeds import seed_streams


def draws(random_state):
    return [
        np.random.default_rng(stream).random(3).tolist() for stream in seed_streams(random_state)
    ]


@pytest.mark.parametrize("make", [lambda: 3, lambda: np.int64(3), lambda: np.random.RandomState(3)])
def test_a_seed_gives_the_same_four_streams_in_any_form(make):
    assert draws(make()) == draws(3)


def test_streams_and_seeds_differ():
    found = [tuple(stream) for seed in (0, 1) for stream in draws(seed)]

    assert len(set(found)) == 10


def test_a_generator_goes_on_and_none_is_drawn_anew():
    state = np.random.RandomState(0)

    assert draws(state) != draws(state)
    assert draws(None) != draws(None)
