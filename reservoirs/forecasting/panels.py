"""Any container as single series, and single series back in the container they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reservoirs.labels import has_names, is_frame, load_pandas
from reservoirs.mistakes import refuse_no_series
from reservoirs.sequences import (
    Kind,
    SeriesLike,
    check_labels,
    flatten,
    is_series_list,
    members_of,
    unmask,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Panel:
    """Single series and the container they came in.

    Members are arrays of shape (n_rows,) or (n_rows, n_columns), DataFrames or pandas Series, each
    with the labels of its own rows. The container is "single", "list", "stack", "frame" or
    "series_id"; `outer` is what a DataFrame with a MultiIndex calls its series.
    """

    members: list[SeriesLike]
    kind: Kind
    outer: pd.Index | None = None

    @property
    def many(self) -> bool:
        """Whether the container can hold more than one series."""
        return self.kind != "single"

    def name_of(self, number: int, where: str) -> str:
        """Say which series one is.

        Parameters
        ----------
        number : int
            Its place.
        where : str
            What to call the container in an error.

        Returns
        -------
        str
            The words for it: by its name in a DataFrame, else by its place, if there are several.
        """
        if not self.many:
            return where
        return f"{where}, of {number if self.outer is None else self.outer[number]!r}"

    def restore(self, members: Sequence[SeriesLike]) -> SeriesLike:
        """Put one result per series into the container.

        That is the one result, a 3-D array, a DataFrame with the outer levels before the labels of
        each, or a list.
        """
        if self.kind == "single":
            return members[0]
        if self.kind == "stack":
            return np.stack(members)
        if self.kind == "frame" and all(map(is_frame, members)):
            assert self.outer is not None  # `open_panel` took it from the index
            pd = load_pandas()
            names = [*self.outer.names, *members[0].index.names]
            return pd.concat(list(members), keys=list(self.outer), names=names)
        return list(members)


def open_panel(container: SeriesLike, where: str, series_id: SeriesLike = None) -> Panel:
    """Divide any container of docs/series.md into its series.

    `where` is what an error calls it. A TypeError is raised for what is no container, and a
    ValueError for labels that do not increase.
    """
    container = unmask(container)
    if is_series_list(container):
        members = members_of(container) or []
        for number, member in enumerate(members):
            if is_frame(member):
                check_labels(flatten(member)[1], f"{where}, series {number}")
        return Panel(members, "list")
    if isinstance(container, np.ndarray) and container.ndim == 3:
        return Panel(list(container), "stack")
    refuse_no_series(container, where)
    if not has_names(container) and not hasattr(container, "__array__"):
        container = np.asarray(container)
    _, layout = flatten(container, series_id)
    check_labels(layout, where)
    if not layout.many:
        return Panel([container], "single")
    take: Callable[[slice], SeriesLike]
    take = container.iloc.__getitem__ if is_frame(container) else container.__getitem__
    members = [take(span) for span in layout.slices()]
    if layout.kind == "series_id":
        return Panel(members, "series_id")
    levels = list(range(container.index.nlevels - 1))
    members = [member.droplevel(levels) for member in members]
    return Panel(members, "frame", layout.outer)


def match_series(panel: Panel, other: SeriesLike, where: str) -> list[SeriesLike]:
    """Return the members of a container that belong to the series of a panel.

    One comes per series; of a DataFrame with a MultiIndex the one of the same name.

    Raises
    ------
    ValueError
        If there is not one for each series.
    """
    if other is None:
        return [None] * len(panel.members)
    if not panel.many:
        return [other]
    theirs = open_panel(other, where)
    if panel.outer is not None and theirs.outer is not None:
        positions = theirs.outer.get_indexer(panel.outer)
        if (positions < 0).any():
            missing = panel.outer[int(np.argmax(positions < 0))]
            raise ValueError(
                f"{where} must hold every series, got none named {missing!r}; add its rows"
            )
        return [theirs.members[i] for i in positions]
    if not theirs.many or len(theirs.members) != len(panel.members):
        listed = theirs.members if theirs.many else members_of(other)
        count = "one array" if listed is None else len(listed)
        raise ValueError(
            f"{where} must hold one array per series, {len(panel.members)}, got {count}"
        )
    return theirs.members
