"""What is read of a CSV file, and what is refused with its line."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.csv_forecast.known import encode
from benchmarks.csv_forecast.numbers import find_decimal, parse_number, parse_numbers
from benchmarks.csv_forecast.question import Question, read_material
from benchmarks.csv_forecast.sheet import DataError, parse_separator, read_sheet
from benchmarks.csv_forecast.stamps import parse_stamps
from benchmarks.csv_forecast.steps import find_clock
from benchmarks.running.suites import UsageError

DAYS = [f"2024-01-{day:02}" for day in range(1, 32)]


def write(tmp_path, text):
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_marks_and_ends_of_lines_are_found(tmp_path, separator, mark, end):
    rows = [["time", "a b"], ["2024-01-01", "1"], ["2024-01-02", "\u00fc"]]
    text = mark + end.join(separator.join(row) for row in rows)

    sheet = read_sheet(write(tmp_path, text))

    assert [sheet.header, *sheet.rows] == rows
    assert sheet.lines == [2, 3]


def test_quotes_hold_separators_and_ends_of_lines(tmp_path):
    sheet = read_sheet(write(tmp_path, 'a,b\n"x, y","two\nlines"\n\n3,4\n'))

    assert sheet.rows == [["x, y", "two\nlines"], ["3", "4"]]
    assert sheet.lines == [3, 5]


def test_the_line_that_spreadsheets_write_first_names_the_separator(tmp_path):
    sheet = read_sheet(write(tmp_path, "sep=;\na;b\n1;2\n"))

    assert (sheet.header, sheet.rows, sheet.lines) == (["a", "b"], [["1", "2"]], [3])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2,3\n", "line 2 has 3 cells, the first line 2"),
        ("a,b\n1,2\n3\n", "line 3 has 1 cells"),
        ("a,b\n", "the file has no rows"),
        (b"a,b\n1,\xff\n", "line 2 is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "is UTF-16; save it as UTF-8"),
        ("a,b\n1,\x002\n", "line 2 holds a zero byte"),
        ("a b\n1 2\n", "say what separates columns with --sep"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_sheet(write(tmp_path, text))


def test_a_column_that_is_not_there_is_refused_with_those_that_come_near(tmp_path):
    sheet = read_sheet(write(tmp_path, "time,load\n1,2\n"))

    with pytest.raises(UsageError, match="load"):
        sheet.column("laod", "--target")
    with pytest.raises(UsageError, match="--sep takes one character"):
        parse_separator("::")


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1", "2"], "."),
        (["1.5", "2"], "."),
        (["1,5", "2"], ","),
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["1.234.567"], ","),
        (["1.234"], "."),
        (["1,234", "1,5"], ","),
        (["-0,25", "1e3"], ","),
    ],
)
def test_the_decimal_mark_is_found(cells, decimal):
    assert find_decimal([cells], range(2, 2 + len(cells)), ";") == decimal


def test_doubtful_marks_are_refused():
    with pytest.raises(DataError, match="line 2: '1,234' may be thousands or a decimal comma"):
        find_decimal([["1,234", "5"]], [2, 3], ";")
    with pytest.raises(DataError, match="line 2 has '1,5' and line 3 '1.5'"):
        find_decimal([["1,5", "1.5"]], [2, 3], ";")


@pytest.mark.parametrize("number", [0.0, -1.5, 1234567.25, 1e-7, 12.0])
def test_a_number_written_with_either_mark_is_read_as_it_was(number):
    for decimal, form in ((".", f"{number:,}"), (",", f"{number:,}".translate({44: 46, 46: 44}))):
        assert parse_number(form, decimal) == number


def test_missing_values_are_nan_and_text_is_refused_with_its_line():
    values = parse_numbers(["1", "", "NA", "n/a", "2"], range(5), "load", ".")

    assert np.isnan(values).tolist() == [False, True, True, True, False]
    for cell in ("many", "1.2.3", "inf", "1,23"):
        with pytest.raises(DataError, match="line 7: 'load' is"):
            parse_numbers([cell], [7], "load", ".")


FORMS = {
    "%Y-%m-%d": "D", "%d.%m.%Y": "D", "%m/%d/%Y": "D", "%d/%m/%Y": "D", "%d %b %Y": "D",
    "%Y%m%d": "D", "%Y-%m-%d %H:%M": "h", "%Y-%m-%dT%H:%M:%S": "15min", "%d.%m.%Y %H:%M": "h",
    "%m/%d/%Y %I:%M %p": "h", "%Y-%m": "MS", "%b %Y": "MS", "%Y": "YS", "%d/%m/%y": "B",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_times_are_read_as_they_were_written_and_go_on(form):
    times = pd.date_range("2018-02-19", periods=70, freq=FORMS[form]).normalize()
    if FORMS[form] in ("h", "15min"):
        times = pd.date_range("2018-02-19", periods=70, freq=FORMS[form])
    cells, lines = [t.strftime(form) for t in times[:60]], range(2, 62)

    index = parse_stamps(cells, lines)
    clock = find_clock(index, cells, lines)

    assert list(index) == list(times[:60])
    assert list(clock.places) == list(range(60))
    assert list(clock.after(10)) == list(times[60:])


@pytest.mark.parametrize("freq", ["h", "D", "W-WED", "ME", "MS", "QE", "15min"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_rows_that_are_not_there_are_found(freq, zone):
    times = pd.date_range("2023-03-20", periods=80, freq=freq, tz=zone)
    kept = times.delete([7, 8, 30])
    cells, lines = [str(t) for t in kept], range(2, 2 + len(kept))

    clock = find_clock(parse_stamps(cells, lines, zone), cells, lines)

    assert list(clock.labels) == list(times)
    assert set(range(80)) - set(clock.places.tolist()) == {7, 8, 30}


def test_the_newest_row_may_come_first():
    clock = find_clock(parse_stamps(DAYS[::-1], range(31)), DAYS[::-1], range(31))

    assert clock.reversed
    assert str(clock.labels[0]) == "2024-01-01 00:00:00"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([*DAYS[:5], DAYS[4], *DAYS[5:]], "line 7: the time '2024-01-05' comes twice"),
        ([*DAYS[:5], DAYS[2], *DAYS[5:]], "line 7: the time '2024-01-03' comes after"),
        ([*DAYS[:5], "soon", *DAYS[5:]], "line 7: 'soon' is no time like '2024-01-01' of line 2"),
        ([*DAYS[:5], "", *DAYS[5:]], "line 7 has no time"),
        ([*DAYS[:9], "2024-01-09 10:17"], "line 11: '2024-01-09 10:17' is 10:17:00 after"),
        ([f"{m:02}/01/2024" for m in range(1, 11)], "may be read in two ways; say --date-format"),
        (["1", "2", "3", "4", "9"], "4 of 9 steps have no row"),
        (["2024-01-01"], "the file has 1 row"),
    ],
)
def test_times_that_follow_no_one_step_are_refused(cells, message):
    lines = range(2, 2 + len(cells))

    with pytest.raises(DataError, match=message):
        find_clock(parse_stamps(cells, lines), cells, lines)


def test_an_hour_that_a_clock_repeats_needs_its_zone():
    times = pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Berlin")
    cells, lines = [str(t.tz_localize(None)) for t in times], range(2, 62)

    with pytest.raises(DataError, match="say its zone with --tz"):
        find_clock(parse_stamps(cells, lines), cells, lines)
    assert list(parse_stamps(cells, lines, "Europe/Berlin")) == list(times)
    with pytest.raises(DataError, match="line 3: '2024-03-31 02:30' comes twice or never"):
        parse_stamps(["2024-03-31 01:30", "2024-03-31 02:30"], [2, 3], "Europe/Berlin")


def test_categories_become_columns_and_an_unknown_one_is_refused():
    cells, lines, places = ["a", "b", "a", "b"], [2, 3, 4, 5], np.arange(4)
    known = encode("kind", cells, lines, places, (4, 3), ".")

    assert known.values.tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    with pytest.raises(DataError, match="line 5: 'kind' is 'c', which no row with a target has"):
        encode("kind", ["a", "b", "a", "c"], lines, places, (4, 3), ".")


def rows_of(n, n_ahead, holes=()):
    rows = [f"{day},{i if i < n else ''},{i * i}" for i, day in enumerate(DAYS[: n + n_ahead])]
    return "\n".join(["time,load,heat", *(row for i, row in enumerate(rows) if i not in holes)])


def ask(path, **settings):
    wanted = {"targets": ["load"], "horizon": 3, "time": "time", "known": ["heat"], **settings}
    return read_material(Question(path, **wanted))


def test_known_inputs_stand_beside_the_series_and_beyond(tmp_path):
    material = ask(write(tmp_path, rows_of(20, 5)))
    (one,) = material.series

    assert one.values.tolist() == list(range(20))
    assert one.exog.shape == (23, 1)
    heat = np.arange(20.0) ** 2
    assert np.allclose(one.exog[:20, 0], (heat - heat.mean()) / heat.std())
    assert material.origin == 20


def test_holes_are_missing_values_and_known_inputs_there_are_refused_or_filled(tmp_path):
    path = write(tmp_path, rows_of(20, 5, holes=(7, 8)))

    with pytest.raises(DataError, match="after line 8: there is no row for 2024-01-08"):
        ask(path)
    one = ask(path, fill=True).series[0]
    without = ask(path, known=[]).series[0]

    assert np.isnan(without.values).nonzero()[0].tolist() == [7, 8]
    assert np.allclose(np.diff(one.exog[6:10, 0], 2), 0)


def test_known_inputs_that_end_too_early_are_refused_with_the_horizon_that_is_possible(tmp_path):
    with pytest.raises(
        DataError, match="ends after line 23, 2 steps after .* or ask for --hor.* 2"
    ):
        ask(write(tmp_path, rows_of(20, 2)))
    with pytest.raises(DataError, match="or leave it out of --known"):
        ask(write(tmp_path, rows_of(20, 0)))


def test_only_the_last_rows_are_learned_from_where_there_are_many(tmp_path):
    material = ask(write(tmp_path, rows_of(20, 5)), n_learned=12)

    assert material.series[0].values.tolist() == list(range(8, 20))
    assert "the last 12 of 20 steps" in material.notes[-1]


def test_a_target_without_values_is_refused(tmp_path):
    with pytest.raises(DataError, match="'load' has no value in any row"):
        ask(write(tmp_path, "time,load\n2024-01-01,\n2024-01-02,\n"), known=[])
