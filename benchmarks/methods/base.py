"""What a method is: how its model is built, its search space, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, Self, TypeVar, runtime_checkable

import numpy as np

from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array, Data
from benchmarks.tasks.names import check_name

Line = str | tuple[int, tuple[int, ...]]  # as matplotlib takes it
DataT = TypeVar("DataT", contravariant=True)


class Forecasts(NamedTuple):
    """What a model says of the test rows, in the units of the data it was given.

    Attributes
    ----------
    one_step : array of shape (n_rows, n_outputs)
        Predictions from the true rows before; no rows where nothing is observed.
    free : array of shape (n_steps, n_outputs) or (n_starts, n_steps, n_outputs)
        The free run after the last known row, or after each of many starts.
    """

    one_step: Array
    free: Array


class Forecaster(Protocol):
    """A model that learns a series from examples and goes on from what it is shown.

    Our estimators are; another library's needs these three methods and `n_weights`.
    """

    def fit(self, X: Array, y: Array) -> Self:
        """Learn from inputs of shape (n_rows, n_features), targets of (n_rows, n_outputs)."""

    def predict(self, X: Array, *, context: Array) -> Array:
        """Return the outputs for rows, after the rows before them."""

    def forecast(self, n_steps: int, *, context: Array, exog: Array | None) -> Array:
        """Return the steps after the context, every prediction fed back."""


@runtime_checkable
class InformedBaseline(Protocol[DataT]):
    """A baseline that knows what made the data, and is asked for all test rows at once.

    `Method.build` may return one instead of a model with fit, predict and forecast.

    Attributes
    ----------
    n_weights : int
        How many numbers it estimates.
    """

    n_weights: int

    def forecasts(self, data: DataT) -> Forecasts:
        """Return the forecasts of the test rows, from the data that hold them."""


@dataclass(frozen=True)
class Method:
    """A learner or a baseline.

    Every learner sees the same standardised training rows, the same warm-up rows before a forecast,
    and the same closed-loop code (`reservoirs.forecast`).

    Parameters
    ----------
    name : str
        Its key.
    title : str
        Its name for people.
    build : callable
        Takes (settings, task, data, seed) and returns an estimator with fit, predict and forecast,
        or an `InformedBaseline`.
    defaults : dict, default={}
        Settings without tuning.
    space : dict, default={}
        Setting -> distribution or list, searched by `tune`.
    limits : dict, default={}
        Setting -> an end of its range that no search goes beyond, for what it means or costs; the
        check of stored searches finds no fault with the best settings there.
    kind : {"learner", "baseline"}, default="learner"
        A baseline stands in every table, but is not ranked among the learners.
    colour : str, default=""
        Of its lines, "#rrggbb"; "" chooses one by its name, grey for a baseline.
    line : str or tuple, default=""
        Its line style; "" is solid, dashed for a baseline.
    marker : str, default="o"
        Its marker.
    judged_by : str, default=""
        The metric of the search; "" is the task's.
    monitors_validation : bool, default=False
        Whether it may record its loss on the rows after the training rows.
    on_request : bool, default=False
        Whether it runs only where it is named.
    by_invitation : bool, default=False
        Whether it runs only on tasks that name it in `Task.invites`.
    kinds : tuple of type, default=()
        The kinds of data that it runs on; () is every kind.
    supports : callable, default=None
        Takes a task and returns "" or the reason why it does not run on it; None has no reason.

    See Also
    --------
    Task : What methods are compared on.

    Examples
    --------
    >>> from benchmarks import Method
    >>> from reservoirs import ESNRegressor
    >>> def build(settings, task, data, seed):
    ...     return ESNRegressor(n_units=20, random_state=seed, **settings)
    >>> method = Method("small_esn", "Twenty units", build)
    >>> method.kind, method.tuned
    ('learner', False)
    """

    name: str
    title: str
    build: Callable[..., Any]
    defaults: Settings = field(default_factory=dict)
    space: Settings = field(default_factory=dict)
    _: KW_ONLY
    limits: Settings = field(default_factory=dict)
    kind: Literal["learner", "baseline"] = "learner"
    colour: str = ""
    line: Line = ""
    marker: str = "o"
    judged_by: str = ""
    monitors_validation: bool = False
    on_request: bool = False
    by_invitation: bool = False
    kinds: tuple[type[Data], ...] = ()
    supports: Callable[[Task], str] | None = None

    def __post_init__(self) -> None:
        check_name(self.name, "method")
        if self.kind not in ("learner", "baseline"):
            raise ValueError(
                f"the kind of a method is 'learner' or 'baseline', got {self.kind!r} for "
                f"{self.name!r}"
            )

    @property
    def tuned(self) -> bool:
        """Whether `tune` searches its settings."""
        return bool(self.space)

    def refusal(self, task: Task) -> str:
        """Return why the method does not run on a task.

        Parameters
        ----------
        task : Task
            The task.

        Returns
        -------
        str
            The reason, "" if it runs.
        """
        if self.by_invitation and self.name not in task.invites:
            return "the task does not invite it"
        if self.name in task.excludes:
            return "the task excludes it"
        if self.kinds and not issubclass(task.kind, self.kinds):
            return f"it does not run on data of kind {task.kind.__name__}"
        return self.supports(task) if self.supports else ""


def plain(settings: Settings) -> Settings:
    """Return settings as JSON numbers and strings."""
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in settings.items()}
