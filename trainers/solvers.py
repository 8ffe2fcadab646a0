"""The solvers that train networks: `RNNRegressor(solver=AdamSolver(learning_rate=1e-3))`."""

from trainers.training.adam import AdamSolver, AdamWSolver
from trainers.training.first_order import FirstOrderSolver
from trainers.training.hessian_free import HessianFreeSolver
from trainers.training.levenberg_marquardt import LevenbergMarquardtSolver
from trainers.training.solvers import (
    SOLVERS,
    LBFGSSolver,
    MomentumSolver,
    NesterovSolver,
    RMSpropSolver,
    SGDSolver,
)

__all__ = [
    "SOLVERS",
    "AdamSolver",
    "AdamWSolver",
    "FirstOrderSolver",
    "HessianFreeSolver",
    "LBFGSSolver",
    "LevenbergMarquardtSolver",
    "MomentumSolver",
    "NesterovSolver",
    "RMSpropSolver",
    "SGDSolver",
]
