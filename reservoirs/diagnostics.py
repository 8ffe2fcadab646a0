"""Is the reservoir healthy: memory, ranks, echo-state property, Lyapunov exponents.

Every function takes a fitted `Reservoir` or a fitted echo state network. Exponents are per step.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from scipy.special import eval_legendre
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from reservoirs.readout import QRSums, one_blas_thread
from reservoirs.sequences import Array

__all__ = [
    "closed_loop_lyapunov",
    "conditional_lyapunov",
    "echo_state_index",
    "generalisation_rank",
    "information_processing_capacity",
    "kernel_rank",
    "memory_capacity",
    "reservoir_report",
]

NOISE_FLOOR = 0.02  # squared correlations below this are chance


def reservoir_of(model: Any) -> Any:
    """Return the drawn reservoir of a model, itself one or an echo state network.

    Parameters
    ----------
    model : fitted

    Raises
    ------
    TypeError
        If it has no reservoir.
    """
    found = getattr(model, "reservoir_", model)
    if hasattr(model, "topology"):
        check_is_fitted(model)
    if not hasattr(found, "pack"):
        raise TypeError(
            f"diagnostics take a Reservoir or an echo state network, got {type(model).__name__}"
        )
    check_is_fitted(found, "recurrent_weights_")
    return found


def _states(reservoir: Any, rows: Array, start: Array | None = None) -> Array:
    rest = np.zeros(reservoir.n_units) if start is None else start
    blocks = reservoir.run(rows, rest, packed=reservoir.pack())
    return np.concatenate([states for _, states in blocks]).astype(np.float64)


def _capacities(states: Array, targets: Array) -> Array:
    """Return the squared correlation of a linear readout with every target, on the second half."""
    half = len(states) // 2
    sums = QRSums(states.shape[1], targets.shape[1])
    with one_blas_thread():
        sums.add(states[:half], targets[:half])
        readout = sums.solve(1e-14 * float(np.sum(states[:half] ** 2)))
    found = states[half:] @ readout.coefficients.T + readout.intercept
    truth = targets[half:]
    covariance = np.mean((found - found.mean(0)) * (truth - truth.mean(0)), axis=0)
    spread = found.std(axis=0) * truth.std(axis=0)
    squared = np.divide(covariance, spread, out=np.zeros_like(spread), where=spread > 0) ** 2
    return np.where(squared > NOISE_FLOOR, squared, 0.0)


def _noise_input(reservoir: Any, n_steps: int, random_state: Any) -> Array:
    """Return u uniform in [-1, 1] on the first input, zero on the others."""
    rows = np.zeros((n_steps, reservoir.n_features_in_))
    rows[:, 0] = check_random_state(random_state).uniform(-1, 1, n_steps)
    return rows


def memory_capacity(
    model: Any, *, n_steps: int = 6000, max_delay: int | None = None, random_state: Any = 0
) -> Bunch:
    """Measure how much of past inputs a linear readout of the states can tell.

    MC = sum over k = 1, ..., K of corr^2(u[t - k], best readout of x[t]), on held-out data

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    n_steps : input steps after washout, half of them held out
    max_delay : K; None is twice the number of units
    random_state : seed of the input, uniform in [-1, 1]

    Returns
    -------
    Bunch with `total` (at most n_units) and `profile` (max_delay,); k = 0 does not count

    References
    ----------
    Jaeger (2002), Short term memory in echo state networks, GMD report 152.
    """
    reservoir = reservoir_of(model)
    K = 2 * reservoir.n_units if max_delay is None else max_delay
    rows = _noise_input(reservoir, n_steps + K, random_state)
    states = _states(reservoir, rows)[K:]
    delayed = np.column_stack([rows[K - k : len(rows) - k, 0] for k in range(1, K + 1)])
    profile = _capacities(states, delayed)
    return Bunch(total=float(profile.sum()), profile=profile)


def information_processing_capacity(
    model: Any,
    *,
    n_steps: int = 10_000,
    max_delays: tuple[int, ...] = (50, 12, 5),
    random_state: Any = 0,
) -> Bunch:
    """Measure how much of products of past inputs a linear readout of the states can tell.

    The targets are products of Legendre polynomials of delayed inputs, an orthogonal basis of all
    functions of the input's past; the sum over the whole basis is at most n_units.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    n_steps : input steps after washout, half of them held out
    max_delays : largest delay for total degree 1, 2, 3, ...
    random_state : seed of the input, uniform in [-1, 1]

    Returns
    -------
    Bunch with `total` and `by_degree` (len(max_delays),)

    References
    ----------
    Dambre, Verstraeten, Schrauwen & Massar (2012), Information processing capacity of dynamical
    systems, eqs. 8-10.
    """
    reservoir = reservoir_of(model)
    lead = max(max_delays) + reservoir.n_units
    rows = _noise_input(reservoir, n_steps + lead, random_state)
    states, u = _states(reservoir, rows)[lead:], rows[:, 0]
    by_degree = []
    for degree, reach in enumerate(max_delays, start=1):
        targets = []
        for delays in combinations_with_replacement(range(reach + 1), degree):
            product = np.ones(n_steps)
            for delay in set(delays):
                values = u[lead - delay : len(u) - delay]
                product = product * eval_legendre(delays.count(delay), values)
            targets.append(product)
        by_degree.append(float(_capacities(states, np.column_stack(targets)).sum()))
    return Bunch(total=sum(by_degree), by_degree=np.array(by_degree))


def kernel_rank(model: Any, *, n_steps: int = 200, random_state: Any = 0) -> int:
    """Return the rank of the final states after n_units different inputs: how well it separates.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    n_steps : steps per input
    random_state : seed of the inputs, uniform in [-1, 1]

    References
    ----------
    Legenstein & Maass (2007), Edge of chaos and prediction of computational performance.
    """
    return _rank(reservoir_of(model), n_steps, 0, random_state)


def generalisation_rank(
    model: Any, *, n_steps: int = 200, shared: int = 20, random_state: Any = 0
) -> int:
    """Return the rank of the final states after inputs that end alike: low forgets, as it should.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    n_steps : steps per input
    shared : last steps that all inputs share
    random_state : seed of the inputs, uniform in [-1, 1]

    References
    ----------
    Legenstein & Maass (2007), Edge of chaos and prediction of computational performance.
    """
    return _rank(reservoir_of(model), n_steps, shared, random_state)


def _rank(reservoir: Any, n_steps: int, shared: int, random_state: Any) -> int:
    rng = check_random_state(random_state)
    tail = rng.uniform(-1, 1, (shared, reservoir.n_features_in_))
    ends = []
    for _ in range(reservoir.n_units):
        rows = rng.uniform(-1, 1, (n_steps, reservoir.n_features_in_))
        rows[n_steps - shared :] = tail
        ends.append(_states(reservoir, rows)[-1])
    values = np.linalg.svd(np.array(ends), compute_uv=False)
    return int(np.sum(values > 1e-3 * values[0])) if values[0] > 0 else 0


def echo_state_index(
    model: Any, rows: Any = None, *, n_steps: int = 1000, n_starts: int = 10, random_state: Any = 0
) -> float:
    """Return how far states from different starts still are from each other: 0 has the property.

    The mean distance, over the last tenth of the steps, between the run from zero and runs from
    random starts, relative to the mean norm of the states.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    rows : (n_steps, n_features) input; None is uniform in [-1, 1]
    n_steps : steps of that input
    n_starts : random starts, uniform in [-1, 1]
    random_state : seed of input and starts

    References
    ----------
    Gallicchio (2018), Chasing the echo state property.
    """
    reservoir, rng = reservoir_of(model), check_random_state(random_state)
    if rows is None:
        rows = rng.uniform(-1, 1, (n_steps, reservoir.n_features_in_))
    rows = np.asarray(rows, dtype=np.float64)
    last = max(len(rows) // 10, 1)
    reference = _states(reservoir, rows)[-last:]
    size = np.linalg.norm(reference, axis=1).mean() or 1.0
    distances = []
    for _ in range(n_starts):
        start = rng.uniform(-1, 1, reservoir.n_units)
        moved = _states(reservoir, rows, start)[-last:]
        distances.append(np.linalg.norm(moved - reference, axis=1).mean())
    return float(np.mean(distances) / size)


def conditional_lyapunov(model: Any, rows: Any, *, n_exponents: int = 1) -> Array:
    """Return the leading Lyapunov exponents of the driven reservoir; negative forgets its start.

    J[t] = (1 - a) I + a diag(f') W along the states, by repeated QR

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    rows : (n_steps, n_features) input; a tenth of it is left out first
    n_exponents : how many

    Returns
    -------
    (n_exponents,) per step, largest first

    References
    ----------
    Benettin, Galgani, Giorgilli & Strelcyn (1980), Lyapunov characteristic exponents.
    """
    reservoir = reservoir_of(model)
    rows = np.asarray(rows, dtype=np.float64)
    states = _states(reservoir, rows)
    W, a = reservoir.recurrent_weights_, reservoir.leak_rate
    before = np.vstack([np.zeros(reservoir.n_units), states[:-1]])
    slopes = _slopes(reservoir, states, before)

    def tangent(t: int, Q: Array) -> Array:
        return (1 - a) * Q + a * slopes[t][:, None] * (W @ Q)

    return _exponents(tangent, reservoir.n_units, n_exponents, len(rows))


def closed_loop_lyapunov(
    model: Any, *, n_steps: int = 5000, n_exponents: int = 3, exog: Any = None
) -> Array:
    """Return the leading Lyapunov exponents of a forecasting model's closed loop.

    Parameters
    ----------
    model : ESNRegressor fitted for forecasting, on one series
    n_steps : steps of the free run; a tenth of it is left out first
    n_exponents : how many
    exog : (n_steps, n_exog) known inputs, where the model has any

    Returns
    -------
    (n_exponents,) per step, largest first; positive is chaos, zero a cycle, negative a rest

    References
    ----------
    Pathak, Lu, Hunt, Girvan & Ott (2017), Using machine learning to replicate chaotic attractors.
    """
    reservoir = reservoir_of(model)
    found = np.asarray(model.forecast(n_steps, exog=exog)).reshape(n_steps, -1)
    scale, shift = model.loop_
    n, m, a = reservoir.n_units, found.shape[1], reservoir.leak_rate
    observed = np.vstack([model.last_observations_[0], found[:-1]]) * scale + shift
    known = np.empty((n_steps, 0)) if exog is None else np.asarray(exog).reshape(n_steps, -1)
    rows = np.hstack([observed, known])
    states = _states(reservoir, rows, model.last_states_[0])
    before = np.vstack([model.last_states_[0], states[:-1]])
    slopes = _slopes(reservoir, states, before)
    W, W_o = reservoir.recurrent_weights_, reservoir.input_weights_[:, :m] * scale
    C_x, C_o = model.coef_[:, :n], model.coef_[:, n : n + m] * scale

    def tangent(t: int, Q: Array) -> Array:
        dx, dy = Q[:n], Q[n:]
        new = (1 - a) * dx + a * slopes[t][:, None] * (W @ dx + W_o @ dy)
        return np.vstack([new, C_x @ new + C_o @ dy])

    return _exponents(tangent, n + m, n_exponents, n_steps)


def _slopes(reservoir: Any, states: Array, before: Array) -> Array:
    """Return the derivative of the activation at every step, from the states around it."""
    a = reservoir.leak_rate
    if reservoir.activation == "identity":
        return np.ones_like(states)
    return 1.0 - ((states - (1 - a) * before) / a) ** 2


def _exponents(tangent: Any, size: int, count: int, n_steps: int) -> Array:
    """Follow `count` tangent vectors and average the logarithms of their growth."""
    Q = np.linalg.qr(np.random.default_rng(0).standard_normal((size, count)))[0]
    skipped, total = n_steps // 10, np.zeros(count)
    for t in range(n_steps):
        Q, R = np.linalg.qr(tangent(t, Q))
        if t >= skipped:
            total += np.log(np.maximum(np.abs(np.diag(R)), np.finfo(float).tiny))
    return np.sort(total / (n_steps - skipped))[::-1]


def reservoir_report(model: Any, rows: Any = None, *, random_state: Any = 0) -> str:
    """Say in words whether a reservoir is healthy, and which knob to turn.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    rows : (n_steps, n_features), what drives it in use; None is uniform in [-1, 1]
    random_state : seed of everything drawn

    Returns
    -------
    Lines of text: echo-state property, saturation, memory, condition of the readout
    """
    reservoir, rng = reservoir_of(model), check_random_state(random_state)
    if rows is None:
        rows = rng.uniform(-1, 1, (2000, reservoir.n_features_in_))
    rows = np.asarray(rows, dtype=np.float64)
    states = _states(reservoir, rows)[len(rows) // 10 :]
    index = echo_state_index(model, rows, random_state=random_state)
    exponent = float(conditional_lyapunov(model, rows[:1000])[0])
    saturated = float(np.mean(np.abs(states) > 0.95))
    moving = float(states.std(axis=0).max())
    memory = memory_capacity(model, n_steps=4 * reservoir.n_units + 1000, max_delay=100)
    lines = [
        f"{reservoir.n_units} units, spectral radius {reservoir.spectral_radius:g}, "
        f"leak rate {reservoir.leak_rate:g}",
        _line(index < 1e-3 and exponent < 0, f"echo-state index {index:.1e}, largest conditional "
              f"exponent {exponent:.3f} per step", "forgets its start",
              "does not forget its start: lower spectral_radius, or raise input_scaling"),
        _line(saturated < 0.2, f"{saturated:.0%} of the states are saturated", "fine",
              "the units only switch: lower input_scaling or bias_scaling, or scale the inputs"),
        _line(moving > 1e-6, f"largest deviation of a unit {moving:.1e}", "the input is felt",
              "the input is not felt: raise input_scaling"),
        _line(memory.total > 2, f"memory capacity {memory.total:.1f} of at most "
              f"{reservoir.n_units}", "remembers", "remembers almost nothing: raise "
              "spectral_radius, lower leak_rate or input_scaling"),
    ]  # fmt: skip
    readout = getattr(model, "readout_", None)
    if readout is not None:
        lines.append(
            _line(readout.condition < 1e12 or readout.method == "qr", f"readout by "
                  f"{readout.method}, condition {readout.condition:.1e}", "fine",
                  "digits are lost: use solver='qr' or a larger alpha")
        )  # fmt: skip
    return "\n".join(lines)


def _line(good: bool, figure: str, verdict: str, remedy: str) -> str:
    return f"{'ok ' if good else '!! '} {figure}: {verdict if good else remedy}"
