import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

from reservoirs import datasets


@pytest.mark.parametrize("force", ["cos", "multi", "hold", "none"])
def test_the_exact_map_agrees_with_an_integrator(force):
    data = datasets.oscillator(60, eta=0.3, force=force, random_state=1)
    z = np.array([data.x[0], data.v[0]])

    for n in range(59):
        held = data.force[n]
        step = solve_ivp(
            lambda t, z, F=held: (z[1], F - 0.3 * z[1] - z[0]), (0, 0.1), z, rtol=1e-12, atol=1e-12
        )
        z = step.y[:, -1]

    assert_allclose([data.x[-1], data.v[-1]], z, atol=1e-9)


def test_the_euler_step_is_the_notes_recurrent_map():
    data = datasets.oscillator(50, eta=0.1, dt=0.01, method="euler", random_state=2)
    x, v, F = data.x, data.v, data.force

    assert_allclose(x[1:], x[:-1] + 0.01 * v[:-1], rtol=1e-12)
    assert_allclose(v[1:], v[:-1] + 0.01 * (F[:-1] - 0.1 * v[:-1] - x[:-1]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dt", [0.1, 0.2])
def test_euler_refuses_a_step_that_does_not_damp(dt):
    with pytest.raises(ValueError, match="only for dt < eta.*lower dt"):
        datasets.oscillator(10, eta=0.1, dt=dt, method="euler")


def test_the_same_seed_gives_the_same_series():
    first = datasets.oscillator(100, random_state=3)
    again = datasets.oscillator(100, random_state=3)

    assert_array_equal(first.x, again.x)


def test_a_held_force_changes_every_twenty_steps():
    force = datasets.oscillator(100, force="hold", random_state=0).force

    assert_array_equal(np.flatnonzero(np.diff(force)) + 1, [20, 40, 60, 80])


def test_the_noisy_notes_series_has_the_floor_of_one_third():
    values = datasets.lagged_sine_noisy(200_000, random_state=0)
    noise = values - np.sin(0.02 * np.arange(200_000))

    assert_allclose(noise.mean(), 1.0, atol=0.01)
    assert_allclose(noise.var(), 1 / 3, atol=0.01)


def test_the_lagged_sine_runs_over_two_periods():
    values = datasets.lagged_sine()

    assert len(values) == 1000
    assert_allclose(values[[0, -1]], 0.0, atol=1e-12)


def test_van_der_pol_settles_on_its_limit_cycle():
    data = datasets.van_der_pol(400, mu=1.0, random_state=0)

    assert_allclose(np.abs(data.x).max(), 2.0, atol=0.02)


def test_noise_is_added_to_the_clean_sine():
    data = datasets.sine(50_000, noise=0.1, random_state=0)

    assert_allclose((data.y - data.clean).std(), 0.1, rtol=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"force": "square"}, "one of .*'cos', 'hold'"),
        ({"force": np.ones(3)}, r"shape \(10,\), got \(3,\)"),
        ({"method": "rk4"}, r"one of \['euler', 'zoh'\]"),
    ],
)
def test_an_unknown_force_or_method_lists_the_known_ones(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.oscillator(10, **arguments)
