import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from reservoirs import next_step
from reservoirs.display import LossCurveDisplay
from trainers import GradientFlowDisplay, RNNRegressor, gradient_flow

matplotlib.use("agg")
X, Y = next_step(np.sin(0.2 * np.arange(300)))


@pytest.fixture(scope="module")
def rnn():
    """Return a small fitted network; tests only read it."""
    return RNNRegressor(
        n_units=8, window=10, max_iter=3, validation_fraction=0.2, random_state=0
    ).fit(X, Y)


@pytest.fixture
def ax():
    """Return axes of a figure that pyplot does not know."""
    return Figure().subplots()


@pytest.mark.parametrize(
    "draw",
    [
        LossCurveDisplay.from_estimator,
        lambda rnn, ax: GradientFlowDisplay.from_estimator(rnn, X, Y, ax=ax),
    ],
    ids=["losses", "gradients"],
)
def test_a_display_draws_on_the_axes_it_is_given_and_names_them(draw, rnn, ax):
    display = draw(rnn, ax=ax)

    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_xlabel() and ax.get_ylabel()
    assert any(len(line.get_xdata()) > 1 for line in ax.lines)


def test_the_line_of_a_display_is_changed_by_keywords(rnn, ax):
    display = LossCurveDisplay.from_estimator(rnn, ax=ax, color="#D55E00", label="RNN")

    assert display.ax_.lines[0].get_color() == "#D55E00"
    assert display.ax_.lines[0].get_label() == "RNN"


def test_the_gradient_flow_drawn_is_the_one_measured(rnn, ax):
    flow = gradient_flow(rnn, X, Y)

    display = GradientFlowDisplay.from_estimator(rnn, X, Y, ax=ax)

    expected = flow.error_norms / flow.error_norms[0]
    assert_allclose(display.ax_.lines[0].get_ydata(), expected)
