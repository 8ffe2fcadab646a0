import numpy as np
import pytest

from reservoirs.display import Display, ForecastDisplay


class Level(Display):
    """A display that draws one level line."""

    def _draw(self, ax, **line):
        ax.plot([0, 1], [1, 1], **line)


def test_a_display_makes_a_figure_of_its_own_and_does_not_show_it(esn, wave):
    from matplotlib import pyplot

    display = ForecastDisplay.from_estimator(esn, wave[300:])

    assert pyplot.fignum_exists(display.figure_.number)
    pyplot.close(display.figure_)


def test_a_subclass_draws_on_the_axes_it_is_given(ax):
    display = Level()

    assert display.plot(ax, color="red") is display
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.lines[0].get_color() == "red"


def test_a_display_that_cannot_draw_says_so(ax):
    with pytest.raises(TypeError, match="Display does not say how to draw"):
        Display().plot(ax)


def test_keywords_change_the_line_and_not_the_truth(esn, wave, ax):
    display = ForecastDisplay.from_estimator(esn, wave[300:], ax=ax, color="#D55E00")

    colours = [line.get_color() for line in display.ax_.lines[:2]]
    assert colours == ["#333333", "#D55E00"]
    np.testing.assert_allclose(display.ax_.lines[0].get_ydata(), wave[300:])
