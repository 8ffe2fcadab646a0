"""Draw recurrent weights and scale them to a spectral radius."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

from reservoirs.sequences import Array

Generator = np.random.Generator
DENSE_LIMIT = 400  # up to here all eigenvalues cost less than ARPACK's restarts


def random(n_units: int, degree: int, rng: Generator) -> scipy.sparse.csr_array:
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
    columns = np.sort([rng.choice(n_units, degree, replace=False) for _ in range(n_units)], axis=1)
    values = rng.uniform(-1.0, 1.0, size=(n_units, degree))
    pointers = np.arange(0, n_units * degree + 1, degree)
    shape = (n_units, n_units)
    return scipy.sparse.csr_array((values.ravel(), columns.ravel(), pointers), shape=shape)


TOPOLOGIES: dict[str, Callable[[int, int, Generator], scipy.sparse.csr_array]] = {
    "random": random,
}


def spectral_radius(weights: Any) -> float:
    """Return max |eigenvalue| of a square matrix.

    All eigenvalues by LAPACK up to 400 units. Above, ARPACK with room for the many complex pairs
    that lie close to the rim of a random matrix' disc; LAPACK again if it does not converge.

    Parameters
    ----------
    weights : (n, n) array or sparse matrix

    Returns
    -------
    The radius, relative error about 1e-12
    """
    n = weights.shape[0]
    if n > DENSE_LIMIT:
        start = np.random.default_rng(0).standard_normal(n)
        try:
            leading = scipy.sparse.linalg.eigs(
                weights, k=8, ncv=80, v0=start, tol=1e-13, maxiter=40 * n,
                return_eigenvectors=False,
            )  # fmt: skip
            return float(np.abs(leading).max())
        except scipy.sparse.linalg.ArpackError:
            pass
    dense = weights.toarray() if scipy.sparse.issparse(weights) else np.asarray(weights)
    return float(np.abs(scipy.linalg.eigvals(dense)).max())


@lru_cache(maxsize=16)
def _drawn(topology: str, n_units: int, degree: int, seed: int) -> tuple[Any, float]:
    """Draw unscaled weights and their radius; kept, since a search over the radius reuses them."""
    weights = TOPOLOGIES[topology](n_units, degree, np.random.default_rng(seed))
    weights.data.setflags(write=False)
    return weights, spectral_radius(weights)


def draw(
    topology: str, n_units: int, *, degree: int = 10, spectral_radius: float = 0.9, seed: int = 0
) -> scipy.sparse.csr_array:
    """Draw recurrent weights W with the given spectral radius.

    Parameters
    ----------
    topology : a key of `TOPOLOGIES`
    n_units : N
    degree : nonzeros per row
    spectral_radius : max |eigenvalue| of the result
    seed : the same seed gives the same weights; only their scale depends on the radius

    Returns
    -------
    (n_units, n_units) sparse W

    Raises
    ------
    ValueError
        For an unknown topology, or a draw without cycles: all its eigenvalues are zero.

    References
    ----------
    Jaeger (2001), The "echo state" approach to analysing and training RNNs, GMD report 148.
    """
    if topology not in TOPOLOGIES:
        raise ValueError(
            f"topology must be one of {sorted(TOPOLOGIES)}, got {topology!r}; pick one of these"
        )
    weights, radius = _drawn(topology, n_units, degree, seed)
    if radius < 1e-12:
        raise ValueError(
            f"the drawn weights (n_units={n_units}, degree={degree}, seed={seed}) have no cycle, "
            "so their spectral radius is 0 and cannot be scaled; raise degree or n_units, or use "
            "another random_state"
        )
    return weights * (spectral_radius / radius)


def as_dense(weights: Any) -> Array:
    """Return W as a plain (n_units, n_units) array."""
    return weights.toarray() if scipy.sparse.issparse(weights) else np.asarray(weights)
