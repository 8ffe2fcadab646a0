"""One series to forecast, or to compute from its known inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from benchmarks.tasks.data import Array
from reservoirs import next_step


@dataclass(frozen=True)
class Split:
    """One series: rows to train on, then validation rows, then test rows.

    Parameters
    ----------
    series : array of shape (n_rows, n_outputs)
        What is observed.
    exog : array of shape (n_rows, n_exog), default=None
        Known inputs of every row, or None.
    n_train : int, default=0
        Rows to train on; needed, at least 2.
    n_valid : int, default=0
        Rows to tune on, which come next.
    n_monitored : int, default=0
        Rows after the training rows whose loss a trained network may record.
    warm_up : int, default=100
        Rows run through every model just before a forecast.
    horizons : tuple of int, default=(200,)
        Steps of the free runs that are scored, the last one the longest.
    washout : int, default=0
        First training rows that an echo state network leaves out.
    clean : array of shape (n_rows, n_outputs), default=None
        What forecasts are scored against; None is `series`.
    dt : float, default=1.0
        Time per step.
    scaled : bool, default=True
        Whether methods see standardised values; else the original ones.
    original : Split, default=None
        The split before it was standardised, where it was.
    long_run : array of shape (n_rows, n_outputs), default=None
        Of a chaotic system a run of its own, whose attractor that of a long free run is compared
        with.

    See Also
    --------
    Simulation : A series to compute from its known inputs alone.
    Task : What makes a split from a seed.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmarks import Split
    >>> split = Split(np.sin(0.2 * np.arange(500.0))[:, None], n_train=300, n_valid=100)
    >>> split.rows, split.origin, split.main_metric
    ([300, 500], 399, 'free200')
    """

    series: Array
    exog: Array | None = None
    n_train: int = 0
    n_valid: int = 0
    n_monitored: int = 0
    warm_up: int = 100
    horizons: tuple[int, ...] = (200,)
    washout: int = 0
    clean: Array | None = None
    dt: float = 1.0
    scaled: bool = True
    original: Split | None = None
    long_run: Array | None = None

    def __post_init__(self) -> None:
        if not 1 < self.n_train < len(self.series) - self.n_valid:
            raise ValueError(
                f"a split needs 1 < n_train < rows - n_valid, got n_train={self.n_train}, "
                f"n_valid={self.n_valid} and {len(self.series)} rows"
            )

    @property
    def origin(self) -> int:
        """The last row that is known before the test forecast."""
        return self.n_train + self.n_valid - 1

    @property
    def truth(self) -> Array:
        """What forecasts are scored against, of shape (n_rows, n_outputs)."""
        return self.series if self.clean is None else self.clean

    @property
    def scale(self) -> Array:
        """Standard deviation of the training truth, per output."""
        return self.truth[: self.n_train].std(axis=0)

    @property
    def mean(self) -> Array:
        """What standardising subtracted from the series, per output."""
        if self.original is None:
            return np.zeros(self.series.shape[1])
        return self.original.series[: self.n_train].mean(axis=0)

    @property
    def deviation(self) -> Array:
        """What standardising divided the series by, per output."""
        if self.original is None:
            return np.ones(self.series.shape[1])
        return self.original.series[: self.n_train].std(axis=0)

    @property
    def main_metric(self) -> str:
        """The metric that tuning goes by: the error of the longest free run."""
        return f"free{self.horizons[-1]}"

    @property
    def rows(self) -> list[int]:
        """Rows to train on, and all rows."""
        return [self.n_train, len(self.series)]

    def standardised(self) -> Self:
        """Return the split with series and exog scaled by mean and deviation of training rows.

        Returns
        -------
        Split
            The scaled split, which holds this one as `original`.
        """
        mean = self.series[: self.n_train].mean(axis=0)
        deviation = self.series[: self.n_train].std(axis=0)
        exog = self.exog
        if exog is not None:
            # an input that never changes, a force that is off, stays zero
            spread = exog[: self.n_train].std(axis=0)
            exog = (exog - exog[: self.n_train].mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        clean = None if self.clean is None else (self.clean - mean) / deviation
        long_run = None if self.long_run is None else (self.long_run - mean) / deviation
        return replace(
            self,
            series=(self.series - mean) / deviation,
            exog=exog,
            clean=clean,
            original=self,
            long_run=long_run,
        )

    def examples(self, stop: int) -> tuple[Array, Array]:
        """Return inputs and targets that use the first rows only.

        Parameters
        ----------
        stop : int
            How many rows may be used.

        Returns
        -------
        X : array of shape (stop - 1, n_outputs + n_exog)
            The observation of every row but the last, and its known inputs.
        y : array of shape (stop - 1, n_outputs)
            The observation of the next row.
        """
        return next_step(self.series[:stop], None if self.exog is None else self.exog[:stop])

    def for_tuning(self) -> Self:
        """Return the split that tuning may see: no test row; validation rows become the test.

        A task without validation rows gives the last fifth of its training rows. The score is a
        free run through all validation rows, against what is observed.

        Returns
        -------
        Split
            The split without test rows.
        """
        # the score of a search is a forecast as long as the validation rows
        n_valid = self.n_valid or self.n_train // 5
        n_train = self.n_train if self.n_valid else self.n_train - n_valid
        stop = n_train + n_valid
        return replace(
            self,
            series=self.series[:stop],
            exog=None if self.exog is None else self.exog[:stop],
            clean=None,
            long_run=None,
            n_train=n_train,
            n_valid=0,
            n_monitored=0,
            warm_up=min(self.warm_up, n_train // 2),
            horizons=(n_valid,),
        )


@dataclass(frozen=True)
class Simulation(Split):
    """A series to compute from its known inputs, without a look at itself.

    Parameters
    ----------
    series : array of shape (n_rows, n_outputs)
        What is to be computed.
    exog : array of shape (n_rows, n_exog), default=None
        The known inputs; needed.
    n_train : int, default=0
        Rows to train on; needed, at least 2.
    n_valid : int, default=0
        Rows to tune on, which come next.
    n_monitored : int, default=0
        Rows after the training rows whose loss a trained network may record.
    warm_up : int, default=100
        Rows run through every model just before the test rows.
    horizons : tuple of int, default=(200,)
        The last one is the number of test rows that are scored.
    washout : int, default=0
        First training rows that an echo state network leaves out.
    clean : array of shape (n_rows, n_outputs), default=None
        What outputs are scored against; None is `series`.
    dt : float, default=1.0
        Time per step.
    scaled : bool, default=True
        Whether methods see standardised values; else the original ones.
    original : Simulation, default=None
        The data before they were standardised, where they were.
    long_run : None, default=None
        A simulation has none.

    See Also
    --------
    Split : A series to forecast from itself.

    Examples
    --------
    >>> import numpy as np
    >>> from benchmarks import Simulation
    >>> force = np.random.default_rng(0).normal(size=(500, 1))
    >>> data = Simulation(np.cumsum(force, axis=0), force, n_train=300)
    >>> data.main_metric
    'simulation'
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exog is None:
            raise ValueError("a simulation is driven by exog, got None; give its known inputs")

    @property
    def main_metric(self) -> str:
        """The metric that tuning goes by."""
        return "simulation"

    def examples(self, stop: int) -> tuple[Array, Array]:
        """Return inputs and targets of the first rows.

        Parameters
        ----------
        stop : int
            How many rows.

        Returns
        -------
        X : array of shape (stop, n_exog)
            The known inputs.
        y : array of shape (stop, n_outputs)
            What is to be computed.
        """
        assert self.exog is not None  # checked when it was made
        return self.exog[:stop], self.series[:stop]
