import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import ESNRegressor, diagnostics
from reservoirs.diagnostics.driving import check_single_series, get_reservoir, run_reservoir


def test_other_models_are_refused(draw_reservoir):
    from sklearn.linear_model import Ridge

    with pytest.raises(TypeError, match="Reservoir or an echo state network, got Ridge"):
        diagnostics.memory_capacity(Ridge())
    with pytest.raises(TypeError, match="a Reservoir has no closed loop; pass a fitted ESN"):
        diagnostics.closed_loop_lyapunov(draw_reservoir())


@pytest.mark.parametrize(
    "measure",
    [
        diagnostics.echo_state_index,
        diagnostics.conditional_lyapunov,
        diagnostics.reservoir_report,
    ],
)
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((9, 3)), "3 features, but Reservoir is expecting 1"),
        (np.zeros(9), "Expected 2D array"),
        (np.full((9, 1), np.nan), "contains NaN"),
        (np.zeros((0, 1)), r"0 sample\(s\)"),
        ([np.zeros((9, 1))] * 2, "one series.*got 2 series"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(measure, rows, message, draw_reservoir):
    with pytest.raises(ValueError, match=message):
        measure(draw_reservoir(), rows)


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
            lambda m: diagnostics.conditional_lyapunov(m, np.zeros((9, 1)), n_exponents=41),
            r"n_exponents must be in \[1, 40\], got 41",
        ),
    ],
)
def test_sizes_that_cannot_be_are_refused(call, message, draw_reservoir):
    with pytest.raises(ValueError, match=message):
        call(draw_reservoir())


def test_the_reservoir_of_a_network_is_found_and_is_its_own(draw_reservoir, driving):
    model = ESNRegressor(n_units=9, random_state=0).fit(driving, driving[:, 0])
    reservoir = draw_reservoir()

    assert get_reservoir(model) is model.reservoir_
    assert get_reservoir(reservoir) is reservoir


def test_a_run_in_two_pieces_is_one_run(draw_reservoir, driving):
    reservoir = draw_reservoir()
    rows = check_single_series(reservoir, driving[:50].tolist())

    states = run_reservoir(reservoir, rows)

    later = run_reservoir(reservoir, rows[30:], states[29])
    assert_allclose(later, states[30:], rtol=1e-12)
    assert_allclose(states, reservoir.transform(driving[:50]), rtol=1e-12)
