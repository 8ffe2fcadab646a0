"""Pictures of what is inside: states, eigenvalues, memory, losses."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import check_is_fitted

from reservoirs.diagnostics import memory_capacity
from reservoirs.diagnostics.driving import check_single_series, get_reservoir, run_reservoir
from reservoirs.display.axes import COLOUR, Display

SHOWN = 12  # units drawn


class StateDisplay(Display):
    """The states of some units along a series, each on a level of its own.

    Parameters
    ----------
    states : (n_steps, n_units)
    n_units : how many are drawn, evenly chosen
    """

    def __init__(self, states: Any, *, n_units: int = SHOWN) -> None:
        self.states, self.n_units = np.asarray(states), n_units

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, *, ax: Any = None, n_units: int = SHOWN, **line: Any
    ) -> Self:
        """Drive a reservoir with one series from rest, and draw.

        Parameters
        ----------
        estimator : a fitted Reservoir or echo state network
        X : (n_steps, n_features)
        ax : matplotlib axes, or None
        n_units : as in the class
        line : as in `plot`
        """
        states = run_reservoir(get_reservoir(estimator), check_single_series(estimator, X))
        return cls(states, n_units=n_units).plot(ax, **line)

    def _draw(self, ax: Any, **line: Any) -> None:
        n_units = self.states.shape[1]
        chosen = np.unique(np.linspace(0, n_units - 1, min(self.n_units, n_units)).astype(int))
        shown = self.states[:, chosen] - self.states[:, chosen].mean(axis=0)
        reach = max(np.abs(shown).max(), np.finfo(float).tiny)
        style = {"color": COLOUR, "lw": 0.9, **line}
        ax.plot(2 * np.arange(len(chosen)) + shown / reach, **style)
        ax.set_yticks(2 * np.arange(len(chosen)), [f"{unit}" for unit in chosen], fontsize=7)
        ax.set(xlabel="step", ylabel=f"unit (less its mean, a level is {2 * reach:.2g})")


class ReservoirSpectrumDisplay(Display):
    """The eigenvalues of the recurrent weights in the complex plane, with the unit circle.

    Parameters
    ----------
    eigenvalues : (n_units,) complex
    """

    def __init__(self, eigenvalues: Any) -> None:
        self.eigenvalues = np.asarray(eigenvalues)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **line: Any) -> Self:
        """Compute the eigenvalues, and draw.

        Parameters
        ----------
        estimator : a fitted Reservoir or echo state network
        ax : matplotlib axes, or None
        line : as in `plot`
        """
        weights = get_reservoir(estimator).recurrent_weights_
        dense = weights.toarray() if issparse(weights) else np.asarray(weights)
        return cls(np.linalg.eigvals(dense)).plot(ax, **line)

    def _draw(self, ax: Any, **line: Any) -> None:
        circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
        ax.plot(circle.real, circle.imag, color="#000000", lw=0.7)
        style = {"color": COLOUR, "ms": 4, **line}
        ax.plot(self.eigenvalues.real, self.eigenvalues.imag, ".", **style)
        ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal", title="eigenvalues")


class MemoryCapacityDisplay(Display):
    """How much of the input of k steps ago a linear readout can tell.

    Parameters
    ----------
    profile : (max_delay,) squared correlations, delay 1 first
    """

    def __init__(self, profile: Any) -> None:
        self.profile = np.asarray(profile)

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, n_steps: int = 6000, max_delay: int | None = None,
        random_state: Any = 0, **line: Any,
    ) -> Self:  # fmt: skip
        """Measure the memory capacity, and draw.

        Parameters
        ----------
        estimator : a fitted Reservoir or echo state network
        ax : matplotlib axes, or None
        n_steps, max_delay, random_state : as `diagnostics.memory_capacity` takes them
        line : as in `plot`
        """
        found = memory_capacity(
            estimator, n_steps=n_steps, max_delay=max_delay, random_state=random_state
        )
        return cls(found.profile).plot(ax, **line)

    def _draw(self, ax: Any, **line: Any) -> None:
        style = {"color": COLOUR, "lw": 1.4, "label": f"total {self.profile.sum():.1f}", **line}
        ax.plot(1 + np.arange(len(self.profile)), self.profile, **style)
        ax.set(xlabel="delay (steps)", ylabel="squared correlation")
        if "label" not in line:
            ax.legend()


class LossCurveDisplay(Display):
    """Training loss (solid) and validation loss (dotted) against epochs.

    Parameters
    ----------
    losses : (n_epochs,)
    validation : (n_epochs,), or empty
    times : (n_epochs,) what stands on the horizontal axis; None counts epochs
    """

    def __init__(self, losses: Any, validation: Any = (), times: Any = None) -> None:
        self.losses, self.validation = np.asarray(losses), np.asarray(validation)
        self.times = 1 + np.arange(len(self.losses)) if times is None else np.asarray(times)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Any = None, **line: Any) -> Self:
        """Draw the losses that a fit left behind.

        Parameters
        ----------
        estimator : a fitted RNNRegressor or RNNClassifier
        ax : matplotlib axes, or None
        line : as in `plot`
        """
        check_is_fitted(estimator, "loss_curve_")
        return cls(estimator.loss_curve_, estimator.validation_curve_).plot(ax, **line)

    def _draw(self, ax: Any, **line: Any) -> None:
        style = {"color": COLOUR, "lw": 1.5, "label": "training", **line}
        ax.plot(self.times, self.losses, **style)
        if len(self.validation):
            ax.plot(self.times, self.validation, **{**style, "ls": ":", "label": "validation"})
        ax.set(yscale="log", xlabel="epoch", ylabel="loss")
        if "label" not in line:
            ax.legend()
        ax.grid(alpha=0.25)
