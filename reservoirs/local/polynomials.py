"""A local model of polynomials: monomials of the principal components of a window."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from reservoirs import compiled
from reservoirs.local.features import Readout
from reservoirs.local.grid import Grid
from reservoirs.local.reservoirs import LocalFit, Settings, solve_forms
from reservoirs.local.stream import Examples, PatchSums, Units
from reservoirs.nvar import NVARRegressor
from reservoirs.nvar.products import as_products, largest_monomials
from reservoirs.parallel import ComputedOnce, one_blas_thread
from reservoirs.readout import column_sums
from reservoirs.sequences import Array

ROWS = 30  # for each monomial, unless max_rows says another number
SOFTENED = 0.25  # far columns matter in high powers, too: 4.4 Lyapunov times in place of 3.4
SAMPLE = 20_000  # windows that components are computed from


@dataclass(frozen=True)
class PolynomialFeatures:
    """Monomials of the components of a window.

    Attributes
    ----------
    centre : array of shape (n_inputs,)
        Mean window.
    directions : array of shape (n_inputs, n_components)
        Of the components, which have a variance of 1.
    exponents : list of tuple of int
        For each monomial the components that are its factors.
    sizes : array of shape (n_monomials,)
        Their root mean squares.
    """

    centre: Array
    directions: Array
    exponents: list[tuple[int, ...]]
    sizes: Array

    @ComputedOnce
    def plan(self) -> tuple[Array, Array, Array, Array]:
        """Parent, factor and scale of every product, and which of them are the monomials."""
        products = as_products(self.exponents)
        sizes: Array = np.ones(len(products))
        sizes[products.places] = self.sizes
        # a product by its own size, from its parent by the parent's
        scales = np.where(products.parents < 0, 1.0, sizes[products.parents]) / sizes
        return products.parents, products.variables, scales, products.places

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.exponents)

    def start(self, n_patches: int) -> Array:
        """Return the state of every patch: nothing."""
        return np.zeros((n_patches, 0))

    def read(self, windows: Array, states: Array, kept: Array | None = None) -> tuple[Array, Array]:
        """Return the monomials of windows, by their sizes."""
        rows = windows.reshape(-1, windows.shape[2]) if kept is None else windows[kept]
        return self.monomials(rows), states

    def monomials(self, rows: Array) -> Array:
        """Return the monomials of rows, (n_rows, n_inputs), by their sizes."""
        components = (rows - self.centre) @ self.directions
        *plan, places = self.plan
        z = compiled.product_loops.multiply(components, *plan)
        # all products are monomials, in their order, unless degrees are left out
        return z if z.shape[1] == len(places) else z[:, places]

    def outputs(self, windows: Array, states: Array, readout: Readout) -> tuple[Array, Array]:
        """Return C z + c of every row, (n_patches, n_rows, n_outputs)."""
        n_patches, n_rows, n_inputs = windows.shape
        C, c = readout
        z = self.monomials(windows.reshape(-1, n_inputs))
        if len(C) == 1:
            return (z @ C[0].T + c[0]).reshape(n_patches, n_rows, -1), states
        # the patches of several fields side by side take turns
        numbers = np.arange(n_patches) % len(C)
        z = z.reshape(n_patches, n_rows, -1)
        return z @ C[numbers].transpose(0, 2, 1) + c[numbers][:, None], states


def fit_polynomials(
    estimator: NVARRegressor, series: list[Array], grid: Grid, settings: Settings
) -> LocalFit:
    """Fit a readout of monomials on all patches of all series."""
    units = Units.of(np.concatenate(series), grid.channels)
    standardised = [units.standardised(rows) for rows in series]
    rng = np.random.default_rng(settings.key)
    sample, following = sample_windows(standardised, grid, rng)
    with one_blas_thread():
        features = choose_features(estimator, sample, following, settings.component_tol)
    n_rows = grid.n_patches * sum(len(rows) - 1 for rows in series)
    wanted = settings.max_rows or ROWS * features.width
    examples = Examples(features, grid, settings.difference)

    def summed(solver: str) -> tuple[PatchSums, list[Array]]:
        sums = PatchSums(
            examples,
            solver,
            shared=settings.shared,
            noise=settings.noise,
            key=settings.key,
            share=min(1.0, wanted / n_rows) if settings.shared else 1.0,
            units=units,
        )
        ends = []
        for rows in series:
            sums.feed(rows, settings.n_jobs, new_series=True)
            sums.finish(settings.n_jobs)
            ends.append(sums.states)
        return sums, ends

    return solve_forms(summed, "auto", estimator.alpha, settings.noise, several=len(series) > 1)


def sample_windows(
    series: list[Array], grid: Grid, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return windows of random patches and times, and the changes of these patches thereafter."""
    rows = np.concatenate([piece[:-1] for piece in series])
    changes = np.concatenate([np.diff(piece, axis=0) for piece in series])
    if (grid.inputs < 0).any():
        rows = np.hstack([rows, np.zeros((len(rows), grid.channels))])
    n_pairs = len(rows) * grid.n_patches
    chosen = np.arange(n_pairs) if n_pairs <= SAMPLE else rng.integers(n_pairs, size=SAMPLE)
    times, patches = np.divmod(chosen, grid.n_patches)
    windows = rows[times[:, None], grid.inputs[patches]]
    return windows, changes[times[:, None], grid.outputs[patches]]


