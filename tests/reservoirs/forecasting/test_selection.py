import pandas as pd
import pytest

from reservoirs.forecasting.selection import take_columns, take_labels


def test_rows_and_columns_are_taken_by_name():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}, index=[10, 20, 30])

    assert take_labels(frame, pd.Index([30, 10]), "exog")["a"].tolist() == [3, 1]
    assert list(take_columns(frame, ["b", "a"], "exog")) == ["b", "a"]
    assert list(take_columns(frame.set_axis([0, 1], axis=1), ["1", "0"], "exog")) == ["1", "0"]
    with pytest.raises(ValueError, match="exog has no row for 1 of the 2 labels.*first is 40"):
        take_labels(frame, pd.Index([30, 40]), "exog")
    with pytest.raises(ValueError, match="exog has no column 'c'"):
        take_columns(frame, ["a", "c"], "exog")
