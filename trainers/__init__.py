"""Trained recurrent networks behind the scikit-learn API, and their optimizers for torch."""

from trainers import solvers
from trainers.initialization import ESNInit
from trainers.momentum import SutskeverMomentum
from trainers.rnn import RNNRegressor

__all__ = ["ESNInit", "RNNRegressor", "SutskeverMomentum", "solvers"]
