"""What a forecaster refuses that takes the series alone, `fit(series)`."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.sparse import issparse

from reservoirs.mistakes import callers_level
from reservoirs.sequences import SeriesLike, is_series_list, unmask


def check_series_only(X: SeriesLike, y: SeriesLike, owner: str, remedy: str) -> None:
    """Check the arguments of a `fit` that takes a series and no targets.

    `owner` is the class, the remedy what to pass.

    Raises
    ------
    TypeError
        For a sparse matrix.
    ValueError
        If there is a single row, or y is the next observation of X: then X lacks the last one.

    Warns
    -----
    UserWarning
        For another y, which is ignored.
    """
    _check_rows(X)
    if y is None:
        return
    first = (values[0] if is_series_list(values) else values for values in (X, y))
    if _follows(*first):
        raise ValueError(
            f"{owner} takes the series alone, fit(series): y must be None{remedy}; this y is the "
            "next observation of X, as next_step makes it, and X lacks the last one"
        )
    warnings.warn(
        f"{owner} forecasts the columns of X, and ignores y: pass the series alone, "
        f"fit(series){remedy}",
        UserWarning,
        stacklevel=callers_level(),
    )


def _follows(series: SeriesLike, y: SeriesLike) -> bool:
    """Tell whether a y is the next observation of a series."""
    try:
        rows, targets = (np.asarray(unmask(values)) for values in (series, y))
    except ValueError:
        return False
    rows, targets = (values.reshape(len(values), -1) for values in (rows, targets))
    same = np.array_equal(rows[1:, : targets.shape[1]], targets[:-1])
    return bool(same and len(rows) > 2)


def _check_rows(X: SeriesLike) -> None:
    """Refuse, in scikit-learn's words, what no series can be made of."""
    if issparse(X):
        raise TypeError(
            "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert "
            "to a dense numpy array."
        )
    if len(getattr(X, "shape", ())) == 2 and len(X) == 1:
        raise ValueError("a series of 1 sample cannot be forecast; pass a longer one")
