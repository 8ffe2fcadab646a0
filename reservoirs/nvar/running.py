"""How a fitted readout of monomials predicts and runs, as a map or as a rate, in either type."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reservoirs import compiled
from reservoirs.estimators import Runs, States
from reservoirs.forecasting import Bounds, ForecastMixin, Loop, LoopOrigins
from reservoirs.nvar.checks import LONG, MAP, RATE
from reservoirs.nvar.extended import check_longdouble, join_digits, run_map
from reservoirs.nvar.features import NVAR
from reservoirs.nvar.loops import loop_residuals
from reservoirs.nvar.rates import RateLaw, count_force_rows, law_residuals
from reservoirs.sequences import Array, InitialState, Layout


class MonomialRuns(ForecastMixin):
    """Predictions and closed loops of a fitted `NVARRegressor`.

    Attributes
    ----------
    features_ : NVAR
        The monomials.
    coef_ : array of shape (n_outputs, n_monomials)
        C.
    intercept_ : array of shape (n_outputs,)
        c.
    coef_low_ : array of shape (n_outputs, n_monomials)
        In long double, what coef_ lacks.
    intercept_low_ : array of shape (n_outputs,)
        Likewise of intercept_.
    alpha_ : float
        The penalty used.
    """

    form: str
    dtype: str
    dt: float
    order: int
    substeps: int
    noise: float
    features_: NVAR
    coef_: Array
    intercept_: Array
    coef_low_: Array
    intercept_low_: Array
    alpha_: float

    def _count_earlier(self, n_outputs: int) -> int:
        """Return the rows before the present one that its outputs depend on."""
        if self.form == MAP:
            return self.features_.reach
        return count_force_rows(self.order) - 1 if self.n_features_in_ > n_outputs else 0

    def _loop_residuals(self, origins: LoopOrigins) -> Array:
        if self.form == RATE:
            # as many loops as these are compiled
            law = replace(self._law, coefficients=self.coef_, intercept=self.intercept_)
            return law_residuals(origins, law, self.alpha_)
        return loop_residuals(
            origins, self.features_, (self.coef_, self.intercept_), self.alpha_, self.noise
        )

    @property
    def _readout(self) -> tuple[Array, Array]:
        """C and c, in the type of the arithmetic."""
        if self.dtype != LONG:
            return self.coef_, self.intercept_
        check_longdouble()
        return (
            join_digits(self.coef_, self.coef_low_),
            join_digits(self.intercept_, self.intercept_low_),
        )

    @property
    def _law(self) -> RateLaw:
        loop = self.loop_
        assert loop is not None  # `fit` refused the data otherwise
        C, c = self._readout
        return RateLaw(self.features_.products(), C, c, loop, self.dt, self.order, self.substeps)

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: Array,
        bounds: Bounds | None = None,
    ) -> Array:
        infinite = np.full(len(observation), np.inf)
        bounds = (-infinite, infinite) if bounds is None else bounds
        if self.form == RATE:
            law = replace(self._law, loop=loop)
            return law.run(observation, exog, state[:, len(observation) :], bounds)
        # rows before the first one are taken to equal it
        entering = np.concatenate([observation * loop[0] + loop[1], exog[0]])
        known = np.vstack([state, entering])
        missing = self.features_.reach - len(state)
        history = np.vstack([np.repeat(known[:1], max(missing, 0), axis=0), state])
        if self.dtype == LONG:
            return run_map(self.features_, history, observation, exog, loop, self._readout, bounds)
        return compiled.monomial_loops.run_monomial_loops(
            observation[None],
            exog[None],
            history[None],
            self.features_.factors(),
            loop,
            (self.coef_[None], self.intercept_[None]),
            bounds,
        )[0]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and the rows to go on from."""
        known = np.vstack([state, rows])
        if self.form == RATE:
            reach = self._count_earlier(self.n_outputs_)
            return self._law.step(rows, state), known[max(len(known) - reach, 0) :]
        delayed = self.features_.delayed(rows, state if len(state) else None)
        return self._read_map(delayed), self.features_.latest(known)

    _read = _drive

    def _read_map(self, delayed: Array) -> Array:
        C, c = self._readout
        z = self.features_.monomials(delayed.astype(C.dtype))
        outputs: Array = (z @ C.T + c).astype(np.float64)
        return outputs

    def _read_all(self, rows: Array, layout: Layout, states: States) -> Runs:
        """Return the outputs and last rows of all series; without earlier rows all at once."""
        if any(map(len, states)) or self.form == RATE:
            return super()._read_all(rows, layout, states)
        features, spans = self.features_, list(layout.slices())
        C, c = self._readout
        z = features.monomials(features.delayed_by_series(rows, layout).astype(C.dtype))
        # one product a series: those of all together round otherwise than those of each
        outputs = [(z[span] @ C.T + c).astype(np.float64) for span in spans]
        return outputs, [features.latest(rows[span]) for span in spans]

    def _stack_states(self, states: list[Array]) -> Array:
        raise ValueError("return_state has no meaning here: pass earlier rows as context")

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[Array]:
        if initial_state is not None:
            raise ValueError("initial_state has no meaning here: pass earlier rows as context")
        return self.features_._start_states(None, n_series)
