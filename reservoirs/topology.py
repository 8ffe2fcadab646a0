"""Draw recurrent weights and scale them to a spectral radius.

A topology is a function or object that is called as `Topology` says, and an entry in `TOPOLOGIES`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol, TypeAlias

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator

from reservoirs.sequences import Array
from reservoirs.suggestions import SuggestingMixin
from reservoirs.version import Documented

__all__ = ["SmallWorld", "draw"]

Generator = np.random.Generator
Sparse: TypeAlias = Any  # a scipy.sparse.csr_array; scipy has no stubs
DENSE_LIMIT = 400  # up to here all eigenvalues cost less than ARPACK's restarts
RESTARTS = 200  # 10,000 units need 84 at most; a ring, its eigenvalues on one circle, any number


class Topology(Protocol):
    """What draws recurrent weights."""

    def __call__(self, n_units: int, degree: int, rng: Generator) -> Sparse:
        """Draw W, unscaled.

        Parameters
        ----------
        n_units : int
            N, rows and columns.
        degree : int
            k, nonzeros per row, where there is a choice; may be larger than N.
        rng : numpy.random.Generator
            The source of all randomness.

        Returns
        -------
        sparse matrix of shape (n_units, n_units)
            W: row i holds the weights into unit i.
        """

    def __hash__(self) -> int: ...


def _rows(columns: Array, values: Array) -> Sparse:
    """Build W from the columns and values of a fixed number of nonzeros per row."""
    n_units, degree = columns.shape
    order = np.argsort(columns, axis=1)
    data = np.take_along_axis(values, order, axis=1).ravel()
    indices = np.take_along_axis(columns, order, axis=1).ravel()
    pointers = np.arange(0, n_units * degree + 1, degree)
    return scipy.sparse.csr_array((data, indices, pointers), shape=(n_units, n_units))


def random(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw exactly `degree` nonzeros per row at random columns, uniform in [-1, 1]."""
    degree = min(degree, n_units)
    columns = np.array([rng.choice(n_units, degree, replace=False) for _ in range(n_units)])
    return _rows(np.sort(columns, axis=1), rng.uniform(-1.0, 1.0, size=(n_units, degree)))


