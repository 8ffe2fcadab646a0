"""A model of several parts, a Pipeline say, as one model whose loop closes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from reservoirs.estimators.series import States, Step
from reservoirs.forecasting.bounds import DEFAULT_BOUND, Bounds, run_restored
from reservoirs.forecasting.composed_intervals import interval_ends
from reservoirs.forecasting.loop import DIVERGED, TOLERANCE, Loop
from reservoirs.forecasting.nodes import (
    Chain,
    Foreign,
    Inverse,
    Node,
    Ours,
    OwnUnits,
    Part,
    State,
    is_affine,
)
from reservoirs.forecasting.probing import beside, same_columns, targets_agree
from reservoirs.forecasting.restored import Restored
from reservoirs.forecasting.runs import feed_back
from reservoirs.forecasting.start import Start
from reservoirs.forecasting.target_units import Transform, in_units_of_y
from reservoirs.forecasting.training_end import CANNOT_CLOSE, TrainingEnd
from reservoirs.sequences import Array, InitialState

N_PROBES = 4
N_REFINED = 3
EPS = np.finfo(np.float64).eps
OWN_UNITS = (
    "the loop cannot close: SequenceScaler(per_series=True) must be the first step and a regressor "
    "of this library the only one after it, fitted on X, y = next_step(series), with nothing but a "
    "search around the Pipeline"
)
WANTED = (
    "forecast takes a regressor of this library or a Pipeline (search, VotingRegressor, "
    "TransformedTargetRegressor) that has a part of it, got "
)


class ComposedModel:
    """A model of several parts that forecasts as one.

    Parameters
    ----------
    model : estimator
        Fitted: a Pipeline, say.
    node : Node
        It as a node.

    Attributes
    ----------
    training_end_ : TrainingEnd
        Where the training series ended, in the units of y and of the inputs of the model.
    n_features_in_ : int
        Number of inputs.
    takes_text : bool
        Whether a step may make numbers of inputs that are none.

    Raises
    ------
    TypeError
        If no part of it is ours and saw y.
    """

    takes_text = True
    _exog_is_text = False

    def __init__(self, model: object, node: Node) -> None:
        self.node = node
        recorder = _find_recorder(node, whole=True)
        if recorder is None:
            raise TypeError(WANTED + type(model).__name__ + _hidden_parts(node))
        part, before, back = recorder
        end = part.training_end_
        self._before = Chain(before)
        self._n_checked = {"drive": 0, "run": 0}
        leaf = next(node.leaves())
        self.n_features_in_: int = leaf.n_inputs
        names = getattr(model, "feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        alignments = {p.exog_align for p in node.parts() if hasattr(p, "exog_align")}
        if len(alignments) > 1 and self.n_features_in_ > end.n_outputs:
            raise ValueError(
                "the parts of the model take exogenous inputs of different rows, exog_align="
                f"{sorted(alignments)}; fit them with the same"
            )
        self.exog_align = next(iter(alignments), None)
        bounds = [p.bound for p in node.parts() if hasattr(p, "bound")] or [DEFAULT_BOUND]
        # what one part would not feed back, all together do not
        self.bound: float | None = min((b for b in bounds if b is not None), default=None)
        if isinstance(node, OwnUnits):
            identity = np.ones(end.n_outputs), np.zeros(end.n_outputs)
            self.training_end_ = replace(node.end(end), loop=identity if end.loop else None)
            return
        self.training_end_ = end if back is None else in_units_of_y(end, back)
        if end.last_observations is not None:
            self.training_end_ = replace(
                self.training_end_, loop=self._find_loop(end, back is not None)
            )

    @property
    def last_states_(self) -> States:
        """The state at the end of each training series."""
        return [self.node.last(i) for i in range(self.training_end_.layout.n_series)]

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the model can predict."""
        return True

    def _find_loop(self, end: TrainingEnd, transformed: bool) -> Loop | None:
        """Return the map from y to the next input of the model; None where it cannot close."""
        n_outputs = end.n_outputs
        identity = np.ones(n_outputs), np.zeros(n_outputs)
        if self._is_affine and not transformed:
            return None if end.loop is None else self._before_scalers(end, end.loop)
        return identity if self._pairs_agree() else None

    def _before_scalers(self, end: TrainingEnd, loop: Loop) -> Loop:
        """Return the map from y to what scalers make the next row of; 1 and 0 where that is y."""
        known = end.target_range
        assert end.last_observations is not None  # a loop closes on targets per step
        low = (end.last_observations[-1:] if known is None else known).min(axis=0)
        width = 0.0 if known is None else np.ptp(known, axis=0)
        span = np.where(width > 0, width, end.target_deviation + np.abs(low))
        nothing, y = np.zeros(self.n_features_in_ - len(low)), np.stack([low, low + span])

        def scaled(inputs: Array) -> Array:
            return self._drive_before(beside(inputs, nothing))[:, : len(low)]

        # rows that came out, and what comes out of y: at 0 and 1 a pressure in pascal has no digits
        came, x = y * loop[0] + loop[1], scaled(y)
        rounding = 8 * EPS * np.abs([x, came, y * loop[0]]).max(axis=(0, 1))
        tolerance = TOLERANCE * np.abs(loop[0]) * end.target_deviation + rounding
        same = (np.abs(x - came) <= tolerance).all(axis=0)
        inputs = y
        for _ in range(N_REFINED):  # of no digits either where y is far from the inputs
            x = scaled(inputs)
            inputs = inputs + (came - x) * np.ptp(inputs, axis=0) / np.ptp(x, axis=0)
        scale = (inputs[1] - inputs[0]) / span
        return np.where(same, 1.0, scale), np.where(same, 0.0, inputs[0] - scale * low)

    def _pairs_agree(self) -> bool:
        """Tell whether targets, sent through the first steps, are the rows that came out."""
        pairs = self.training_end_.pairs
        if pairs is None:
            return True
        rows, targets = pairs
        n_exog = self.n_features_in_ - targets.shape[1]
        # other targets, as large and of the same sign, for steps that take a logarithm
        others = 1.5 * np.roll(targets, 1, axis=0) + self.training_end_.target_deviation
        try:
            agree = targets_agree(self._drive_before, rows, targets, others, n_exog)
        except (TypeError, ValueError):  # exogenous inputs that are not numbers
            self._exog_is_text = True
            return True
        self._before.check(beside(targets[:N_PROBES], np.zeros(n_exog)))
        return agree

    def _check_pairs(self, exog: Array) -> None:
        """Check the same with exogenous inputs that are text, now that some are known."""
        pairs = self.training_end_.pairs
        if pairs is None or not self._exog_is_text:
            return
        rows, targets = pairs
        known = np.repeat(exog[:1], len(targets), axis=0)
        came = self._drive_before(np.hstack([targets, known]))
        if came.shape != rows.shape:
            return
        same = same_columns(came, rows)
        for j in range(targets.shape[1]):
            moved = targets.copy()
            moved[:, j] = np.roll(moved[:, j], 1)
            depends = (self._drive_before(np.hstack([moved, known])) != came).any(axis=0)
            # a column may be a product with the inputs, but one is of the observation alone
            if depends.any() and not (depends & same).any():
                raise ValueError(CANNOT_CLOSE)
        self._exog_is_text = False

    def takes_missing(self, exog: Array) -> bool:
        """Tell whether a step fills what is missing, so that the predictions are finite.

        Inputs are (n_rows, n_exog), some NaN. False where a NaN reaches the predictions, or a step
        refuses it.
        """
        end = self.training_end_
        if end.loop is None or end.last_observations is None:
            return False
        scale, shift = end.loop
        row = end.last_observations[-1] * scale + shift
        try:
            rows = np.hstack([np.tile(row, (len(exog), 1)), exog])
            values, _ = self.node.drive(rows, self.node.start(None))
        except (TypeError, ValueError):
            return False
        return bool(np.isfinite(values).all())

    def takes(self, observation: Array, inputs: Array) -> bool:
        """Tell whether the first steps make numbers of an observation, as a logarithm may not.

        It is (n_outputs,) in the units of y, and enters beside inputs, (n_exog,).
        """
        loop = self.training_end_.loop
        if self._is_affine or loop is None:
            return True
        row = np.concatenate([observation * loop[0] + loop[1], inputs])[None]
        try:
            with np.errstate(all="ignore"):
                values = self._drive_before(row)
        except (TypeError, ValueError):
            return False
        return values.dtype.kind != "f" or bool(np.isfinite(values).all())

    @property
    def _is_affine(self) -> bool:
        """Whether the first steps only scale and shift every column."""
        nodes = self._before.nodes
        return all(isinstance(n, Foreign) and is_affine(n.estimator) for n in nodes)

    def _drive_before(self, rows: Array) -> Array:
        values: Array = self._before.drive(rows, self._before.start(None))[0]
        return values

    def _start_states(self, initial_state: InitialState, n_series: int) -> list[State]:
        parts = list(self.node.parts())
        if initial_state is not None and not isinstance(initial_state, str) and len(parts) > 1:
            raise ValueError(
                "initial_state as an array is that of one model, and this one has "
                f"{len(parts)} parts that carry a state; pass context, or 'zero'"
            )
        return [self.node.start(initial_state) for _ in range(n_series)]

    def _drive(self, rows: Array, state: State) -> tuple[Array, State]:
        self._check("drive", rows[:N_PROBES])
        return self.node.drive(rows, state)

    def _check(self, where: str, rows: Array) -> None:
        """Check that rows can go through one by one, unless as many have been checked there."""
        if len(rows) > self._n_checked[where]:
            self.node.check(rows)
            self._n_checked[where] = len(rows)

    @contextmanager
    def _row_runner(self, state: State) -> Iterator[Step]:
        def step(row: Array) -> Array:
            nonlocal state
            values, state = self.node.drive(row[None], state)
            of_row: Array = values[0]
            return of_row

        yield step

    def _closed_loop(
        self,
        observation: Array,
        exog: Array,
        loop: Loop,
        state: State,
        bounds: Bounds | None = None,
    ) -> Array:
        """Run the loop, compiled where all steps before one of our regressors are scalers."""
        if isinstance(self.node, OwnUnits):
            return self.node.closed_loop(observation, exog, state, bounds)
        if isinstance(self.node, Restored):
            return run_restored(self.node, observation, exog, state, bounds, self.bound)
        nodes = list(self.node.nodes) if isinstance(self.node, Chain) else []
        last = nodes[-1] if nodes else None
        before = [node.estimator for node in nodes[:-1] if isinstance(node, Foreign)]
        simple = len(before) == len(nodes) - 1 and all(map(is_affine, before))
        if isinstance(last, Ours) and simple and not isinstance(self.node, Inverse):
            n_outputs = self.training_end_.n_outputs
            # columns are scaled one by one, so any observation will do beside the inputs
            rows = np.hstack([np.zeros((len(exog), n_outputs)), exog])
            inside = last.estimator
            return inside._closed_loop(  # type: ignore[attr-defined]
                observation,
                self._drive_before(rows)[:, n_outputs:],
                inside.training_end_.loop,
                state[-1],
                bounds,
            )
        return self._run(observation, exog, loop, state, bounds)

    def _interval(
        self, values: Array, state: State, levels: list[float], start: Start | None = None
    ) -> tuple[Array, Array]:
        return interval_ends(self.node, values, state, levels)

    def _run(
        self, observation: Array, exog: Array, loop: Loop, state: State, bounds: Bounds | None
    ) -> Array:
        """Run the loop one row after the other."""
        scale, shift = loop
        pairs = self.training_end_.pairs
        probes = [] if pairs is None else list(pairs[1][-N_PROBES:])
        # a forecast of one step has one row of inputs, and a step that mixes rows shows on several
        probe_rows = [
            np.concatenate([y * scale + shift, exog[i % len(exog)]])
            for i, y in enumerate([observation, *probes])
        ]
        self._check("run", np.stack(probe_rows))
        if missing := self.node.lacks(probe_rows[0], state):
            raise ValueError(missing)
        self._check_pairs(exog)
        limit = DIVERGED * self.training_end_.target_size

        def next_row(latest: Array, inputs: Array) -> Array:
            return np.concatenate([latest * scale + shift, inputs])

        with self._row_runner(state) as step:
            return feed_back(step, next_row, observation, exog, limit, bounds)


