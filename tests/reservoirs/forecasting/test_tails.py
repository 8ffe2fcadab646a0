import numpy as np
import pandas as pd
import pytest

from reservoirs import next_step
from reservoirs.forecasting.tails import training_tails
from reservoirs.sequences import flatten

HOURS = pd.date_range("2024-01-01", periods=50, freq="h")
FRAME = pd.DataFrame({"a": np.arange(50.0)}, index=HOURS)


def tails(X, y):
    return training_tails(X, y, flatten(X)[1])


def test_targets_labelled_as_the_next_rows_end_with_the_last_observation():
    assert tails(FRAME[:-1], FRAME[1:])[0][-1] == HOURS[-1]


def test_targets_labelled_as_their_inputs_end_one_step_later():
    shifted = FRAME["a"].shift(-1).dropna()

    assert tails(FRAME[:-1], shifted)[0][-1] == HOURS[-1]
    assert tails(FRAME[:-1], shifted.to_numpy())[0][-1] == HOURS[-1]


def test_labels_of_targets_alone_are_their_own_where_next_step_made_them():
    _, y = next_step(FRAME)

    assert tails(FRAME[:-1].to_numpy(), y)[0][-1] == HOURS[-1]
    assert tails(FRAME[:-1].to_numpy(), y.iloc[:-9])[0][-1] == HOURS[-10]
    assert tails(FRAME[:-1].to_numpy(), FRAME["a"].shift(-1).dropna()) == (None,)


def test_arrays_have_none():
    assert tails(FRAME.to_numpy(), FRAME.to_numpy()) is None


def test_missing_rows_are_announced_once():
    holed = FRAME.drop(HOURS[[7, 30]])

    with pytest.warns(
        UserWarning, match=r"no row for 2 step\(s\).*first is 2024-01-01 07:00"
    ) as told:
        (tail,) = tails(holed[:-1], holed[1:])

    assert len(told) == 1
    assert tail[-1] == HOURS[-1]


def test_every_series_of_a_panel_has_its_own_end_and_frequency():
    daily = FRAME.set_axis(pd.date_range("2023-05-01", periods=50))
    panel = pd.concat({"hours": FRAME, "days": daily})
    X, y = panel.groupby(level=0, sort=False).head(49), panel.groupby(level=0, sort=False).tail(49)

    hours, days = tails(X, y)

    assert (hours[-1], days[-1]) == (HOURS[-1], daily.index[-1])
    assert (hours.freqstr, days.freqstr) == ("h", "D")
