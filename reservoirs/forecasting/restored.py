"""A regressor of the transformed observation, behind the steps that transformed it, as a node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reservoirs.forecasting.levels import LevelTransformer
from reservoirs.forecasting.nodes import Chain, State
from reservoirs.overflow import StatesTooLargeError
from reservoirs.sequences import Array

FAR = 3.0  # levels go so many ranges beyond theirs in as many steps as there are training rows


@dataclass(frozen=True)
class Restored(Chain):
    """Steps that transform the observation, scalers and a regressor; predictions are levels.

    Attributes
    ----------
    steps : list of LevelTransformer
        The first of the nodes.
    """

    steps: tuple[LevelTransformer, ...] = ()

    @property
    def reach(self) -> int:
        """Rows before the last known one that a prediction needs to know."""
        return sum(step.reach for step in self.steps)

    def check(self, rows: Array) -> None:
        """Accept all rows: nothing inside mixes them but our own steps."""

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the predictions as levels; the row itself as long as too few came before."""
        n_steps = len(self.steps)
        inputs, ends, known = rows, [], []
        for step, before in zip(self.steps, state, strict=False):
            known.append(np.vstack([before, inputs[:, : step.n_levels_]]))
            inputs, end = step._drive(inputs, before)
            ends.append(end)
        inner, whole = list(state[n_steps:]), ~np.isnan(inputs).any(axis=1)
        d = self.steps[0].n_levels_
        outputs = np.array(rows[:, :d], dtype=np.float64)
        if whole.any():
            first = int(np.argmax(whole))
            values, inner = Chain(self.nodes[n_steps:]).drive(inputs[first:], inner)
            for step, levels in zip(reversed(self.steps), reversed(known), strict=True):
                # the level that the next value was taken from, of each of the last rows
                last = len(levels) - max(step.reach - 1, 0)
                values = step.back(values, levels[last - len(values) : last])
            outputs[first:] = values
        return outputs, [*ends, *inner]

    def lacks(self, row: Array, state: State) -> str:
        """Return what a forecast from a row, (n_features,), lacks of the rows before, or ""."""
        inputs, whole = row[None], True
        for step, before in zip(self.steps, state, strict=False):
            inputs, _ = step._drive(inputs, before)
            whole = whole and not np.isnan(before).any()  # a later step goes on from any of them
        if whole and not np.isnan(inputs).any():
            return ""
        return (
            f"a forecast through {' and '.join(type(s).__name__ for s in self.steps)} reaches "
            f"{self.reach} rows back from the last known one, and the context has fewer, or the "
            "series of fit has a gap there; pass a longer context, or a larger step to backtest"
        )

    def closed_loop(
        self,
        observation: Array,
        exog: Array,
        state: State,
        bounds: tuple[Array, Array] | None,
        margin: float | None,
    ) -> tuple[Array, int | None]:
        """Run the loop; transformed values and levels are held within their bounds.

        Parameters
        ----------
        observation : array of shape (n_outputs,)
            The last known levels.
        exog : array of shape (n_steps, n_exog)
            Exogenous inputs.
        state : list
            Of all nodes, before.
        bounds : tuple of two arrays of shape (n_outputs,), or None
            Of the levels; None: nothing is held.
        margin : float or None
            Of the transformed values, in ranges of what was learned; None: as far as they like.

        Returns
        -------
        values : array of shape (n_steps, n_outputs)
            Levels.
        step : int or None
            The first step at which a transformed value was held.

        Raises
        ------
        ValueError
            If fewer rows are known than the steps reach back.
        """
        n_steps = len(self.steps)
        if missing := self.lacks(np.concatenate([observation, exog[0]]), state):
            raise ValueError(missing)
        low, high = self._value_bounds(margin)
        inner = Chain(self.nodes[n_steps:])
        states, inside = list(state[:n_steps]), list(state[n_steps:])
        out, held = np.full((len(exog), len(observation)), np.nan), None
        for t, beside in enumerate(exog):
            inputs, known = np.concatenate([observation, beside])[None], []
            for i, step in enumerate(self.steps):
                known.append(np.vstack([states[i], inputs[:, : step.n_levels_]]))
                inputs, states[i] = step._drive(inputs, states[i])
            try:
                found, inside = inner.drive(inputs, inside)
            except StatesTooLargeError:
                found = np.full((1, len(low)), np.nan)
            values = np.fmin(np.fmax(found, low), high)
            if held is None and not np.array_equal(values, found):
                held = t
            for step, levels in zip(reversed(self.steps), reversed(known), strict=True):
                last = len(levels) - max(step.reach - 1, 0)
                values = step.back(values, levels[last - 1 : last])
            observation = values[0]
            if bounds is not None:
                observation = np.fmin(np.fmax(observation, bounds[0]), bounds[1])
            if not np.isfinite(observation).all():
                break
            out[t] = observation
        return out, held

    def widened(self, low: Array, high: Array, share: float) -> tuple[Array, Array]:
        """Return a range of levels, (n_outputs,) each, and a share of it beyond.

        It is that of the logarithms where these are taken first: a series that doubled ten times
        may double ten times again.
        """
        first, ends = self.steps[0], np.vstack([low, high])
        if first.reach:
            return low - share * (high - low), high + share * (high - low)
        values = first.forward(ends)
        room = share * (values[1] - values[0])
        with np.errstate(over="ignore"):
            wide = first.back(np.vstack([values[0] - room, values[1] + room]), ends)
        largest = np.finfo(np.float64).max
        return wide[0], np.minimum(wide[1], largest)

    def _value_bounds(self, margin: float | None) -> tuple[Array, Array]:
        """Return what transformed values are held within, (n_outputs,) each."""
        (part,) = list(self.nodes[-1].parts())
        seen = part.training_end_.target_range
        if margin is None or seen is None:
            infinite = np.full(self.steps[0].n_levels_, np.inf)
            return -infinite, infinite
        # what is constant may be predicted to rounding
        room = margin * (seen[1] - seen[0]) + 1e-9 * np.abs(seen).max(axis=0)
        return seen[0] - room, seen[1] + room
