"""Pictures of what is inside: states, eigenvalues, memory, losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from reservoirs.diagnostics import memory_capacity
from reservoirs.diagnostics.driving import (
    ReservoirModel,
    check_single_series,
    get_reservoir,
    run_reservoir,
)
from reservoirs.display.axes import COLOUR, DISPLAY, Display, LineProperty
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.sequences import Seed, SeriesLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS_DRAWN = 12

RESERVOIR = """Arguments of the displays of a reservoir.

Parameters
----------
estimator : Reservoir or echo state network
    The fitted model whose reservoir is drawn.
n_units : int, default=12
    The number of units drawn, evenly chosen.
"""


class TrainedNetwork(Protocol):
    """What `LossCurveDisplay` reads of a fitted RNNRegressor or RNNClassifier."""

    @property
    def loss_curve_(self) -> ArrayLike:
        """Training loss of every epoch."""

    @property
    def validation_curve_(self) -> ArrayLike:
        """Validation loss of every epoch, empty without validation."""


@inherit_parameters(RESERVOIR)
class StateDisplay(Display):
    """The states of some units along a series, each on a level of its own.

    Parameters
    ----------
    states : array-like of shape (n_steps, n_units)
        The states to choose from.

    See Also
    --------
    ReservoirSpectrumDisplay : The eigenvalues behind them.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from reservoirs import Reservoir
    >>> from reservoirs.display import StateDisplay
    >>> X = np.sin(0.2 * np.arange(100))[:, None]
    >>> reservoir = Reservoir(n_units=50, random_state=0).fit(X)
    >>> display = StateDisplay.from_estimator(reservoir, X, n_units=5)
    >>> len(display.ax_.lines)
    5
    """

    def __init__(self, states: ArrayLike, *, n_units: int = UNITS_DRAWN) -> None:
        self.states, self.n_units = np.asarray(states), n_units

    @classmethod
    @inherit_parameters(RESERVOIR, DISPLAY)
    def from_estimator(
        cls,
        estimator: ReservoirModel,
        X: SeriesLike,
        *,
        ax: Axes | None = None,
        n_units: int = UNITS_DRAWN,
        **line: LineProperty,
    ) -> Self:
        """Drive a reservoir with one series from the zero state, and draw.

        Parameters
        ----------
        X : array-like of shape (n_steps, n_features)
            The series, scaled as the reservoir sees it.

        Returns
        -------
        StateDisplay
            The display, drawn.
        """
        states = run_reservoir(get_reservoir(estimator), check_single_series(estimator, X))
        return cls(states, n_units=n_units).plot(ax, **line)

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        n_units = self.states.shape[1]
        chosen = np.unique(np.linspace(0, n_units - 1, min(self.n_units, n_units)).astype(int))
        centred = self.states[:, chosen] - self.states[:, chosen].mean(axis=0)
        # All units share one scale, so that quiet ones look quiet.
        amplitude = max(np.abs(centred).max(), np.finfo(float).tiny)
        levels = 2 * np.arange(len(chosen))  # scaled to [-1, 1], neighbours do not overlap
        style = {"color": COLOUR, "lw": 0.9, **line}
        ax.plot(levels + centred / amplitude, **style)
        ax.set_yticks(levels, [f"{unit}" for unit in chosen], fontsize=7)
        ax.set(xlabel="step", ylabel=f"unit (less its mean, a level is {2 * amplitude:.2g})")


class ReservoirSpectrumDisplay(Display):
    """The eigenvalues of the recurrent weights in the complex plane, with the unit circle.

    Parameters
    ----------
    eigenvalues : array-like of shape (n_units,)
        The complex eigenvalues of W.

    See Also
    --------
    StateDisplay : The states of the reservoir.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from reservoirs import Reservoir
    >>> from reservoirs.display import ReservoirSpectrumDisplay
    >>> reservoir = Reservoir(n_units=20, spectral_radius=0.9, random_state=0).fit([[0.0]])
    >>> display = ReservoirSpectrumDisplay.from_estimator(reservoir)
    >>> round(float(abs(display.eigenvalues).max()), 6)
    0.9
    """

    def __init__(self, eigenvalues: ArrayLike) -> None:
        self.eigenvalues = np.asarray(eigenvalues)

    @classmethod
    @inherit_parameters(RESERVOIR, DISPLAY)
    def from_estimator(
        cls, estimator: ReservoirModel, *, ax: Axes | None = None, **line: LineProperty
    ) -> Self:
        """Compute the eigenvalues, and draw.

        Returns
        -------
        ReservoirSpectrumDisplay
            The display, drawn.
        """
        weights = get_reservoir(estimator).recurrent_weights_
        # Solvers for sparse matrices find a few eigenvalues, not all.
        dense = weights.toarray() if issparse(weights) else np.asarray(weights)
        return cls(np.linalg.eigvals(dense)).plot(ax, **line)

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        # inside the unit circle the linear part of the reservoir forgets
        circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
        ax.plot(circle.real, circle.imag, color="#000000", lw=0.7)
        style = {"color": COLOUR, "ms": 4, **line}
        ax.plot(self.eigenvalues.real, self.eigenvalues.imag, ".", **style)
        ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal", title="eigenvalues")


class MemoryCapacityDisplay(Display):
    """What a linear readout can reconstruct of the input of k steps ago.

    Parameters
    ----------
    profile : array-like of shape (max_delay,)
        Squared correlation at each delay k, k = 1 first.

    See Also
    --------
    reservoirs.diagnostics.memory_capacity : The measurement.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from reservoirs import Reservoir
    >>> from reservoirs.display import MemoryCapacityDisplay
    >>> reservoir = Reservoir(n_units=20, random_state=0).fit([[0.0]])
    >>> display = MemoryCapacityDisplay.from_estimator(reservoir, n_steps=500, max_delay=30)
    >>> display.profile.shape
    (30,)
    """

    def __init__(self, profile: ArrayLike) -> None:
        self.profile = np.asarray(profile)

    @classmethod
    @inherit_parameters(RESERVOIR, DISPLAY, memory_capacity)
    def from_estimator(
        cls,
        estimator: ReservoirModel,
        *,
        ax: Axes | None = None,
        n_steps: int = 6000,
        max_delay: int | None = None,
        random_state: Seed = 0,
        **line: LineProperty,
    ) -> Self:
        """Measure the memory capacity, and draw.

        Returns
        -------
        MemoryCapacityDisplay
            The display, drawn.
        """
        capacity = memory_capacity(
            estimator, n_steps=n_steps, max_delay=max_delay, random_state=random_state
        )
        return cls(capacity.profile).plot(ax, **line)

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        style = {"color": COLOUR, "lw": 1.4, "label": f"total {self.profile.sum():.1f}", **line}
        ax.plot(1 + np.arange(len(self.profile)), self.profile, **style)
        ax.set(xlabel="delay (steps)", ylabel="squared correlation")
        if "label" not in line:
            ax.legend()


class LossCurveDisplay(Display):
    """Training loss (solid) and validation loss (dotted) against epochs.

    Parameters
    ----------
    losses : array-like of shape (n_epochs,)
        Training loss of every epoch.
    validation : array-like of shape (n_epochs,), default=()
        Validation loss of every epoch; empty where there is none.
    times : array-like of shape (n_epochs,), default=None
        The values on the horizontal axis; None counts epochs.

    See Also
    --------
    trainers.GradientFlowDisplay : How gradients fade or grow on their way back.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from reservoirs.display import LossCurveDisplay
    >>> display = LossCurveDisplay([1.0, 0.5, 0.25], [1.1, 0.7, 0.6]).plot()
    >>> [line.get_label() for line in display.ax_.lines]
    ['training', 'validation']
    """

    def __init__(
        self, losses: ArrayLike, validation: ArrayLike = (), times: ArrayLike | None = None
    ) -> None:
        self.losses, self.validation = np.asarray(losses), np.asarray(validation)
        self.times = 1 + np.arange(len(self.losses)) if times is None else np.asarray(times)

    @classmethod
    @inherit_parameters(DISPLAY)
    def from_estimator(
        cls, estimator: TrainedNetwork, *, ax: Axes | None = None, **line: LineProperty
    ) -> Self:
        """Draw the losses of a fit.

        Parameters
        ----------
        estimator : RNNRegressor or RNNClassifier
            The fitted network.

        Returns
        -------
        LossCurveDisplay
            The display, drawn.
        """
        check_is_fitted(estimator, "loss_curve_")
        return cls(estimator.loss_curve_, estimator.validation_curve_).plot(ax, **line)

    def _draw(self, ax: Axes, **line: LineProperty) -> None:
        style = {"color": COLOUR, "lw": 1.5, "label": "training", **line}
        ax.plot(self.times, self.losses, **style)
        if len(self.validation):
            ax.plot(self.times, self.validation, **{**style, "ls": ":", "label": "validation"})
        ax.set(yscale="log", xlabel="epoch", ylabel="loss")
        if "label" not in line:
            ax.legend()
        ax.grid(alpha=0.25)
