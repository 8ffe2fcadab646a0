"""The compiled loop of monomials, each a shorter one times a variable. Arrays in, arrays out.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

import numpy as np

from reservoirs.compiled.simd import compiled
from reservoirs.sequences import Array


@compiled
def _multiply(variables, parents, factors, scales, out):
    """Write the products of every row, shorter ones first."""
    for i in range(len(out)):
        for m in range(len(parents)):
            product = variables[i, factors[m]] * scales[m]
            if parents[m] >= 0:
                product *= out[i, parents[m]]
            out[i, m] = product


def multiply(variables: Array, parents: Array, factors: Array, scales: Array) -> Array:
    """Return products of variables, each a multiple of one before it.

    z_m = s_m v_k z_p,  p the parent of m, k its factor

    Parameters
    ----------
    variables : array of shape (n_rows, n_variables)
        v.
    parents : array of shape (n_products,) of int
        p, below m; -1 stands for 1.
    factors : array of shape (n_products,) of int
        k.
    scales : array of shape (n_products,)
        s.

    Returns
    -------
    array of shape (n_rows, n_products)
        z.
    """
    out = np.empty((len(variables), len(parents)))
    _multiply(np.ascontiguousarray(variables, dtype=np.float64), parents, factors, scales, out)
    return out
