"""Draw recurrent weights and scale them to a spectral radius."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from scipy.sparse.csgraph import connected_components
from sklearn.base import BaseEstimator

from reservoirs.sequences import Array
from reservoirs.version import Documented

__all__ = ["SmallWorld", "draw"]

Generator = np.random.Generator
Sparse = Any  # a scipy.sparse.csr_array; scipy has no stubs
DENSE_LIMIT = 400  # up to here all eigenvalues cost less than ARPACK's restarts
RESTARTS = 200  # 10,000 units need 84 at most; a ring, its eigenvalues on one circle, any number


def _rows(columns: Array, values: Array) -> Sparse:
    """Build W from the columns and values of a fixed number of nonzeros per row."""
    n_units, degree = columns.shape
    order = np.argsort(columns, axis=1)
    data = np.take_along_axis(values, order, axis=1).ravel()
    indices = np.take_along_axis(columns, order, axis=1).ravel()
    pointers = np.arange(0, n_units * degree + 1, degree)
    return scipy.sparse.csr_array((data, indices, pointers), shape=(n_units, n_units))


def random(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw exactly `degree` nonzeros per row at random columns, uniform in [-1, 1].

    Parameters
    ----------
    n_units : N, rows and columns
    degree : k, nonzeros per row; N where k is larger
    rng : the source of randomness

    Returns
    -------
    (n_units, n_units) W, unscaled: row i holds the weights into unit i
    """
    degree = min(degree, n_units)
    columns = np.array([rng.choice(n_units, degree, replace=False) for _ in range(n_units)])
    return _rows(np.sort(columns, axis=1), rng.uniform(-1.0, 1.0, size=(n_units, degree)))


