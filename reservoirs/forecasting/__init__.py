"""Forecasting in a closed loop: one implementation for every regressor of the library.

    X[t] = [s[t], F[t]],  y[t] = s[t+1]

The first n_outputs columns of X are the observation, the rest exogenous inputs. In a forecast the
prediction becomes the next observation.
"""

from reservoirs.forecasting.backtesting import backtest
from reservoirs.forecasting.bounds import (
    BOUND,
    DEFAULT_BOUND,
    Bounds,
    ForecastDivergedWarning,
    hold,
)
from reservoirs.forecasting.building import closed_loop_model
from reservoirs.forecasting.closed_loop import forecast
from reservoirs.forecasting.examples import ALIGNMENTS, next_step
from reservoirs.forecasting.gaps import open_rows, skip_leading
from reservoirs.forecasting.held_out import (
    INTERVAL_ORIGINS,
    ORIGINS,
    IntervalModel,
    LoopOrigins,
    find_residuals,
    held_out_residuals,
    plan_origins,
    states_at_origins,
)
from reservoirs.forecasting.interval_rows import IntervalRows, keep_rows, kept_pieces
from reservoirs.forecasting.intervals import check_coverage, check_levels, half_widths
from reservoirs.forecasting.loop import DIVERGED, Loop, find_loop
from reservoirs.forecasting.loop_choice import (
    CLOSED_LOOP,
    Choice,
    Loops,
    RunLoops,
    choose_by_loops,
    plan_loops,
)
from reservoirs.forecasting.mixin import ForecastMixin
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.own_units import scale_targets
from reservoirs.forecasting.runs import fill_observations, input_rows
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.tails import row_labels
from reservoirs.forecasting.training_end import (
    TrainingEnd,
    check_outputs,
    moved_on,
    record_training_end,
    upgrade_state,
)

__all__ = [
    "ALIGNMENTS",
    "BOUND",
    "Bounds",
    "CLOSED_LOOP",
    "Choice",
    "DEFAULT_BOUND",
    "DIVERGED",
    "ClosedLoopModel",
    "ForecastDivergedWarning",
    "ForecastMixin",
    "Loop",
    "Loops",
    "TrainingEnd",
    "backtest",
    "check_coverage",
    "check_levels",
    "check_outputs",
    "choose_by_loops",
    "closed_loop_model",
    "find_loop",
    "forecast",
    "half_widths",
    "hold",
    "next_step",
    "open_rows",
    "plan_loops",
    "record_training_end",
    "row_labels",
    "scale_targets",
    "skip_leading",
    "upgrade_state",
    "IntervalModel",
    "IntervalRows",
    "LoopOrigins",
    "RunLoops",
    "Start",
    "fill_observations",
    "find_residuals",
    "held_out_residuals",
    "input_rows",
    "moved_on",
    "plan_origins",
    "states_at_origins",
    "keep_rows",
    "kept_pieces",
    "INTERVAL_ORIGINS",
    "ORIGINS",
]
