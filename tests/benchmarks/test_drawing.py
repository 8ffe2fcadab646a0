"""Marks of axes, and pictures as SVG."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from benchmarks.drawing.svg import Band, Line, Panel, draw
from benchmarks.drawing.ticks import number_ticks, power_ticks, time_ticks, write_number


@pytest.mark.parametrize("low, high", [(0, 1), (-3, 7), (1e-9, 3e-9), (1e6, 9e6), (-0.02, 0.013)])
@pytest.mark.parametrize("n", [3, 6, 10])
def test_marks_are_evenly_spaced_inside_the_range_and_told_apart(low, high, n):
    marks = number_ticks(low, high, n)
    steps = np.diff(marks)

    assert 1 < len(marks) <= n + 1
    assert low - 1e-9 * (high - low) <= marks[0] <= marks[-1] <= high + 1e-9 * (high - low)
    assert np.allclose(steps, steps[0])
    assert len({write_number(mark, steps[0]) for mark in marks}) == len(marks)


@pytest.mark.parametrize("low, high", [(1e-9, 1e3), (0.3, 0.9), (2, 700)])
def test_marks_of_a_logarithmic_axis_are_few_and_inside(low, high):
    marks = power_ticks(low, high, 5)

    assert 1 <= len(marks) <= 8
    assert all(low * 0.99 <= mark <= high * 1.01 for mark in marks)


@pytest.mark.parametrize("freq", ["10min", "h", "D", "W", "MS", "QE", "YS"])
@pytest.mark.parametrize("n", [30, 300])
def test_marks_of_times_stand_where_something_begins(freq, n):
    labels = pd.date_range("2021-03-05", periods=n, freq=freq)
    ticks = time_ticks(labels, 6)

    assert 2 <= len(ticks) <= 9
    assert len({text for _, text in ticks}) > 1
    assert all(0 <= place < n for place, _ in ticks)


def test_a_picture_is_well_formed_says_what_it_shows_and_stays_inside():
    x = np.arange(2000.0)
    y = np.where(x == 7, np.nan, np.sin(x / 20))
    panel = Panel(
        [Line(x, y, "c1", "a <b>")], [Band(x, y - 1, y + 1, "band", "95 %")], [(50.0, "now")],
        x_title="step", y_title="value", y_range=(-0.5, 0.5),
    )  # fmt: skip
    root = ElementTree.fromstring(draw([panel, panel], 400, "a & b", "narrow"))
    width, height = map(float, root.get("viewBox").split()[2:])
    points = [
        list(map(float, word.split()))
        for path in root.iter("path")
        if path.get("class") == "line c1"
        for word in path.get("d").replace("h20", "").replace("L", "M").split("M")[1:]
    ]

    assert root.get("aria-label") == "a & b"
    assert all(0 <= px <= width and 0 <= py <= height for px, py in points)
    assert len(points) < 2000
