import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.report.palette import sparse

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
