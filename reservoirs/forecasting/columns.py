"""Observations and exogenous inputs as a model reads them: by name, by label, or by position."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import numpy as np
from sklearn import config_context
from sklearn.utils import check_array

from reservoirs.forecasting.gaps import describe_leading
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.selection import take_columns, take_labels
from reservoirs.labels import continue_labels, has_names, is_frame
from reservoirs.missing import MissingValuesError, describe_missing, locate
from reservoirs.mistakes import explain_text
from reservoirs.sequences import Array, SeriesLike, check_labels, flatten, unmask

if TYPE_CHECKING:
    import pandas as pd


class Columns:
    """The columns that a model was fitted on, the observation first."""

    def __init__(self, model: ClosedLoopModel) -> None:
        end = model.training_end_
        self.n_outputs = end.n_outputs
        self.n_exog = model.n_features_in_ - end.n_outputs
        stated = getattr(model, "exog_align", None)
        self.align = stated or end.exog_align or "observation"
        if self.n_exog and end.exog_align not in (None, self.align):
            raise ValueError(
                f"X was built with next_step(..., align={end.exog_align!r}), and the model says "
                f"exog_align={stated!r}; fit it with exog_align={end.exog_align!r}"
            )
        names = getattr(model, "feature_names_in_", None)
        self._inputs: list[Hashable] | None = None if names is None else list(names)
        self._outputs = end.output_names
        # the rows of a Pipeline may hold text, which one of its steps makes numbers of
        self._numeric = names is None or not getattr(model, "takes_text", False)
        self._takes_missing = getattr(model, "takes_missing", None)

    def observations(self, values: SeriesLike, where: str) -> Array:
        """Return observations as a float64 array, NaN where one is missing.

        Values are those of one series; of a DataFrame the columns of the observation are taken, by
        name. `where` is what an error calls them. (n_rows, n_outputs) is returned; a ValueError is
        raised for a missing column, another width, NaN in the first row, or no row.
        """
        if has_names(values):
            named = self._inputs[: self.n_outputs] if self._inputs else None
            of_y = self._outputs
            columns = getattr(values, "columns", [getattr(values, "name", None)])
            if named and of_y and not set(named) <= set(columns) and set(of_y) <= set(columns):
                named = of_y
            named = named or of_y
            # numbers may be no names but positions, unless all of them are there
            texts = all(isinstance(name, str) for name in named or [])
            if named and (texts or set(named) <= set(columns)):
                values = take_columns(values, named, where)
        return check_observations(values, self.n_outputs, where)

    def exog(
        self,
        inputs: SeriesLike,
        n_rows: int,
        labels: pd.Index | None = None,
        tail: pd.Index | None = None,
        *,
        exact: bool = True,
    ) -> Array:
        """Return exogenous inputs, one row for each observation that they enter with.

        Inputs are those of one series, of a DataFrame the columns and the rows by name: `labels`
        are those of the observations that are known, None going by position, and `tail` is the last
        of them with the frequency of what follows. With `exact` more rows of an array than those
        needed are refused. (n_rows, n_exog) is returned, without columns where the model takes
        none; a ValueError is raised if exog is missing, superfluous, of another shape, or lacks a
        column or a label.
        """
        if self.n_exog and has_names(inputs):
            names = self._inputs[self.n_outputs :] if self._inputs else None
            if names and hasattr(inputs, "columns"):
                inputs = take_columns(inputs, names, "exog")
            if is_frame(inputs) and labels is not None:
                check_labels(flatten(inputs)[1], "exog")
                inputs = self._rows_of(inputs, labels, tail, n_rows)
        numeric, fills = self._numeric, self._takes_missing
        return check_exog(
            inputs, n_rows, self.n_exog, exact=exact, numeric=numeric, takes_missing=fills
        )

    def exog_along(self, inputs: SeriesLike, series: SeriesLike, n_rows: int) -> Array:
        """Return exogenous inputs along a known series, one row per observation they enter with.

        The inputs have one row per row of the series, which is needed for its labels. One row less
        is returned where each belongs to the value predicted.
        """
        if self.align == "target" and self.n_exog:
            if is_frame(inputs) and is_frame(series):
                return self.exog(inputs, n_rows - 1, series.index, series.index[-1:])
            return self.exog(inputs, n_rows, exact=False)[1:]
        labels = series.index if is_frame(series) else None
        return self.exog(inputs, n_rows, labels, exact=False)

    def _rows_of(
        self, frame: pd.DataFrame, labels: pd.Index, tail: pd.Index | None, n_rows: int
    ) -> pd.DataFrame:
        """Return the rows of a DataFrame that enter with the observations, by their labels."""
        if self.align == "target":  # the row of the value predicted enters one step before it
            n_rows, first = n_rows + 1, 1
        else:
            first = 0
        n_ahead = n_rows - len(labels)
        if n_ahead <= 0:
            return take_labels(frame, labels[first:n_rows], "exog")
        if tail is not None:
            following = continue_labels(tail, n_ahead)
            return take_labels(frame, labels.append(following)[first:], "exog")
        # without a frequency nothing tells what comes next: the rows of exog after the last do
        taken = take_labels(frame, labels[first:] if len(labels) > first else labels, "exog")
        place = int(frame.index.get_indexer(labels[-1:])[0])
        ahead = frame.iloc[place + 1 : place + 1 + n_ahead]
        pieces = [taken.iloc[: len(labels) - first], ahead]
        return frame.iloc[:0] if not any(map(len, pieces)) else _stack(pieces)


def _stack(pieces: list[pd.DataFrame]) -> Array:
    return np.concatenate([np.asarray(piece) for piece in pieces])


def check_observations(values: SeriesLike, n_outputs: int, name: str) -> Array:
    """Return observations as a float64 array.

    They are (n_rows, n_outputs), at least one row, NaN where one is missing.

    Raises
    ------
    ValueError
        For another width, or no row.
    MissingValuesError
        For NaN in the first row.
    """
    if len(np.shape(values)) and not len(values):
        raise ValueError(f"{name} must hold at least one row, got none; leave it out to go without")
    array, missing = _check_numbers(values, name)
    if missing is not None and missing[0].any():
        place, label, _ = locate(0, values)
        raise MissingValuesError(describe_leading(name, missing, place + label))
    if array.shape[1] != n_outputs:
        raise ValueError(
            f"{name} must hold observations only, (n_rows, {n_outputs}), got shape "
            f"{array.shape}; pass exogenous inputs as exog"
        )
    return array


def check_exog(
    exog: SeriesLike,
    n_rows: int,
    n_exog: int,
    *,
    exact: bool = True,
    numeric: bool = True,
    takes_missing: Callable[[Array], bool] | None = None,
) -> Array:
    """Return exogenous inputs as a float64 array, finite if the model needs it.

    With `exact` more rows than those needed are refused; `numeric` ones must be numbers.
    `takes_missing` tells of rows with NaN whether a step of the model fills them; None fills none.
    (n_rows, n_exog) is returned, without columns where the model takes none.

    Raises
    ------
    ValueError
        If exog is missing, superfluous, or of another shape.
    MissingValuesError
        For NaN.
    """
    if exog is None:
        if n_exog:
            raise ValueError(
                f"this model was fitted with {n_exog} exogenous input(s): pass exog with shape "
                f"({n_rows}, {n_exog}), got None"
            )
        return np.empty((n_rows, 0))
    array, missing = _check_numbers(exog, "exog", numeric=numeric)
    width = array.shape[1] == n_exog
    if missing is not None and not (
        width and takes_missing and takes_missing(array[missing.any(axis=1)])
    ):
        raise MissingValuesError(describe_missing(missing, "exog", exog))
    if not n_exog:
        raise ValueError(
            f"exog must have shape ({n_rows}, 0), for this model was fitted without exogenous "
            f"inputs, got {array.shape}; leave exog out, or fit on next_step(series, exog)"
        )
    if array.shape[1] != n_exog or len(array) < n_rows or (exact and len(array) != n_rows):
        raise ValueError(
            f"exog must have shape ({n_rows}, {n_exog}), one row per observation fed in "
            f"(n_context + n_steps - 1, or n_steps without context), got {array.shape}"
        )
    return array


def _check_numbers(
    values: SeriesLike, name: str, *, numeric: bool = True
) -> tuple[Array, Array | None]:
    """Return values as rows, and which of them are NaN; None where none is."""
    values, finite = unmask(values), True
    checks = {"ensure_2d": False, "dtype": np.float64 if numeric else None, "input_name": name}
    try:
        with explain_text(values if numeric else None, name), config_context(assume_finite=False):
            array = check_array(values, **checks)
    except ValueError as error:
        if "contains NaN" not in str(error):
            raise
        array, finite = check_array(values, **checks, ensure_all_finite="allow-nan"), False
    array = array.reshape(-1, 1) if array.ndim == 1 else array
    # text may stand beside numbers: only NaN differs from itself
    return array, None if finite else np.asarray(array != array)
