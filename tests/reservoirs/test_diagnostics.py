import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from reservoirs import ESNRegressor, Reservoir, diagnostics, next_step

RNG = np.random.default_rng(0)
U = RNG.uniform(-1, 1, size=(800, 1))


STRONG = {
    "n_units": 40, "spectral_radius": 0.9, "leak_rate": 1.0, "input_scaling": 1.0,
    "bias_scaling": 0.5, "random_state": 0,
}  # fmt: skip


def reservoir(**settings):
    return Reservoir(**{**STRONG, **settings}).fit(U)


def shift_register(n_units=40, scale=1e-6):
    """Return a reservoir in its linear range that remembers exactly its length."""
    first = np.zeros((n_units, 1))
    first[0] = scale
    return reservoir(
        n_units=n_units, topology="delay_line", spectral_radius=1.0, input_scaling=first,
        bias_scaling=0.0,
    )  # fmt: skip


def test_a_shift_register_remembers_its_length():
    found = diagnostics.memory_capacity(shift_register(100), n_steps=6000)

    assert_allclose(found.total, 99.0, atol=0.2)  # k = 0 is the input itself and does not count
    assert_allclose(found.profile[:99], 1.0, atol=0.01)


@pytest.mark.parametrize("radius", [0.5, 0.95, 1.2])
def test_memory_never_exceeds_the_number_of_units(radius):
    found = diagnostics.memory_capacity(reservoir(spectral_radius=radius), n_steps=3000)

    assert 0 < found.total <= 40


def test_processing_capacity_of_a_shift_register_is_linear():
    found = diagnostics.information_processing_capacity(
        shift_register(20), n_steps=5000, max_delays=(30, 5)
    )

    assert_allclose(found.by_degree, [20.0, 0.0], atol=0.1)


def test_processing_capacity_never_exceeds_the_number_of_units():
    found = diagnostics.information_processing_capacity(
        reservoir(n_units=20), n_steps=5000, max_delays=(20, 8, 4)
    )

    assert found.total <= 20.0
    assert found.by_degree[1] > 0.5


def test_ranks_tell_separation_from_forgetting():
    ordered = reservoir(spectral_radius=0.5)

    assert diagnostics.kernel_rank(ordered) > 5
    assert diagnostics.generalisation_rank(ordered, shared=60) == 1


def test_the_echo_state_index_tells_forgetting_from_chaos():
    assert diagnostics.echo_state_index(reservoir(spectral_radius=0.8)) < 1e-6
    wild = reservoir(spectral_radius=4.0, input_scaling=0.01, bias_scaling=0.0)
    assert diagnostics.echo_state_index(wild) > 0.1


def test_the_conditional_exponent_of_a_linear_reservoir_is_the_log_of_its_radius():
    quiet = reservoir(
        spectral_radius=0.7, topology="orthogonal", input_scaling=0.0, bias_scaling=0.0
    )

    found = diagnostics.conditional_lyapunov(quiet, U, n_exponents=3)

    assert_allclose(found, np.log(0.7), rtol=1e-6)


def test_the_conditional_exponent_agrees_with_twin_trajectories():
    driven = reservoir(spectral_radius=1.1, leak_rate=0.5)
    start, h = np.full(40, 0.1), 1e-7

    exponent = diagnostics.conditional_lyapunov(driven, U)[0]

    near = driven.transform(U, initial_state=start + h * RNG.normal(size=40))
    base = driven.transform(U, initial_state=start)
    distance = np.linalg.norm(near - base, axis=1)
    kept = slice(5, int(np.argmax(distance < 1e-13)) or None)
    slope = np.polyfit(np.arange(len(distance))[kept], np.log(distance[kept]), 1)[0]
    assert_allclose(exponent, slope, rtol=0.15)


