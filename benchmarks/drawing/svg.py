"""Line pictures as SVG: lines, bands and points over one axis of x; no script, no font file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

from benchmarks.drawing.ticks import number_ticks, power_ticks, write_number

Array = NDArray[np.floating]
LETTER = 6.6  # width of a letter of an axis, pixels


@dataclass(frozen=True)
class Line:
    """A line: its points, and how it looks.

    Attributes
    ----------
    x, y : arrays of shape (n,)
        Its points; NaN interrupts it.
    style : str
        Classes of the page's style sheet: truth, c1, dash.
    label : str
        In the legend; "" for none.
    """

    x: Array
    y: Array
    style: str
    label: str = ""


@dataclass(frozen=True)
class Band:
    """An area between two lines over the same x, (n,) each."""

    x: Array
    low: Array
    high: Array
    style: str
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """What one pair of axes shows.

    Attributes
    ----------
    lines : list of Line
        The first lies lowest.
    bands : list of Band
        Below all lines.
    marks : list of (float, str)
        Upright lines with a word each.
    x_ticks : list of (float, str) or None
        Of the lower axis; None for round numbers.
    x_title, y_title : str
        What the axes have.
    log : bool
        Whether y is logarithmic.
    height : int
        Pixels.
    """

    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    marks: Sequence[tuple[float, str]] = ()
    x_ticks: Sequence[tuple[float, str]] | None = None
    x_title: str = ""
    y_title: str = ""
    log: bool = False
    height: int = 260
    title: str = ""
    y_range: tuple[float, float] | None = field(default=None)


@dataclass(frozen=True)
class _Frame:
    """Turns values into pixels."""

    left: float
    right: float
    top: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool

    def across(self, x: Array | float) -> Array:
        span = (self.x[1] - self.x[0]) or 1.0
        return self.left + (np.asarray(x) - self.x[0]) / span * (self.right - self.left)

    def up(self, y: Array | float) -> Array:
        values, (low, high) = np.asarray(y, dtype=float), self.y
        if self.log:
            values, low, high = np.log10(np.maximum(values, low)), np.log10(low), np.log10(high)
        values = np.clip(values, low, high)  # what lies beyond runs along the edge
        return self.bottom - (values - low) / ((high - low) or 1.0) * (self.bottom - self.top)


def draw(panels: Sequence[Panel], width: int, alt: str, css: str = "") -> str:
    """Draw panels below each other, of one width.

    Parameters
    ----------
    panels : sequence of Panel
        The first is the upper one.
    width : int
        Pixels, of the view box: text has its size where the picture is shown as wide.
    alt : str
        What the picture shows, for those who do not see it.
    css : str, default=""
        A class of the picture.

    Returns
    -------
    str
        An svg element.
    """
    parts, top = list[str](), 0.0
    scales = [_scale(panel) for panel in panels]
    left = 10 + LETTER * max(len(text) for scale in scales for text in (*scale.texts, "0"))
    for panel, scale in zip(panels, scales, strict=True):
        drawn, height = _panel(panel, scale, width, top, left)
        parts.append(drawn)
        top += height
    return (
        f'<svg class="chart {css}" viewBox="0 0 {width} {top:.0f}" role="img" '
        f'aria-label="{escape(alt)}"><title>{escape(alt)}</title>{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Scale:
    """The range of y, and its marks with their texts."""

    low: float
    high: float
    marks: list[float]
    texts: list[str]


def _scale(panel: Panel) -> _Scale:
    low, high = panel.y_range or _y_range(panel)
    n_marks = max(panel.height // 40, 3)
    marks = power_ticks(low, high, n_marks) if panel.log else number_ticks(low, high, n_marks)
    step = marks[1] - marks[0] if len(marks) > 1 and not panel.log else None
    return _Scale(low, high, marks, [write_number(mark, step) for mark in marks])


def _panel(panel: Panel, scale: _Scale, width: int, top: float, left: float) -> tuple[str, float]:
    """Return the elements of a panel, and its height with titles and axis."""
    head = 8 + 18 * bool(panel.title or panel.y_title) + _legend_height(panel, width)
    xs = np.concatenate([*(line.x for line in panel.lines), *(band.x for band in panel.bands)])
    frame = _Frame(
        left,
        width - 12,
        top + head,
        top + head + panel.height,
        (float(xs.min()), float(xs.max())),
        (scale.low, scale.high),
        panel.log,
    )
    parts = [_grid(frame, scale), _x_axis(panel, frame, width)]
    if panel.title or panel.y_title:
        title = panel.title or panel.y_title
        parts.append(f'<text class="title" x="2" y="{top + 14:.0f}">{escape(title)}</text>')
    parts.append(_legend(panel, width, top + 14 + 18 * bool(panel.title or panel.y_title)))
    parts += [_band(band, frame) for band in panel.bands]
    parts += [_line(line, frame) for line in panel.lines]
    for x, word in panel.marks:
        at = float(frame.across(x))
        parts.append(
            f'<path class="now" d="M{at:.1f} {frame.top:.0f}V{frame.bottom:.0f}"/>'
            f'<text x="{at + 4:.1f}" y="{frame.top + 12:.0f}">{escape(word)}</text>'
        )
    return "".join(parts), head + panel.height + 24 + 16 * bool(panel.x_title)


def _y_range(panel: Panel) -> tuple[float, float]:
    """Return the range of all that is drawn, with a margin."""
    values = np.concatenate(
        [line.y for line in panel.lines]
        + [end for band in panel.bands for end in (band.low, band.high)]
    )
    values = values[np.isfinite(values)]
    if panel.log:
        values = values[values > 0]
    if not len(values):
        return (0.1, 1.0) if panel.log else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if panel.log:
        return low / 1.3, high * 1.3
    room = 0.06 * (high - low) or max(abs(low), 1.0) * 0.06
    return low - room, high + room


def _grid(frame: _Frame, scale: _Scale) -> str:
    parts = []
    for mark, text in zip(scale.marks, scale.texts, strict=True):
        y = float(frame.up(mark))
        parts.append(
            f'<path class="grid" d="M{frame.left:.0f} {y:.1f}H{frame.right:.0f}"/>'
            f'<text class="y" x="{frame.left - 5:.0f}" y="{y + 4:.1f}">{text}</text>'
        )
    return "".join(parts)


def _x_axis(panel: Panel, frame: _Frame, width: int) -> str:
    """Return the lower axis: marks whose texts do not overlap, and the title."""
    ticks = panel.x_ticks
    if ticks is None:
        marks = number_ticks(*frame.x, max(width // 110, 3))
        step = marks[1] - marks[0] if len(marks) > 1 else None
        ticks = [(mark, write_number(mark, step)) for mark in marks]
    parts = [f'<path class="axis" d="M{frame.left:.0f} {frame.bottom:.0f}H{frame.right:.0f}"/>']
    free = 0.0
    for x, text in ticks:
        at, half = float(frame.across(x)), LETTER * len(text) / 2
        start = min(max(at, half + 1), width - half - 1)
        if start - half < free:
            continue
        free = start + half + 8
        parts.append(
            f'<path class="axis" d="M{at:.1f} {frame.bottom:.0f}v4"/>'
            f'<text class="x" x="{start:.1f}" y="{frame.bottom + 17:.0f}">{escape(text)}</text>'
        )
    if panel.x_title:
        middle = (frame.left + frame.right) / 2
        parts.append(
            f'<text class="x" x="{middle:.0f}" y="{frame.bottom + 34:.0f}">'
            f"{escape(panel.x_title)}</text>"
        )
    return "".join(parts)


def _entries(panel: Panel) -> list[tuple[str, str, bool]]:
    """Return style, label and whether it is an area, of all that the legend has."""
    lines = [(line.style, line.label, False) for line in panel.lines if line.label]
    return lines + [(band.style, band.label, True) for band in panel.bands if band.label]


def _rows(panel: Panel, width: int) -> list[list[tuple[str, str, bool]]]:
    """Return the entries of the legend in rows that fit."""
    rows: list[list[tuple[str, str, bool]]] = []
    free = 0.0
    for entry in _entries(panel):
        needed = 34 + LETTER * len(entry[1])
        if not rows or free < needed:
            rows.append([])
            free = width - 14.0
        rows[-1].append(entry)
        free -= needed
    return rows


def _legend_height(panel: Panel, width: int) -> float:
    return 18.0 * len(_rows(panel, width))


def _legend(panel: Panel, width: int, top: float) -> str:
    parts = []
    for number, row in enumerate(_rows(panel, width)):
        x, y = 4.0, top + 18 * number
        for style, label, area in row:
            sign = (
                f'<rect class="{style}" x="{x:.0f}" y="{y - 9:.0f}" width="20" height="10"/>'
                if area
                else f'<path class="line {style}" d="M{x:.0f} {y - 4:.0f}h20"/>'
            )
            parts.append(f'{sign}<text x="{x + 25:.0f}" y="{y:.0f}">{escape(label)}</text>')
            x += 34 + LETTER * len(label)
    return "".join(parts)


def _line(line: Line, frame: _Frame) -> str:
    return f'<path class="line {line.style}" d="{_path(frame.across(line.x), frame.up(line.y))}"/>'


def _band(band: Band, frame: _Frame) -> str:
    x = frame.across(band.x)
    there, back = _path(x, frame.up(band.high)), _path(x[::-1], frame.up(band.low)[::-1])
    return f'<path class="{band.style}" d="{there}L{back[1:]}Z"/>' if there and back else ""


def _path(x: Array, y: Array) -> str:
    """Return the data of a path through points; it begins anew after what is not finite."""
    words, pen_up = [], True
    for i in _needed(x, y):
        if not np.isfinite(y[i]):
            pen_up = True
            continue
        words.append(f"{'M' if pen_up else 'L'}{x[i]:.1f} {y[i]:.1f}")
        pen_up = False
    return "".join(words)


def _needed(x: Array, y: Array, per_pixel: int = 4) -> Sequence[int]:
    """Return the points that are seen: of more than four in a pixel the first, last and ends."""
    if len(x) < 3 or abs(x[-1] - x[0]) * per_pixel > len(x):
        return range(len(x))
    kept: set[int] = set()
    columns = np.floor(np.asarray(x)).astype(int)
    starts = [0, *(1 + np.flatnonzero(np.diff(columns))).tolist(), len(x)]
    for first, stop in zip(starts[:-1], starts[1:], strict=True):
        piece = np.asarray(y[first:stop])
        finite = np.where(np.isfinite(piece), piece, np.nan)
        kept |= {first, stop - 1}
        if not np.isnan(finite).all():
            kept |= {first + int(np.nanargmin(finite)), first + int(np.nanargmax(finite))}
    return sorted(kept)
