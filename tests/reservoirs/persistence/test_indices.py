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
    ],
    ids=lambda index: type(index).__name__,
)
def test_a_forecast_goes_on_from_the_index_of_the_data_after_loading(index, tmp_path):
    frame = pd.DataFrame({"height": WAVE}, index=index)
    model = ESNRegressor(**SMALL).fit(*next_step(frame))
    save(model, tmp_path / "model")

    again = load(tmp_path / "model")

    (before,), (after,) = model.training_end_.tails, again.training_end_.tails
    pd.testing.assert_index_equal(before, after, exact=True)
    assert getattr(before, "freq", None) == getattr(after, "freq", None)
    pd.testing.assert_frame_equal(model.forecast(3), again.forecast(3))


@pytest.mark.parametrize("names", [["a", "b"], pd.Categorical(["a", "b"]), [("x", 1), ("x", 2)]])
def test_the_names_of_series_come_back(names, tmp_path):
    panel = pd.concat([pd.DataFrame({"height": WAVE})] * 2, keys=list(names))
    model = ESNRegressor(**SMALL).fit(*next_step(panel))
    save(model, tmp_path / "model")

    pd.testing.assert_frame_equal(model.forecast(3), load(tmp_path / "model").forecast(3))


def test_a_file_holds_no_index(tmp_path):
    hours = pd.date_range("1990-01-01", periods=100_000, freq="h")
    frame = pd.DataFrame({"height": np.sin(0.2 * np.arange(100_000))}, index=hours)
    model = ESNRegressor(n_units=100, random_state=0).fit(*next_step(frame))

    save(model, tmp_path / "model")

    starts = sum(values.nbytes for values in vars(model.start_states_).values())
    assert starts < 1_100_000
    assert (tmp_path / "model").stat().st_size - starts < 60_000


def test_a_range_that_would_fill_the_memory_is_refused():
    node = {"kind": "RangeIndex", "range": [0, 2**40, 1], "name": None}

    with pytest.raises(ValueError, match="a RangeIndex of more than"):
        read_index(Reader({}), node)


def test_an_index_of_an_unknown_kind_is_refused():
    node = {"kind": "Colours", "ticks": None, "freq": None, "name": None}

    with pytest.raises(ValueError, match="unknown kind, 'Colours'"):
        read_index(Reader({}), node)
