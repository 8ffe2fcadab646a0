import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from reservoirs import ESNRegressor, diagnostics, next_step


def test_the_echo_state_index_tells_forgetting_from_chaos(draw_reservoir):
    assert diagnostics.echo_state_index(draw_reservoir(spectral_radius=0.8)) < 1e-6
    wild = draw_reservoir(spectral_radius=4.0, input_scaling=0.01, bias_scaling=0.0)
    assert diagnostics.echo_state_index(wild) > 0.1


def test_the_conditional_exponent_of_a_linear_reservoir_is_the_log_of_its_radius(
    draw_reservoir, driving
):
    quiet = draw_reservoir(
        spectral_radius=0.7, topology="orthogonal", input_scaling=0.0, bias_scaling=0.0
    )

    found = diagnostics.conditional_lyapunov(quiet, driving, n_exponents=3)

    assert_allclose(found, np.log(0.7), rtol=1e-6)


@pytest.mark.parametrize("leak_rate", [0.5, (0.3, 0.6)])
def test_the_conditional_exponent_agrees_with_twin_trajectories(draw_reservoir, driving, leak_rate):
    driven = draw_reservoir(spectral_radius=1.1, leak_rate=leak_rate)
    start, h = np.full(40, 0.1), 1e-7

    exponent = diagnostics.conditional_lyapunov(driven, driving)[0]

    near = driven.transform(
        driving, initial_state=start + h * np.random.default_rng(1).normal(size=40)
    )
    base = driven.transform(driving, initial_state=start)
    distance = np.linalg.norm(near - base, axis=1)
    kept = slice(5, int(np.argmax(distance < 1e-13)) or None)
    slope = np.polyfit(np.arange(len(distance))[kept], np.log(distance[kept]), 1)[0]
    assert_allclose(exponent, slope, rtol=0.15)


def test_the_closed_loop_of_lorenz_has_its_exponents():
    t = 0.02 * np.arange(7000)
    found = solve_ivp(
        lambda _, z: [10 * (z[1] - z[0]), z[0] * (28 - z[2]) - z[1], z[0] * z[1] - 8 / 3 * z[2]],
        (0, t[-1]),
        [1.0, 1.0, 20.0],
        t_eval=t,
        rtol=1e-9,
        atol=1e-9,
    )
    series = (found.y.T - found.y.mean(axis=1)) / found.y.std(axis=1)
    model = ESNRegressor(
        n_units=300,
        input_scaling=0.5,
        spectral_radius=0.5,
        leak_rate=0.8,
        bias_scaling=1.5,
        alpha=1e-10,
        washout=200,
        random_state=0,
    ).fit(*next_step(series[500:]))

    exponents = diagnostics.closed_loop_lyapunov(model, n_steps=6000) / 0.02

    assert_allclose(exponents[0], 0.906, atol=0.1)
    assert_allclose(exponents[1], 0.0, atol=0.1)


def test_the_closed_loop_of_many_series_is_refused(driving):
    series = [driving[:50], driving[50:100]]
    model = ESNRegressor(n_units=9, random_state=0).fit(*next_step(series))

    with pytest.raises(ValueError, match="fitted on 2 series"):
        diagnostics.closed_loop_lyapunov(model)
