"""A local model of reservoirs: fitted at once, or from one chunk of rows after another."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from reservoirs.esn import ESNRegressor
from reservoirs.local.features import draw_reservoir
from reservoirs.local.grid import Grid
from reservoirs.local.model import LocalModel, PatchReadout
from reservoirs.local.stream import Examples, PatchSums, Units
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import GramSums, check_alphas, solve_best
from reservoirs.seeds import seed_streams
from reservoirs.sequences import Array, Seed

LEFT_OUT = {  # parameters with no meaning inside, and their only value
    "noise": (0.0, "noise= of LocalForecaster is added to the field"),
    "alpha_cv": (None, "a grid is judged by generalised cross-validation"),
    "forgetting": (1.0, "all rows count alike"),
}


@dataclass(frozen=True)
class Settings:
    """How a local model is fitted, from the parameters of LocalForecaster.

    Attributes
    ----------
    shared : bool
        Whether all patches share the readout.
    difference : bool
        Whether changes are learned in place of values.
    noise : float
        Of the field that is read, in its deviations.
    component_tol : float
        Smallest principal component of windows, relative to the largest.
    fan_in : int or None
        Columns of the window that a unit reads.
    max_rows : int or None
        Rows of all patches that are learned from.
    n_jobs : int or None
        Groups of patches at a time.
    key : int
        Of the random streams of the noise and of the rows that are drawn.
    """

    shared: bool
    difference: bool
    noise: float
    component_tol: float
    fan_in: int | None
    max_rows: int | None
    n_jobs: int | None
    key: int


@dataclass(frozen=True)
class LocalFit:
    """A fitted local model, and the states at the ends of its series.

    Attributes
    ----------
    model : LocalModel
        Fields one step on, in its units.
    units : Units
        Of the field.
    last_states : list of arrays of shape (n_patches, state_size)
        After the last row but one of each series.
    start : array of shape (state_size,)
        The state of a patch before a series that is not known from its beginning.
    alpha : float
        The penalty used.
    """

    model: LocalModel
    units: Units
    last_states: list[Array]
    start: Array
    alpha: float


def default_estimator(random_state: Seed) -> ESNRegressor:
    """Return what estimator=None stands for: units that hardly remember, and their squares."""
    return ESNRegressor(
        spectral_radius=0.1,
        leak_rate=1.0,
        input_scaling=0.2,
        bias_scaling=0.5,
        degree=8,
        readout_features="state+input+squares",
        random_state=random_state,
    )


def check_reservoir(estimator: ESNRegressor) -> None:
    """Refuse settings of an estimator that mean nothing for patches.

    Raises
    ------
    ValueError
        Naming the first of them.
    """
    estimator._validate_params()
    for name, (value, why) in LEFT_OUT.items():
        given = getattr(estimator, name)
        if given != value:
            raise ValueError(f"estimator has {name}={given!r}; leave it at {value!r}: {why}")
    if isinstance(estimator.alpha, str):
        raise ValueError(
            f"estimator has alpha={estimator.alpha!r}, which needs the loops of a single network; "
            "pass a number or a grid"
        )


def reservoir_seed(estimator: ESNRegressor) -> int:
    """Return the seed of the weights, as `ESNRegressor.fit` draws it."""
    seed = estimator.random_state
    if isinstance(seed, int | np.integer):
        return int(seed)
    return int(np.random.default_rng(seed_streams(seed)[0]).integers(2**31 - 1))


def open_sums(
    estimator: ESNRegressor,
    grid: Grid,
    settings: Settings,
    solver: str,
    *,
    seed: int,
    share: float = 1.0,
) -> PatchSums:
    """Draw a reservoir and return empty sums of its states on all patches."""
    features = draw_reservoir(estimator, grid, settings.fan_in, seed)
    return PatchSums(
        Examples(features, grid, settings.difference),
        solver,
        shared=settings.shared,
        noise=settings.noise,
        key=settings.key,
        washout=estimator.washout,
        share=share,
    )


def fit_reservoir(
    estimator: ESNRegressor, series: list[Array], grid: Grid, settings: Settings
) -> LocalFit:
    """Fit a readout of reservoirs on all patches of all series."""
    check_reservoir(estimator)
    seed, n_rows = reservoir_seed(estimator), sum(len(rows) - 1 for rows in series)
    share = 1.0
    if settings.max_rows is not None:
        share = min(1.0, settings.max_rows / (n_rows * grid.n_patches))

    def summed(solver: str) -> tuple[PatchSums, list[Array]]:
        sums, ends = open_sums(estimator, grid, settings, solver, seed=seed, share=share), []
        for rows in series:
            sums.feed(rows, settings.n_jobs, new_series=True)
            sums.finish(settings.n_jobs)
            ends.append(sums.states)
        return sums, ends

    several = len(series) > 1 and not estimator.washout
    return solve_forms(summed, estimator.solver, estimator.alpha, settings.noise, several=several)


def open_stream(estimator: ESNRegressor, grid: Grid, settings: Settings) -> PatchSums:
    """Return the empty sums of `partial_fit`."""
    check_reservoir(estimator)
    solver = "cholesky" if estimator.solver == "auto" else estimator.solver
    return open_sums(estimator, grid, settings, solver, seed=reservoir_seed(estimator))


def solve_so_far(stream: PatchSums, estimator: ESNRegressor, n_jobs: int | None) -> LocalFit | None:
    """Solve with all rows fed so far, which stay as they are; None before there are two."""
    sums = stream.branch()
    sums.finish(n_jobs)
    if not sums.sums or min(of_patch.n_rows for of_patch in sums.sums) < 2:
        return None
    if sums.sums is stream.sums:  # solving moves the sums to their mean
        sums.sums = copy.deepcopy(sums.sums)
    several = stream.n_series > 1 and not estimator.washout
    return solved(sums, [sums.states], check_alphas(estimator.alpha), several=several)


def solve_forms(
    summed: Callable[[str], tuple[PatchSums, list[Array]]],
    solver: str,
    alpha: object,
    noise: float,
    *,
    several: bool,
) -> LocalFit:
    """Sum and solve; "auto" sums again by QR where normal equations do not do.

    Noise in what is read is a penalty of its own, far above their rounding.
    """
    alphas = check_alphas(alpha)  # type: ignore[arg-type] # it checks that
    if solver != "auto":
        return solved(*summed(solver), alphas, several=several)
    sums, ends = summed("cholesky")
    grams = [gram for gram in sums.sums if isinstance(gram, GramSums)]
    if noise or all(alphas.min() >= gram.smallest_alpha() for gram in grams):
        try:
            return solved(sums, ends, alphas, several=several)
        except scipy.linalg.LinAlgError:
            pass
    return solved(*summed("qr"), alphas, several=several)


def solved(sums: PatchSums, ends: list[Array], alphas: Array, *, several: bool) -> LocalFit:
    """Solve finished sums; the last states are those at the ends of the series.

    Of `several` series each is known from its beginning, and starts with the zero state.
    """
    assert sums.units is not None  # a series has rows
    examples = sums.examples
    with one_blas_thread(), np.errstate(over="ignore"):
        readouts = [solve_best(of_patch, alphas) for of_patch in sums.sums]
    start = examples.features.start(1)[0]
    if not several:
        start = np.mean([r.feature_mean[: len(start)] for r in readouts], axis=0)
    model = PatchReadout(
        examples.features,
        np.stack([readout.coefficients for readout in readouts]),
        np.stack([readout.intercept for readout in readouts]),
        examples.difference,
    )
    return LocalFit(model, sums.units, ends, start, readouts[0].alpha)
