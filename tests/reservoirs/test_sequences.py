import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from reservoirs import Reservoir
from reservoirs.sequences import check_rows, flatten, restore

JOINED = np.random.default_rng(0).normal(size=(8, 2))
A, B = JOINED[:5], JOINED[5:]


def multi_index_frame():
    ids = pd.MultiIndex.from_arrays([["a"] * 5 + ["b"] * 3, [*range(5), *range(3)]])
    return pd.DataFrame(JOINED, index=ids)


def object_array():
    box = np.empty(2, dtype=object)
    box[0], box[1] = A, B
    return box


@pytest.mark.parametrize("container", [[A, B], (A, B), object_array(), multi_index_frame()])
def test_every_container_of_two_series_flattens_to_the_same_rows(container):
    rows, layout = flatten(container)

    assert_array_equal(np.asarray(rows), JOINED)
    assert layout.lengths == (5, 3)


def test_series_id_cuts_a_2d_array_into_series():
    rows, layout = flatten(JOINED, series_id=[7] * 5 + [3] * 3)

    assert_array_equal(rows, JOINED)
    assert layout.lengths == (5, 3)


def test_a_3d_array_is_many_series_of_one_length():
    stack = np.random.default_rng(1).normal(size=(4, 6, 2))

    rows, layout = flatten(stack)

    assert_array_equal(rows, stack.reshape(24, 2))
    assert layout.lengths == (6, 6, 6, 6)


@pytest.mark.parametrize("container", [A, A.tolist(), pd.DataFrame(A)])
def test_anything_else_is_one_series(container):
    rows, layout = check_rows(Reservoir(), container, reset=True)

    assert_array_equal(rows, A)
    assert layout.kind == "single"
    assert layout.lengths == (5,)


@pytest.mark.parametrize(
    ("container", "series_id", "message"),
    [
        ([A[:, 0], B[:, 0]], None, r"reshape each series to \(-1, 1\)"),
        ([A, B[:, 0]], None, "2-D arrays .* position 1"),
        ([A, B[:, :1]], None, "same number of features, got 2 in series 0 and 1 in series 1"),
        ([A, B[:0]], None, "at least one row, got 0 rows in series 1"),
        (JOINED, [1, 1, 2, 2, 1, 1, 2, 2], "contiguous in series_id, got series 1"),
        (JOINED, [1, 2], r"one id per row of X, \(8,\), got \(2,\)"),
        ([A, B], [1] * 8, "series_id goes with one 2-D array"),
        (np.empty((0, 4, 2)), None, "at least one series"),
        (multi_index_frame().iloc[[0, 6, 1]], None, "contiguous in the index, got series 'a'"),
    ],
)
def test_a_bad_container_is_refused_with_the_remedy(container, series_id, message):
    with pytest.raises(ValueError, match=message):
        flatten(container, series_id)


def test_predictions_come_back_in_the_container_that_went_in():
    values = np.arange(8.0)

    as_list = restore(values, flatten([A, B])[1])
    as_stack = restore(np.arange(12.0), flatten(np.ones((3, 4, 1)))[1])

    assert [len(v) for v in as_list] == [5, 3]
    assert as_stack.shape == (3, 4)


@pytest.mark.parametrize(
    "missing", [np.nan, None, pd.NA, pd.NaT, np.datetime64("NaT"), "masked"], ids=str
)
@pytest.mark.parametrize("row", [0, 3, 9])
def test_a_missing_id_is_refused_with_its_row(missing, row):
    ids = np.repeat(np.array([0, 1], dtype=object), 5)
    ids = np.ma.array(ids) if isinstance(missing, str) else ids
    ids[row] = np.ma.masked if isinstance(missing, str) else missing

    for given in (ids, ids if isinstance(missing, str) else list(ids)):
        with pytest.raises(ValueError, match=f"series_id must name.*at row {row}; fill it in"):
            flatten(np.zeros((10, 1)), given)


@pytest.mark.parametrize("ids", [[0.0, 0.0, np.nan], np.array(["2024", "2024", "NaT"], "M8[D]")])
def test_a_missing_id_of_a_typed_array_is_refused(ids):
    with pytest.raises(ValueError, match="series_id must name.*at row 2"):
        flatten(np.zeros((3, 1)), ids)


def test_a_missing_series_of_a_level_is_refused():
    index = pd.MultiIndex.from_arrays([["a", "a", None, None], [0, 1, 0, 1]])

    with pytest.raises(ValueError, match="level 0 of the index must name.*at row 2"):
        flatten(pd.DataFrame({"x": np.zeros(4)}, index=index))


@pytest.mark.parametrize("container", ["array", "frame", "list", "masked"])
def test_a_missing_value_is_named_by_its_row(container):
    rows = np.arange(12.0).reshape(6, 2)
    rows[4, 1] = np.nan
    frame = pd.DataFrame(rows, columns=["a", "b"], index=pd.date_range("2024", periods=6))
    X = {
        "array": rows, "frame": frame, "list": [rows[:3], rows[3:]],
        "masked": np.ma.masked_invalid(rows),
    }[container]  # fmt: skip
    where = (
        r"row 4 \(2024-01-05.*column 'b'"
        if container == "frame"
        else "row 4, column 1"
        if container != "list"
        else "row 1 of series 1, column 1"
    )

    with pytest.raises(ValueError, match=f"contains NaN: 1 row.*{where}.*interpolate"):
        check_rows(Reservoir(), X, reset=True)
