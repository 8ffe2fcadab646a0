"""Trained recurrent networks behind the scikit-learn API, and their optimizers for torch."""

from trainers import saving, solvers
from trainers.diagnostics import gradient_flow
from trainers.display import GradientFlowDisplay
from trainers.initialization import ESNInit
from trainers.momentum import SutskeverMomentum
from trainers.optimizer import HessianFree
from trainers.rnn import RNNClassifier, RNNRegressor

saving.register_all()

__all__ = [
    "ESNInit",
    "GradientFlowDisplay",
    "HessianFree",
    "RNNClassifier",
    "RNNRegressor",
    "SutskeverMomentum",
    "gradient_flow",
    "solvers",
]
