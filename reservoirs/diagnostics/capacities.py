"""What a linear readout can reconstruct of past inputs: memory, processing capacity, ranks."""

from __future__ import annotations

from itertools import combinations_with_replacement
from numbers import Integral

import numpy as np
from scipy.special import eval_legendre
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval

from reservoirs.diagnostics.driving import (
    DIAGNOSTICS,
    ReservoirModel,
    get_reservoir,
    run_reservoir,
)
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.estimators.ranges import COUNT, COUNT_OR_ZERO, checked
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums
from reservoirs.reservoir import Reservoir
from reservoirs.sequences import Array, Seed

NOISE_FLOOR = 0.02  # squared correlations below this are chance
AT_LEAST_TWO = Interval(Integral, 2, None, closed="left")  # half to learn from, half held out


@inherit_parameters(DIAGNOSTICS)
@checked(n_steps=AT_LEAST_TWO, max_delay=[COUNT, None])
def memory_capacity(
    model: ReservoirModel,
    *,
    n_steps: int = 6000,
    max_delay: int | None = None,
    random_state: Seed = 0,
) -> Bunch:
    """Measure what a linear readout of the states can reconstruct of past inputs.

    MC = sum over k = 1, ..., K of corr^2(u[t - k], best readout of x[t]), on held-out data

    Parameters
    ----------
    n_steps : int, default=6000
        Steps of the random input after washout, half of them held out.
    max_delay : int, default=None
        The longest delay K in steps; None is twice the number of units.

    Returns
    -------
    Bunch
        `total`, the capacity MC, at most n_units, and `profile`, an array of shape (max_delay,)
        with the squared correlation at each delay, k = 1 first.

    See Also
    --------
    information_processing_capacity : The same for nonlinear functions of past inputs.
    kernel_rank : How many inputs the final states tell apart.

    References
    ----------
    Jaeger (2002), Short term memory in echo state networks, GMD report 152.

    Examples
    --------
    A delay line remembers exactly its length; the input itself, k = 0, does not count:

    >>> import numpy as np
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import memory_capacity
    >>> first = np.zeros((10, 1))
    >>> first[0] = 1.0
    >>> reservoir = Reservoir(
    ...     n_units=10, topology="delay_line", leak_rate=1.0, activation="identity",
    ...     input_scaling=first, bias_scaling=0.0,
    ... ).fit([[0.0]])
    >>> round(memory_capacity(reservoir, n_steps=1000).total, 2)
    9.0
    """
    reservoir = get_reservoir(model)
    K = 2 * reservoir.n_units if max_delay is None else max_delay
    rows = _random_input(reservoir, n_steps + K, random_state)
    # the first K rows are washout, and what the longest delay looks back on
    states = run_reservoir(reservoir, rows)[K:]
    delayed = np.column_stack([rows[K - k : len(rows) - k, 0] for k in range(1, K + 1)])
    profile = _capacities(states, delayed)
    return Bunch(total=float(profile.sum()), profile=profile)


@inherit_parameters(DIAGNOSTICS)
@checked(n_steps=AT_LEAST_TWO, max_delays=[tuple, list])
def information_processing_capacity(
    model: ReservoirModel,
    *,
    n_steps: int = 10_000,
    max_delays: tuple[int, ...] = (50, 12, 5),
    random_state: Seed = 0,
) -> Bunch:
    """Measure what a linear readout can reconstruct of products of past inputs.

    sum over targets z of corr^2(z[t], best readout of x[t]), z[t] = prod_k P_{d_k}(u[t - k])

    The targets are products of Legendre polynomials P of delayed inputs, an orthogonal basis of
    all functions of the input's past; the sum over the whole basis is at most n_units.

    Parameters
    ----------
    n_steps : int, default=10000
        Steps of the random input after washout, half of them held out.
    max_delays : tuple of int, default=(50, 12, 5)
        The longest delay in steps for targets of total degree 1, 2, 3, ...

    Returns
    -------
    Bunch
        `total`, the capacity of all targets, and `by_degree`, an array of shape (n_degrees,) with
        its share of each total degree, 1 first.

    Raises
    ------
    ValueError
        If `max_delays` is empty or contains anything but integers >= 0.

    See Also
    --------
    memory_capacity : The part of the inputs themselves.

    References
    ----------
    Dambre, Verstraeten, Schrauwen & Massar (2012), Information processing capacity of dynamical
    systems, eqs. 8-10.

    Examples
    --------
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import information_processing_capacity
    >>> reservoir = Reservoir(n_units=10, random_state=0).fit([[0.0]])
    >>> capacity = information_processing_capacity(reservoir, n_steps=1000, max_delays=(10, 3))
    >>> capacity.by_degree.shape, 0 < capacity.total <= 10
    ((2,), True)
    """
    reservoir = get_reservoir(model)
    if not max_delays or any(not isinstance(d, Integral) or d < 0 for d in max_delays):
        raise ValueError(
            f"max_delays must hold an integer >= 0 per degree, at least one, got {max_delays!r}"
        )
    lead = max(max_delays) + reservoir.n_units
    rows = _random_input(reservoir, n_steps + lead, random_state)
    states, u = run_reservoir(reservoir, rows)[lead:], rows[:, 0]
    by_degree = []
    for degree, max_delay in enumerate(max_delays, start=1):
        targets = []
        # a multiset of delays is one polynomial: how often a delay occurs is its degree there
        for delays in combinations_with_replacement(range(max_delay + 1), degree):
            product = np.ones(n_steps)
            for delay in set(delays):
                delayed = u[lead - delay : len(u) - delay]
                product = product * eval_legendre(delays.count(delay), delayed)
            targets.append(product)
        by_degree.append(float(_capacities(states, np.column_stack(targets)).sum()))
    return Bunch(total=sum(by_degree), by_degree=np.array(by_degree))


