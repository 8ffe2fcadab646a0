"""Many series side by side, in the order they came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from joblib import effective_n_jobs
from joblib.parallel import ThreadingBackend, get_active_backend
from sklearn.utils.parallel import Parallel, delayed


def in_order(
    run: Callable[..., Any],
    items: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
    *,
    shared: bool = False,
) -> Iterator[Any]:
    """Yield run(*item) for every item, in order.

    In threads, for the compiled loops let each other run; or on another backend of joblib, where
    `joblib.parallel_config` sets one, with the same results.

    Parameters
    ----------
    run : what to do with an item
    items : argument tuples
    n_jobs : None or 1 runs one after the other, lazily
    shared : whether `run` writes into arrays of the caller, which threads alone can
    """
    if n_jobs in (None, 1):
        yield from (run(*item) for item in items)
    elif shared or isinstance(get_active_backend(prefer="threads")[0], ThreadingBackend):
        yield from _in_threads(run, iter(items), effective_n_jobs(n_jobs))
    else:
        yield from Parallel(n_jobs, return_as="generator")(delayed(run)(*item) for item in items)


def _in_threads(
    run: Callable[..., Any], items: Iterator[tuple[Any, ...]], n_threads: int
) -> Iterator[Any]:
    """Keep twice as many items under way as there are threads; joblib polls, 10 ms at a time."""
    with ThreadPoolExecutor(n_threads) as pool:
        waiting = deque(pool.submit(run, *item) for item in islice(items, 2 * n_threads))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(run, *item) for item in islice(items, 1))


def ahead(items: Iterator[Any]) -> Iterator[Any]:
    """Yield the items, each computed in a second thread while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item