def choose_features(
    estimator: NVARRegressor, windows: Array, changes: Array, component_tol: float
) -> PolynomialFeatures:
    """Choose components of windows, (n_rows, n_inputs), and monomials of them.

    Without a tolerance the columns of the window are the components, and their sizes what they
    tell of the changes, (n_rows, n_outputs).
    """
    centre = column_sums(windows) / len(windows)
    shifted = windows - centre
    if component_tol > 0:
        _, values, turned = np.linalg.svd(np.linalg.qr(shifted, mode="r"), full_matrices=False)
        n_components = max(1, int(np.sum(values > component_tol * values[0])))
        sizes = values[:n_components]
        directions = turned[:n_components].T * (np.sqrt(len(windows)) / sizes)
    else:
        deviations = shifted.std(axis=0)
        deviations[deviations == 0] = 1.0
        directions = np.diag(1.0 / deviations)
        sizes = influences(shifted / deviations, changes) ** SOFTENED
    exponents = sorted(list_monomials(estimator, sizes), key=lambda index: (len(index), index))
    ones = np.ones(len(exponents))
    unscaled = PolynomialFeatures(centre, directions, exponents, ones)
    squares: Array = np.zeros(len(exponents))
    blocks = [windows[first : first + 1024] for first in range(0, len(windows), 1024)]
    for block in blocks:
        squares = squares + column_sums(unscaled.monomials(block) ** 2)
    rms = np.sqrt(squares / len(windows))
    rms[rms == 0] = 1.0
    return PolynomialFeatures(centre, directions, exponents, rms)


def influences(columns: Array, changes: Array) -> Array:
    """Return how much each column matters for the changes: the root mean square of their slope.

    Of a fit by all products of two columns, which are standardised, (n_rows, n_inputs).
    """
    n = columns.shape[1]
    pairs = np.array(list(combinations_with_replacement(range(n), 2)))
    quadratic = np.hstack([columns, columns[:, pairs[:, 0]] * columns[:, pairs[:, 1]]])
    fitted = np.hstack([quadratic, np.ones((len(columns), 1))])
    C = np.linalg.lstsq(fitted, changes, rcond=1e-10)[0][:-1]
    slopes = np.zeros((n, n, changes.shape[1]))
    np.add.at(slopes, (pairs[:, 0], pairs[:, 1]), C[n:])
    np.add.at(slopes, (pairs[:, 1], pairs[:, 0]), C[n:])
    # d/dv_j sum_k S_jk v_j v_k + L_j v_j, of columns of variance 1
    covariance = columns.T @ columns / len(columns)
    squares: Array = C[:n] ** 2 + np.einsum("jko,kl,jlo->jo", slopes, covariance, slopes)
    return np.sqrt(squares.sum(axis=1))


def list_monomials(estimator: NVARRegressor, sizes: Array) -> list[tuple[int, ...]]:
    """Return the monomials of components, those of the largest expected size first."""
    degree = estimator.degree
    if estimator.n_terms is not None:
        assert isinstance(degree, int | np.integer)  # `check_polynomials` saw to that
        return largest_monomials(sizes, estimator.n_terms, int(degree))
    degrees = degree if isinstance(degree, tuple | list) else range(1, degree + 1)
    variables = range(len(sizes))
    return [index for d in degrees for index in combinations_with_replacement(variables, d)]
