"""Pictures of forecasts, reservoirs and training, as scikit-learn's Display objects.

Every class has `from_estimator` or `from_predictions`, draws with `plot(ax=None)`, and is returned,
never shown: `display.figure_` and `display.ax_` are matplotlib's, to change and to save.
"""

from reservoirs.display.axes import Display
from reservoirs.display.forecasts import ErrorGrowthDisplay, ForecastDisplay, PhasePortraitDisplay
from reservoirs.display.networks import (
    LossCurveDisplay,
    MemoryCapacityDisplay,
    ReservoirSpectrumDisplay,
    StateDisplay,
)
from reservoirs.display.series import SeriesForecastDisplay

__all__ = [
    "Display",
    "ErrorGrowthDisplay",
    "ForecastDisplay",
    "LossCurveDisplay",
    "MemoryCapacityDisplay",
    "PhasePortraitDisplay",
    "ReservoirSpectrumDisplay",
    "SeriesForecastDisplay",
    "StateDisplay",
]
