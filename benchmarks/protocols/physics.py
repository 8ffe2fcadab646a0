"""What physicists ask of a learned oscillator: its resonance, its kicks, its gradients."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.base import clone

from benchmarks.methods.base import Forecaster
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.sources import Oscillator
from benchmarks.tasks.split import Split
from reservoirs import ForecastDivergedWarning
from reservoirs.datasets import oscillator
from trainers import RNNRegressor, gradient_flow

TONES = np.geomspace(0.3, 3.0, 8)  # angular frequencies of the resonance curve
SETTLE, MEASURE = 300, 300  # steps discarded and steps measured per tone
KICK = 1.2  # factor of the amplitude
RECOVERED = 0.02  # relative difference up to which amplitudes count as equal
FLOW_ROWS = 400  # training rows that the gradients are measured on


def gradients(model: Forecaster, X: Array, y: Array, outcome: Outcome) -> None:
    """Record the error norm by lag after training and at the start, where there are gradients."""
    if not isinstance(model, RNNRegressor):
        return
    rows = slice(None, FLOW_ROWS)
    for name, network in (("before", clone(model)), ("after", model)):
        flow = gradient_flow(network, X[rows], y[rows])
        outcome.arrays[f"flow_{name}"] = np.asarray(flow.error_norms)


def resonance(task: Task, model: Forecaster, split: Split, outcome: Outcome) -> None:
    """Drive a model with single tones and compare gain and phase with those of the oscillator.

    The model runs freely with the force known, after a warm-up on the true motion. The error is the
    largest |log(gain / true gain)|.

    The model was fitted on standardised rows, which `split` holds, of a task whose source is an
    `Oscillator`. The outcome gets the metric `resonance` and the arrays `tones`, `gain`,
    `true_gain`, `phase`, `true_phase`.
    """
    assert isinstance(task.source, Oscillator)  # only such tasks have this probe
    raw, eta = split.original or split, task.source.eta
    assert raw.exog is not None  # it is driven
    mean, scale = split.mean[0], split.deviation[0]
    force_mean, force_scale = (f(raw.exog[: split.n_train]) for f in (np.mean, np.std))
    responses, true_responses = [], []
    for w in TONES:
        # warm up on the true motion, let transients of the own motion die, then measure
        n = split.warm_up + SETTLE + MEASURE
        t = split.dt * np.arange(n + 1)
        force = 0.3 * np.cos(w * t)
        x = oscillator(n + 1, eta=eta, dt=split.dt, force=force, random_state=0).x
        exog = ((force - force_mean) / force_scale)[:, None]
        context = ((x[: split.warm_up] - mean) / scale)[:, None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ForecastDivergedWarning)
            n_free = n - split.warm_up
            free = model.forecast(n_free, context=context, exog=exog[: n - 1])
        late = slice(split.warm_up + SETTLE, n)
        motion = np.asarray(free)[SETTLE:, 0] * scale + mean
        responses.append(_response(motion, force[late], t[late], w))
        true_responses.append(_response(x[late], force[late], t[late], w))
    gain, true_gain = np.abs(responses), np.abs(true_responses)
    outcome.metrics["resonance"] = float(np.max(np.abs(np.log(gain / true_gain))))
    outcome.arrays.update(
        tones=TONES,
        gain=gain,
        true_gain=true_gain,
        phase=np.angle(responses),
        true_phase=np.angle(true_responses),
    )


def _response(x: Array, force: Array, t: Array, w: float) -> complex:
    """Return the complex gain x / force at one frequency, infinite for a run that diverged."""
    if not np.isfinite(x).all():
        return complex(np.inf)
    # a cos(w t) + b sin(w t) is the real part of (a - i b) exp(i w t)
    basis = np.column_stack([np.cos(w * t), np.sin(w * t), np.ones(len(t))])
    out, into = (np.linalg.lstsq(basis, values, rcond=None)[0] for values in (x, force))
    return complex(out[0], -out[1]) / complex(into[0], -into[1])


def kick(task: Task, model: Forecaster, split: Split, outcome: Outcome) -> None:
    """Kick a limit cycle: run free after a context of 1.2 times the amplitude.

    The model was fitted on standardised rows, as `split` is. The outcome gets the metric
    `recovery`, the steps until the amplitude is within 2 % of that without a kick, and the arrays
    `kicked` and `unkicked`.
    """
    first, n_free = split.origin + 1, min(1000, split.horizons[-1])
    context = split.series[max(first - split.warm_up, 0) : first]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ForecastDivergedWarning)
        runs = [
            np.asarray(model.forecast(n_free, context=size * context, exog=None))[:, 0]
            for size in (1.0, KICK)
        ]
    outcome.arrays.update(unkicked=runs[0], kicked=runs[1])
    outcome.metrics["recovery"] = recovery(*runs)


def recovery(reference: Array, kicked: Array) -> float:
    """Return the step from which the amplitude after a kick stays within 2 % of the reference.

    Both are free runs, (n_steps,); inf if the amplitude never stays there.
    """
    sizes = [amplitude(run) for run in (reference, kicked)]
    off = np.abs(sizes[1] / sizes[0] - 1.0) > RECOVERED
    # the last step that is off decides: an amplitude may cross the reference on its way
    if not np.isfinite(sizes[1]).all() or off[-1]:
        return float("inf")
    return float(np.flatnonzero(off)[-1] + 1) if off.any() else 0.0


def amplitude(run: Array, width: int = 100) -> Array:
    """Return the largest magnitude over the next steps.

    From every step of a free run (n_steps,) on, (n_steps - width + 1,). A hundred steps are about a
    period and a half.
    """
    return np.abs(np.lib.stride_tricks.sliding_window_view(run, width)).max(axis=1)


PROBES = {"resonance": resonance, "kick": kick}
