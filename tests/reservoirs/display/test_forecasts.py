import warnings

import numpy as np
import pytest
from containers import Case
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNRegressor, datasets, forecast, metrics, next_step
from reservoirs.display import ErrorGrowthDisplay, ForecastDisplay, PhasePortraitDisplay

DISPLAYS = {
    "forecast": lambda esn, wave, ax: ForecastDisplay.from_estimator(esn, wave[300:], ax=ax),
    "forecast_given": lambda esn, wave, ax: ForecastDisplay.from_predictions(
        wave[300:], wave[300:] + 1.0, ax=ax
    ),
    "error_growth": lambda esn, wave, ax: ErrorGrowthDisplay.from_estimator(
        esn, wave, horizon=20, step=10, ax=ax
    ),
    "error_growth_given": lambda esn, wave, ax: ErrorGrowthDisplay.from_predictions(
        wave[300:], wave[300:] + 0.1, lyapunov=True, dt=0.1, ax=ax
    ),
    "phase_portrait": lambda esn, wave, ax: PhasePortraitDisplay.from_estimator(
        esn, wave[300:], dt=0.2, ax=ax
    ),
    "phase_portrait_of_two": lambda esn, wave, ax: PhasePortraitDisplay.from_predictions(
        np.column_stack([wave, wave**2]), np.column_stack([wave, wave**2]), ax=ax
    ),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_display_draws_on_the_axes_it_is_given_and_names_them(name, esn, wave, ax):
    display = DISPLAYS[name](esn, wave, ax)

    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel() and ax.get_ylabel()
    assert any(len(line.get_xdata()) > 1 for line in ax.lines)


def test_a_forecast_display_draws_what_forecast_gives(esn, wave, ax):
    display = ForecastDisplay.from_estimator(esn, wave[300:], ax=ax)

    assert_allclose(display.forecast[:, 0], forecast(esn, 100))


def test_a_forecast_display_takes_a_pipeline(wave, ax):
    esn = ESNRegressor(n_units=30, random_state=0)
    model = make_pipeline(StandardScaler(), esn).fit(*next_step(wave[:300]))

    display = ForecastDisplay.from_estimator(model, wave[300:], ax=ax)

    assert_allclose(display.forecast[:, 0], forecast(model, 100))


def test_the_line_of_validity_stands_at_the_valid_prediction_time(wave, ax):
    wrong = wave[300:] + 0.02 * np.arange(100)
    display = ForecastDisplay.from_predictions(wave[300:], wrong, dt=0.5, ax=ax)

    (mark,) = [line for line in display.ax_.lines if line.get_linestyle() == "--"]
    expected = metrics.valid_prediction_time(wave[300:], wrong, dt=0.5)
    assert mark.get_xdata()[0] == pytest.approx(expected + 0.5)  # step 1 is at dt


def test_a_diverged_forecast_is_drawn_all_the_same(wave):
    diverged = np.where(np.arange(100) < 50, wave[300:], np.nan)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ErrorGrowthDisplay.from_predictions(wave[300:], diverged, ax=Figure().subplots())
        display = ForecastDisplay.from_predictions(wave[300:], diverged, ax=Figure().subplots())

    (mark,) = [line for line in display.ax_.lines if line.get_linestyle() == "--"]
    assert mark.get_xdata()[0] == 51


def test_the_error_growth_of_many_starts_is_their_median(ax):
    series = datasets.lorenz63(600, random_state=0)
    model = ESNRegressor(n_units=60, bound=None, random_state=0).fit(*next_step(series[:400]))
    truth, predicted = model.backtest(series[400:], horizon=30, step=10)

    display = ErrorGrowthDisplay.from_estimator(model, series[400:], horizon=30, step=10, ax=ax)

    scale = series[400:].std(axis=0)
    errors = [
        metrics.error_growth(t, p, scale=scale) for t, p in zip(truth, predicted, strict=True)
    ]
    assert_allclose(display.ax_.lines[0].get_ydata(), np.median(errors, axis=0))


@pytest.mark.parametrize("kind", ["frame", "list", "levels"])
def test_errors_of_every_container_are_those_of_its_series(kind):
    case = Case(kind, 2, 0)
    observed, forces = case.draw()
    model = ESNRegressor(n_units=20, random_state=0).fit(*case.pairs(observed, forces))

    display = ErrorGrowthDisplay.from_estimator(
        model, case.wrap(observed, ["a", "b"]), horizon=5, step=20
    )

    alone = [model.backtest(series, horizon=5, step=20) for series in observed]
    scale = np.concatenate(observed).std(axis=0)
    expected = [
        metrics.error_growth(t, f, scale=scale)
        for truth, found in alone
        for t, f in zip(truth, found, strict=True)
    ]
    assert_allclose(display.errors, expected, rtol=1e-9)


def test_one_picture_shows_one_series(wave):
    model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(wave))

    with pytest.raises(ValueError, match="y_true must be one series, got 2"):
        ForecastDisplay.from_estimator(model, [wave[:, None], wave[:, None]])
