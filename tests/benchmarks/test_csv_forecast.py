"""What is learned, compared and written, with a model of few units."""

import re
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from csv_files import series, weather

from benchmarks.cli import main
from benchmarks.csv_forecast import learning
from benchmarks.csv_forecast.learning import answer, plan_origins
from benchmarks.csv_forecast.page import verdict
from benchmarks.csv_forecast.question import Question, read_material
from benchmarks.csv_forecast.rivals import LaggedRidge, SeasonalNaive, carried
from benchmarks.csv_forecast.sheet import DataError
from reservoirs import ESNRegressor, Forecaster, forecast

HORIZON = 6


def quick(question):
    """Return the model of the command with 20 units, one transform and one member."""
    return Forecaster(
        ESNRegressor(n_units=20), season=question.season or "auto", horizon=question.horizon,
        n_members=1, transforms="none", exog_align="target", random_state=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return a file with known inputs, what came after it, and the answer to it."""
    frame, truth = weather(240, HORIZON)
    path = tmp_path_factory.mktemp("csv") / "data <b>&.csv"
    frame.rename(columns={"load": "load & <i>"}).to_csv(path)
    question = Question(path, ["load & <i>"], HORIZON, "time", ["temperature", "day"], season=24)
    material = read_material(question)
    return material, truth, answer(material.series[0], question, quick)


def test_the_forecast_follows_its_known_inputs(asked):
    _, truth, found = asked

    assert np.abs(found.mean - truth).mean() < 3
    assert found.levels == [80.0, 95.0]
    assert (found.low[:, 1] < found.low[:, 0]).all()
    assert (found.high[:, 0] < found.high[:, 1]).all()


def test_rows_held_back_are_forecast_as_from_their_whole_past(asked):
    material, _, found = asked
    (one,), tested = material.series, found.backtest
    model = quick(material.question).fit(
        one.values[: tested.n_learned, None], exog=one.exog[: tested.n_learned]
    )
    number = tested.n_origins - 1
    origin = tested.n_learned + number * HORIZON
    whole = forecast(
        model, HORIZON, context=one.values[:origin, None], exog=one.exog[1 : origin + HORIZON]
    )

    assert tested.n_learned + tested.n_origins * HORIZON == 240
    assert np.allclose(tested.mean[number * HORIZON :], np.ravel(whole), atol=0.05)
    assert np.array_equal(tested.truth, one.values[tested.n_learned :])


def test_a_better_rival_is_named(asked):
    _, _, found = asked
    own, *others = sorted(found.backtest.scores, key=lambda score: score.title != "Forecaster")
    losing = replace(found.backtest, scores=[replace(own, rmse=99.0), *others])

    assert "of that of the seasonal naive" in verdict(found)
    assert "was better: " in verdict(replace(found, backtest=losing))
    assert "Nothing was held back" in verdict(replace(found, backtest=None))


@pytest.mark.parametrize("n", [5, 30, 100, 1000])
@pytest.mark.parametrize("horizon", [1, 7, 40])
def test_at_most_a_fifth_is_held_back_unless_one_forecast_takes_more(n, horizon):
    count = plan_origins(n, horizon, None)

    assert 0 <= count <= 20
    assert count <= 1 or count * horizon <= n // 5
    assert n - count * horizon >= (horizon + horizon // 2 + 4) * bool(count)


def test_ridge_finds_a_linear_rule_with_its_input():
    rng = np.random.default_rng(0)
    exog, y = rng.normal(size=(320, 1)), np.zeros(320)
    for t in range(2, 320):
        y[t] = 1.2 * y[t - 1] - 0.5 * y[t - 2] + exog[t, 0]
    known = y[:300].copy()
    known[[40, 41]] = np.nan

    model = LaggedRidge.fitted(known, exog[:300], 1)

    assert np.allclose(model.forecast(y[:300], exog, 20), y[300:], atol=0.05)


def test_the_seasonal_naive_forecast_repeats_what_was_known():
    values = np.array([1.0, 2.0, 3.0, np.nan, 5.0, 6.0])

    assert carried(values).tolist() == [1, 2, 3, 3, 5, 6]
    assert SeasonalNaive(3).forecast(values, np.zeros((9, 0)), 4).tolist() == [3, 5, 6, 3]


def test_a_series_that_is_too_short_or_constant_is_refused(asked):
    material, _, _ = asked
    one = material.series[0]

    with pytest.raises(DataError, match="has 9 values, .* 13; ask for --horizon 3"):
        answer(replace(one, values=one.values[:9]), material.question, quick)
    with pytest.raises(DataError, match="is 1 in every row"):
        answer(replace(one, values=np.ones(240)), material.question, quick)


def test_levels_that_few_loops_cannot_show_are_left_out(tmp_path):
    path = tmp_path / "short.csv"
    series(24, "MS", 12).to_csv(path)
    question = Question(path, ["load"], 3, "time", levels=[50.0, 99.9])
    found = answer(read_material(question).series[0], question, quick)

    assert found.levels == [50.0]
    assert any("No interval of 99.9 %" in note for note in found.notes)


class Checked(HTMLParser):
    """Collects the tags that are open, and the pictures."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "img", "li", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "li":
            assert self.open.pop() == tag


@pytest.fixture
def command(asked, monkeypatch):
    """Return a call of the command with the quick model."""
    material, _, _ = asked
    monkeypatch.setattr(learning, "answer", partial(answer, make=quick))
    words = ["--time", "time", "--horizon", str(HORIZON), "--season", "24"]
    words += ["--target", "load & <i>", "--known", "temperature,day"]
    return lambda out, *more: main(
        ["forecast", str(material.question.path), *words, "--out", str(out), *more]
    )


def test_the_command_writes_a_table_and_a_page_that_needs_nothing_else(command, asked, tmp_path):
    code = command(tmp_path / "page.html", "--level", "80")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    table = pd.read_csv(tmp_path / "page-forecast.csv")
    checked = Checked()
    checked.feed(page)

    assert code == 0
    assert table.columns.tolist() == [
        "time",
        *(f"load & <i>{end}" for end in ("", "_lo80", "_hi80")),
    ]
    assert np.allclose(table["load & <i>"], asked[2].mean, atol=0.01)
    assert table["time"].iloc[0] == "2023-01-12 00:00:00"
    assert checked.open == []
    assert not re.search(r'(src|href)="(?!#)|https?:|<script|<i>|<b>|@import', page)
    assert len(page) < 200_000
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert ElementTree.fromstring(svg).get("aria-label").startswith(("Forecast of", "load"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page-forecast.csv", "page.html"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--horizon", "0"], "--horizon must be positive"),
        (["--level", "100"], "--level must be between 0 and 100"),
        (["--season", "week"], "--season takes a number of steps, or auto"),
        (["--tz", "Europe/Nowhere"], "--tz takes a zone such as Europe/Berlin"),
        (["--known", "temprature"], "did you mean temperature"),
        (["--target", "day"], "the column 'day' is named twice"),
    ],
)
def test_bad_usage_ends_with_two_and_writes_nothing(command, words, message, tmp_path, capsys):
    code = command(tmp_path / "out", *words)

    assert code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_the_file_itself_is_not_written_over(asked, command, capsys):
    path = asked[0].question.path
    link = path.parent / "forecast.csv"
    link.symlink_to(path)

    assert command(path.parent) == 2
    assert "would write over" in capsys.readouterr().err
    link.unlink()


def test_an_interruption_is_one_line_and_leaves_nothing(command, monkeypatch, tmp_path, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(learning, "answer", stop)
    code = command(tmp_path / "out")

    assert code == 130
    assert capsys.readouterr().err == "interrupted; nothing was written\n"
    assert not (tmp_path / "out").exists()
