"""Trained recurrent networks behind the scikit-learn API, and their optimizers for torch."""

from trainers import saving, solvers
from trainers.diagnostics import gradient_flow
from trainers.display import GradientFlowDisplay
from trainers.network.initialization import ESNInit, SampledInit
from trainers.network.oscillator import OscillatorCell
from trainers.rnn import RNNClassifier, RNNRegressor
from trainers.second_order.optimizer import HessianFree
from trainers.training.momentum import SutskeverMomentum

saving.register_all()

__all__ = [
    "ESNInit",
    "GradientFlowDisplay",
    "HessianFree",
    "OscillatorCell",
    "RNNClassifier",
    "RNNRegressor",
    "SampledInit",
    "SutskeverMomentum",
    "gradient_flow",
    "solvers",
]
