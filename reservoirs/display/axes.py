"""What all displays share: where they draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeAlias

from reservoirs.estimators.docstrings import inherit_parameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

LineProperty: TypeAlias = Any  # a keyword of matplotlib's plot
TRUTH: dict[str, LineProperty] = {"color": "#333333", "lw": 2.2, "alpha": 0.45}
COLOUR = "#0072B2"

DISPLAY = """Arguments that several displays take.

Parameters
----------
truth : array-like of shape (n_steps,) or (n_steps, n_outputs)
    The observed values.
forecast : array-like of shape (n_steps,) or (n_steps, n_outputs)
    The values predicted for them.
estimator : estimator or Pipeline
    A fitted regressor of this library, or a Pipeline that ends in one.
y_true : array-like of shape (n_steps,) or (n_steps, n_outputs)
    The observations that came after the training data, or after `context`.
y_pred : array-like of shape (n_steps,) or (n_steps, n_outputs)
    The values predicted for them.
context : array-like of shape (n_context, n_outputs), default=None
    Observations just before y_true, as `reservoirs.forecast` takes them.
exog : array-like of shape (n_rows, n_exog), default=None
    The exogenous inputs, as `reservoirs.forecast` takes them.
output : int, default=0
    The column that is drawn.
outputs : tuple of two int, default=(0, 1)
    The two columns that are drawn; of one column its time derivative is the other.
dt : float, default=1.0
    Time per step.
ax : matplotlib Axes, default=None
    Where to draw; None makes a figure.
**line : dict
    Colour, width, label, ... of the main line, as matplotlib's `plot` takes them.
"""


class Display:
    """Values to draw; a subclass draws them on given axes.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes, after `plot`.
    figure_ : matplotlib Figure
        The figure of the axes, after `plot`.

    See Also
    --------
    ForecastDisplay : A forecast against the truth.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from reservoirs.display import Display
    >>> class Level(Display):
    ...     def _draw(self, ax, **line):
    ...         ax.axhline(1.0, **line)
    >>> Level().plot(color="red").ax_.lines[0].get_color()
    'red'
    """

    ax_: Axes
    figure_: Figure | SubFigure

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        raise TypeError(f"{type(self).__name__} does not say how to draw")

    @inherit_parameters(DISPLAY)
    def plot(self, ax: Axes | None = None, **line: LineProperty) -> Self:
        """Draw the values.

        Returns
        -------
        Display
            The display itself.
        """
        if ax is None:
            from matplotlib import pyplot

            _, ax = pyplot.subplots(figsize=(7.0, 3.4), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax, **line)
        return self
