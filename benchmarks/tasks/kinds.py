"""The data of tasks that are no single forecast: filters, attractors, labels, memory, races."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.tasks.base import Array, stream


@dataclass(frozen=True)
class Filter:
    """An output to compute from an input, step by step.

    Attributes
    ----------
    inputs : (n_rows, n_inputs)
    targets : (n_rows, 1)
    n_train, n_valid : rows
    washout : first training rows that an echo state network leaves out
    warm_up : rows run through every model just before the test rows
    metric : "nmse", or "ser" too, the share of symbols decided wrongly, or "capacity" too, the sum
        over targets of squared correlations above 0.02
    """

    inputs: Array
    targets: Array
    n_train: int
    n_valid: int
    washout: int = 100
    warm_up: int = 100
    metric: str = "nmse"

    main_metric = "nmse"  # wrong symbols are too few to choose by

    @property
    def rows(self) -> list[int]:
        """Rows to train on, and all rows."""
        return [self.n_train, len(self.inputs)]

    def for_tuning(self) -> Filter:
        """Return the data that tuning may see; the validation rows become the test."""
        stop = self.n_train + self.n_valid
        return replace(self, inputs=self.inputs[:stop], targets=self.targets[:stop], n_valid=0)


@dataclass(frozen=True)
class Attractor:
    """A long series to learn from, and forecasts from other points of the same attractor.

    Attributes
    ----------
    series : (n_train, n_outputs)
    tests, trials : (n_starts, warm_up + horizon, n_outputs), to test on and to tune on
    warm_up : rows of each run through every model before the forecast
    metric : "vpt", the mean time until the error exceeds 0.3; "nrmse84", the error at the last
        step over all starts; "nrmse_total", the error of all steps
    time : Lyapunov times (of "vpt") per step
    washout : first training rows that an echo state network leaves out
    scaled : whether methods see standardised values, as everywhere; else the original ones
    states : (n_starts, n_variables) at the last warm-up row of the tests, None if not known
    equations : (states, n_steps) -> what is seen of the steps after them, for the oracle
    agreement : Lyapunov times for which two good integrators agree, where that is known
    """

    series: Array
    tests: Array
    trials: Array
    warm_up: int
    metric: str = "vpt"
    time: float = 1.0
    washout: int = 100
    scaled: bool = True
    states: Array | None = None
    equations: Callable[[Array, int], Array] | None = None
    agreement: float = np.inf

    n_watched = 0
    simulation = False

    @property
    def n_train(self) -> int:
        """Rows to train on."""
        return len(self.series)

    @property
    def main_metric(self) -> str:
        """The metric that tuning goes by."""
        return self.metric

    @property
    def rows(self) -> list[int]:
        """Rows to train on, and forecasts to test on."""
        return [self.n_train, len(self.tests)]

    def for_tuning(self) -> Attractor:
        """Return the data that tuning may see: the forecasts for trials become the test."""
        return replace(self, tests=self.trials, states=None)


@dataclass(frozen=True)
class Labelled:
    """Series with one label each.

    Attributes
    ----------
    train, test : lists of (n_steps, n_features)
    train_labels, test_labels : (n_series,)
    seed : of the cut for tuning
    scaled : whether methods see every feature standardised; else the values as they are
    """

    train: list[Array]
    train_labels: Array
    test: list[Array]
    test_labels: Array
    seed: int
    scaled: bool = True

    main_metric = "error_rate"
    washout = 0

    @property
    def n_train(self) -> int:
        """Series to train on."""
        return len(self.train)

    @property
    def rows(self) -> list[int]:
        """Series to train on, and to test on."""
        return [self.n_train, len(self.test)]

    def for_tuning(self) -> Labelled:
        """Return the data that tuning may see: a fourth of the training series becomes the test."""
        from sklearn.model_selection import train_test_split

        kept, held = train_test_split(
            np.arange(self.n_train), test_size=0.25, stratify=self.train_labels,
            random_state=self.seed,
        )  # fmt: skip
        return replace(
            self,
            train=[self.train[i] for i in kept],
            train_labels=self.train_labels[kept],
            test=[self.train[i] for i in held],
            test_labels=self.train_labels[held],
        )


@dataclass(frozen=True)
class Memory:
    """A source of fresh sequences with long time lags.

    Attributes
    ----------
    draw : (n_series, random_state) -> the data, of `reservoirs.datasets`
    seed : of all sequences
    labels : whether targets are labels
    n_updates : updates of the weights (steps of Hessian-free) at most
    n_fresh : new sequences per update; None learns from all that there are, at every update
    n_together : updates per call of `partial_fit`, and between two looks at the result
    n_pilot : updates of a run of `tune`
    stops : whether training ends when the task is solved
    """

    draw: Callable[[int | None, int], Any]
    seed: int
    labels: bool
    n_updates: int
    n_fresh: int | None = 100
    n_together: int = 100
    n_pilot: int = 5000
    stops: bool = False

    main_metric = "loss"
    n_test = 10_000

    @property
    def n_train(self) -> int:
        """Sequences to train on."""
        return self.n_updates * (self.n_fresh or 1)

    @property
    def rows(self) -> list[int]:
        """Sequences to train on, and to test on."""
        return [self.n_train, self.n_test]

    def part(self, *name: object, n_series: int | None) -> Any:
        """Return sequences that no other name gives."""
        return self.draw(n_series, stream("sequences", self.seed, *name))

    def for_tuning(self) -> Memory:
        """Return a short run."""
        return replace(self, n_updates=self.n_pilot)


@dataclass(frozen=True)
class Race:
    """Training data, and seconds in which to lower the training loss as far as possible.

    Attributes
    ----------
    X, y : (n_rows, n_features) of one series and (n_rows, n_outputs), or what `module` takes and
        class numbers
    module : makes a torch.nn.Module, to be trained by an optimizer; None trains an `RNNRegressor`
    seconds : of processor time
    """

    X: Array
    y: Array
    module: Callable[[], Any] | None = None
    seconds: float = 10.0

    main_metric = "train_loss"

    @property
    def n_train(self) -> int:
        """Rows to train on."""
        return len(self.X)

    @property
    def rows(self) -> list[int]:
        """Rows to train on, none to test on."""
        return [self.n_train, 0]

    def for_tuning(self) -> Race:
        """Return the race itself: nothing is held out, and nothing is tuned."""
        return self
