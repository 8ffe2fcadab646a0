import numpy as np
import pandas as pd
import pytest

from reservoirs import ESNRegressor, NVARRegressor
from reservoirs.estimators import check_labels
from reservoirs.sequences import flatten
from reservoirs.targets import check_targets

JOINED = np.random.default_rng(0).normal(size=(8, 2))
A, B = JOINED[:5], JOINED[5:]


def multi_index_frame():
    ids = pd.MultiIndex.from_arrays([["a"] * 5 + ["b"] * 3, [*range(5), *range(3)]])
    return pd.DataFrame(JOINED, index=ids)


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


def test_targets_with_the_labels_of_X_in_another_order_are_refused():
    panel = multi_index_frame()
    of_series = pd.Series([0.0, 1.0], index=["a", "b"])
    of_rows = pd.Series(np.arange(8.0), index=panel.index)
    hours = pd.DataFrame(JOINED, index=pd.date_range("2024", periods=8, freq="h"))
    texts = pd.DataFrame(JOINED, index=list("abcdefgh"))
    model = ESNRegressor(n_units=10)

    for X, y, message in [
        (panel, of_series, "labels of the series of X in another order: b at position 0"),
        (panel, of_rows, "labels of the rows of X in another order"),
        (texts, pd.Series(np.arange(8.0), index=texts.index), "in another order: h at position 0"),
        (hours, pd.Series(np.arange(8.0), index=hours.index), "labels of y must increase"),
        (JOINED, pd.Series(np.arange(8.0), index=hours.index), "labels of y must increase"),
    ]:
        assert check_targets(model, y, flatten(X)[1]).rows.shape == (len(y), 1)
        with pytest.raises(ValueError, match=message):
            check_targets(model, y.iloc[::-1], flatten(X)[1])
        with pytest.raises(ValueError, match=message):
            check_labels(model, y.iloc[::-1].astype(int), flatten(X)[1])
    assert check_targets(model, pd.Series([0.0, 1.0]), flatten(panel.iloc[::-1])[1])


def test_the_order_in_memory_changes_no_bit():
    t = np.arange(120.0)
    y = np.column_stack([np.sin(0.3 * t), np.cos(0.2 * t)])
    forms = {
        "columns": np.asfortranarray,
        "piece of columns": lambda v: np.asfortranarray(np.vstack([v, v]))[: len(v)],
        "every other": lambda v: np.repeat(v, 2, axis=0)[::2],
        "backwards": lambda v: v[::-1].copy()[::-1],
        "wide": lambda v: np.hstack([v, v])[:, :2],
        "bytes": lambda v: v.astype(">f8"),
        "numbers": lambda v: v.tolist(),
        "frame": pd.DataFrame,
    }
    models = [
        ESNRegressor(n_units=20, random_state=0),
        ESNRegressor(n_units=20, random_state=0, alpha=1e-14),
        ESNRegressor(n_units=150, random_state=0),
        NVARRegressor(),
    ]

    for model in models:
        wanted = model.fit(y[:-1], y[1:].copy()).coef_.copy()
        for name, form in forms.items():
            found = model.fit(form(y[:-1]), form(y[1:])).coef_
            assert np.array_equal(found, wanted), (model, name)
