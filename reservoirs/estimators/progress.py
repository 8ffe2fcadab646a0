"""What a fit tells scikit-learn's callbacks (1.9 and later): ProgressBar, ScoringMonitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef] # the same name on purpose
        """Stands in where scikit-learn has no callbacks: nothing can be set, nothing is called."""


__all__ = ["CallbackSupportMixin", "Progress"]


class Progress:
    """The tasks of one fit, told to the callbacks of an estimator, if it has any.

    Parameters
    ----------
    estimator : being fitted
    X, y : as `fit` got them
    n_tasks : how many tasks will come, None where that is not known
    metadata : what a score of the training data needs besides X and y
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        n_tasks: int | None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        told = {key: value for key, value in (metadata or {}).items() if value is not None}
        self.known = {"estimator": estimator, "X": X, "y": y, "metadata": told or None}
        watched = hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")
        self.context: Any = None
        if watched:
            self.context = estimator._init_callback_context(max_subtasks=n_tasks)
            self.context.call_on_fit_task_begin(**self.known)

    @contextmanager
    def task(self, name: str, changed: Callable[[], dict[str, Any]] | None = None) -> Iterator[Any]:
        """Do a part of the fit inside; the object given says whether to `stop` after it.

        Parameters
        ----------
        name : of the task
        changed : gives the fitted attributes as they are after the task, where it can be scored
        """
        given = _Task()
        if self.context is None:
            yield given
            return
        inner = self.context.subcontext(task_name=name)
        inner.call_on_fit_task_begin(**self.known)
        yield given
        given.stop = inner.call_on_fit_task_end(**self.known, reconstruction_attributes=changed)

    def end(self) -> None:
        """Say that the estimator is fitted."""
        if self.context is not None:
            self.context.call_on_fit_task_end(**self.known, reconstruction_attributes=dict)


class _Task:
    """Whether a callback asked to stop after a task."""

    stop = False
