"""The picture of a series that goes on: what is drawn is what forecast gives, at its dates."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from reservoirs import Forecaster
from reservoirs.display import SeriesForecastDisplay

WAVE = 3 + np.sin(0.3 * np.arange(60))
MODEL = Forecaster(season=1, horizon=6, n_members=1, random_state=0)


@pytest.mark.parametrize(
    "labels",
    [
        pd.date_range("2020-01-01", periods=60, tz="Europe/Paris"),
        pd.period_range("2020-01", periods=60, freq="M"),
        pd.timedelta_range("0s", periods=60, freq="5s"),
        pd.RangeIndex(100, 220, 2),
    ],
    ids=lambda labels: type(labels).__name__,
)
def test_the_forecast_stands_at_its_own_labels(labels, ax):
    model = MODEL.fit(pd.DataFrame({"level": WAVE}, labels))

    display = model.plot_forecast(4, level=80, n_past=10, ax=ax)

    ahead = model.forecast(4, level=80)
    observed, forecast = ax.lines
    assert len(observed.get_xdata()) == 10
    assert_allclose(forecast.get_ydata(), [WAVE[-1], *ahead["level"]])
    assert_allclose(display.upper[:, 0], ahead["level_hi80"])
    assert list(display.times[-4:]) == list(ahead.index)
    assert ax.get_ylabel() == "level"


def test_one_output_of_one_series_of_several_is_drawn(ax):
    model = MODEL.fit([np.column_stack([WAVE, 2 * WAVE]), np.column_stack([-WAVE, 5 - WAVE])])

    display = model.plot_forecast(series=1, output=1, level=(), ax=ax)

    assert_allclose(display.forecast, model.forecast(6)[1][:, 1])
    assert display.lower is None and not ax.collections
    assert ax.get_xlabel() == "steps ahead" and len(display.observed) == 40


def test_wider_intervals_are_lighter_and_drawn_first(ax):
    width = np.array([[1.0, 2.0]])
    SeriesForecastDisplay.from_predictions(
        WAVE, WAVE[:5], WAVE[:5, None] - width, WAVE[:5, None] + width, level=[50, 90], ax=ax
    )

    wide, narrow = ax.collections
    assert wide.get_label() == "90 %" and wide.get_alpha() < narrow.get_alpha()
