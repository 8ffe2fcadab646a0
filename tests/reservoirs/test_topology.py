import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV

from reservoirs import ESNRegressor, load, next_step, save, topology


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


def test_a_ring_of_free_weights_has_the_mean_of_their_logarithms_as_radius():
    ring = topology.draw("shifts", 449, degree=1, spectral_radius=0.7, seed=0)

    assert_allclose(np.exp(np.log(np.abs(ring.data)).mean()), 0.7, rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_with_one_nonzero_per_row_the_heaviest_cycle_decides(seed):
    weights = topology.draw("random", 30, degree=1, spectral_radius=0.7, seed=seed)

    assert_allclose(np.abs(np.linalg.eigvals(weights.toarray())).max(), 0.7, rtol=1e-10)


def test_two_shifts_are_left_to_lapack():
    weights = topology.draw("shifts", 500, degree=2, spectral_radius=0.7, seed=1)

    assert_allclose(np.abs(np.linalg.eigvals(weights.toarray())).max(), 0.7, rtol=1e-10)


def test_another_radius_only_rescales_the_same_draw():
    small = topology.draw("random", 30, spectral_radius=0.5, seed=1)
    large = topology.draw("random", 30, spectral_radius=1.0, seed=1)

    assert_allclose(large.toarray(), 2 * small.toarray(), rtol=1e-14)


@pytest.mark.parametrize("name", sorted(set(topology.TOPOLOGIES) - {"delay_line"}))
def test_every_topology_has_the_radius_it_was_asked_for(name):
    weights = topology.draw(name, 60, degree=4, spectral_radius=0.7, seed=5).toarray()

    assert_allclose(np.abs(np.linalg.eigvals(weights)).max(), 0.7, rtol=1e-10)


@pytest.mark.parametrize("name", ["random", "shifts", "small_world"])
def test_sparse_topologies_have_exactly_degree_nonzeros_per_row(name):
    weights = topology.draw(name, 61, degree=6, seed=2).toarray()

    assert_array_equal((weights != 0).sum(axis=1), 6)


def test_shifts_are_circulant():
    weights = topology.draw("shifts", 40, degree=5, seed=1).toarray()

    offsets = [set((np.flatnonzero(row) - i) % 40) for i, row in enumerate(weights)]
    assert all(found == offsets[0] for found in offsets)


def test_a_cycle_passes_every_unit_on_to_the_next():
    weights = topology.draw("cycle", 5, spectral_radius=0.8).toarray()

    assert_allclose(weights @ np.eye(5)[0], 0.8 * np.eye(5)[1])
    assert_allclose(np.linalg.matrix_power(weights, 5), 0.8**5 * np.eye(5))


def test_a_delay_line_forgets_after_its_length():
    weights = topology.draw("delay_line", 4, spectral_radius=0.9).toarray()

    assert_allclose(weights[1, 0], 0.9)
    assert_array_equal(np.linalg.matrix_power(weights, 4), 0.0)


@pytest.mark.parametrize("name", ["permutation", "orthogonal"])
def test_orthogonal_topologies_keep_lengths(name):
    weights = topology.draw(name, 30, spectral_radius=1.0, seed=1).toarray()

    assert_allclose(weights @ weights.T, np.eye(30), atol=1e-12)


def test_rewiring_decides_how_local_a_small_world_is():
    def distance(rewiring):
        weights = topology.draw(topology.SmallWorld(rewiring=rewiring), 100, degree=6).toarray()
        i, j = np.nonzero(weights)
        return np.minimum((i - j) % 100, (j - i) % 100).max()

    assert distance(0.0) == 3
    assert distance(0.5) > 20


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array, scipy.sparse.coo_matrix])
def test_a_matrix_of_the_user_is_used_as_it_is(kind):
    own = np.random.default_rng(0).normal(size=(6, 6))

    assert_allclose(topology.draw(kind(own), 6, spectral_radius=0.1).toarray(), own)


def test_an_entry_stored_in_parts_counts_as_their_sum():
    parts = ([0.25, 0.25, 0.5, 0.5], [1, 1, 2, 0], [0, 2, 3, 4])

    found = topology.draw(scipy.sparse.csr_array(parts, shape=(3, 3)), 3)

    assert_array_equal(found.data, 0.5)


