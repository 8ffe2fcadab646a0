"""No closed loop ends in NaN or leaves the range of its data, whatever system and settings.

`pytest -m slow tests/test_loops_hold.py -s` prints the share of each kind that met its bound.
"""

import pytest
from drawn_loops import compiled_loop, other_loop, run_all


@pytest.mark.parametrize(
    ("draw", "n_loops", "n_steps"), [(compiled_loop, 30, 1000), (other_loop, 10, 50)]
)
def test_loops_hold(draw, n_loops, n_steps):
    run_all(draw, range(n_loops), n_steps)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("draw", "n_loops", "n_steps"),
    [(compiled_loop, 10_000, 10_000), (compiled_loop, 1000, 100_000), (other_loop, 100, 1000)],
)
def test_thousands_of_loops_hold(draw, n_loops, n_steps):
    run_all(draw, range(n_loops), n_steps)
