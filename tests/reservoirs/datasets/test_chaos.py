import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from reservoirs import datasets


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


def test_mackey_glass_obeys_its_delay_equation():
    fine = datasets.mackey_glass(400, tau=17, random_state=0)

    slope = np.gradient(fine)[20:-1]
    late, now = fine[3:-18], fine[20:-1]
    assert_allclose(slope, 0.2 * late / (1 + late**10) - 0.1 * now, atol=0.02)
    assert 0.04 < fine.var() < 0.07
