import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError

from reservoirs import ESNRegressor, diagnostics
from reservoirs.display import (
    LossCurveDisplay,
    MemoryCapacityDisplay,
    ReservoirSpectrumDisplay,
    StateDisplay,
)

DISPLAYS = {
    "states": lambda esn, X, ax: StateDisplay.from_estimator(esn, X, ax=ax),
    "spectrum": lambda esn, X, ax: ReservoirSpectrumDisplay.from_estimator(esn, ax=ax),
    "memory": lambda esn, X, ax: MemoryCapacityDisplay.from_estimator(esn, n_steps=500, ax=ax),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_a_display_draws_on_the_axes_it_is_given_and_names_them(name, esn, wave, ax):
    display = DISPLAYS[name](esn, wave[:299, None], ax)

    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel() and ax.get_ylabel()
    assert any(len(line.get_xdata()) > 1 for line in ax.lines)


def test_the_spectrum_reaches_the_spectral_radius(esn, ax):
    display = ReservoirSpectrumDisplay.from_estimator(esn, ax=ax)

    assert abs(display.eigenvalues).max() == pytest.approx(esn.spectral_radius, abs=1e-10)


def test_the_memory_drawn_is_the_one_measured(esn, ax):
    capacity = diagnostics.memory_capacity(esn, n_steps=500)

    display = MemoryCapacityDisplay.from_estimator(esn, n_steps=500, ax=ax)

    assert_allclose(display.ax_.lines[0].get_ydata(), capacity.profile)


def test_losses_are_drawn_against_given_times(ax):
    LossCurveDisplay([3.0, 2.0], times=[10.0, 20.0]).plot(ax)

    assert_allclose(ax.lines[0].get_xdata(), [10.0, 20.0])
    assert len(ax.lines) == 1  # without validation


@pytest.mark.parametrize(
    "draw",
    [
        lambda model: StateDisplay.from_estimator(model, np.zeros((9, 1))),
        ReservoirSpectrumDisplay.from_estimator,
        MemoryCapacityDisplay.from_estimator,
        LossCurveDisplay.from_estimator,
    ],
)
def test_a_display_of_a_model_that_is_not_fitted_says_so(draw):
    with pytest.raises(NotFittedError):
        draw(ESNRegressor())
