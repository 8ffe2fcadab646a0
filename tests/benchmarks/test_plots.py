import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.report import summary
from benchmarks.report.palette import Result, plain_labels, sparse
from benchmarks.results.tables import Row

RANGES = [(0.146, 0.32), (0.27, 3.2), (0.15, 7.0), (0.09, 8.0), (1e-4, 2e-2), (1e-16, 1.0)]


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_labels_of_a_logarithmic_axis_do_not_overlap(low, high):
    figure = Figure(figsize=(3.5, 2.0), layout="constrained")
    FigureCanvasAgg(figure).draw()
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    sparse(axes.xaxis)
    figure.canvas.draw()

    labels = [
        label
        for which in ("major", "minor")
        for tick, label in zip(
            axes.get_xticks(minor=which == "minor"), axes.get_xticklabels(which=which), strict=True
        )
        if label.get_text() and low <= tick <= high
    ]
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)

    assert boxes
    assert all(left.x1 < right.x0 for left, right in zip(boxes, boxes[1:], strict=False))


def test_labels_of_a_page_are_no_formulas():
    figure = Figure(figsize=(5, 2), layout="constrained")
    canvas, axes = FigureCanvasAgg(figure), figure.subplots()
    with rc_context({"text.parse_math": False}):
        axes.set(xscale="log", yscale="log", xlim=(1e-6, 1e3), ylim=(0.5, 3.0))
        plain_labels(figure)
        canvas.draw()

    texts = [
        label.get_text()
        for axis in (axes.xaxis, axes.yaxis)
        for label in axis.get_ticklabels(which="both")
    ]
    assert not any("$" in text for text in texts)
    assert {"10\u207b\u2076", "0.01", "1"} <= set(texts)


def test_an_error_beyond_all_others_is_drawn():
    rows = [
        Row(name, {"free200": (error, error, error)}, 1, 0, 1.0, 2.0, 3.0, ())
        for name, error in {"linear": 1e9, "esn": 0.1}.items()
    ]

    figure = summary.pareto([Result(row, [], []) for row in rows], "free200", "A task")

    assert max(line.get_ydata()[0] for line in figure.axes[0].lines if len(line.get_ydata())) == 1e9
