import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from forks import failed_children
from numpy.testing import assert_array_equal
from threadpoolctl import threadpool_info, threadpool_limits

from reservoirs import ESNRegressor
from reservoirs.parallel import ComputedOnce, one_blas_thread

X = np.random.default_rng(0).normal(size=(1500, 1))


def blas_threads():
    return [
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    ]


def test_blas_keeps_one_thread_until_the_last_of_two_threads_that_overlap_is_gone():
    with threadpool_limits(2, "blas"), ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        before, first, second = blas_threads(), one_blas_thread(), one_blas_thread()
        one.submit(first.__enter__).result()
        other.submit(second.__enter__).result()
        one.submit(first.__exit__, None, None, None).result()

        between = blas_threads()
        other.submit(second.__exit__, None, None, None).result()

        assert between == [1] * len(before)
        assert blas_threads() == before


def test_fits_in_threads_of_ones_own_give_the_same_bits_and_leave_blas_as_it_was():
    def coefficients(n_units):
        return ESNRegressor(n_units=n_units, random_state=0).fit(X, X[:, 0]).coef_

    sizes, before = [90 + 10 * (i % 7) for i in range(30)], blas_threads()
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(coefficients, sizes))

    assert blas_threads() == before
    for n_units, coef in zip(sizes, found, strict=True):
        assert_array_equal(coef, coefficients(n_units))


FITS = (
    """
        import numpy as np
        from numba.core.compiler_lock import global_compiler_lock as compiler
        from reservoirs import ESNRegressor
        from reservoirs.parallel import _BLAS_LIMIT, one_blas_thread

        X = np.random.default_rng(0).normal(size=(300, 1))

        def fit():
            ESNRegressor(n_units=20, random_state=0).fit(X, X[:, 0])
    """,
    """
        fit()
        with compiler, _BLAS_LIMIT.lock: time.sleep(0.02)
        time.sleep(0.002)
    """,
    "fit()\nwith compiler: pass",
    20,
)
THREADS = (
    """
        from threadpoolctl import threadpool_info, threadpool_limits

        threadpool_limits(2, "blas")

        def blas_threads():
            infos = threadpool_info()
            return [info["num_threads"] for info in infos if info["user_api"] == "blas"]

        before = blas_threads()
    """,
    "with one_blas_thread(): time.sleep(0.2)",
    """
        assert not _BLAS_LIMIT.inside and blas_threads() == before
        with one_blas_thread():
            assert blas_threads() == [1] * len(before)
        assert blas_threads() == before
    """,
    3,
)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
def test_a_child_of_a_fork_waits_for_no_thread_and_has_the_blas_threads_before_all_fits():
    assert failed_children(FITS, THREADS) == [0, 0]


def test_a_property_is_computed_once_while_another_object_computes_its_own():
    calls = []

    class Thing:
        @ComputedOnce
        def value(self):
            """Return the value."""
            calls.append(self)
            if len(calls) == 1:  # as a child of a fork would, which finds the lock of a class held
                thread = threading.Thread(target=lambda: Thing().value, daemon=True)
                thread.start()
                thread.join(timeout=20)
                assert not thread.is_alive()
            return len(calls)

    thing = Thing()

    assert thing.value == thing.value == 2
    assert Thing.value.__doc__ == "Return the value."
