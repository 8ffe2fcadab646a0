import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import datasets

FLOWS = [datasets.lorenz63, datasets.roessler, datasets.double_scroll, datasets.lorenz96]


@pytest.mark.parametrize("flow", FLOWS)
def test_two_integrators_agree_for_a_while(flow):
    start = flow(2, transient=5.0, random_state=0)[0]
    rows = flow(100, dt=0.02, initial=start)

    other = flow(100, dt=0.02, initial=start, method="DOP853", tolerance=1e-12)

    assert_allclose(rows, other, atol=1e-3)


@pytest.mark.parametrize("flow", FLOWS)
def test_a_series_repeats_and_starts_differ(flow):
    one, again = (flow(50, n_series=2, transient=5.0, random_state=3) for _ in range(2))

    assert np.array_equal(one, again)
    assert np.abs(one[0] - one[1]).max() > 1e-3


@pytest.mark.parametrize("flow", FLOWS)
def test_a_start_of_another_shape_is_refused(flow):
    with pytest.raises(ValueError, match="initial must have shape"):
        flow(10, initial=np.zeros(2))


def exponent(simulate, steps, dt, off=1e-8):
    """Return the growth rate of a small difference, over renormalised pieces."""
    a = simulate(2, dt=dt, random_state=0)[0]
    direction = np.ones_like(a) / np.sqrt(a.size)
    rates = []
    for _ in range(30):
        pair = simulate(steps, dt=dt, n_series=2, initial=np.stack([a, a + off * direction]))
        difference = pair[1, -1] - pair[0, -1]
        size = np.linalg.norm(difference)
        rates.append(np.log(size / off) / (dt * (steps - 1)))
        a, direction = pair[0, -1], difference / size
    return np.mean(rates[5:])


@pytest.mark.parametrize(
    ("flow", "name", "steps", "dt"),
    [(datasets.lorenz63, "lorenz63", 51, 0.02), (datasets.double_scroll, "double_scroll", 41, 0.1)],
)
def test_differences_grow_with_the_published_exponent(flow, name, steps, dt):
    assert exponent(flow, steps, dt) == pytest.approx(datasets.LYAPUNOV[name], rel=0.25)


def test_a_ring_needs_four_places():
    with pytest.raises(ValueError, match="at least 4"):
        datasets.lorenz96(10, n_units=3)


def test_lorenz_agrees_between_two_integrators_as_long_as_it_can():
    rk4 = datasets.lorenz63(1001, random_state=0)

    dop = datasets.lorenz63(1001, initial=rk4[0], method="DOP853", tolerance=1e-12)

    assert_allclose(rk4[:301], dop[:301], atol=1e-5)  # chaos multiplies 1e-9 by 10 every 2.5


def test_many_lorenz_series_are_each_their_own():
    starts = datasets.lorenz63(3, n_series=2, random_state=1)[:, 0]

    both = datasets.lorenz63(50, n_series=2, initial=starts)
    second = datasets.lorenz63(50, initial=starts[1])

    assert_allclose(both[1], second, rtol=1e-13)
    assert both.shape == (2, 50, 3)


def test_lorenz_names_the_shape_it_wants():
    with pytest.raises(ValueError, match=r"must have shape \(2, 3\), got \(3,\)"):
        datasets.lorenz63(5, n_series=2, initial=[1.0, 1.0, 1.0])
