"""Forecasts of a forecaster from the ends of its series, without their containers."""

from __future__ import annotations

from reservoirs.forecaster.following import FollowingMixin
from reservoirs.forecasting import closed_loop_model
from reservoirs.forecasting.closed_loop import check_steps
from reservoirs.forecasting.runs import run
from reservoirs.forecasting.starts import find_starts
from reservoirs.sequences import Array, SeriesLike


def look_ahead(model: FollowingMixin, n_steps: int, exog: SeriesLike) -> list[Array]:
    """Return the forecasts of all series from their ends, (n_steps, n_outputs) each."""
    fitted = closed_loop_model(model)
    check_steps(n_steps)
    starts, _ = find_starts(fitted, int(n_steps), context=None, exog=exog, initial_state=None)
    return [run(fitted, start, None)[0] for start in starts]