def test_the_closed_loop_of_lorenz_has_its_exponents():
    t = 0.02 * np.arange(7000)
    found = solve_ivp(
        lambda _, z: [10 * (z[1] - z[0]), z[0] * (28 - z[2]) - z[1], z[0] * z[1] - 8 / 3 * z[2]],
        (0, t[-1]), [1.0, 1.0, 20.0], t_eval=t, rtol=1e-9, atol=1e-9,
    )  # fmt: skip
    series = (found.y.T - found.y.mean(axis=1)) / found.y.std(axis=1)
    model = ESNRegressor(
        n_units=300, input_scaling=0.5, spectral_radius=0.5, leak_rate=0.8, bias_scaling=1.5,
        alpha=1e-10, washout=200, random_state=0,
    ).fit(*next_step(series[500:]))  # fmt: skip

    exponents = diagnostics.closed_loop_lyapunov(model, n_steps=6000) / 0.02

    assert_allclose(exponents[0], 0.906, atol=0.1)
    assert_allclose(exponents[1], 0.0, atol=0.1)


def test_the_report_says_which_knob_to_turn():
    healthy = diagnostics.reservoir_report(reservoir(spectral_radius=0.8, input_scaling=0.5))
    saturated = diagnostics.reservoir_report(reservoir(input_scaling=50.0))
    deaf = diagnostics.reservoir_report(reservoir(input_scaling=1e-9))
    wild = diagnostics.reservoir_report(reservoir(spectral_radius=4.0, input_scaling=0.01))

    assert "!!" not in healthy
    assert "lower input_scaling" in saturated
    assert "raise input_scaling" in deaf
    assert "lower spectral_radius" in wild


def test_the_report_of_a_fitted_network_names_its_readout():
    model = ESNRegressor(n_units=30, random_state=0).fit(*next_step(U[:, 0]))

    assert "readout by" in diagnostics.reservoir_report(model)


def test_the_input_may_be_a_data_frame(recwarn):
    frame = pd.DataFrame(U[:200], columns=["u"])
    X, y = next_step(frame)
    model = ESNRegressor(n_units=9, random_state=0).fit(X, y)

    assert diagnostics.conditional_lyapunov(model, X)[0] < 0
    for fitted in (model, Reservoir(n_units=9, random_state=0).fit(frame)):
        assert "forgets its start" in diagnostics.reservoir_report(fitted)
        assert "forgets its start" in diagnostics.reservoir_report(fitted, frame)
    assert not recwarn.list


def test_other_models_are_refused():
    from sklearn.linear_model import Ridge

    with pytest.raises(TypeError, match="Reservoir or an echo state network, got Ridge"):
        diagnostics.memory_capacity(Ridge())
    with pytest.raises(TypeError, match="a Reservoir has no closed loop; pass a fitted ESN"):
        diagnostics.closed_loop_lyapunov(reservoir())


@pytest.mark.parametrize("measure", [
    diagnostics.echo_state_index, diagnostics.conditional_lyapunov, diagnostics.reservoir_report,
])  # fmt: skip
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((9, 3)), "3 features, but Reservoir is expecting 1"),
        (np.zeros(9), "Expected 2D array"),
        (np.full((9, 1), np.nan), "contains NaN"),
        (np.zeros((0, 1)), r"0 sample\(s\)"),
        ([U, U], "one series.*got 2 series"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(measure, rows, message):
    with pytest.raises(ValueError, match=message):
        measure(reservoir(), rows)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: diagnostics.memory_capacity(m, n_steps=1), "'n_steps' parameter"),
        (lambda m: diagnostics.memory_capacity(m, max_delay=0), "'max_delay' parameter"),
        (
            lambda m: diagnostics.information_processing_capacity(m, max_delays=()),
            r"max_delays must hold an integer >= 0 per degree, at least one, got \(\)",
        ),
        (lambda m: diagnostics.kernel_rank(m, n_steps=0), "'n_steps' parameter"),
        (lambda m: diagnostics.generalisation_rank(m, n_steps=9), "shared=20 of 9 steps"),
        (lambda m: diagnostics.echo_state_index(m, n_starts=0), "'n_starts' parameter"),
        (
            lambda m: diagnostics.conditional_lyapunov(m, U, n_exponents=41),
            r"n_exponents must be in \[1, 40\], got 41",
        ),
    ],
)
def test_sizes_that_cannot_be_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(reservoir())


def test_the_closed_loop_of_many_series_is_refused():
    series = [U[:50], U[50:100]]
    model = ESNRegressor(n_units=9, random_state=0).fit(*next_step(series))

    with pytest.raises(ValueError, match="fitted on 2 series"):
        diagnostics.closed_loop_lyapunov(model)
