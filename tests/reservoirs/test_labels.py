import datetime
import itertools
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from containers import naming, sampled
from numpy.testing import assert_array_equal

from reservoirs import ESNRegressor, load, next_step, save
from reservoirs.labels import (
    advance,
    check_order,
    continue_labels,
    continue_like,
    find_tail,
    missing_labels,
)

ALIASES = [
    "B", "C", "D", "W", "W-TUE", "ME", "SME", "BME", "CBME", "MS", "SMS", "BMS", "CBMS", "QE",
    "QE-FEB", "BQE", "QS", "BQS", "YE", "YE-JUN", "BYE", "YS", "BYS", "h", "bh", "cbh", "min", "s",
    "ms", "us", "ns", "2h", "15min", "90s", "10ms", "3D", "2W", "2MS", "WOM-2MON", "LWOM-FRI",
]  # fmt: skip
OFFSETS = {"LWOM-FRI": pd.offsets.LastWeekOfMonth(weekday=4)}  # no name in pandas 2.2
ZONES = [None, "UTC", "Europe/Berlin", "America/New_York"]
HOLES = ["none", "before the last", "twenty"]


def full_range(alias, zone, n_labels):
    freq = OFFSETS.get(alias, alias)
    return pd.date_range("2024-01-05", periods=n_labels, freq=freq, tz=zone)


def with_holes(index, holes):
    """Return an index that declares no frequency, without some of its labels."""
    drop = {
        "none": [],
        "before the last": [-2],
        "twenty": np.random.default_rng(0).choice(len(index) - 1, 20, replace=False),
    }[holes]
    return pd.DatetimeIndex(list(index)).delete(drop)


@pytest.mark.parametrize("cases", sampled(list(itertools.product(ALIASES, ZONES, HOLES)), 30))
def test_dates_of_any_alias_go_on_whatever_is_missing(cases):
    for case in cases:
        with naming(case):
            assert_dates_go_on(*case)


def assert_dates_go_on(alias, zone, holes):
    known = 250 if "Y" not in alias else 150  # nanoseconds end in 2262
    labels = full_range(alias, zone, known + 10)

    tail = find_tail(with_holes(labels[:known], holes))

    assert tail[-1] == labels[known - 1]
    assert list(continue_labels(tail, 10)) == list(labels[known:])
    assert list(continue_labels(advance(tail), 9)) == list(labels[known + 1 :])


def test_the_last_week_day_of_a_month_is_found():
    for zone, holes in itertools.product(ZONES, HOLES):
        with naming((zone, holes)):
            assert_dates_go_on("LWOM-FRI", zone, holes)


def test_a_declared_frequency_is_taken():
    for alias in ALIASES:
        labels = full_range(alias, None, 8)

        assert list(continue_labels(find_tail(labels[:3]), 5)) == list(labels[3:]), alias


@pytest.mark.parametrize("alias", ["M", "Q", "Y", "W", "D", "h", "min"])
def test_periods_go_on(alias):
    periods = pd.period_range("2024-01", periods=12, freq=alias, name="t")

    following = continue_labels(find_tail(periods[:9].delete(-2)), 3)

    assert following.equals(periods[9:])
    assert following.name == "t"


@pytest.mark.parametrize(
    ("labels", "following"),
    [
        (pd.RangeIndex(10), [10, 11]),
        (pd.RangeIndex(0, 20, 5), [20, 25]),
        (pd.Index([0, 2, 6, 8, 10]), [12, 14]),
        (pd.Index([5]), [6, 7]),
        (pd.Index([0.0, 0.5, 1.0]), [1.5, 2.0]),
        (pd.Index([0.0, 0.1, 0.3, 0.4]), [0.5, 0.6]),
        (pd.timedelta_range("0s", periods=5, freq="90s").delete(-2), ["7min 30s", "9min"]),
        (pd.DatetimeIndex(["2020-01-01", "2020-01-03"]), ["2020-01-05", "2020-01-07"]),
    ],
)
def test_numbers_differences_and_pairs_go_on(labels, following):
    found = continue_labels(find_tail(labels), 2)

    if isinstance(labels, pd.TimedeltaIndex | pd.DatetimeIndex):
        assert list(found) == list(map(type(labels[0]), following))
    else:
        assert list(found) == pytest.approx(following)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Index(["a", "b", "c"]),
        pd.DatetimeIndex(["2024-01-01 00:00:00", "2024-01-01 00:00:07.1", "2024-02-03 11:00"]),
        pd.Index([0.0, 1.0, np.pi, 5.0]),
        pd.CategoricalIndex(["x", "y"]),
        pd.Index([], dtype=float),
    ],
)
def test_labels_without_a_frequency_have_no_tail(labels):
    assert find_tail(labels) is None