def _capacities(states: Array, targets: Array) -> Array:
    """Return the squared correlation of a linear readout with every target, on the second half."""
    # QR with a penalty near rounding: a capacity must not be limited by the solver
    half = len(states) // 2
    sums = QRSums(states.shape[1], targets.shape[1])
    with one_blas_thread():
        sums.add(states[:half], targets[:half])
        readout = sums.solve(1e-14 * float(np.sum(states[:half] ** 2)))
    predicted = states[half:] @ readout.coefficients.T + readout.intercept
    truth = targets[half:]
    covariance = np.mean((predicted - predicted.mean(0)) * (truth - truth.mean(0)), axis=0)
    deviations = predicted.std(axis=0) * truth.std(axis=0)
    correlation = np.divide(
        covariance, deviations, out=np.zeros_like(deviations), where=deviations > 0
    )
    return np.where(correlation**2 > NOISE_FLOOR, correlation**2, 0.0)


def _random_input(reservoir: Reservoir, n_steps: int, random_state: Seed) -> Array:
    """Return u uniform in [-1, 1] on the first input, zero on the others."""
    rows = np.zeros((n_steps, reservoir.n_features_in_))
    rows[:, 0] = check_random_state(random_state).uniform(-1, 1, n_steps)
    return rows


@inherit_parameters(DIAGNOSTICS)
@checked(n_steps=COUNT)
def kernel_rank(model: ReservoirModel, *, n_steps: int = 200, random_state: Seed = 0) -> int:
    """Return the rank of the final states after n_units different inputs.

    A high rank means that the reservoir separates its inputs. Singular values count above 1e-3 of
    the largest.

    Parameters
    ----------
    n_steps : int, default=200
        Steps per random input.

    Returns
    -------
    int
        The rank, at most n_units.

    See Also
    --------
    generalisation_rank : The rank after inputs that end in the same way.
    memory_capacity : What a linear readout can reconstruct of past inputs.

    References
    ----------
    Legenstein & Maass (2007), Edge of chaos and prediction of computational performance.

    Examples
    --------
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import kernel_rank
    >>> reservoir = Reservoir(n_units=10, random_state=0).fit([[0.0]])
    >>> 1 <= kernel_rank(reservoir, n_steps=50) <= 10
    True
    """
    return _rank(get_reservoir(model), n_steps, 0, random_state)


@inherit_parameters(DIAGNOSTICS)
@checked(n_steps=COUNT, shared=COUNT_OR_ZERO)
def generalisation_rank(
    model: ReservoirModel, *, n_steps: int = 200, shared: int = 20, random_state: Seed = 0
) -> int:
    """Return the rank of the final states after inputs with a common suffix.

    A low rank means that the past before the suffix is forgotten.

    Parameters
    ----------
    n_steps : int, default=200
        Steps per random input.
    shared : int, default=20
        Length of the common suffix in steps, at most n_steps.

    Returns
    -------
    int
        The rank, at most n_units.

    Raises
    ------
    ValueError
        If the suffix is longer than the inputs.

    See Also
    --------
    kernel_rank : The rank after inputs that have nothing in common.

    References
    ----------
    Legenstein & Maass (2007), Edge of chaos and prediction of computational performance.

    Examples
    --------
    >>> from reservoirs import Reservoir
    >>> from reservoirs.diagnostics import generalisation_rank
    >>> reservoir = Reservoir(n_units=10, spectral_radius=0.5, random_state=0).fit([[0.0]])
    >>> generalisation_rank(reservoir, n_steps=100, shared=50)
    1
    """
    if shared > n_steps:
        raise ValueError(f"shared must be in [0, n_steps], got shared={shared} of {n_steps} steps")
    return _rank(get_reservoir(model), n_steps, shared, random_state)


def _rank(reservoir: Reservoir, n_steps: int, shared: int, random_state: Seed) -> int:
    """Return the rank of the final states after n_units inputs whose last `shared` rows agree."""
    rng = check_random_state(random_state)
    suffix = rng.uniform(-1, 1, (shared, reservoir.n_features_in_))
    final_states = []
    for _ in range(reservoir.n_units):
        rows = rng.uniform(-1, 1, (n_steps, reservoir.n_features_in_))
        rows[n_steps - shared :] = suffix
        final_states.append(run_reservoir(reservoir, rows)[-1])
    values = np.linalg.svd(np.array(final_states), compute_uv=False)
    return int(np.sum(values > 1e-3 * values[0])) if values[0] > 0 else 0
