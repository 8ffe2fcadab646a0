"""What all displays share: where they draw."""

from __future__ import annotations

from typing import Any, Self

TRUTH = {"color": "#333333", "lw": 2.2, "alpha": 0.45}
COLOUR = "#0072B2"


class Display:
    """Values to draw; a subclass draws them on given axes.

    Attributes
    ----------
    ax_, figure_ : matplotlib's axes and figure, after `plot`
    """

    ax_: Any
    figure_: Any

    def _draw(self, ax: Any, **line: Any) -> None:
        raise TypeError(f"{type(self).__name__} does not say how to draw")

    def plot(self, ax: Any = None, **line: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes; None makes a figure of its own
        line : colour, width, label ... of the main line, as matplotlib's `plot` takes them

        Returns
        -------
        The display itself
        """
        if ax is None:
            from matplotlib import pyplot

            _, ax = pyplot.subplots(figsize=(7.0, 3.4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax, **line)
        return self
