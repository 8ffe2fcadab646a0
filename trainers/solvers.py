"""Settings objects of all solvers: `RNNRegressor(solver=AdamSolver(learning_rate=1e-3))`."""

from trainers.training.solvers import (
    SOLVERS,
    AdamSolver,
    FirstOrderSolver,
    HessianFreeSolver,
    LBFGSSolver,
    MomentumSolver,
    NesterovSolver,
    RMSpropSolver,
    SGDSolver,
)

__all__ = [
    "SOLVERS",
    "AdamSolver",
    "FirstOrderSolver",
    "HessianFreeSolver",
    "LBFGSSolver",
    "MomentumSolver",
    "NesterovSolver",
    "RMSpropSolver",
    "SGDSolver",
]
