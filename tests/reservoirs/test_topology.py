import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import topology


@pytest.mark.parametrize(("n_units", "degree", "expected"), [(50, 10, 10), (5, 10, 5)])
def test_a_random_draw_has_exactly_degree_nonzeros_per_row(n_units, degree, expected):
    weights = topology.draw("random", n_units, degree=degree, seed=3)

    assert_array_equal(np.diff(weights.indptr), expected)
    assert_array_equal((weights.toarray() != 0).sum(axis=1), expected)


@pytest.mark.parametrize("n_units", [20, 300, 500, 1000])
def test_the_spectral_radius_equals_the_largest_dense_eigenvalue(n_units):
    weights = topology.draw("random", n_units, spectral_radius=0.83, seed=n_units)

    eigenvalues = np.linalg.eigvals(weights.toarray())

    assert_allclose(np.abs(eigenvalues).max(), 0.83, rtol=1e-10)


def test_another_radius_only_rescales_the_same_draw():
    small = topology.draw("random", 30, spectral_radius=0.5, seed=1)
    large = topology.draw("random", 30, spectral_radius=1.0, seed=1)

    assert_allclose(large.toarray(), 2 * small.toarray(), rtol=1e-14)


def test_an_unknown_topology_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"one of \['random'\], got 'ring'"):
        topology.draw("ring", 10)


def test_a_draw_without_cycles_is_refused(monkeypatch):
    import scipy.sparse

    nilpotent = scipy.sparse.csr_array(np.triu(np.ones((4, 4)), 1))
    monkeypatch.setitem(topology.TOPOLOGIES, "chain", lambda *_: nilpotent)

    with pytest.raises(ValueError, match="no cycle.*raise degree or n_units"):
        topology.draw("chain", 4)
