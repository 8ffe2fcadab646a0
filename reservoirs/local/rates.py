"""A local law: the velocity of each patch, monomials of its window, learned and integrated."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np

from reservoirs.local.grid import Grid
from reservoirs.local.polynomials import PolynomialFeatures, list_monomials, sample_windows
from reservoirs.local.reservoirs import LocalFit, Settings
from reservoirs.local.stream import Units
from reservoirs.nvar import NVARRegressor
from reservoirs.nvar.examples import rate_rows
from reservoirs.nvar.integration import integrate_step, plan_step
from reservoirs.nvar.products import as_products
from reservoirs.parallel import one_blas_thread
from reservoirs.readout import QRSums, check_alphas, row_blocks, solve_best
from reservoirs.sequences import Array, Layout

AT_ONCE = 2**22  # numbers of monomials in memory at a time, in `fit`: 32 MB


@dataclass(frozen=True)
class LocalLaw:
    """The law y_p' = C z(window_p) + c of every patch, integrated over all of the field at once.

    Attributes
    ----------
    features : PolynomialFeatures
        z, whose components are the columns of the window.
    coefficients : array of shape (n_outputs, n_monomials)
        C, per unit of time.
    intercept : array of shape (n_outputs,)
        c.
    dt : float
        Time from a row to the next.
    substeps : int
        Half the order of the integration.
    """

    features: PolynomialFeatures
    coefficients: Array
    intercept: Array
    dt: float
    substeps: int

    def start(self, n_patches: int) -> Array:
        """Return the state of every patch: nothing."""
        return np.zeros((n_patches, 0))

    def run(self, grid: Grid, rows: Array, states: Array) -> tuple[Array, Array]:
        """Return the row after every row, (n_rows, n_columns)."""
        readout = self.coefficients[None], self.intercept[None]

        def slope(x: Array, _numbers: Array) -> Array:
            windows = grid.windows(x.reshape(-1, grid.n_columns))
            values, _ = self.features.outputs(windows, states, readout)
            return grid.joined(values).reshape(x.shape)

        with np.errstate(over="ignore", invalid="ignore"):  # wild rows give wild values
            return integrate_step(slope, rows, self.dt, plan_step(self.substeps)), states


def fit_law(
    estimator: NVARRegressor, series: list[Array], grid: Grid, settings: Settings
) -> LocalFit:
    """Fit one law of all patches of all series; the noise of the settings is not added."""
    if not settings.shared:
        raise ValueError("form='rate' learns one law for all patches; set shared=True")
    units = Units.of(np.concatenate(series), grid.channels)
    if not isinstance(estimator.degree, Integral):  # a shift would need the degrees between them
        units = Units(np.zeros(grid.channels), units.scale)
    series = [units.standardised(rows) for rows in series]
    n_inputs = grid.inputs.shape[1]
    centre, columns = np.zeros(n_inputs), np.eye(n_inputs)
    windows, _ = sample_windows(series, grid, np.random.default_rng(settings.key))
    sizes = np.sqrt(np.mean(windows**2, axis=0))
    listed = list_monomials(estimator, sizes)
    exponents = sorted(listed, key=lambda index: (len(index), index))
    products, size = as_products(exponents), None
    sums = QRSums(len(exponents), grid.outputs.shape[1])
    rows_kept = max(1, AT_ONCE // (len(exponents) * max(map(len, series))))
    rng = np.random.default_rng(settings.key)
    n_rows = grid.n_patches * sum(len(rows) - 1 for rows in series)
    share = 1.0 if settings.max_rows is None else min(1.0, settings.max_rows / n_rows)
    with one_blas_thread():
        for rows in series:
            for span in row_blocks(grid.n_patches, size=rows_kept):
                read, following = grid.windows(rows[:-1], span), grid.inner(rows[1:], span)
                layout = Layout("list", (len(rows) - 1,) * len(read))
                data = rate_rows(
                    products,
                    read.reshape(-1, n_inputs),
                    layout,
                    following.reshape(-1, following.shape[2]),
                    order=estimator.order,
                    dt=estimator.dt,
                )
                size = data.sizes if size is None else size
                kept = rng.random(len(data.features)) < share
                sums.add(data.features[kept] * (data.sizes / size), data.targets[kept])
        readout = solve_best(sums, check_alphas(estimator.alpha))
    features = PolynomialFeatures(centre, columns, exponents, size if size is not None else sizes)
    law = LocalLaw(
        features, readout.coefficients, readout.intercept, estimator.dt, estimator.substeps
    )
    ends = [law.start(grid.n_patches) for _ in series]
    return LocalFit(law, units, ends, np.zeros(0), readout.alpha)
