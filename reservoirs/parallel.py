"""Many series side by side, in the order they came; and BLAS on one thread meanwhile."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import islice
from threading import RLock, local
from typing import Any, Generic, Self, TypeVar, overload

from joblib import effective_n_jobs
from joblib.parallel import ThreadingBackend, get_active_backend
from sklearn.utils.parallel import Parallel, delayed
from threadpoolctl import OpenBLASController, ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    run: Callable[..., Result],
    items: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
    *,
    shared: bool = False,
) -> Iterator[Result]:
    """Yield run(*item) for every item, in order.

    In threads, for the compiled loops let each other run; or on another backend of joblib, where
    `joblib.parallel_config` sets one, with the same results.

    None or 1 runs one after the other, lazily. A `shared` run writes into arrays of the caller,
    which threads alone can.
    """
    if n_jobs in (None, 1):
        yield from (run(*item) for item in items)
    elif shared or isinstance(get_active_backend(prefer="threads")[0], ThreadingBackend):
        yield from _map_in_threads(run, iter(items), effective_n_jobs(n_jobs))
    else:
        yield from Parallel(n_jobs, return_as="generator")(delayed(run)(*item) for item in items)


def _map_in_threads(
    run: Callable[..., Result], items: Iterator[tuple[Any, ...]], n_threads: int
) -> Iterator[Result]:
    """Have twice as many items under way as there are threads; joblib polls, 10 ms at a time."""
    with ThreadPoolExecutor(n_threads) as pool:
        waiting = deque(pool.submit(run, *item) for item in islice(items, 2 * n_threads))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(run, *item) for item in islice(items, 1))


def prefetch(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the items, each computed in a second thread while the one before is used.

    No item is None.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item


class ComputedOnce(Generic[Result]):
    """A property that is computed at its first use, and without a lock.

    `functools.cached_property` of Python 3.11 holds a lock of the class while it computes: a child
    of a fork that another thread makes meanwhile waits for it forever.
    """

    def __init__(self, compute: Callable[..., Result]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the method."""
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Result: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Result:
        """Return the value; later uses find it among the attributes of the object."""
        if instance is None:
            return self
        value: Result = self.compute(instance)
        vars(instance)[self.name] = value
        return value


@cache
def thread_pools() -> Any:  # noqa: ANN401 - threadpoolctl has no stubs
    """Return threadpoolctl's view of the libraries that are loaded."""
    return ThreadpoolController()


@cache
def _libraries(*layers: str) -> Any:  # noqa: ANN401 - threadpoolctl has no stubs
    return thread_pools().select(threading_layer=list(layers))


class _SharedBlasLimit:
    """One thread for libraries that keep a single number for the process, as NumPy's OpenBLAS does.

    The first Python thread that comes sets it, the last that goes restores it. With a limit each,
    of two that overlap the first to go gave the other its threads back, and the last to go left
    the process with one.
    """

    def __init__(self) -> None:
        self.lock, self.inside, self.limit = RLock(), 0, None
        self.own = local()  # how often this thread is inside

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                _release_controlling_thread()
                self.limit = _libraries("pthreads").limit(limits=1, user_api="blas")
            self._count(1)

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self._count(-1)
            if not self.inside:
                self._restore()

    def _count(self, change: int) -> None:
        self.inside += change
        self.own.inside = getattr(self.own, "inside", 0) + change

    def _restore(self) -> None:
        if self.limit is not None:
            _release_controlling_thread()
            self.limit.restore_original_limits()
            _release_controlling_thread()

    def after_fork(self) -> None:
        """Forget the threads that a forked process does not have."""
        self.lock = RLock()
        others, self.inside = self.inside, getattr(self.own, "inside", 0)
        if others and not self.inside:
            self._restore()


def _release_controlling_thread() -> None:
    """Let this thread set the number; threadpoolctl 3.8 ignores all but the first that did."""
    if hasattr(OpenBLASController, "clear_controlling_thread"):
        OpenBLASController.clear_controlling_thread(force=True)


_BLAS_LIMIT = _SharedBlasLimit()
if hasattr(os, "register_at_fork"):
    # A fork waits until no thread is amid a change: the child would find the locks taken for good.
    os.register_at_fork(
        before=lambda: _BLAS_LIMIT.lock.acquire(),
        after_in_parent=lambda: _BLAS_LIMIT.lock.release(),
        after_in_child=lambda: _BLAS_LIMIT.after_fork(),
    )


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run BLAS on one thread, so that results depend on the data only, in any number of threads."""
    others = _libraries("openmp", "intel", "gnu", "tbb")  # with a number for each thread
    with _BLAS_LIMIT:
        with _BLAS_LIMIT.lock:  # threadpoolctl has a lock of its own, which no fork may find taken
            limit = others.limit(limits=1, user_api="blas")
        try:
            yield
        finally:
            with _BLAS_LIMIT.lock:
                limit.restore_original_limits()
