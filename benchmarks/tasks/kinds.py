"""The data of tasks other than one long forecast: filters, attractors, labelled series."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.tasks.base import Array


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
    metric : "nmse", or "ser" too, the share of symbols decided wrongly
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
    """

    series: Array
    tests: Array
    trials: Array
    warm_up: int
    metric: str = "vpt"
    time: float = 1.0
    washout: int = 100
    scaled: bool = True

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
        return replace(self, tests=self.trials)


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