def shifts(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw `degree` circulant shifts with free weights: row i reads the columns (i + s_j) mod N.

    Random like `random`, but rows next to each other read columns next to each other.
    """
    degree = min(degree, n_units)
    offsets = rng.choice(n_units, degree, replace=False)
    columns = (np.arange(n_units)[:, None] + offsets) % n_units
    return _rows(columns, rng.uniform(-1.0, 1.0, size=(n_units, degree)))


def cycle(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Return a ring of equal weights, unit i reads unit i - 1; its radius is the weight.

    Rodan & Tino (2011), Minimum complexity echo state network.
    """
    return _rows((np.arange(n_units)[:, None] - 1) % n_units, np.ones((n_units, 1)))


def delay_line(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Return a chain of equal weights, unit i reads unit i - 1 and unit 0 none.

    All its eigenvalues are zero; `spectral_radius` is the weight along the chain.
    """
    return scipy.sparse.csr_array(scipy.sparse.eye_array(n_units, k=-1, format="csr"))


def permutation(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw a random permutation with random signs: sparse, orthogonal, eigenvalues of size 1."""
    signs = rng.choice([-1.0, 1.0], size=(n_units, 1))
    return _rows(rng.permutation(n_units)[:, None], signs)


def orthogonal(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw a dense orthogonal matrix, uniform over all of them."""
    q, r = np.linalg.qr(rng.standard_normal((n_units, n_units)))
    # Q is unique, and so uniform, once the diagonal of R is positive.
    return scipy.sparse.csr_array(q * np.sign(np.diag(r)))


class SmallWorld(Documented, SuggestingMixin, BaseEstimator):
    """A ring lattice with random short cuts, weights uniform in [-1, 1].

    Every unit reads its `degree` nearest units, itself included last; each of these connections
    goes to a random unit instead with a given probability.

    Parameters
    ----------
    rewiring : float, default=0.1
        Probability in [0, 1] that a connection goes to a random unit instead.

    See Also
    --------
    draw : Draw W and scale it to a spectral radius.

    References
    ----------
    Watts & Strogatz (1998), Collective dynamics of "small-world" networks, Nature 393, 440-442.

    Examples
    --------
    >>> from reservoirs import topology
    >>> W = topology.draw(topology.SmallWorld(rewiring=0.2), n_units=50, degree=4)
    >>> W.nnz
    200
    """

    _public_module = "reservoirs.topology"

    def __init__(self, *, rewiring: float = 0.1) -> None:
        self.rewiring = rewiring

    def __call__(self, n_units: int, degree: int, rng: Generator) -> Sparse:
        """Draw W.

        Raises
        ------
        ValueError
            If `rewiring` is not a probability.
        """
        if not 0 <= self.rewiring <= 1:
            raise ValueError(f"rewiring must be in [0, 1], got {self.rewiring}")
        degree = min(degree, n_units)
        # Neighbours by distance: 1, -1, 2, -2, ... and the unit itself; N/2 is met twice.
        around = np.concatenate([*([d, -d] for d in range(1, n_units // 2 + 1)), [0]]) % n_units
        near = np.array(list(dict.fromkeys(around.tolist()))[:degree])
        columns = np.zeros((n_units, degree), dtype=np.intp)
        for i in range(n_units):
            row = (i + near) % n_units
            moved = rng.random(degree) < self.rewiring
            free = np.setdiff1d(np.arange(n_units), row[~moved])
            row[moved] = rng.choice(free, moved.sum(), replace=False)
            columns[i] = row
        return _rows(columns, rng.uniform(-1.0, 1.0, size=(n_units, degree)))


TOPOLOGIES: dict[str, Topology] = {
    "random": random,
    "shifts": shifts,
    "cycle": cycle,
    "delay_line": delay_line,
    "permutation": permutation,
    "orthogonal": orthogonal,
    "small_world": SmallWorld(),
}
UNIT_RADIUS = {cycle, delay_line, permutation, orthogonal}  # by construction: none is computed


def spectral_radius(weights: Sparse | Array) -> float:
    """Return the largest absolute eigenvalue of a square matrix.

    With one nonzero per row that of the heaviest cycle. Else all eigenvalues by LAPACK up to 400
    units; above, ARPACK with room for the many complex pairs that lie close to the rim of a random
    matrix' disc, and LAPACK again if it does not converge, as for two `shifts`.

    Its relative error is about 1e-12.
    """
    n = weights.shape[0]
    csr = scipy.sparse.csr_array(weights)
    if (np.diff(csr.indptr) == 1).all():
        return _heaviest_cycle(csr)
    # A fixed start vector: the same weights give the same radius, to the last bit.
    if n > DENSE_LIMIT:
        start = np.random.default_rng(0).standard_normal(n)
        try:
            leading = scipy.sparse.linalg.eigs(
                weights,
                k=8,
                ncv=80,
                v0=start,
                tol=1e-13,
                maxiter=RESTARTS,
                return_eigenvectors=False,
            )
            return float(np.abs(leading).max())
        except scipy.sparse.linalg.ArpackError:
            pass
    return float(np.abs(scipy.linalg.eigvals(csr.toarray())).max())


def _heaviest_cycle(weights: Sparse) -> float:
    """Return the largest geometric mean of the weights along a cycle, one nonzero per row.

    max over cycles of exp(mean log |w|): the eigenvalues of a cycle of n weights are the n-th roots
    of their product.
    """
    n_components, component = connected_components(weights, connection="strong")
    # An edge inside a strong component lies on its one cycle.
    inside = component == component[weights.indices]
    members = component[inside]
    counts = np.bincount(members, minlength=n_components)
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(weights.data[inside]))
    sums = np.bincount(members, logs, minlength=n_components)
    cycles = counts > 0
    return float(np.exp((sums[cycles] / counts[cycles]).max())) if cycles.any() else 0.0


def _draw_unscaled(
    topology: Topology, n_units: int, degree: int, seed: int
) -> tuple[Sparse, float]:
    """Draw weights and compute their radius."""
    weights = check_matrix(topology(n_units, degree, np.random.default_rng(seed)), n_units)
    weights.data.setflags(write=False)
    return weights, 1.0 if topology in UNIT_RADIUS else spectral_radius(weights)


_draw_cached = lru_cache(maxsize=16)(_draw_unscaled)  # a search over the radius draws W once


def draw(
    topology: str | Topology | Sparse | Array,
    n_units: int,
    *,
    degree: int = 10,
    spectral_radius: float = 0.9,
    seed: int = 0,
) -> Sparse:
    """Draw recurrent weights W with the given spectral radius, or take the user's.

    W <- rho W / max abs(eig(W))

    Parameters
    ----------
    topology : str, callable, array or sparse matrix
        A key of `TOPOLOGIES`, such as "random", "shifts", "cycle", "delay_line", "permutation",
        "orthogonal" or "small_world"; a `SmallWorld`, or any function of (n_units, degree, rng)
        that returns W; or a matrix (n_units, n_units), which is used as it is.
    n_units : int
        N, the number of units.
    degree : int, default=10
        Nonzeros per row, where the topology has a choice.
    spectral_radius : float, default=0.9
        Largest absolute eigenvalue of a drawn W, rho; the weight along a delay line.
    seed : int, default=0
        The same seed gives the same weights; only their scale depends on the radius.

    Returns
    -------
    sparse matrix of shape (n_units, n_units)
        W.

    Raises
    ------
    ValueError
        For an unknown topology, numbers out of range, a matrix of another shape or with NaN, or a
        draw without cycles: all its eigenvalues are zero.

    See Also
    --------
    SmallWorld : A topology with a setting of its own.
    reservoirs.Reservoir : The states of a network with such weights.

    References
    ----------
    Jaeger (2001), The "echo state" approach to analysing and training RNNs, GMD report 148.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import topology
    >>> W = topology.draw("cycle", 5, spectral_radius=0.8)
    >>> print(round(float(np.abs(np.linalg.eigvals(W.toarray())).max()), 3))
    0.8
    """
    if n_units < 1 or degree < 1 or not 0 <= spectral_radius < np.inf:
        raise ValueError(
            "n_units and degree must be >= 1, spectral_radius finite and >= 0, got "
            f"n_units={n_units}, degree={degree}, spectral_radius={spectral_radius}"
        )
    if isinstance(topology, str):
        if topology not in TOPOLOGIES:
            raise ValueError(
                f"topology must be one of {sorted(TOPOLOGIES)}, a SmallWorld or another callable, "
                f"or a matrix, got {topology!r}; pick one of these"
            )
        weights, radius = _draw_cached(TOPOLOGIES[topology], n_units, degree, seed)
    elif callable(topology):  # its settings may change: not cached
        weights, radius = _draw_unscaled(topology, n_units, degree, seed)
    else:
        return check_matrix(topology, n_units)
    if radius < 1e-12:
        raise ValueError(
            f"the drawn weights (n_units={n_units}, degree={degree}, seed={seed}) have no cycle, "
            "so their spectral radius is 0 and cannot be scaled; raise degree or n_units, or use "
            "another random_state"
        )
    return weights * (spectral_radius / radius)


def check_matrix(weights: Sparse | Array, n_units: int) -> Sparse:
    """Return a checked copy of recurrent weights, every entry stored once.

    Both are (n_units, n_units); the copy is sparse, float64.

    Raises
    ------
    ValueError
        For another shape, complex numbers, NaN or infinity.
    """
    matrix = weights if scipy.sparse.issparse(weights) else np.asarray(weights)
    if matrix.ndim != 2 or matrix.shape != (n_units, n_units):
        raise ValueError(
            f"a recurrent matrix must have shape ({n_units}, {n_units}), got {matrix.shape}; "
            "set n_units to its size"
        )
    if np.iscomplexobj(matrix):
        raise ValueError("a recurrent matrix must be real, got complex numbers; pass its real part")
    checked = scipy.sparse.csr_array(matrix, dtype=np.float64, copy=True)
    checked.sum_duplicates()
    if not np.isfinite(checked.data).all():
        raise ValueError("a recurrent matrix must be finite, got NaN or infinity")
    return checked
