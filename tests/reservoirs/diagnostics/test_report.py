import pandas as pd

from reservoirs import ESNRegressor, Reservoir, diagnostics, next_step


def test_the_report_says_which_knob_to_turn(draw_reservoir):
    healthy = diagnostics.reservoir_report(draw_reservoir(spectral_radius=0.8, input_scaling=0.5))
    saturated = diagnostics.reservoir_report(draw_reservoir(input_scaling=50.0))
    deaf = diagnostics.reservoir_report(draw_reservoir(input_scaling=1e-9))
    wild = diagnostics.reservoir_report(draw_reservoir(spectral_radius=4.0, input_scaling=0.01))

    assert "!!" not in healthy
    assert "lower input_scaling" in saturated
    assert "raise input_scaling" in deaf
    assert "lower spectral_radius" in wild


def test_the_report_of_a_fitted_network_names_its_readout(driving):
    model = ESNRegressor(n_units=30, random_state=0).fit(*next_step(driving[:, 0]))

    assert "readout by" in diagnostics.reservoir_report(model)


def test_the_input_may_be_a_data_frame(recwarn, driving):
    frame = pd.DataFrame(driving[:200], columns=["u"])
    X, y = next_step(frame)
    model = ESNRegressor(n_units=9, random_state=0).fit(X, y)

    assert diagnostics.conditional_lyapunov(model, X)[0] < 0
    for fitted in (model, Reservoir(n_units=9, random_state=0).fit(frame)):
        assert "forgets its start" in diagnostics.reservoir_report(fitted)
        assert "forgets its start" in diagnostics.reservoir_report(fitted, frame)
    assert not recwarn.list
