import numpy as np
import pandas as pd
import pytest

from reservoirs import ESNRegressor, Forecaster, backtest, forecast, next_step
from reservoirs.forecasting.panels import match_series, open_panel

ROWS = np.arange(8.0).reshape(4, 2)
PANEL = pd.concat({"x": pd.DataFrame(ROWS), "y": pd.DataFrame(-ROWS)}, names=["who", "t"])


def test_a_panel_is_opened_and_closed_again():
    panel = open_panel(PANEL, "series")

    assert [member.index.tolist() for member in panel.members] == [[0, 1, 2, 3]] * 2
    pd.testing.assert_frame_equal(panel.restore(panel.members), PANEL)


def test_series_are_matched_by_name():
    panel = open_panel(PANEL, "series")
    turned = PANEL.loc[["y", "x"]]

    x, y = match_series(panel, turned, "exog")

    assert (x.to_numpy() == ROWS).all()
    assert (y.to_numpy() == -ROWS).all()


@pytest.mark.parametrize(
    ("exog", "message"),
    [
        (PANEL.loc[["x"]], "exog must hold every series, got none named 'y'"),
        ([ROWS], "one array per series, 2, got 1"),
        (ROWS, "one array per series, 2, got one array"),
        ([], "one array per series, 2, got 0"),
    ],
)
def test_a_series_without_its_own_is_refused(exog, message):
    with pytest.raises(ValueError, match=message):
        match_series(open_panel(PANEL, "series"), exog, "exog")


def test_a_list_of_frames_names_the_series_with_a_bad_label():
    good = pd.DataFrame(ROWS)

    with pytest.raises(ValueError, match="series, series 1 must increase from row to row: 1 at"):
        open_panel([good, good.iloc[[0, 2, 1]]], "series")


NO_SERIES = {
    "nothing": None, "number": 3, "text": "abc", "point": np.array(2.0), "object": object(),
    "dict": {"a": [1.0, 2.0]}, "set": {1.0, 2.0}, "generator": (float(i) for i in range(9)),
}  # fmt: skip


@pytest.mark.parametrize("values", NO_SERIES.values(), ids=NO_SERIES)
def test_what_is_no_series_is_refused_in_every_verb(values):
    model = ESNRegressor(n_units=9, random_state=0).fit(*next_step(np.sin(np.arange(60.0))))
    verbs = [
        lambda: next_step(values),
        lambda: Forecaster().fit(values),
        lambda: backtest(model, values, horizon=2, step=2),
    ]
    if values is not None:  # no context
        verbs.append(lambda: forecast(model, 2, context=values))
    for verb in verbs:
        with pytest.raises(TypeError, match="must be an array, a list or a DataFrame, got"):
            verb()
