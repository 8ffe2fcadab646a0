import gc
import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit
from numpy.testing import assert_array_equal

from reservoirs.compiled.simd import collector_paused, tanh


@njit
def elementwise_tanh(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = tanh(x[i])
    return out


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tanh_is_within_three_units_in_the_last_place(dtype):
    normal = np.random.default_rng(0).normal(size=20_000)
    x = np.concatenate([np.linspace(-25, 25, 20_001), normal, 10.0 ** -np.arange(30)])
    x = x.astype(dtype)

    result = elementwise_tanh(x)

    exact = np.tanh(x.astype(np.longdouble))
    spacing = np.spacing(np.abs(exact.astype(dtype)))
    assert result.dtype == dtype
    assert (np.abs(result - exact) <= 3 * spacing).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tanh_passes_nan_infinities_and_signed_zeros(dtype):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype=dtype)

    result = elementwise_tanh(special)

    assert_array_equal(result, np.tanh(special))
    assert_array_equal(np.signbit(result[3:]), [False, True])


def test_tanh_is_monotone():
    result = elementwise_tanh(np.linspace(-3, 3, 400_001))

    assert (np.diff(result) >= 0).all()


def test_a_paused_collector_goes_on_and_leaves_frozen_objects_frozen():
    with collector_paused():
        assert not gc.isenabled()
    assert gc.isenabled()

    gc.freeze()
    frozen = gc.get_freeze_count()
    with collector_paused():
        pass
    try:
        # some of them are freed meanwhile, when nobody refers to them any more
        assert 0.99 * frozen < gc.get_freeze_count() <= frozen
    finally:
        gc.unfreeze()


def test_numba_without_its_compiler_is_refused_by_the_name_of_the_variable():
    script = (
        "from reservoirs import ESNRegressor; ESNRegressor(n_units=5).fit([[1.0]] * 9, [1.0] * 9)"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}

    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60
    )

    assert (
        "RuntimeError: reservoirs needs numba's compiler, which NUMBA_DISABLE_JIT" in ended.stderr
    )
