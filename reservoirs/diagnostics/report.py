"""A report in words: is the reservoir healthy, and which setting to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from reservoirs.diagnostics.capacities import memory_capacity
from reservoirs.diagnostics.driving import (
    DIAGNOSTICS,
    ReservoirModel,
    check_single_series,
    get_reservoir,
    run_reservoir,
)
from reservoirs.diagnostics.stability import distance_of_starts, driven_exponents
from reservoirs.estimators.activity import Activity, TrainingActivity
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.forecasting import ForecastMixin
from reservoirs.leak_rates import describe_rates
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Seed, SeriesLike

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from reservoirs.readout import Readout

ReportedModel: TypeAlias = "ReservoirModel | Pipeline"
FREE_STEPS = 1000  # of the closed loop
MARGIN = 0.25  # of the training range, which a closed loop may leave by so much
DEAD = 1e-3  # of the training range: a run that moves less is constant
SPREAD = 100.0  # ratio of the largest to the smallest drive by a column, from which on it is deaf
RUNS_AWAY = "raise alpha, add noise, train longer, or take differences of a series with a trend"
SCALE = "make_pipeline(StandardScaler(), ...)"


@inherit_parameters(DIAGNOSTICS)
def reservoir_report(
    model: ReportedModel, rows: SeriesLike = None, *, random_state: Seed = 0
) -> str:
    """Say in words whether a reservoir is healthy on its data, and which setting to change.

    Without rows the lines are about the training series of the model: `fit` keeps shares of its
    states and its last inputs (`activity_`), where the closed loop starts and how far the targets
    reached (`training_end_`). A transformer, and a file of 0.1.0, have none of it: random inputs
    stand in.

    Parameters
    ----------
    model : Reservoir, echo state network or Pipeline
        Fitted; the last step of a Pipeline must be one of the two, and the only one.
    rows : array-like of shape (n_steps, n_features), default=None
        Another series to be driven by, in the units of X. None takes the training series.

    Returns
    -------
    str
        A line each on the echo-state property, saturation, moving units, the scales of the columns,
        memory, the condition of the readout and the closed loop, as far as there are any: "ok", or
        "!!" and what to change; "--" tells what was not looked at. The loop runs freely for 1000
        steps from the end of the last training series; it is "!!" where it leaves the range of the
        training targets by more than a quarter of that range, or falls to a constant where the
        series does not.

    Raises
    ------
    TypeError
        If the model has no reservoir, or several.

    See Also
    --------
    echo_state_index : The distance that is left between different starts.
    conditional_lyapunov : The exponents of the driven reservoir.
    memory_capacity : What a linear readout can reconstruct of past inputs.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs import ESNRegressor, next_step
    >>> from reservoirs.diagnostics import reservoir_report
    >>> X, y = next_step(np.sin(0.2 * np.arange(500)))
    >>> print(reservoir_report(ESNRegressor(n_units=50, random_state=0).fit(X, y)))
    50 units, spectral radius 1, leak rate 0.7
    ok  echo-state index ..., largest conditional exponent ... per step: forgets its start
    ok  ...% of the states are saturated: fine
    ok  ...% of the units deviate by less than 0.001: the states respond to the input
    ok  memory capacity ... of at most 50: remembers
    ok  readout by ..., condition ...: fine
    ok  a free run of 1000 steps stays near the training range: the loop holds
    """
    last, rows = _last_step(model, rows)
    reservoir, rng = get_reservoir(last), check_random_state(random_state)
    kept: TrainingActivity | None = getattr(last, "activity_", None)
    notes = []
    if rows is not None:
        driving = check_single_series(last, rows)
        activity = _measure(reservoir, driving)
    elif kept is not None and len(kept.tail):
        driving, activity = np.resize(kept.tail, (2000, reservoir.n_features_in_)), kept
    else:
        driving = rng.uniform(-1, 1, (2000, reservoir.n_features_in_))
        activity = _measure(reservoir, driving)
        notes = ["--  random inputs, for no training data are kept: pass rows, scaled as in fit"]
    index = distance_of_starts(reservoir, driving, 10, check_random_state(random_state))
    memory = memory_capacity(last, n_steps=4 * reservoir.n_units + 1000, max_delay=100)
    lines = [
        f"{reservoir.n_units} units, spectral radius {reservoir.spectral_radius:g}, "
        f"{describe_rates(reservoir)}",
        *notes,
        _forgetting(index, float(driven_exponents(reservoir, driving[:1000], 1)[0])),
        *_activity(activity, reservoir),
        _memory(memory.total, reservoir),
    ]
    readout = getattr(last, "readout_", None)
    if readout is not None:
        lines.append(_condition(readout))
    if isinstance(last, ForecastMixin):
        lines += _closed_loop(last)
    return "\n".join(lines)


def _last_step(model: ReportedModel, rows: SeriesLike) -> tuple[ReservoirModel, SeriesLike]:
    """Return the last step of a Pipeline or of a search's best, and the rows as it reads them."""
    model = cast("ReportedModel", getattr(model, "best_estimator_", model))
    if not hasattr(model, "steps"):
        return cast("ReservoirModel", model), rows
    for name, step in model.steps[:-1]:
        if _is_mixed(step):
            raise TypeError(
                f"reservoir_report describes one reservoir, the last step of a Pipeline, got the "
                f"step {name!r} ({type(step).__name__}) before it; pass that step, or "
                "model[-1], with the rows that it reads"
            )
    if rows is not None and len(model.steps) > 1:
        rows = model[:-1].transform(rows)
    return model[-1], rows


