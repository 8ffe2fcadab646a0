"""Many series side by side, in the order they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sklearn.utils.parallel import Parallel, delayed


def in_order(
    run: Callable[..., Any],
    items: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
    *,
    shared: bool = False,
) -> Iterator[Any]:
    """Yield run(*item) for every item, in order, by joblib where there are jobs.

    Threads are preferred, for the loops are compiled and let each other run; another backend set
    by `joblib.parallel_config` gives the same results.

    Parameters
    ----------
    run : what to do with an item
    items : argument tuples
    n_jobs : None or 1 runs one after the other, lazily
    shared : whether `run` writes into arrays of the caller, which threads alone can
    """
    if n_jobs in (None, 1):
        yield from (run(*item) for item in items)
    else:
        wanted = {"require": "sharedmem"} if shared else {"prefer": "threads"}
        pool = Parallel(n_jobs, return_as="generator", **wanted)
        yield from pool(delayed(run)(*item) for item in items)