def shifts(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw `degree` circulant shifts with free weights: row i reads the columns (i + s_j) mod N.

    Random like `random`, but rows next to each other read columns next to each other.

    Parameters
    ----------
    n_units : N
    degree : number of shifts, distinct and random
    rng : the source of randomness
    """
    degree = min(degree, n_units)
    offsets = rng.choice(n_units, degree, replace=False)
    columns = (np.arange(n_units)[:, None] + offsets) % n_units
    return _rows(columns, rng.uniform(-1.0, 1.0, size=(n_units, degree)))


def cycle(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Return a ring of equal weights, unit i reads unit i - 1; its radius is the weight.

    Rodan & Tino (2011), Minimum complexity echo state network.

    Parameters
    ----------
    n_units : N
    degree, rng : not used
    """
    return _rows((np.arange(n_units)[:, None] - 1) % n_units, np.ones((n_units, 1)))


def delay_line(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Return a chain of equal weights, unit i reads unit i - 1 and unit 0 none.

    All its eigenvalues are zero; `spectral_radius` is the weight along the chain.

    Parameters
    ----------
    n_units : N
    degree, rng : not used
    """
    return scipy.sparse.csr_array(scipy.sparse.eye_array(n_units, k=-1, format="csr"))


def permutation(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw a random permutation with random signs: sparse, orthogonal, eigenvalues of size 1.

    Parameters
    ----------
    n_units : N
    degree : not used
    rng : the source of randomness
    """
    signs = rng.choice([-1.0, 1.0], size=(n_units, 1))
    return _rows(rng.permutation(n_units)[:, None], signs)


def orthogonal(n_units: int, degree: int, rng: Generator) -> Sparse:
    """Draw a dense orthogonal matrix, uniform over all of them.

    Parameters
    ----------
    n_units : N
    degree : not used
    rng : the source of randomness
    """
    q, r = np.linalg.qr(rng.standard_normal((n_units, n_units)))
    return scipy.sparse.csr_array(q * np.sign(np.diag(r)))


class SmallWorld(Documented, BaseEstimator):
    """A ring lattice with random short cuts (Watts & Strogatz 1998), weights uniform in [-1, 1].

    Parameters
    ----------
    rewiring : probability that a connection to one of the `degree` nearest units goes to a random
        unit instead
    """

    _public_module = "reservoirs.topology"

    def __init__(self, *, rewiring: float = 0.1) -> None:
        self.rewiring = rewiring

    def __call__(self, n_units: int, degree: int, rng: Generator) -> Sparse:
        """Draw W.

        Parameters
        ----------
        n_units : N
        degree : nonzeros per row
        rng : the source of randomness

        Raises
        ------
        ValueError
            If `rewiring` is no probability.
        """
        if not 0 <= self.rewiring <= 1:
            raise ValueError(f"rewiring must be in [0, 1], got {self.rewiring}")
        degree = min(degree, n_units)
        around = np.concatenate([*([d, -d] for d in range(1, n_units // 2 + 1)), [0]]) % n_units
        near = np.array(list(dict.fromkeys(around.tolist()))[:degree])  # n/2 is met twice
        columns = np.zeros((n_units, degree), dtype=np.intp)
        for i in range(n_units):
            row = (i + near) % n_units
            moved = rng.random(degree) < self.rewiring
            free = np.setdiff1d(np.arange(n_units), row[~moved])
            row[moved] = rng.choice(free, moved.sum(), replace=False)
            columns[i] = row
        return _rows(columns, rng.uniform(-1.0, 1.0, size=(n_units, degree)))


Draw = Callable[[int, int, Generator], Sparse]
TOPOLOGIES: dict[str, Draw] = {
    "random": random,
    "shifts": shifts,
    "cycle": cycle,
    "delay_line": delay_line,
    "permutation": permutation,
    "orthogonal": orthogonal,
    "small_world": SmallWorld(),
}
UNIT_RADIUS = {"cycle", "delay_line", "permutation", "orthogonal"}  # by construction


def spectral_radius(weights: Any) -> float:
    """Return the largest absolute eigenvalue of a square matrix.

    With one nonzero per row that of the heaviest cycle. Else all eigenvalues by LAPACK up to 400
    units; above, ARPACK with room for the many complex pairs that lie close to the rim of a random
    matrix' disc, and LAPACK again if it does not converge, as for two `shifts`.

    Parameters
    ----------
    weights : (n, n) array or sparse matrix

    Returns
    -------
    The radius, relative error about 1e-12
    """
    n = weights.shape[0]
    csr = scipy.sparse.csr_array(weights)
    if (np.diff(csr.indptr) == 1).all():
        return _heaviest_cycle(csr)
    if n > DENSE_LIMIT:
        start = np.random.default_rng(0).standard_normal(n)
        try:
            leading = scipy.sparse.linalg.eigs(
                weights, k=8, ncv=80, v0=start, tol=1e-13, maxiter=RESTARTS,
                return_eigenvectors=False,
            )  # fmt: skip
            return float(np.abs(leading).max())
        except scipy.sparse.linalg.ArpackError:
            pass
    dense = weights.toarray() if scipy.sparse.issparse(weights) else np.asarray(weights)
    return float(np.abs(scipy.linalg.eigvals(dense)).max())


def _heaviest_cycle(weights: Sparse) -> float:
    """Return the largest geometric mean of the weights along a cycle, one nonzero per row."""
    n_parts, part = connected_components(weights, connection="strong")
    inside = part == part[weights.indices]  # such an edge lies on the one cycle of its part
    counts = np.bincount(part[inside], minlength=n_parts)
    with np.errstate(divide="ignore"):
        logs = np.bincount(part[inside], np.log(np.abs(weights.data[inside])), minlength=n_parts)
    cycles = counts > 0
    return float(np.exp((logs[cycles] / counts[cycles]).max())) if cycles.any() else 0.0


@lru_cache(maxsize=16)
def _drawn(topology: str, n_units: int, degree: int, seed: int) -> tuple[Sparse, float]:
    """Draw unscaled weights and their radius; kept, since a search over the radius reuses them."""
    weights = TOPOLOGIES[topology](n_units, degree, np.random.default_rng(seed))
    weights.data.setflags(write=False)
    return weights, 1.0 if topology in UNIT_RADIUS else spectral_radius(weights)


def draw(
    topology: Any, n_units: int, *, degree: int = 10, spectral_radius: float = 0.9, seed: int = 0
) -> Sparse:
    """Draw recurrent weights W with the given spectral radius, or take the user's.

    Parameters
    ----------
    topology : a key of `TOPOLOGIES`, a `SmallWorld`, or a matrix (n_units, n_units), dense or
        sparse, used as it is
    n_units : N
    degree : nonzeros per row, where the topology has a choice
    spectral_radius : largest absolute eigenvalue of a drawn W; the weight along a delay line
    seed : the same seed gives the same weights; only their scale depends on the radius

    Returns
    -------
    (n_units, n_units) sparse W

    Raises
    ------
    ValueError
        For an unknown topology, numbers out of range, a matrix of another shape or with NaN, or a
        draw without cycles: all its eigenvalues are zero.

    References
    ----------
    Jaeger (2001), The "echo state" approach to analysing and training RNNs, GMD report 148.
    """
    if n_units < 1 or degree < 1 or not 0 <= spectral_radius < np.inf:
        raise ValueError(
            "n_units and degree must be >= 1, spectral_radius finite and >= 0, got "
            f"n_units={n_units}, degree={degree}, spectral_radius={spectral_radius}"
        )
    if isinstance(topology, SmallWorld):
        weights = topology(n_units, degree, np.random.default_rng(seed))
        radius = _radius(weights)
    elif not isinstance(topology, str):
        return _given(topology, n_units)
    elif topology not in TOPOLOGIES:
        raise ValueError(
            f"topology must be one of {sorted(TOPOLOGIES)}, a SmallWorld or a matrix, "
            f"got {topology!r}; pick one of these"
        )
    else:
        weights, radius = _drawn(topology, n_units, degree, seed)
    if radius < 1e-12:
        raise ValueError(
            f"the drawn weights (n_units={n_units}, degree={degree}, seed={seed}) have no cycle, "
            "so their spectral radius is 0 and cannot be scaled; raise degree or n_units, or use "
            "another random_state"
        )
    return weights * (spectral_radius / radius)


_radius = spectral_radius  # `draw` has a parameter of that name


def _given(weights: Any, n_units: int) -> Sparse:
    matrix = weights if scipy.sparse.issparse(weights) else np.asarray(weights)
    if matrix.ndim != 2 or matrix.shape != (n_units, n_units):
        raise ValueError(
            f"a recurrent matrix must have shape ({n_units}, {n_units}), got {matrix.shape}; "
            "set n_units to its size"
        )
    if np.iscomplexobj(matrix):
        raise ValueError("a recurrent matrix must be real, got complex numbers; pass its real part")
    found = scipy.sparse.csr_array(matrix, dtype=np.float64, copy=True)
    found.sum_duplicates()
    if not np.isfinite(found.data).all():
        raise ValueError("a recurrent matrix must be finite, got NaN or infinity")
    return found
