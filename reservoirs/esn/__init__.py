"""Echo state networks: a fixed random reservoir and a ridge-trained readout."""

from reservoirs.esn.classifier import ESNClassifier
from reservoirs.esn.regressor import ESNRegressor

__all__ = ["ESNClassifier", "ESNRegressor"]
