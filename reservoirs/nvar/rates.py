"""The rate form: a law x' = f(x, F), a sum of monomials, learned from equal steps and integrated.

    x[t+1] - x[t] = dt sum_j b_j f[t-p+j],  f[t] = C z([x[t], F[t]]) + c

C and c come from linear regression: b, of `quadrature_weights`, is exact up to the order of the
polynomial through the rows. A known input F is, from a row to the next, the polynomial through that
row and the ones before: what comes after it is not known yet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reservoirs import compiled
from reservoirs.forecasting import (
    Bounds,
    Loop,
    LoopOrigins,
    Loops,
    held_out_residuals,
    hold,
)
from reservoirs.nvar.examples import rate_rows
from reservoirs.nvar.integration import integrate_step, plan_step
from reservoirs.nvar.products import Products
from reservoirs.nvar.quadrature import (
    extrapolation_weights,
    recent_rows,
)
from reservoirs.sequences import Array

MOST_VALUES = 2**20  # of monomials at once: 8 MB
FORCE_ROWS = 4  # at most, of the polynomial of a known input: more would magnify its noise


def count_force_rows(order: int) -> int:
    """Return the rows of the polynomial that a known input is between two rows."""
    return min(order // 2, FORCE_ROWS)


@dataclass(frozen=True, eq=False)
class RateLaw:
    """A law y' = C z(u) + c, u = [scale y + shift, F], and how it is integrated.

    Attributes
    ----------
    products : Products
        The monomials z.
    coefficients : array of shape (n_outputs, n_monomials)
        C, per unit of time; its type is that of the arithmetic.
    intercept : array of shape (n_outputs,)
        c.
    loop : tuple of two arrays of shape (n_outputs,)
        Scale and shift from an output to the input it becomes.
    dt : float
        Time from a row to the next.
    order : int
        Rows of the polynomial that it was learned by.
    substeps : int
        Half the order of its integration.
    """

    products: Products
    coefficients: Array
    intercept: Array
    loop: Loop
    dt: float
    order: int
    substeps: int

    def step(self, rows: Array, earlier: Array) -> Array:
        """Return the outputs one step after every row of a series.

        Parameters
        ----------
        rows : array of shape (n_rows, n_features)
            [scale y + shift, F] of every row.
        earlier : array of shape (n_earlier, n_features)
            Rows just before, for F.

        Returns
        -------
        array of shape (n_rows, n_outputs)
            y of the next row.
        """
        scale, shift = self.loop
        d = len(scale)
        y = (rows[:, :d].astype(self._dtype) - shift) / scale
        recent = recent_rows(rows[:, d:], earlier[:, d:], count_force_rows(self.order))
        step, values = self._stepper(), np.empty(y.shape)
        at_once = max(MOST_VALUES // (len(self.products) * self.substeps), 1)
        with np.errstate(over="ignore", invalid="ignore"):  # wild rows give wild values
            for first in range(0, len(y), at_once):
                span = slice(first, first + at_once)
                values[span] = step(y[span], recent[span])
        return values

    def run(self, first: Array, exog: Array, earlier: Array, bounds: Bounds) -> Array:
        """Return the outputs after every step, (n_steps, n_outputs), in a closed loop.

        Parameters
        ----------
        first : array of shape (n_outputs,)
            y before the first step.
        exog : array of shape (n_steps, n_exog)
            F at the row where each step begins.
        earlier : array of shape (n_earlier, n_exog)
            F of the rows just before.
        bounds : tuple of two arrays of shape (n_outputs,)
            What y is held within.

        Returns
        -------
        array of shape (n_steps, n_outputs)
            y.
        """
        recent = recent_rows(exog, earlier, count_force_rows(self.order))
        if self._dtype == np.float64:
            coefficients = self.coefficients[None], self.intercept[None]
            return self.run_many(first[None], recent[None], coefficients, bounds)[0]
        y, step = first.astype(self._dtype), self._stepper()
        values: Array = np.empty((len(exog), len(first)))
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(len(exog)):
                y = hold(step(y, recent[t]), bounds)
                values[t] = y
        return values

    def run_many(
        self, first: Array, recent: Array, coefficients: tuple[Array, Array], bounds: Bounds
    ) -> Array:
        """Return the outputs of closed loops, each with its own C and c, in float64.

        Parameters
        ----------
        first : array of shape (n_loops, n_outputs)
            y before the first step of each.
        recent : array of shape (n_loops, n_steps, n_recent, n_exog)
            F at the row where each step begins, and at the rows before.
        coefficients : tuple of arrays, (n_loops, n_outputs, n_monomials) and (n_loops, n_outputs)
            C and c of each.
        bounds : tuple of two arrays of shape (n_outputs,)
            What y is held within.

        Returns
        -------
        array of shape (n_loops, n_steps, n_outputs)
            y.
        """
        plan = plan_step(self.substeps)
        table = extrapolation_weights(count_force_rows(self.order), plan.places)
        C, c = coefficients
        return compiled.rate_loops.run_rate_loops(
            first,
            recent,
            (self.dt, plan.weights, table),
            (self.products.parents, self.products.variables),
            self.loop,
            (self.products.spread(C), c),
            bounds,
        )

    @property
    def _dtype(self) -> np.dtype[np.generic]:
        return self.coefficients.dtype

    def _stepper(self) -> Callable[[Array, Array], Array]:
        """Return a function of y, (..., n_outputs), and F, (..., n_recent, n_exog): y a step on.

        It takes all rows at once, in any type.
        """
        dtype, products = self._dtype, self.products
        scale, shift = (part.astype(dtype) for part in self.loop)
        same = bool((scale == 1).all() and (shift == 0).all())
        plan = plan_step(self.substeps, dtype.name)
        table = extrapolation_weights(count_force_rows(self.order), plan.places)
        C, c = products.spread(self.coefficients).T, self.intercept

        def step(y: Array, recent: Array) -> Array:
            def slope(x: Array, numbers: Array) -> Array:
                u = x if same else x * scale + shift
                if recent.shape[-1]:
                    known = np.tensordot(table[numbers], recent, axes=(1, -2))
                    u = np.concatenate([u, known], axis=-1)
                velocity: Array = products.evaluate(u) @ C + c
                return velocity

            return integrate_step(slope, y, self.dt, plan)

        return step


def law_residuals(origins: LoopOrigins, law: RateLaw, alpha: float) -> Array:
    """Return the errors of loops, (n_loops, horizon, n_outputs), of laws of the rows before them.

    The penalty is that of all rows; the law is in float64.
    """
    kept, d = origins.kept, origins.targets.shape[1]
    steps = rate_rows(
        law.products, kept.rows, kept.layout, origins.targets, order=law.order, dt=law.dt
    )
    size = steps.sizes
    read, learned = np.zeros((len(kept.rows), len(size))), np.zeros((len(kept.rows), d))
    read[steps.counted], learned[steps.counted] = steps.features, steps.targets
    n_recent = count_force_rows(law.order)

    def run(loops: Loops) -> Array:
        earlier = [kept.rows[begin - n_recent + 1 : begin, d:] for begin in loops.begins]
        pairs = zip(loops.exog, earlier, strict=True)
        recent = np.stack([recent_rows(exog, before, n_recent) for exog, before in pairs])
        C, c = loops.readouts
        return law.run_many(loops.first, recent, (C / size, c), loops.bounds)

    fitted = law.coefficients * size, law.intercept
    return held_out_residuals(origins, read, fitted, alpha, run, learned=learned)
