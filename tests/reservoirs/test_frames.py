import pandas as pd
import pytest

from reservoirs.forecasting.frames import future_index


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.date_range("2020-01-01", periods=4, freq="D"), "2020-01-05"),
        (pd.DatetimeIndex(["2020-01-01", "2020-01-03"]), "2020-01-05"),
        (pd.period_range("2020-01", periods=3, freq="M"), "2020-04"),
        (pd.RangeIndex(10), "10"),
        (pd.Index([0.0, 0.5, 1.0]), "1.5"),
    ],
)
def test_a_regular_index_is_continued(index, expected):
    following = future_index(index, 2)

    assert len(following) == 2
    assert str(following[0]).startswith(expected)
