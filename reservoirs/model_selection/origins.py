"""A rolling origin: folds that train on all rows before an origin and test on those after it."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral

import numpy as np

from reservoirs.labels import is_frame
from reservoirs.sequences import Array, SeriesLike, flatten
from reservoirs.suggestions import suggest_parameters


@suggest_parameters
class RollingOriginSplit:
    """Train on all rows up to an origin, test on the rows after it; the origin moves on.

    Fold i trains on rows before o_i and tests on o_i, ..., o_i + horizon - 1; the last fold ends
    with the data and o_(i+1) = o_i + step. Several series in one DataFrame are divided each.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    horizon : int
        Rows tested per fold.
    step : int, default=None
        Rows between origins; None takes the horizon, so that tests do not overlap.
    max_train_size : int, default=None
        Train on at most this many rows just before the origin; None takes all.

    See Also
    --------
    forecast_scorer : Score the closed-loop forecast of the rows tested.
    reservoirs.backtest : Forecast from many origins without refitting.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.model_selection import RollingOriginSplit
    >>> folds = RollingOriginSplit(2, horizon=3).split(np.zeros((10, 1)))
    >>> [(len(train), test.tolist()) for train, test in folds]
    [(4, [4, 5, 6]), (7, [7, 8, 9])]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        horizon: int,
        step: int | None = None,
        max_train_size: int | None = None,
    ) -> None:
        sizes = {"n_splits": n_splits, "horizon": horizon}
        optional = {"step": step, "max_train_size": max_train_size}
        sizes |= {name: value for name, value in optional.items() if value is not None}
        for name, value in sizes.items():
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
        self.n_splits = n_splits
        self.horizon = horizon
        self.step = step
        self.max_train_size = max_train_size

    def get_n_splits(
        self, X: SeriesLike = None, y: SeriesLike = None, groups: SeriesLike = None
    ) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X : object, default=None
            Ignored.
        y : object, default=None
            Ignored.
        groups : object, default=None
            Ignored.

        Returns
        -------
        int
            The number of folds.
        """
        return self.n_splits

    def split(
        self, X: SeriesLike, y: SeriesLike = None, groups: SeriesLike = None
    ) -> Iterator[tuple[Array, Array]]:
        """Yield the training and test rows of every fold.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features) or DataFrame
            One series, of which the length is read, or a DataFrame with a MultiIndex: every series
            of it is divided, with its own last rows at the end of the last fold.
        y : object, default=None
            Ignored.
        groups : array-like of shape (n_rows,), default=None
            The series of each row of an array.

        Yields
        ------
        train : array of shape (n_train,)
            Positions of the rows to train on.
        test : array of shape (n_series * horizon,)
            Positions of the rows to test on.

        Raises
        ------
        ValueError
            If the first fold has no row of a series to train on.
        """
        spans, step = _spans_of(X, groups), self.step or self.horizon
        needed = self.horizon + (self.n_splits - 1) * step
        shortest = min(span.stop - span.start for span in spans)
        if shortest <= needed:
            raise ValueError(
                f"{shortest} rows are too few for n_splits={self.n_splits}, "
                f"horizon={self.horizon}, step={step}: at least {needed + 1} are needed; "
                "lower one of them"
            )
        for fold in range(self.n_splits):
            train, test = [], []
            for span in spans:
                origin = span.stop - needed + fold * step
                start = max(span.start, origin - (self.max_train_size or origin))
                train.append(np.arange(start, origin))
                test.append(np.arange(origin, origin + self.horizon))
            yield np.concatenate(train), np.concatenate(test)


def _spans_of(X: SeriesLike, groups: SeriesLike) -> list[slice]:
    """Return the rows of every series that folds divide."""
    if groups is not None or (is_frame(X) and X.index.nlevels > 1):
        return list(flatten(X, groups)[1].slices())
    return [slice(0, len(X))]
