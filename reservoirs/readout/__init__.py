"""Streaming ridge regression with an unpenalised intercept, in float64.

    minimise  sum_t ||y[t] - C z[t] - c||^2 + alpha ||C||^2

Rows arrive block by block and are summed in one of two forms: the Gram matrix (fast, loses half
the digits) or the triangular factor of a QR decomposition (about 2.4 times the cost, loses none).
Fewer rows than features are kept as they are ("dual"). All three give the whole path of alphas
from one decomposition.
"""

from reservoirs.readout.fitting import SOLVERS, check_alphas, choose, fit_readout, merged
from reservoirs.readout.sums import DualRows, GramSums, QRSums, Readout, column_sums

BLOCK = 1024  # rows summed at a time, whatever the chunks they came in

__all__ = [
    "BLOCK",
    "SOLVERS",
    "DualRows",
    "GramSums",
    "QRSums",
    "Readout",
    "check_alphas",
    "choose",
    "column_sums",
    "fit_readout",
    "merged",
]
