"""Streaming ridge regression with an unpenalised intercept, in float64.

    minimise  sum_t ||y[t] - C z[t] - c||^2 + alpha ||C||^2

Rows arrive block by block and are summed in one of several forms: the Gram matrix (fast, loses half
the digits) or the triangular factor of a QR decomposition (about 2.4 times the cost, loses none).
Fewer rows than features are stored as they are ("dual"). Each gives the whole path of penalties
from one decomposition. `sums.Sums` says what a form offers, `SOLVERS` names them.
"""

from reservoirs.readout.deletion import BlockDeletion
from reservoirs.readout.dual import DualRows
from reservoirs.readout.fitting import (
    BLOCK,
    SOLVERS,
    check_alphas,
    check_form,
    fit_readout,
    row_blocks,
    solve_best,
)
from reservoirs.readout.folds import merged
from reservoirs.readout.forgetting import FadingSums, add_block, check_fading, refuse_choice
from reservoirs.readout.gram import GramSums, column_sums
from reservoirs.readout.qr import QRSums
from reservoirs.readout.rolling import RollingFits
from reservoirs.readout.solved import Readout, Spectrum
from reservoirs.readout.sums import Sums

__all__ = [
    "BLOCK",
    "SOLVERS",
    "BlockDeletion",
    "DualRows",
    "FadingSums",
    "GramSums",
    "QRSums",
    "Readout",
    "RollingFits",
    "Spectrum",
    "Sums",
    "add_block",
    "check_alphas",
    "check_fading",
    "check_form",
    "column_sums",
    "fit_readout",
    "merged",
    "refuse_choice",
    "row_blocks",
    "solve_best",
]
