import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

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
    for _ in range(60):
        pair = simulate(steps, dt=dt, n_series=2, initial=np.stack([a, a + off * direction]))
        difference = pair[1, -1] - pair[0, -1]
        size = np.linalg.norm(difference)
        rates.append(np.log(size / off) / (dt * (steps - 1)))
        a, direction = pair[0, -1], difference / size
    return np.mean(rates[10:])


@pytest.mark.parametrize(
    ("flow", "name", "steps", "dt"),
    [(datasets.lorenz63, "lorenz63", 51, 0.02), (datasets.double_scroll, "double_scroll", 41, 0.1)],
)
def test_differences_grow_with_the_published_exponent(flow, name, steps, dt):
    assert exponent(flow, steps, dt) == pytest.approx(datasets.LYAPUNOV[name], rel=0.25)


def test_a_ring_needs_four_places():
    with pytest.raises(ValueError, match="at least 4"):
        datasets.lorenz96(10, n_units=3)


def test_kuramoto_sivashinsky_keeps_its_mean_and_stays_bounded_for_long():
    rows = datasets.kuramoto_sivashinsky(4000, transient=0.0, random_state=1)

    assert_allclose(rows.mean(axis=1), 0.0, atol=1e-12)
    assert np.abs(rows[400:]).max() < 4
    assert rows[400:].std() == pytest.approx(1.2, abs=0.2)


def test_kuramoto_sivashinsky_is_what_a_stiff_solver_finds():
    """The equation once more, as plainly as it can be written, by SciPy's implicit solver."""
    n_points, length = 32, 22.0
    rows = datasets.kuramoto_sivashinsky(
        81, length=length, n_points=n_points, dt=0.0625, transient=0.0, random_state=2
    )
    k = 2 * np.pi / length * np.arange(n_points // 2 + 1)
    k[-1] = 0.0

    def derivative(u, power):
        return np.fft.irfft((1j * k) ** power * np.fft.rfft(u), n_points)

    def velocity(t, u):
        return -derivative(u * u, 1) / 2 - derivative(u, 2) - derivative(u, 4)

    found = solve_ivp(velocity, (0, 5.0), rows[0], method="Radau", rtol=1e-8, atol=1e-8).y[:, -1]

    assert_allclose(rows[-1], found, atol=1e-3)


def test_kuramoto_sivashinsky_decays_where_everything_is_damped():
    rows = datasets.kuramoto_sivashinsky(400, length=5.0, transient=0.0, random_state=0)

    assert np.abs(rows[-1]).max() < 1e-3 * np.abs(rows[0]).max()


def test_an_odd_grid_is_refused():
    with pytest.raises(ValueError, match="even and at least 8"):
        datasets.kuramoto_sivashinsky(10, n_points=9)
