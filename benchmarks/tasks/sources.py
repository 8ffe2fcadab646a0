"""What made the data of a task, for the baselines that know it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.tasks.data import Array


@dataclass(frozen=True)
class Sinusoid:
    """One sine, observed with noise.

    Attributes
    ----------
    frequency : float
        In radians per step.
    noise : float
        Standard deviation of the noise.
    """

    frequency: float
    noise: float = 0.0


@dataclass(frozen=True)
class Oscillator:
    """The damped, driven oscillator x'' + eta x' + x = F(t).

    Attributes
    ----------
    eta : float
        The damping.
    """

    eta: float


@dataclass(frozen=True)
class Flow:
    """A system of ordinary differential equations, sampled.

    Attributes
    ----------
    simulate : callable
        One of `reservoirs.datasets`: (n_steps, dt=, n_series=, initial=, random_state=) -> states.
    exponent : float
        Largest Lyapunov exponent, per unit of time.
    dt : float
        Time per step.
    n_seen : int or None
        How many of its variables are observed, None for all.
    agreement : float
        Lyapunov times for which what it simulates follows its equations, where that is known.
    """

    simulate: Callable[..., Array]
    exponent: float
    dt: float
    n_seen: int | None = None
    agreement: float = np.inf

    def observe(self, states: Array) -> Array:
        """Return the observed variables of states of shape (..., n_variables)."""
        return states[..., : self.n_seen]

    def ahead(self, states: Array, n_steps: int) -> Array:
        """Return what is observed of the steps after some states.

        States are all variables at the starts, (n_starts, n_variables); what is returned is
        (n_starts, n_steps, n_seen).
        """
        runs = self.simulate(n_steps + 1, dt=self.dt, n_series=len(states), initial=states)
        return self.observe(runs[:, 1:])


Source = Sinusoid | Oscillator | Flow
