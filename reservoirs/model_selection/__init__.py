"""Cross-validation for forecasts: a rolling origin, and scorers that close the loop."""

from reservoirs.model_selection.origins import RollingOriginSplit
from reservoirs.model_selection.scoring import forecast_scorer

__all__ = ["RollingOriginSplit", "forecast_scorer"]
