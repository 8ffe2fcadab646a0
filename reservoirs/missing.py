"""What is said of missing values: the first of them, its label, and the ways out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

WAYS_OUT = {
    "X": (
        "Fill the gap (frame.interpolate(), say), cut the series there and pass both pieces as a "
        "list, or leave out the rows before it. The fit, predict and forecast of a regressor fill "
        "gaps of the series that it predicts, X, y = next_step(series), by its own forecast; other "
        "inputs, partial_fit, transformers and classifiers need every row"
    ),
    "y": (
        "Leave out such rows at an end of the series, or fill them: classifiers, partial_fit and "
        "transformers need every target. The fit of a regressor passes over rows without one"
    ),
    "exog": (
        "No model predicts exogenous inputs: fill them (frame.ffill(), say), begin the Pipeline "
        "with SimpleImputer(), or fit and forecast without the column"
    ),
}
AT_THE_START = (
    ". The first rows are those that Difference has no value for: nothing but scalers of all "
    "series alike may stand between it and a regressor of this library, in one Pipeline"
)


class MissingValuesError(ValueError):
    """Some values are NaN or masked."""


def describe_missing(
    missing: NDArray[np.bool_],
    where: str,
    container: object = None,
    lengths: Sequence[int] = (),
    names: Sequence[object] | None = None,
) -> str:
    """Return what to say of missing values: the first of them, and the ways out.

    `missing`, (n_rows, n_columns), has at least one. `where` is what the values are called: "X",
    "y", "exog", or another name for what X is. The container gives labels and names, `lengths` the
    rows of each series, where there are several, and `names` the columns where the container has
    none.
    """
    row, column = map(int, np.argwhere(missing)[0])
    place, label, labelled = locate(row, container, lengths)
    own = getattr(labelled, "columns", None)
    named = names if own is None or len(own) != missing.shape[1] else list(own)
    name = column if named is None else named[column]
    ways_out = WAYS_OUT.get(where, WAYS_OUT["X"]) + (AT_THE_START if not row else "")
    return (
        f"Input {where} contains NaN: {missing.any(axis=1).sum()} row(s), the first is {place}"
        f"{label}, column {name!r}. {ways_out}"
    )


def locate(
    row: int, container: object = None, lengths: Sequence[int] = ()
) -> tuple[str, str, object]:
    """Return what to call a row of all series.

    The row is counted through all series, `lengths` being the rows of each. Its place is its
    number, in its series where a list or an array holds several; its label stands in brackets,
    empty without one; and the member is what holds it: the container, or its member.
    """
    if len(lengths) < 2 or hasattr(container, "iloc"):
        return f"row {row}", _label(container, row), container
    series = int(np.searchsorted(np.cumsum(lengths), row, side="right"))
    within = row - int(sum(lengths[:series]))
    listed = isinstance(container, list | tuple) and len(container) == len(lengths)
    member = container[series] if listed else container  # type: ignore[index]
    return f"row {within} of series {series}", _label(member, within), member


def _label(container: object, row: int) -> str:
    index: pd.Index | None = getattr(container, "index", None)
    return f" ({index[row]})" if index is not None and hasattr(container, "iloc") else ""
