"""Next-generation reservoir computing: polynomials of delayed inputs and a ridge readout."""

from reservoirs.nvar.features import NVAR
from reservoirs.nvar.regressor import NVARRegressor

__all__ = ["NVAR", "NVARRegressor"]
