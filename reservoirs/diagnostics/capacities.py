"""What a readout can tell of the past: memory, processing capacity, ranks."""

from __future__ import annotations

from itertools import combinations_with_replacement
from numbers import Integral
from typing import Any

import numpy as np
from scipy.special import eval_legendre
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval

from reservoirs.diagnostics.driving import reservoir_of, states_of
from reservoirs.estimators.ranges import COUNT, COUNT_OR_ZERO, checked
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums
from reservoirs.sequences import Array

NOISE_FLOOR = 0.02  # squared correlations below this are chance
HALVED = Interval(Integral, 2, None, closed="left")  # one half to learn from, one held out


@checked(n_steps=HALVED, max_delay=[COUNT, None])
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
    states = states_of(reservoir, rows)[K:]
    delayed = np.column_stack([rows[K - k : len(rows) - k, 0] for k in range(1, K + 1)])
    profile = _capacities(states, delayed)
    return Bunch(total=float(profile.sum()), profile=profile)


@checked(n_steps=HALVED, max_delays=[tuple, list])
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

    Raises
    ------
    ValueError
        If `max_delays` is empty or holds anything but integers >= 0.

    References
    ----------
    Dambre, Verstraeten, Schrauwen & Massar (2012), Information processing capacity of dynamical
    systems, eqs. 8-10.
    """
    reservoir = reservoir_of(model)
    if not max_delays or any(not isinstance(d, Integral) or d < 0 for d in max_delays):
        raise ValueError(
            f"max_delays must hold an integer >= 0 per degree, at least one, got {max_delays!r}"
        )
    lead = max(max_delays) + reservoir.n_units
    rows = _noise_input(reservoir, n_steps + lead, random_state)
    states, u = states_of(reservoir, rows)[lead:], rows[:, 0]
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


@checked(n_steps=COUNT)
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


@checked(n_steps=COUNT, shared=COUNT_OR_ZERO)
def generalisation_rank(
    model: Any, *, n_steps: int = 200, shared: int = 20, random_state: Any = 0
) -> int:
    """Return the rank of the final states after inputs that end alike: low forgets, as it should.

    Parameters
    ----------
    model : fitted Reservoir or echo state network
    n_steps : steps per input
    shared : last steps that all inputs share, at most n_steps
    random_state : seed of the inputs, uniform in [-1, 1]

    Raises
    ------
    ValueError
        If more steps are shared than there are.

    References
    ----------
    Legenstein & Maass (2007), Edge of chaos and prediction of computational performance.
    """
    if shared > n_steps:
        raise ValueError(f"shared must be in [0, n_steps], got shared={shared} of {n_steps} steps")
    return _rank(reservoir_of(model), n_steps, shared, random_state)


def _rank(reservoir: Any, n_steps: int, shared: int, random_state: Any) -> int:
    rng = check_random_state(random_state)
    tail = rng.uniform(-1, 1, (shared, reservoir.n_features_in_))
    ends = []
    for _ in range(reservoir.n_units):
        rows = rng.uniform(-1, 1, (n_steps, reservoir.n_features_in_))
        rows[n_steps - shared :] = tail
        ends.append(states_of(reservoir, rows)[-1])
    values = np.linalg.svd(np.array(ends), compute_uv=False)
    return int(np.sum(values > 1e-3 * values[0])) if values[0] > 0 else 0