@pytest.mark.parametrize("n_units", [1, 2, 4, 7])
def test_a_small_world_that_is_full_reads_every_unit_once(n_units):
    full = topology.draw(topology.SmallWorld(), n_units, degree=n_units, seed=1)

    assert_array_equal(full.indices.reshape(n_units, -1), [range(n_units)] * n_units)


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((3, 4)), r"shape \(6, 6\), got \(3, 4\)"),
        (np.full((6, 6), np.nan), "finite"),
        (1j * np.eye(6), "real, got complex"),
        (topology.SmallWorld(rewiring=2.0), r"rewiring must be in \[0, 1\]"),
    ],
)
def test_a_bad_matrix_or_setting_is_refused(matrix, message):
    with pytest.raises(ValueError, match=message):
        topology.draw(matrix, 6)


@pytest.mark.parametrize(
    "settings",
    [{"degree": 0}, {"n_units": 0}, {"spectral_radius": -1.0}, {"spectral_radius": np.nan}],
)
def test_numbers_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match="must be >= 1, spectral_radius finite and >= 0, got"):
        topology.draw("random", **{"n_units": 10, **settings})


def test_an_unknown_topology_lists_the_known_ones():
    with pytest.raises(ValueError, match="'cycle', 'delay_line'.*got 'ring'"):
        topology.draw("ring", 10)


def test_a_draw_without_cycles_is_refused(monkeypatch):
    nilpotent = scipy.sparse.csr_array(np.triu(np.ones((4, 4)), 1))
    monkeypatch.setitem(topology.TOPOLOGIES, "chain", lambda *_: nilpotent)

    with pytest.raises(ValueError, match="no cycle.*raise degree or n_units"):
        topology.draw("chain", 4)


def small_ring(n_units, degree, rng):
    """A topology of somebody's own: every unit reads the next, and itself."""
    return scipy.sparse.csr_array(np.eye(n_units, k=1) + np.diag(rng.uniform(0.1, 1.0, n_units)))


class Banded(BaseEstimator):
    """A topology of somebody's own with a setting."""

    def __init__(self, *, width=2):
        self.width = width

    def __call__(self, n_units, degree, rng):
        band = np.abs(np.subtract.outer(np.arange(n_units), np.arange(n_units))) <= self.width
        return band * rng.uniform(-1.0, 1.0, size=(n_units, n_units))


@pytest.mark.parametrize("own", [small_ring, Banded()])
def test_a_new_topology_is_one_entry_and_works_everywhere(own, monkeypatch, tmp_path):
    X, y = next_step(np.sin(0.2 * np.arange(150)))
    monkeypatch.setitem(topology.TOPOLOGIES, "mine", own)
    model = ESNRegressor(n_units=20, topology="mine", random_state=0).fit(X, y)

    search = GridSearchCV(model, {"topology": ["mine", "random"]}, cv=2).fit(X, y)
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")

    expected = topology.draw(own, 20, spectral_radius=1.0, seed=1)
    assert_allclose(np.abs(np.linalg.eigvals(expected.toarray())).max(), 1.0)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert_array_equal(loaded.forecast(5), model.forecast(5))
    assert_array_equal(clone(model).partial_fit(X, y).predict(X).shape, y.shape)
    with pytest.raises(ValueError, match="'mine'"):
        ESNRegressor(topology="unknown").fit(X, y)


def test_a_topology_with_settings_is_passed_saved_and_searched(monkeypatch, tmp_path):
    X, y = next_step(np.sin(0.2 * np.arange(150)))
    monkeypatch.setitem(topology.TOPOLOGIES, "banded", Banded())
    model = ESNRegressor(n_units=20, topology=Banded(width=1), random_state=0)

    search = GridSearchCV(model, {"topology__width": [1, 3]}, cv=2).fit(X, y)
    save(search.best_estimator_, tmp_path / "model")

    best = load(tmp_path / "model")
    assert best.topology.width == search.best_params_["topology__width"]
    assert best.reservoir_.recurrent_weights_.nnz < 20 * 8


def test_a_topology_that_draws_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(6, 6\), got \(5, 5\)"):
        topology.draw(lambda n_units, degree, rng: np.eye(n_units - 1), 6)
