import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, datasets, forecast, metrics, next_step
from reservoirs.display import (
    ErrorGrowthDisplay,
    ForecastDisplay,
    LossCurveDisplay,
    MemoryCapacityDisplay,
    PhasePortraitDisplay,
    ReservoirSpectrumDisplay,
    StateDisplay,
)
from trainers import GradientFlowDisplay, RNNRegressor, gradient_flow

matplotlib.use("agg")
WAVE = np.sin(0.2 * np.arange(400))
X, Y = next_step(WAVE[:300])
AFTER = WAVE[300:]
ESN = ESNRegressor(n_units=30, random_state=0, washout=20).fit(X, Y)
RNN = RNNRegressor(n_units=8, window=10, max_iter=3, validation_fraction=0.2, random_state=0)
RNN.fit(X, Y)
DISPLAYS = {
    "forecast": lambda ax: ForecastDisplay.from_estimator(ESN, AFTER, ax=ax),
    "forecast_given": lambda ax: ForecastDisplay.from_predictions(AFTER, AFTER + 1.0, ax=ax),
    "error_growth": lambda ax: ErrorGrowthDisplay.from_estimator(
        ESN, WAVE, horizon=20, step=10, ax=ax
    ),
    "error_growth_given": lambda ax: ErrorGrowthDisplay.from_predictions(
        AFTER, AFTER + 0.1, lyapunov=True, dt=0.1, ax=ax
    ),
    "phase_portrait": lambda ax: PhasePortraitDisplay.from_estimator(ESN, AFTER, dt=0.2, ax=ax),
    "phase_portrait_of_two": lambda ax: PhasePortraitDisplay.from_predictions(
        np.column_stack([WAVE, WAVE**2]), np.column_stack([WAVE, WAVE**2]), ax=ax
    ),
    "states": lambda ax: StateDisplay.from_estimator(ESN, X, ax=ax),
    "spectrum": lambda ax: ReservoirSpectrumDisplay.from_estimator(ESN, ax=ax),
    "memory": lambda ax: MemoryCapacityDisplay.from_estimator(ESN, n_steps=500, ax=ax),
    "losses": lambda ax: LossCurveDisplay.from_estimator(RNN, ax=ax),
    "gradients": lambda ax: GradientFlowDisplay.from_estimator(RNN, X, Y, ax=ax),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_display_draws_on_the_axes_it_is_given_and_names_them(name):
    ax = Figure().subplots()

    display = DISPLAYS[name](ax)

    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel() and ax.get_ylabel()
    assert any(len(line.get_xdata()) > 1 for line in ax.lines)


def test_a_display_makes_a_figure_of_its_own_and_does_not_show_it():
    from matplotlib import pyplot

    display = ForecastDisplay.from_estimator(ESN, AFTER)

    assert pyplot.fignum_exists(display.figure_.number)
    pyplot.close(display.figure_)


def test_the_line_of_a_display_is_changed_by_keywords():
    display = LossCurveDisplay.from_estimator(
        RNN, ax=Figure().subplots(), color="#D55E00", label="RNN"
    )

    assert display.ax_.lines[0].get_color() == "#D55E00"
    assert display.ax_.lines[0].get_label() == "RNN"


def test_a_forecast_display_draws_what_forecast_gives():
    display = ForecastDisplay.from_estimator(ESN, AFTER, ax=Figure().subplots())

    assert_allclose(display.forecast[:, 0], forecast(ESN, len(AFTER)))


def test_a_forecast_display_takes_a_pipeline():
    model = make_pipeline(StandardScaler(), ESNRegressor(n_units=30, random_state=0)).fit(X, Y)

    display = ForecastDisplay.from_estimator(model, AFTER, ax=Figure().subplots())

    assert_allclose(display.forecast[:, 0], forecast(model, len(AFTER)))


def test_the_line_of_validity_stands_at_the_valid_prediction_time():
    wrong = AFTER + 0.02 * np.arange(100)
    display = ForecastDisplay.from_predictions(AFTER, wrong, dt=0.5, ax=Figure().subplots())

    (mark,) = [line for line in display.ax_.lines if line.get_linestyle() == "--"]
    expected = metrics.valid_prediction_time(AFTER, wrong, dt=0.5)
    assert mark.get_xdata()[0] == pytest.approx(expected + 0.5)  # step 1 is at dt


def test_a_diverged_forecast_is_drawn_all_the_same():
    guess = np.where(np.arange(100) < 50, AFTER, np.nan)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ErrorGrowthDisplay.from_predictions(AFTER, guess, ax=Figure().subplots())
        display = ForecastDisplay.from_predictions(AFTER, guess, ax=Figure().subplots())

    (mark,) = [line for line in display.ax_.lines if line.get_linestyle() == "--"]
    assert mark.get_xdata()[0] == 51


def test_the_error_growth_of_many_starts_is_their_median():
    series = datasets.lorenz63(600, random_state=0)
    model = ESNRegressor(n_units=60, random_state=0).fit(*next_step(series[:400]))
    truth, found = model.backtest(series[400:], horizon=30, step=10)

    display = ErrorGrowthDisplay.from_estimator(
        model, series[400:], horizon=30, step=10, ax=Figure().subplots()
    )

    scale = series[400:].std(axis=0)
    errors = [metrics.error_growth(t, f, scale=scale) for t, f in zip(truth, found, strict=True)]
    assert_allclose(display.ax_.lines[0].get_ydata(), np.median(errors, axis=0))


def test_the_spectrum_reaches_the_spectral_radius():
    display = ReservoirSpectrumDisplay.from_estimator(ESN, ax=Figure().subplots())

    assert abs(display.eigenvalues).max() == pytest.approx(ESN.spectral_radius, abs=1e-10)


def test_the_gradient_flow_drawn_is_the_one_measured():
    flow = gradient_flow(RNN, X, Y)

    display = GradientFlowDisplay.from_estimator(RNN, X, Y, ax=Figure().subplots())

    expected = flow.error_norms / flow.error_norms[0]
    assert_allclose(display.ax_.lines[0].get_ydata(), expected)


@pytest.mark.parametrize(
    "make",
    [
        lambda model: StateDisplay.from_estimator(model, X),
        ReservoirSpectrumDisplay.from_estimator,
        MemoryCapacityDisplay.from_estimator,
    ],
)
def test_a_display_of_a_model_that_is_not_fitted_says_so(make):
    with pytest.raises(NotFittedError):
        make(ESNRegressor())
