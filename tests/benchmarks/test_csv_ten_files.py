"""Ten CSV files through the command, with the whole search: `pytest -m slow`."""

import csv

import numpy as np
import pandas as pd
import pytest
from csv_files import series, wave, weather

from benchmarks.cli import main

pytestmark = pytest.mark.slow
ROOM = 2.0  # deviations of the noise that a forecast may be off by on average


def run(tmp_path, capsys, text, *options):
    path, out = tmp_path / "data.csv", tmp_path / "out"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    code = main(["forecast", str(path), "--out", str(out), *options])
    said = capsys.readouterr()
    return code, out / "forecast.csv", said.out + said.err


def check(table, truth, noise, separator=",", decimal=","):
    frame = pd.read_csv(table, sep=separator, decimal=decimal if separator == ";" else ".")
    values = frame[frame.columns[1]].to_numpy()
    low, high = (frame[f"{frame.columns[1]}_{end}95"].to_numpy() for end in ("lo", "hi"))

    assert np.abs(values - truth).mean() < ROOM * noise
    assert ((low <= truth) & (truth <= high)).mean() >= 0.5
    return frame


def test_hourly_with_weather_and_a_missing_tail(tmp_path, capsys):
    frame, truth = weather(2000, 24)
    options = "--time time --target load --known temperature,day --horizon 24".split()
    code, table, said = run(tmp_path, capsys, frame.to_csv(), *options)

    assert code == 0, said
    frame = check(table, truth, 0.7)
    assert frame["time"].iloc[0] == "2023-03-26 08:00:00"


def test_daily_with_holes(tmp_path, capsys):
    frame = series(714, "D", 7)
    kept = frame.iloc[:700].drop(frame.index[[50, 51, 300]])
    text = kept.to_csv()
    code, table, said = run(
        tmp_path, capsys, text, "--time", "time", "--target", "load", "--horizon", "14"
    )

    assert code == 0, said
    assert "3 steps have no row, the first 2023-02-21" in " ".join(said.split())
    assert check(table, frame["load"].to_numpy()[700:], 1.0)["time"].iloc[0] == "2024-12-02"


def test_weekly(tmp_path, capsys):
    frame = series(312, "W-WED", 52)
    code, table, said = run(
        tmp_path, capsys, frame.iloc[:300].to_csv(),
        "--time", "time", "--target", "load", "--horizon", "12", "--season", "52",
    )  # fmt: skip

    assert code == 0, said
    check(table, frame["load"].to_numpy()[300:], 1.0)


def test_monthly_with_month_ends(tmp_path, capsys):
    frame = series(132, "ME", 12, trend=1.0)
    code, table, said = run(
        tmp_path, capsys, frame.iloc[:120].to_csv(),
        "--time", "time", "--target", "load", "--horizon", "12",
    )  # fmt: skip

    assert code == 0, said
    assert check(table, frame["load"].to_numpy()[120:], 1.0)["time"].iloc[0] == "2033-01-31"


def test_many_targets(tmp_path, capsys):
    frame = series(424, "D", 7)
    frame["b"] = 1000 * wave(424, 7, seed=5)
    frame["c"] = wave(424, 30, seed=6) / 1000
    code, table, said = run(
        tmp_path, capsys, frame.iloc[:400].to_csv(),
        "--time", "time", "--target", "load,b", "--target", "c", "--horizon", "24",
    )  # fmt: skip
    found = pd.read_csv(table)

    assert code == 0, said
    for name, noise in (("load", 1.0), ("b", 1000.0), ("c", 0.001)):
        assert np.abs(found[name] - frame[name].to_numpy()[400:]).mean() < ROOM * noise, name


def test_semicolons_decimal_commas_local_dates_and_a_mark(tmp_path, capsys):
    frame = series(530, "h", 24)
    lines = [f"{t:%d.%m.%Y %H:%M};{v:.2f}".replace(".", ",", 0) for t, v in frame["load"].items()]
    rows = [
        line.rsplit(";", 1)[0] + ";" + line.rsplit(";", 1)[1].replace(".", ",") for line in lines
    ]
    text = "\ufeff" + "\r\n".join(["Zeit;Last in MW", *rows[:506]])
    code, table, said = run(
        tmp_path, capsys, text, "--time", "Zeit", "--target", "Last in MW", "--horizon", "24"
    )

    assert code == 0, said
    assert table.read_text().startswith("Zeit;Last in MW;Last in MW_lo80")
    check(table, frame["load"].to_numpy()[506:], 1.0, ";")


def test_iso_times_of_a_zone_across_the_hour_that_comes_twice(tmp_path, capsys):
    frame = series(524, "h", 24, start="2024-10-10")
    frame.index = pd.date_range("2024-10-10", periods=524, freq="h", tz="Europe/Berlin", name="t")
    options = ["--time", "t", "--target", "load", "--horizon", "24"]
    text = frame.iloc[:500].to_csv()
    code, table, said = run(tmp_path, capsys, text, *options, "--tz", "Europe/Berlin")

    assert code == 0, said
    check(table, frame["load"].to_numpy()[500:], 1.0)
    frame.index = frame.index.tz_localize(None)
    code, table, said = run(tmp_path, capsys, frame.to_csv(), *options)
    assert code == 1
    assert "line 413: the time '2024-10-27 02:00:00' comes twice" in " ".join(said.split())


def test_quoted_text_columns_and_missing_values(tmp_path, capsys):
    frame = series(330, "D", 7)
    frame["note"] = 'dry, "warm"'
    frame.iloc[[20, 21, 100], 0] = np.nan
    code, table, said = run(
        tmp_path, capsys, frame.iloc[:320].to_csv(quoting=csv.QUOTE_NONNUMERIC),
        "--time", "time", "--target", "load", "--horizon", "10",
    )  # fmt: skip

    assert code == 0, said
    assert "3 of 320 values are missing" in " ".join(said.split())
    check(table, frame["load"].to_numpy()[320:], 1.0)


def test_a_hundred_thousand_rows(tmp_path, capsys):
    frame = series(100_024, "15min", 96)
    code, table, said = run(
        tmp_path, capsys, frame.iloc[:100_000].to_csv(),
        "--time", "time", "--target", "load", "--horizon", "24", "--season", "96",
    )  # fmt: skip

    assert code == 0, said
    check(table, frame["load"].to_numpy()[100_000:], 1.0)


def test_bad_files_are_refused_with_line_and_remedy(tmp_path, capsys):
    good = series(60, "D", 7).round(2).to_csv().splitlines()
    bad = {
        "line 7: the time '2023-01-05' comes after": [*good[:4], *good[6:8], *good[4:6]],
        "line 5: 'load' is 'many', which is no number": [*good[:4], "2023-01-05,many", *good[5:]],
        "line 4 has 3 cells, the first line 2": [*good[:3], "2023-01-04,1,2", *good[4:]],
        "line 61: '31.02.2023' is no time": [*good[:-1], "31.02.2023,1"],
        "needs 19; add earlier rows": good[:3],
    }
    for message, lines in bad.items():
        code, table, said = run(
            tmp_path, capsys, "\n".join(lines),
            "--time", "time", "--target", "load", "--horizon", "10",
        )  # fmt: skip

        assert code == 1, said
        assert message in " ".join(said.split()), said
        assert not table.exists()