def _is_mixed(step: object) -> bool:
    """Tell whether a step is a reservoir, or several transformers beside or inside each other."""
    parts = ("transformer_list", "transformers", "steps")
    return isinstance(step, Reservoir) or any(hasattr(step, part) for part in parts)


def _measure(reservoir: Reservoir, rows: Array) -> TrainingActivity:
    """Return how the units move under rows; the first quarter may remember the zero state."""
    activity = Activity()
    activity.add(np.hstack([run_reservoir(reservoir, rows), rows]))
    return activity.summary(reservoir.n_units, rows)


def _line(good: bool, figure: str, verdict: str, remedy: str) -> str:
    return f"{'ok ' if good else '!! '} {figure}: {verdict if good else remedy}"


def _forgetting(index: float, exponent: float) -> str:
    return _line(
        index < 1e-3 and exponent < 0,
        f"echo-state index {index:.1e}, largest conditional exponent {exponent:.3f} per step",
        "forgets its start",
        "does not forget its start: lower spectral_radius, or raise input_scaling",
    )


def _activity(activity: TrainingActivity, reservoir: Reservoir) -> list[str]:
    deviation, linear = activity.input_deviation, reservoir.activation != "tanh"
    size = np.sqrt(activity.input_mean**2 + deviation**2)
    large = f"scale the inputs, {SCALE}, or lower input_scaling"
    remedy = f"raise input_scaling, or scale the inputs, {SCALE}"
    if not deviation.any():
        remedy = "the inputs are constant"
    lines = [
        _line(
            activity.saturated < 0.2,
            f"{activity.saturated:.0%} of the states are saturated",
            "fine",
            large if size.max() > 3 else "lower input_scaling or bias_scaling, or scale the inputs",
        ),
        _line(
            activity.still <= 0.5,
            f"{activity.still:.0%} of the units deviate by less than 0.001",
            "the states respond to the input",
            large if activity.saturated > 0.5 and deviation.any() else remedy,
        ),
    ]
    return lines[linear:] + _columns(deviation, reservoir)


def _columns(deviation: Array, reservoir: Reservoir) -> list[str]:
    """Return a line on how unlike the columns of the inputs drive the units."""
    weights = cast("BaseEstimator", reservoir).input_weights_
    squares = weights.multiply(weights) if hasattr(weights, "multiply") else weights**2
    drives = deviation * np.sqrt(np.asarray(squares.mean(axis=0)).ravel())
    drives = drives[drives > 0]
    if len(drives) < 2:
        return []
    spread = float(drives.max() / drives.min())
    return [
        _line(
            spread < SPREAD,
            f"the columns of X drive the units unlike by a factor of {spread:.2g}",
            "all are felt",
            f"the smallest are not felt: scale the inputs, {SCALE}",
        )
    ]


def _memory(total: float, reservoir: Reservoir) -> str:
    return _line(
        total > 2,
        f"memory capacity {total:.1f} of at most {reservoir.n_units}",
        "remembers",
        "remembers almost nothing: raise spectral_radius, lower leak_rate or input_scaling",
    )


def _condition(readout: Readout) -> str:
    return _line(
        readout.condition < 1e12 or readout.method == "qr",
        f"readout by {readout.method}, condition {readout.condition:.1e}",
        "fine",
        "digits are lost: use solver='qr' or a larger alpha",
    )


def _closed_loop(model: ForecastMixin) -> list[str]:
    """Return a line on a free run from the end of the last training series."""
    end = model.training_end_
    if end.loop is None or end.last_observations is None or end.target_range is None:
        return []
    n_exog = model.n_features_in_ - end.n_outputs
    if n_exog:
        return [f"--  the closed loop needs {n_exog} exogenous inputs: see backtest"]
    values = model._closed_loop(
        end.last_observations[-1], np.zeros((FREE_STEPS, 0)), end.loop, model.last_states_[-1]
    )
    low, high = end.target_range
    margin = MARGIN * (high - low) + 1e-6 * end.target_size
    inside = ((values >= low - margin) & (values <= high + margin)).all(axis=1)
    run = f"a free run of {FREE_STEPS} steps"
    if not inside.all():
        figure = f"{run} leaves the training range at step {int(np.argmin(inside)) + 1}"
        return [_line(False, figure, "", RUNS_AWAY)]
    died = _dies_at(values, high - low)
    if died is not None and not _settles(model, high - low):
        figure = f"{run} dies to a constant after step {died}"
        return [_line(False, figure, "", "lower alpha and noise, or raise spectral_radius")]
    return [_line(True, f"{run} stays near the training range", "the loop holds", "")]


def _dies_at(values: Array, spread: Array) -> int | None:
    """Return the step after which a free run is constant; None if its last quarter moves."""
    moved = (np.abs(values - values[-1]) > DEAD * spread).any(axis=1)
    last = len(values) - int(np.argmax(moved[::-1])) if moved.any() else 0
    return last if spread.any() and last < 3 * len(values) // 4 else None


def _settles(model: ForecastMixin, spread: Array) -> bool:
    """Tell whether the end of the training series is as constant, so far as it was kept."""
    kept: TrainingActivity | None = getattr(model, "activity_", None)
    end = model.training_end_
    if kept is None or end.loop is None or len(kept.tail) < 2:
        return False
    scale, _ = end.loop
    moved = np.ptp(kept.tail[-FREE_STEPS // 4 :, : len(spread)], axis=0)
    return bool((moved <= 2 * DEAD * spread * np.abs(scale)).all())
