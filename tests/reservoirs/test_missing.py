import numpy as np
import pandas as pd
import pytest

from reservoirs.missing import describe_missing, locate

MISSING = np.zeros((6, 2), dtype=bool)
MISSING[4, 1] = MISSING[5] = True
FRAME = pd.DataFrame(np.zeros((6, 2)), list("uvwxyz"), columns=["a", "b"])
HALVES = [FRAME.iloc[:3], FRAME.iloc[3:]]


@pytest.mark.parametrize(
    ("container", "lengths", "place"),
    [
        (FRAME.to_numpy(), (6,), "row 4, column 1."),
        (FRAME, (6,), "row 4 (y), column 'b'."),
        (FRAME, (3, 3), "row 4 (y), column 'b'."),
        (HALVES, (3, 3), "row 1 of series 1 (y), column 'b'."),
        ([half.to_numpy() for half in HALVES], (3, 3), "row 1 of series 1, column 1."),
        (np.zeros((2, 3, 2)), (3, 3), "row 1 of series 1, column 1."),
        (FRAME["a"], (6,), "row 4 (y), column 1."),
    ],
)
def test_the_first_missing_value_is_named_by_row_label_and_column(container, lengths, place):
    message = describe_missing(MISSING, "X", container, lengths)

    assert f"X contains NaN: 2 row(s), the first is {place}" in message
    assert "interpolate" in message
    assert locate(0, container, lengths)[0].startswith("row 0")


def test_names_stand_in_where_the_container_has_none():
    assert "column 'q'" in describe_missing(MISSING, "y", np.zeros((6, 2)), names=["p", "q"])
    assert "ffill" in describe_missing(MISSING, "exog")
