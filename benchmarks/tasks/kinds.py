"""Data that are not one forecast: filters, attractors, origins, labels, memory, races."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import Bunch

from benchmarks.tasks.data import Array, stream

if TYPE_CHECKING:
    from torch.nn import Module


@dataclass(frozen=True)
class Filter:
    """An output to compute from an input, step by step.

    Parameters
    ----------
    inputs : array of shape (n_rows, n_inputs)
        What is seen.
    targets : array of shape (n_rows, n_outputs)
        What is to be computed.
    n_train : int
        Rows to train on.
    n_valid : int
        Rows to tune on, which come next.
    washout : int, default=100
        First training rows that an echo state network leaves out.
    warm_up : int, default=100
        Rows run through every model just before the test rows.
    metric : {"nmse", "ser", "capacity"}, default="nmse"
        What is measured beside the NMSE: "ser", the share of symbols decided wrongly; "capacity",
        the sum over targets of squared correlations above 0.02.
    """

    inputs: Array
    targets: Array
    n_train: int
    n_valid: int
    washout: int = 100
    warm_up: int = 100
    metric: Literal["nmse", "ser", "capacity"] = "nmse"

    main_metric = "nmse"  # wrong symbols are too few to choose by
    n_monitored = 0

    @property
    def rows(self) -> list[int]:
        """Rows to train on, and all rows."""
        return [self.n_train, len(self.inputs)]

    def for_tuning(self) -> Self:
        """Return the data that tuning may see; the validation rows become the test."""
        stop = self.n_train + self.n_valid
        return replace(self, inputs=self.inputs[:stop], targets=self.targets[:stop], n_valid=0)


@dataclass(frozen=True)
class Attractor:
    """A long series to learn from, and forecasts from other points of the same attractor.

    Parameters
    ----------
    series : array of shape (n_train, n_outputs)
        What is learned from.
    test_starts : array of shape (n_starts, warm_up + horizon, n_outputs)
        Runs to warm up on and to forecast.
    tuning_starts : array of shape (n_starts, warm_up + horizon, n_outputs)
        The same for tuning.
    warm_up : int
        Rows of each run through every model before the forecast.
    metric : {"vpt", "nrmse84", "nrmse_total"}, default="vpt"
        "vpt", the mean time until the error exceeds 0.3; "nrmse84", the error at the last step over
        all starts; "nrmse_total", the error of all steps.
    time : float, default=1.0
        Lyapunov times (of "vpt") per step.
    washout : int, default=100
        First training rows that an echo state network leaves out.
    scaled : bool, default=True
        Whether methods see standardised values; else the original ones.
    states : array of shape (n_starts, n_variables), default=None
        All variables at the last warm-up row of the tests, where they are known.
    agreement : float, default=inf
        Lyapunov times for which the data follow their equations, where that is known.
    long_run : array of shape (n_rows, n_outputs), default=None
        A run of its own, whose attractor that of a long free run is compared with.
    """

    series: Array
    test_starts: Array
    tuning_starts: Array
    warm_up: int
    metric: Literal["vpt", "nrmse84", "nrmse_total"] = "vpt"
    time: float = 1.0
    washout: int = 100
    scaled: bool = True
    states: Array | None = None
    agreement: float = np.inf
    long_run: Array | None = None

    n_monitored = 0

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
        return [self.n_train, len(self.test_starts)]

    def for_tuning(self) -> Self:
        """Return the data that tuning may see: its starts become those of the test."""
        return replace(self, test_starts=self.tuning_starts, states=None, long_run=None)


@dataclass(frozen=True)
class Reconstruction:
    """A short context to learn an attractor from, and what the system does after it.

    Parameters
    ----------
    context : array of shape (n_context, n_outputs)
        All that a method may see.
    truth : array of shape (n_rows, n_outputs)
        The rows that follow.
    transient : float, default=0.25
        So many times the rows of the truth are left out at the start of a free run.
    """

    context: Array
    truth: Array
    transient: float = 0.25

    main_metric = "attractor_divergence"
    n_monitored = 0

    @property
    def n_train(self) -> int:
        """Rows of the context."""
        return len(self.context)

    @property
    def washout(self) -> int:
        """First rows that an echo state network leaves out, a tenth."""
        return len(self.context) // 10

    @property
    def rows(self) -> list[int]:
        """Rows of the context, and all rows."""
        return [self.n_train, self.n_train + len(self.truth)]

    def for_tuning(self) -> Self:
        """Return the data that tuning may see: the last fourth of the context becomes the truth."""
        stop = 3 * self.n_train // 4
        return replace(self, context=self.context[:stop], truth=self.context[stop:])


@dataclass(frozen=True)
class Rolling:
    """A series to forecast from several origins, with a model fitted anew before each.

    Parameters
    ----------
    series : array of shape (n_rows,)
        What is observed.
    season : int
        Rows of a season, 1 where there is none; methods are told.
    horizon : int
        Steps of every forecast.
    n_origins : int, default=4
        Forecasts, each of the rows before those of the forecast before; the last one ends the
        series.
    """

    series: Array
    season: int
    horizon: int
    n_origins: int = 4

    main_metric = "relative_rmse"
    washout = 0
    n_monitored = 0

    def __post_init__(self) -> None:
        if self.n_train <= max(self.season, 2):
            raise ValueError(
                f"{self.n_origins} forecasts of {self.horizon} steps need more than "
                f"{self.n_origins * self.horizon + max(self.season, 2)} rows with a season of "
                f"{self.season}, got {len(self.series)}"
            )

    @property
    def origins(self) -> list[int]:
        """Rows known before every forecast, the last forecast first."""
        return [len(self.series) - self.horizon * (k + 1) for k in range(self.n_origins)]

    @property
    def n_train(self) -> int:
        """Rows before all forecasts."""
        return len(self.series) - self.horizon * self.n_origins

    @property
    def rows(self) -> list[int]:
        """Rows before all forecasts, and all rows."""
        return [self.n_train, len(self.series)]

    def for_tuning(self) -> Self:
        """Return the data that tuning may see: forecasts of the rows before those of the test."""
        return replace(self, series=self.series[: self.n_train])


@dataclass(frozen=True)
class Labelled:
    """Series with one label each.

    Parameters
    ----------
    train : list of arrays of shape (n_steps, n_features)
        Series to train on.
    train_labels : array of shape (n_series,)
        Their labels.
    test : list of arrays of shape (n_steps, n_features)
        Series to test on.
    test_labels : array of shape (n_series,)
        Their labels.
    seed : int
        Of the cut for tuning.
    scaled : bool, default=True
        Whether methods see every feature standardised; else the values as they are.
    """

    train: list[Array]
    train_labels: Array
    test: list[Array]
    test_labels: Array
    seed: int
    scaled: bool = True

    main_metric = "error_rate"
    washout = 0
    n_monitored = 0

    @property
    def n_train(self) -> int:
        """Series to train on."""
        return len(self.train)

    @property
    def rows(self) -> list[int]:
        """Series to train on, and to test on."""
        return [self.n_train, len(self.test)]

    def for_tuning(self) -> Self:
        """Return the data that tuning may see: a fourth of the training series becomes the test."""
        learned, held_out = train_test_split(
            np.arange(self.n_train),
            test_size=0.25,
            stratify=self.train_labels,
            random_state=self.seed,
        )
        return replace(
            self,
            train=[self.train[i] for i in learned],
            train_labels=self.train_labels[learned],
            test=[self.train[i] for i in held_out],
            test_labels=self.train_labels[held_out],
        )


@dataclass(frozen=True)
class Memory:
    """A source of new sequences with long time lags.

    Parameters
    ----------
    draw : callable
        (n_series, random_state) -> sequences of `reservoirs.datasets`.
    seed : int
        Of all sequences.
    labels : bool
        Whether targets are labels.
    n_updates : int
        Updates of the weights (steps of Hessian-free) at most.
    sequences_per_update : int or None, default=100
        New sequences of every update; None learns from all that there are, at every update.
    updates_per_call : int, default=100
        Updates per call of `partial_fit`, and between two looks at the result.
    n_tuning_updates : int, default=5000
        Updates of a run of `tune`.
    stop_when_solved : bool, default=False
        Whether training ends when the task is solved.
    """

    draw: Callable[[int | None, int], Bunch]
    seed: int
    labels: bool
    n_updates: int
    sequences_per_update: int | None = 100
    updates_per_call: int = 100
    n_tuning_updates: int = 5000
    stop_when_solved: bool = False

    main_metric = "loss"
    n_test = 10_000
    washout = 0
    n_monitored = 0

    @property
    def n_train(self) -> int:
        """Sequences to train on."""
        return self.n_updates * (self.sequences_per_update or 1)

    @property
    def rows(self) -> list[int]:
        """Sequences to train on, and to test on."""
        return [self.n_train, self.n_test]

    def part(self, *name: object, n_series: int | None) -> Bunch:
        """Return sequences that no other name gives."""
        return self.draw(n_series, stream("sequences", self.seed, *name))

    def for_tuning(self) -> Self:
        """Return a short run."""
        return replace(self, n_updates=self.n_tuning_updates)


@dataclass(frozen=True)
class Race:
    """Training data, and seconds in which to lower the training loss as far as possible.

    Parameters
    ----------
    X : array of shape (n_rows, n_features)
        One series, or what `module` takes.
    y : array of shape (n_rows, n_outputs) or (n_rows,)
        Its targets, or class numbers.
    module : callable, default=None
        Makes a torch.nn.Module, to be trained by an optimizer; None trains an `RNNRegressor`.
    seconds : float, default=10.0
        Of processor time.
    """

    X: Array
    y: Array
    module: Callable[[], Module] | None = None
    seconds: float = 10.0

    main_metric = "train_loss"
    washout = 0
    n_monitored = 0

    @property
    def n_train(self) -> int:
        """Rows to train on."""
        return len(self.X)

    @property
    def rows(self) -> list[int]:
        """Rows to train on, none to test on."""
        return [self.n_train, 0]

    def for_tuning(self) -> Self:
        """Return the race itself: nothing is held out, and nothing is tuned."""
        return self
