"""What a task is: data from a seed, cut into training, validation and test rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reservoirs import next_step

Array = NDArray[Any]


def stream(*names: object) -> int:
    """Return a seed below 2^31 that depends on the names alone.

    Whoever asks for the same names gets the same seed, so that all methods see the same data and
    a new method changes nothing for the others.

    Parameters
    ----------
    names : what the seed is for, a task, a part and a number, say
    """
    text = "/".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) >> 1


@dataclass(frozen=True)
class Split:
    """One data set: rows [0, n_train) to train on, then validation rows, then test rows.

    Attributes
    ----------
    series : (n_rows, n_outputs), what is observed
    exog : (n_rows, n_exog) known inputs, or None
    n_train : rows to train on; needed
    clean : (n_rows, n_outputs), what forecasts are scored against; None is `series`
    n_valid : rows to tune on, which come next
    n_watched : rows after the training rows whose loss a trained network may record
    washout : first training rows that an echo state network leaves out
    warm_up : rows run through every model just before a forecast
    horizons : steps of the free runs scored, the last one the longest
    simulation : predict the series from exog alone, instead of from itself
    dt : time per step
    facts : what controls may know (the exact map of an oscillator, say)
    """

    series: Array
    exog: Array | None = None
    n_train: int = 0
    n_valid: int = 0
    n_watched: int = 0
    warm_up: int = 100
    horizons: tuple[int, ...] = (200,)
    washout: int = 0
    clean: Array | None = None
    simulation: bool = False
    dt: float = 1.0
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 < self.n_train < len(self.series) - self.n_valid:
            raise ValueError(
                f"a split needs 1 < n_train < rows - n_valid, got n_train={self.n_train}, "
                f"n_valid={self.n_valid} and {len(self.series)} rows"
            )

    @property
    def origin(self) -> int:
        """The last row known before the test forecast."""
        return self.n_train + self.n_valid - 1

    @property
    def truth(self) -> Array:
        """What forecasts are scored against, (n_rows, n_outputs)."""
        return self.series if self.clean is None else self.clean

    @property
    def scale(self) -> Array:
        """Standard deviation of the training truth, per output."""
        return self.truth[: self.n_train].std(axis=0)

    @property
    def main_metric(self) -> str:
        """The metric that tuning goes by: the longest free run, or simulation."""
        return "simulation" if self.simulation else f"free{self.horizons[-1]}"

    @property
    def rows(self) -> list[int]:
        """Rows to train on, and all rows."""
        return [self.n_train, len(self.series)]

    def standardised(self) -> Split:
        """Return the split with series and exog scaled by mean and deviation of training rows."""
        mean, scale = (
            self.series[: self.n_train].mean(axis=0),
            self.series[: self.n_train].std(axis=0),
        )
        exog = self.exog
        if exog is not None:
            spread = exog[: self.n_train].std(axis=0)
            exog = (exog - exog[: self.n_train].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        clean = None if self.clean is None else (self.clean - mean) / scale
        facts = {**self.facts, "mean": mean, "scale": scale, "raw": self}
        return replace(
            self, series=(self.series - mean) / scale, exog=exog, clean=clean, facts=facts
        )

    def unscaled(self) -> Split:
        """Return the split as it is, with the facts that `standardised` adds."""
        width = self.series.shape[1]
        facts = {**self.facts, "mean": np.zeros(width), "scale": np.ones(width), "raw": self}
        return replace(self, facts=facts)

    def examples(self, stop: int) -> tuple[Array, Array]:
        """Return inputs and targets that use the first `stop` rows only."""
        if self.simulation:
            assert self.exog is not None  # a simulation is driven by exog
            return self.exog[:stop], self.series[:stop]
        return next_step(self.series[:stop], None if self.exog is None else self.exog[:stop])

    def for_tuning(self) -> Split:
        """Return the split that tuning may see: no test row; validation rows become the test.

        A task without validation rows gives the last fifth of its training rows. The score is a
        free run through all validation rows, against what is observed.
        """
        n_valid = self.n_valid or self.n_train // 5
        n_train = self.n_train if self.n_valid else self.n_train - n_valid
        stop = n_train + n_valid
        return replace(
            self,
            series=self.series[:stop],
            exog=None if self.exog is None else self.exog[:stop],
            clean=None,
            n_train=n_train,
            n_valid=0,
            n_watched=0,
            warm_up=min(self.warm_up, n_train // 2),
            horizons=(n_valid,),
        )


@dataclass(frozen=True)
class Task:
    """A benchmark task.

    Attributes
    ----------
    name : its key
    title : a sentence for people
    make : seed -> the data, raw units: a Split, or one of `kinds`
    version : raise it when the data change
    tuned_like : the task whose stored settings are used
    n_units : size of the echo state network
    note : a caveat shown with the results, or ""
    ranking : the metric that ranks methods; "" is the longest free run, or the simulation
    larger_is_better : whether a large value of that metric is good
    tags : what methods ask for: "sinusoid", "oscillator", "simulation"; "esn" where only echo state
        networks and controls run, "fixed" where published settings are used, nothing is tuned
    fixed : settings of a method, by its name, that are part of the task
    space : what `tune` searches in addition, by method
    trials, runs : settings tried by `tune`, and runs that each is tried on
    """

    name: str
    title: str
    make: Callable[[int], Any]
    version: int = 1
    tuned_like: str = ""
    n_units: int = 200
    note: str = ""
    ranking: str = ""
    larger_is_better: bool = False
    tags: frozenset[str] = frozenset()
    fixed: dict[str, dict[str, Any]] = field(default_factory=dict)
    space: dict[str, dict[str, Any]] = field(default_factory=dict)
    trials: int = 16
    runs: int = 3

    @property
    def settings_key(self) -> str:
        """The task under whose name tuned settings are stored."""
        return self.tuned_like or self.name

    def data(self, part: str, number: int) -> Any:
        """Return the data of a run, the same for every method.

        Parameters
        ----------
        part : "test" or "tuning", which share no seed
        number : of the run
        """
        return self.make(stream("data", self.name, part, number))

    def model_seed(self, part: str, number: int) -> int:
        """Return the seed of the models of a run, the same for every method."""
        return stream("model", self.name, part, number)