def test_a_clock_that_jumps_is_followed():
    spring = pd.date_range("2024-03-30", periods=30, freq="h", tz="Europe/Berlin")
    daily = pd.date_range("2024-03-25 02:30", "2024-03-30 02:30", tz="Europe/Berlin")

    assert list(continue_labels(find_tail(spring[:20]), 10)) == list(spring[20:])
    following = continue_labels(find_tail(daily), 3)  # 02:30 does not exist on the 31st
    assert [str(label)[:16] for label in following] == [
        "2024-03-31 03:00", "2024-04-01 02:30", "2024-04-02 02:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (pd.date_range("2024", periods=5)[::-1], r"2024-01-04 .*row 1 comes after 2024-01-05"),
        (pd.DatetimeIndex(["2024-01-01", "2024-01-01"]), "2024-01-01 .*comes twice.*ambiguous"),
        (pd.DatetimeIndex(["2024-01-01", None]), "needs a label, got NaT at row 1"),
        (pd.Index([0, 1, 1, 2]), "1 comes twice, at rows 1 and 2"),
        (pd.Index([0.0, np.nan]), "needs a label, got nan at row 1"),
        (pd.period_range("2024", periods=3, freq="D")[[0, 2, 1]], "2024-01-02 at row 2"),
    ],
)
def test_labels_that_do_not_increase_are_refused_by_name(labels, message):
    with pytest.raises(ValueError, match=message):
        check_order(labels, "X")


def test_names_have_no_order():
    check_order(pd.Index(["b", "a", "a"]), "X")


def test_the_labels_left_out_are_named():
    labels = full_range("h", None, 9)

    assert list(missing_labels(labels.delete([3, 5]), find_tail(labels))) == [labels[3], labels[5]]
    assert list(missing_labels(pd.Index([0, 2, 6]), find_tail(pd.Index([0, 2, 6])))) == [4]
    assert not len(missing_labels(labels, find_tail(labels)))


def test_one_label_goes_on_as_another_series_does():
    daily = find_tail(pd.date_range("2024-01-01", periods=9))

    tail = continue_like(pd.DatetimeIndex(["2025-06-01"]), daily)
    hourly = continue_like(pd.date_range("2025-06-01", periods=5, freq="h"), daily)

    assert continue_labels(tail, 1)[0] == pd.Timestamp("2025-06-02")
    assert continue_labels(hourly, 1)[0] == pd.Timestamp("2025-06-01 05:00")
    assert list(continue_labels(continue_like(pd.Index([7]), find_tail(pd.RangeIndex(9))), 2)) == [
        8, 9,
    ]  # fmt: skip


@pytest.mark.parametrize("first", [1j, Decimal("0.5"), datetime.date(2024, 1, 1)])
def test_objects_that_are_no_numbers_have_no_frequency(first):
    step = datetime.timedelta(1) if isinstance(first, datetime.date) else 1
    assert find_tail(pd.Index([first + i * step for i in range(5)], dtype=object)) is None


@pytest.mark.parametrize("step", [1e-15, 1e-10, np.pi * 1e-6, 1 / 3, 1e10])
@pytest.mark.parametrize("start", [0.0, 7.0])
def test_numbers_go_on_whatever_their_unit(step, start):
    labels = pd.Index(np.delete((start + np.arange(50)) * step, 20))

    tail = find_tail(labels)

    np.testing.assert_allclose(
        continue_labels(tail, 2), (start + np.array([50, 51])) * step, rtol=1e-9
    )
    np.testing.assert_allclose(missing_labels(labels, tail), (start + 20) * step, rtol=1e-9)


INTEGERS = {
    "beyond int64": np.uint64(2**63 + 5) + np.arange(40, dtype=np.uint64),
    "across int64": np.uint64(2**63 - 20) + np.arange(40, dtype=np.uint64),
    "the last of int64": np.int64(2**63 - 40) + np.arange(40),
    "the last of uint64": np.uint64(2**64 - 40) + np.arange(40, dtype=np.uint64),
    "the first of int64": np.int64(-(2**63)) + np.arange(40),
    "all of int8": np.arange(-120, 120, 6).astype(np.int8),
    "uint8": np.arange(0, 240, 6).astype(np.uint8),
    "int16": np.arange(-32000, 32000, 1600).astype(np.int16),
}


def test_integers_go_on_whatever_their_type(tmp_path):
    wave = np.sin(0.3 * np.arange(40))
    model = ESNRegressor(n_units=5, random_state=0)
    for name, numbers in INTEGERS.items():
        index = pd.Index(numbers, name="n")
        step, last = int(numbers[1]) - int(numbers[0]), int(numbers[-1])
        frame = pd.DataFrame({"y": wave}, index=index)
        with naming(name):
            fitted = model.fit(*next_step(frame))
            save(fitted, tmp_path / "model")
            for found in (fitted.forecast(2), load(tmp_path / "model").forecast(2)):
                assert [int(n) for n in found.index] == [last + step, last + 2 * step]
                assert found.index.name == "n"
                assert str(last + step) in repr(found)
            short = fitted.forecast(1, context=frame.iloc[-2:])
            assert [int(n) for n in short.index] == [last + step]
            with pytest.warns(UserWarning, match=f"the first is {int(numbers[7])};"):
                holed = fitted.fit(*next_step(frame.drop(numbers[7])))
            assert holed.forecast(1).index[0] == last + step


def test_exogenous_inputs_are_found_by_unsigned_labels():
    index = pd.Index(INTEGERS["across int64"])
    y = pd.DataFrame({"y": np.sin(0.3 * np.arange(40))}, index=index)
    exog = pd.DataFrame({"f": np.cos(0.2 * np.arange(40))}, index=index)
    model = ESNRegressor(n_units=5, random_state=0).fit(*next_step(y[:35], exog[:35]))

    assert_array_equal(model.forecast(4, exog=exog), model.forecast(4, exog=exog[34:38]))
    assert list(model.forecast(4, exog=exog).index) == list(index[35:39])