Recorder = tuple[Part, list[Node], Transform | None]


def _hidden_parts(node: Node) -> str:
    """Name the steps that hold a part of this library which a forecast does not open."""
    steps = [
        leaf.name
        for leaf in node.leaves()
        if isinstance(leaf, Foreign)
        for _, part, *_ in getattr(leaf.estimator, "transformers_", ())
        if hasattr(part, "_drive")
    ]
    return f", whose step {steps[0]!r} hides one; put it in a FeatureUnion" if steps else ""


def _find_recorder(node: Node, *, whole: bool = False) -> Recorder | None:
    """Find the first of our estimators that saw y beside its rows.

    With it come the nodes before it, and the way back to the units of y where its targets were
    transformed.

    Raises
    ------
    ValueError
        If a part of it scales each series by itself.
    """
    if isinstance(node, OwnUnits) and not whole:
        raise ValueError(OWN_UNITS)
    if isinstance(node, Ours):
        return (node.estimator, [], None) if hasattr(node.estimator, "training_end_") else None
    before: list[Node] = []
    for inner in getattr(node, "nodes", ()):
        found = _find_recorder(inner)
        if found is not None:
            part, inside, back = found
            if isinstance(node, Inverse):
                back = node.back if back is None else _then(back, node.back)
            return part, before + inside, back
        if type(node) is Chain:
            before.append(inner)
    return None


def _then(first: Transform, second: Transform) -> Transform:
    return lambda values: second(first(values))
