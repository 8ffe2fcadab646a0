"""What predictions that are fed back are held within: the range of the data and a margin."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from copy import copy
from numbers import Real

import numpy as np

from reservoirs.estimators.ranges import Number
from reservoirs.forecasting.model import ClosedLoopModel
from reservoirs.forecasting.nodes import OwnUnits, State
from reservoirs.forecasting.restored import FAR, Restored
from reservoirs.mistakes import callers_level
from reservoirs.sequences import Array

Bounds = tuple[Array, Array]  # the smallest and the largest value of each output
DEFAULT_BOUND = 0.25
BOUND: list[object] = [
    Number(Real, 0, None, closed="left"),
    None,
]  # allowed values, for scikit-learn
ROUNDING = 1e-9  # of the largest target: a constant series is predicted to that, and meets nothing
NO_RANGE = 2.000002 * ROUNDING  # that rounding on both sides, and what float64 adds to it


class ForecastDivergedWarning(UserWarning):
    """A closed-loop forecast met its bound, or diverged where it has none.

    Parameters
    ----------
    message : str
        What to say.
    step : int, default=None
        The first step that met the bound, counted from 0.

    See Also
    --------
    forecast : Holds what it feeds back near the range of the training data.

    Examples
    --------
    >>> import warnings
    >>> from reservoirs import ForecastDivergedWarning
    >>> warnings.simplefilter("error", ForecastDivergedWarning)
    """

    def __init__(self, message: str, step: int | None = None) -> None:
        super().__init__(message)
        self.step = step


def choose_bound(
    model: ClosedLoopModel, bound: float | str | None
) -> tuple[ClosedLoopModel, float | None]:
    """Return a model that holds what is inside it so, and the margin of its forecasts.

    The margin is in ranges of the data; "auto" is the model's own. A model that is not held so is
    left as it is, and a copy returned.

    Raises
    ------
    ValueError
        For anything but "auto", None or a number >= 0.
    """
    if isinstance(bound, str) and bound == "auto":
        own: float | None = getattr(model, "bound", DEFAULT_BOUND)
        return model, getattr(model, "level_bound", own)
    number = isinstance(bound, Real) and not isinstance(bound, bool)
    if bound is not None and not (number and 0 <= float(bound) < np.inf):
        raise ValueError(f"bound must be a number >= 0, None or 'auto', got {bound!r}")
    held = copy(model)
    held.bound = None if bound is None else float(bound)
    return held, held.bound


def find_bounds(
    model: ClosedLoopModel, bound: float | None, observations: Array, exog: Array, state: State
) -> Bounds | None:
    """Return the range of the training targets and of observations, and a share of it beyond.

    `bound` is the share; None: no bounds. Observations, (n, n_outputs), are what is known before
    the first forecast; rows with NaN count where they have values. The share is left out of a side
    that a step cannot take, the logarithm of a negative value say, beside the first row of exog,
    (n_steps, n_exog). The state has the units of the series where it is scaled by itself. Behind
    `Log` and `Difference`, where a trend leaves the range, it is as much again, and more far ahead.
    The bounds, (n_outputs,) each, are in the units of y.
    """
    end = model.training_end_
    if bound is None or end.target_range is None:
        return None
    seen = end.target_range
    node = getattr(model, "node", None)
    if isinstance(node, OwnUnits):
        mean, scale = (units[: end.n_outputs] for units in state[0])
        seen = seen * scale + mean
    # not nanmin of all rows, whose checks take longer than a short forecast
    low = np.fmin(seen.min(axis=0), np.fmin.reduce(observations, axis=0))
    high = np.fmax(seen.max(axis=0), np.fmax.reduce(observations, axis=0))
    with np.errstate(over="ignore"):  # a margin so wide that it holds nothing
        rounding = ROUNDING * np.maximum(np.abs(low), np.abs(high))
        margin = bound * (high - low) + rounding
        far = low - margin, high + margin
        if isinstance(node, Restored):
            share = max(1.0, FAR * len(exog) / min(end.layout.lengths))
            far = node.widened(low, high, share)
        ends = [(low - rounding, far[0]), (high + rounding, far[1])]
    takes = getattr(model, "takes", None)  # of a model with steps that do not take any number
    if takes is None:
        return ends[0][1], ends[1][1]
    lower, upper = (_taken(takes, near, far, exog[0]) for near, far in ends)
    return lower, upper


def _taken(takes: Callable[[Array, Array], bool], near: Array, far: Array, inputs: Array) -> Array:
    """Return ends of the bounds, (n_outputs,), the near ones where the far are not taken.

    `takes` tells of an observation, (n_outputs,), beside inputs, (n_exog,), whether a logarithm,
    say, can take it. The near ones are as far out as the data, which it took.
    """
    if takes(far, inputs) or not takes(near, inputs):
        return far
    alone = np.where(np.eye(len(far), dtype=bool), far, near)
    return np.where([takes(row, inputs) for row in alone], far, near)


def hold(values: Array, bounds: Bounds | None) -> Array:
    """Return values no further out than the bounds; the lower one for NaN."""
    if bounds is None:
        return values
    held: Array = np.fmin(np.fmax(values, bounds[0]), bounds[1])
    return held


def met(values: Array, bounds: Bounds) -> Array:
    """Return which values, (..., n_outputs), met their bounds, an array of bool.

    An output that never changed is held to its value, whatever the rounding: none met its bounds.
    """
    lower, upper = bounds
    constant = upper - lower <= NO_RANGE * np.maximum(np.abs(lower), np.abs(upper))
    found: Array = ((values <= lower) | (values >= upper)) & ~constant
    return found


def left_at(values: Array, bounds: Bounds) -> int | None:
    """Return the first step of a forecast, (n_steps, n_outputs), that met its bounds, if any."""
    if ((values > bounds[0]) & (values < bounds[1])).all():  # nearly always
        return None
    steps = met(values, bounds).any(axis=1)
    return int(np.argmax(steps)) if steps.any() else None


def mask_divergence(values: Array, limit: float) -> tuple[Array, int | None]:
    """Return a forecast, NaN from the first row on that is not finite and below a limit.

    Values are (n_steps, n_outputs); the number of that row is returned too, None where there is
    none.
    """
    if np.abs(values).max() < limit:
        return values, None
    step = int(np.argmin((np.abs(values) < limit).all(axis=1)))
    values = values.copy()
    values[step:] = np.nan
    return values, step


def warn_of_divergence(steps: list[int | None], n_steps: int, *, bounded: bool) -> None:
    """Warn once of all forecasts that met their bounds, or diverged, with the first step.

    Warns
    -----
    ForecastDivergedWarning
        If there is one.
    """
    left = [step for step in steps if step is not None]
    if not left:
        return
    which = "the forecast" if len(steps) == 1 else f"{len(left)} of {len(steps)} forecasts"
    whose = "its" if len(steps) == 1 else "their"
    what = (
        f"met {whose} bound at step {min(left)} of {n_steps}: predictions are held within the "
        "range of the data and a margin (bound=None lets them go)"
        if bounded
        else f"diverged at step {min(left)} of {n_steps}; rows from there on are NaN"
    )
    warnings.warn(
        ForecastDivergedWarning(
            f"{which} {what}. Raise alpha or take alpha='closed_loop' (ESN, NVAR), train longer, "
            "take differences of a series with a trend, or check that X and y come from next_step",
            min(left),
        ),
        stacklevel=callers_level(),
    )


def run_restored(
    node: Restored,
    observation: Array,
    exog: Array,
    state: State,
    bounds: Bounds | None,
    bound: float | None,
) -> Array:
    """Run a loop behind `Log` and `Difference`, with the bound of what they leave, in ranges.

    Neither levels nor what is left of them is held where it is None.

    Warns
    -----
    ForecastDivergedWarning
        If transformed values were held.
    """
    values, step = node.closed_loop(observation, exog, state, bounds, bound)
    if step is not None:
        warnings.warn(
            ForecastDivergedWarning(
                f"the forecast met its bound at step {step} of {len(exog)}: what Log and "
                "Difference leave of it is held within the range that was learned and a margin "
                "(bound=None lets it go). Raise alpha or take alpha='closed_loop' (ESN, NVAR), or "
                "train longer",
                step,
            ),
            stacklevel=callers_level(),
        )
    return values
