import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from reservoirs import ESNRegressor, Reservoir
from reservoirs.sequences import check_rows, check_targets, flatten, future_index, restore

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(5, 2)), RNG.normal(size=(3, 2))
JOINED = np.vstack([A, B])


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
    stack = RNG.normal(size=(4, 6, 2))

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
        (JOINED, [1, 2], r"one id per row of X, shape \(8,\), got \(2,\)"),
        ([A, B], [1] * 8, "series_id goes with one 2-D array"),
        (np.empty((0, 4, 2)), None, "at least one series"),
        (multi_index_frame().iloc[[0, 6, 1]], None, "contiguous in level 0"),
    ],
)
def test_a_bad_container_is_refused_with_the_remedy(container, series_id, message):
    with pytest.raises(ValueError, match=message):
        flatten(container, series_id)


@pytest.mark.parametrize(
    ("X", "y", "kind", "flat"),
    [
        (JOINED, np.arange(8.0), "per_step", True),
        (JOINED, np.ones((8, 3)), "per_step", False),
        ([A, B], [np.arange(5.0), np.arange(3.0)], "per_step", True),
        ([A, B], [np.ones((5, 2)), np.ones((3, 2))], "per_step", False),
        ([A, B], [1.0, 2.0], "per_series", True),
        ([A, B], np.array([1.0, 2.0]), "per_series", True),
        ([A, B], np.ones((2, 3)), "per_series", False),
        (np.ones((4, 6, 2)), np.ones((4, 6)), "per_step", True),
        (np.ones((4, 6, 2)), np.ones((4, 6, 3)), "per_step", False),
        (np.ones((4, 6, 2)), np.ones(4), "per_series", True),
        (np.ones((4, 6, 2)), np.ones((4, 3)), "per_series", False),
        (multi_index_frame(), np.ones(8), "per_step", True),
        (multi_index_frame(), np.ones(2), "per_series", True),
    ],
)
def test_targets_are_told_apart_by_their_shape(X, y, kind, flat):
    _, layout = flatten(X)

    targets = check_targets(ESNRegressor(), y, layout)

    assert targets.kind == kind
    assert targets.flat == flat


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (A, np.ones(4), r"inconsistent numbers of samples.*\(5,\).*got \(4,\)"),
        ([A, B], [np.ones(5), np.ones(4)], r"one row per row of X, got shape \(4,\) for series 1"),
        ([A, B], [np.ones(5)], "one array per series of X, got 1 for 2 series"),
        ([A, B], [np.ones((5, 1)), np.ones((3, 2))], "same outputs"),
        ([A, B], np.ones(8), r"a list of 2 arrays.*got \(8,\)"),
        (np.ones((4, 6, 2)), np.ones((4, 6, 2, 2)), "y must match X"),
        (A, None, "requires y to be passed"),
        (A, [1, 2, np.nan, 4, 5], "y contains NaN"),
        (A, [1, 2, np.inf, 4, 5], "y contains infinity"),
    ],
)
def test_targets_that_do_not_match_are_refused(X, y, message):
    _, layout = flatten(X)

    with pytest.raises(ValueError, match=message):
        check_targets(ESNRegressor(), y, layout)


def test_predictions_come_back_in_the_container_that_went_in():
    values = np.arange(8.0)

    as_list = restore(values, flatten([A, B])[1])
    as_stack = restore(np.arange(12.0), flatten(np.ones((3, 4, 1)))[1])

    assert [len(v) for v in as_list] == [5, 3]
    assert as_stack.shape == (3, 4)


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
