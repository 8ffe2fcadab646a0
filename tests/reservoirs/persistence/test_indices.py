import numpy as np
import pandas as pd
import pytest

from reservoirs import ESNRegressor, load, next_step, save
from reservoirs.persistence.indices import read_index
from reservoirs.persistence.tree import Reader

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024-01-31", periods=160, freq="ME"),
        pd.date_range("2024-03-30", periods=160, freq="h", tz="Europe/Oslo", name="time"),
        pd.period_range("1900-01", periods=160, freq="M"),
        pd.timedelta_range(0, periods=160, freq="s"),
        pd.RangeIndex(5, 165),
        pd.Index(np.linspace(0, 1, 160), name="x"),
        pd.Index([f"row {i}" for i in range(160)]),
    ],
    ids=lambda index: type(index).__name__,
)
def test_a_forecast_goes_on_from_the_index_of_the_data_after_loading(index, tmp_path):
    frame = pd.DataFrame({"height": WAVE}, index=index)
    model = ESNRegressor(**SMALL).fit(*next_step(frame))
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    before, after = model.layout_.index, again.layout_.index
    pd.testing.assert_index_equal(before, after, exact=True)
    assert getattr(before, "freq", None) == getattr(after, "freq", None)
    pd.testing.assert_frame_equal(model.forecast(3), again.forecast(3))


def test_a_range_that_would_fill_the_memory_is_refused():
    node = {"kind": "RangeIndex", "range": [0, 2**40, 1], "name": None}

    with pytest.raises(ValueError, match="a RangeIndex of more than"):
        read_index(Reader({}), node)


def test_an_index_of_an_unknown_kind_is_refused():
    node = {"kind": "Colours", "ticks": None, "freq": None, "name": None}

    with pytest.raises(ValueError, match="unknown kind, 'Colours'"):
        read_index(Reader({}), node)
