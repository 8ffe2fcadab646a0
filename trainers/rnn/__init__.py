"""Recurrent networks behind the scikit-learn API."""

from trainers.rnn.classifier import RNNClassifier
from trainers.rnn.regressor import RNNRegressor

__all__ = ["RNNClassifier", "RNNRegressor"]
