"""Progress of a fit for scikit-learn's callbacks (1.9 and later): ProgressBar, ScoringMonitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sklearn.base import BaseEstimator

from reservoirs.sequences import SeriesLike

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef] # the same name on purpose
        """Stands in where scikit-learn has no callbacks: nothing can be set, nothing is called."""


__all__ = ["CallbackSupportMixin", "Progress"]


class Progress:
    """Report the tasks of a fit to the estimator's callbacks.

    Parameters
    ----------
    estimator : BaseEstimator
        Being fitted; it may have no callbacks.
    X : array-like, list of arrays or DataFrame
        Inputs as they were passed to `fit`.
    y : array-like, list of arrays or DataFrame
        Targets as they were passed to `fit`.
    n_tasks : int or None
        Number of tasks that will come, None where it is not known.
    metadata : dict, default=None
        What a score of the training data needs besides X and y; entries of None are left out.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        X: SeriesLike,
        y: SeriesLike,
        n_tasks: int | None,
        metadata: Mapping[str, SeriesLike] | None = None,
    ) -> None:
        passed = {key: value for key, value in (metadata or {}).items() if value is not None}
        self.data = {"estimator": estimator, "X": X, "y": y, "metadata": passed or None}
        # scikit-learn sets one of the two: on an estimator with callbacks, or on one inside another
        has_callbacks = hasattr(estimator, "_skl_callbacks") or hasattr(
            estimator, "_parent_callback_ctx"
        )
        self.context: Any = None
        if has_callbacks:
            self.context = estimator._init_callback_context(max_subtasks=n_tasks)
            self.context.call_on_fit_task_begin(**self.data)

    def task(
        self, name: str, reconstruct: Callable[[], dict[str, Any]] | None = None
    ) -> AbstractContextManager[FitTask]:
        """Return a context to do one task of the fit in; its object says whether to `stop` then.

        `reconstruct` gives the fitted attributes as they are after the task, where it can be
        scored.
        """
        return _UNTOLD if self.context is None else self._told(name, reconstruct)

    @contextmanager
    def _told(
        self, name: str, reconstruct: Callable[[], dict[str, Any]] | None
    ) -> Iterator[FitTask]:
        task = FitTask()
        context = self.context.subcontext(task_name=name)
        context.call_on_fit_task_begin(**self.data)
        yield task
        task.stop = context.call_on_fit_task_end(**self.data, reconstruction_attributes=reconstruct)

    def end(self) -> None:
        """Report that the estimator is fitted."""
        if self.context is not None:
            self.context.call_on_fit_task_end(**self.data, reconstruction_attributes=dict)


class FitTask:
    """Whether a callback asked to stop after a task."""

    stop = False


_UNTOLD = nullcontext(FitTask())
