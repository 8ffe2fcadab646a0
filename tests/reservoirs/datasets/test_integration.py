import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs.datasets.integration import Flow, Sampling, Start, simulate

DECAY = Flow(lambda z: -z, np.array([1.0, 2.0]), np.zeros(2), max_step=0.1)


@pytest.mark.parametrize("method", ["rk4", "RK45"])
def test_a_decay_is_an_exponential(method):
    start = Start(None, [1.0, -2.0], transient=0.0, random_state=None)

    rows = simulate(DECAY, start, Sampling(11, 0.3, method, 1e-10))

    expected = np.exp(-0.3 * np.arange(11))[:, None] * [1.0, -2.0]
    assert_allclose(rows, expected, rtol=1e-5)


def test_the_scheme_is_of_fourth_order():
    def error(max_step):
        flow = Flow(lambda z: -z, np.zeros(1), np.zeros(1), max_step)
        start = Start(None, [1.0], transient=0.0, random_state=None)
        rows = simulate(flow, start, Sampling(2, 1.0, "rk4", 0.0))
        return abs(rows[1, 0] - np.exp(-1.0))

    assert error(0.1) / error(0.05) == pytest.approx(16.0, rel=0.1)


def test_a_drawn_start_lies_in_the_box_and_passes_the_transient():
    box = Flow(lambda z: -z, np.array([5.0]), np.array([0.5]), max_step=0.01)

    points = Start(200, None, transient=1.0, random_state=0).points(box)

    assert points.shape == (200, 1)
    starts = points * np.e
    assert 4.5 < starts.min() < 4.6
    assert 5.4 < starts.max() < 5.5


def test_many_series_have_their_axis_first():
    start = Start(2, [[1.0, 0.0], [0.0, 1.0]], transient=0.0, random_state=None)

    rows, by_scipy = (
        simulate(DECAY, start, Sampling(5, 0.1, method, 1e-10)) for method in ("rk4", "DOP853")
    )

    assert rows.shape == (2, 5, 2)
    assert_allclose(rows, by_scipy, atol=1e-6)
