import os

import numpy as np
import pytest
import torch
from forks import failed_children

from reservoirs.parallel import thread_pools
from trainers.network import small
from trainers.network.small import as_arrays, is_small, multiply_long, one_thread


def test_a_network_is_small_up_to_256_units():
    assert is_small(torch.zeros(3, 2, 256))
    assert not is_small(torch.zeros(3, 2, 257))


def test_a_network_on_another_device_is_not_small():
    assert not is_small(torch.zeros(3, 2, 8, device="meta"))


def test_arrays_share_the_memory_of_the_tensors():
    tensor = torch.zeros(3)

    array, nothing = as_arrays(tensor, None)
    array[1] = 7.0

    assert tensor.tolist() == [0.0, 7.0, 0.0]
    assert nothing is None


@pytest.mark.parametrize("packs", [False, True])
@pytest.mark.parametrize(("rows", "width"), [(7, 3), (1037, 70), (1037, 300)])
def test_a_long_product_is_the_product(rows, width, packs, monkeypatch):
    monkeypatch.setattr(small, "_blas_packs", lambda: packs)  # in pieces, or at once
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(rows, 100, generator=generator, dtype=torch.float64).t()
    b = torch.randn(rows, width, generator=generator, dtype=torch.float64)
    out = torch.empty(100, width, dtype=torch.float64)

    multiply_long(a, b, out)

    torch.testing.assert_close(out, a @ b, rtol=1e-12, atol=1e-12)


@pytest.fixture
def two_torch_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.mark.parametrize(("n_units", "inside"), [(256, 1), (257, 2)])
def test_torch_has_one_thread_beside_a_small_network_only(n_units, inside, two_torch_threads):
    with one_thread(n_units):
        assert torch.get_num_threads() == inside

    assert torch.get_num_threads() == 2


def test_blas_has_one_thread_and_overflow_is_silent_inside():
    with one_thread(300):
        assert {pool["num_threads"] for pool in thread_pools().info()} == {1}
        assert np.isinf(np.float64(1e300) * np.float64(1e300))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
def test_a_child_of_a_fork_trains_while_a_thread_of_its_parent_does():
    setup = """
        import numpy as np
        import torch
        from trainers import RNNRegressor

        X = np.random.default_rng(0).normal(size=(60, 1))

        def fit():
            RNNRegressor(n_units=4, max_iter=2, random_state=0).fit(X, X[:, 0])
    """

    assert failed_children((setup, "fit()", "fit()", 3)) == [0]
