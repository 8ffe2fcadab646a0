"""Models made of parts, each a node that carries a state: steps, unions, chains, averages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from reservoirs.estimators.series import States
from reservoirs.estimators.units import measure
from reservoirs.forecasting.training_end import TrainingEnd
from reservoirs.labels import load_pandas
from reservoirs.scaling import SequenceScaler
from reservoirs.sequences import Array, InitialState

State = Any  # of a node: what its parts carry, nested as they are


class Part(Protocol):
    """One of our estimators, fitted: a regressor, or a transformer inside a Pipeline.

    Attributes
    ----------
    n_features_in_ : int
        Number of inputs.
    training_end_ : TrainingEnd
        Where the training series ended, as it saw them.
    last_states_ : array of shape (n_series, state_size) or list of arrays
        The state at the end of each training series.
    """

    n_features_in_: int
    training_end_: TrainingEnd
    last_states_: States

    def _start_states(self, initial_state: InitialState, n_series: int) -> States:
        """Return the state before the first row of each series."""

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and its last state."""


class Node(ABC):
    """A part of a model: rows in, rows or predictions out, a state from row to row."""

    @abstractmethod
    def start(self, initial_state: InitialState) -> State:
        """Return the state before the first row of a series."""

    @abstractmethod
    def last(self, series: int) -> State:
        """Return the state at the end of a training series."""

    @abstractmethod
    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the outputs after every row of one series, and its last state."""

    def check(self, rows: Array) -> None:
        """Raise a ValueError if rows cannot go through one by one."""
        self.drive(rows, self.start(None))

    def lacks(self, row: Array, state: State) -> str:
        """Return what a forecast from a row, (n_features,), lacks of the rows before, or ""."""
        return ""

    def leaves(self) -> Iterator[Ours | Foreign]:
        """Yield the estimators that do not consist of others, in the order of the rows."""
        if isinstance(self, Ours | Foreign):
            yield self
        for node in getattr(self, "nodes", ()):
            yield from node.leaves()

    def parts(self) -> Iterator[Part]:
        """Yield our own estimators among them."""
        yield from (leaf.estimator for leaf in self.leaves() if isinstance(leaf, Ours))


@dataclass(frozen=True)
class Ours(Node):
    """One of our estimators.

    The outputs of a final one are the predictions; then `initial_state` is its own.
    """

    estimator: Part
    final: bool

    @property
    def n_inputs(self) -> int:
        """Number of its inputs."""
        return self.estimator.n_features_in_

    def start(self, initial_state: InitialState) -> State:
        """Return the state before the first row of a series."""
        return self.estimator._start_states(initial_state if self.final else None, 1)[0]

    def last(self, series: int) -> State:
        """Return the state at the end of a training series."""
        return self.estimator.last_states_[series]

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the outputs after every row of one series, and its last state."""
        return self.estimator._drive(rows, state)


@dataclass(frozen=True)
class Foreign(Node):
    """An estimator of another library that takes every row for itself.

    The name is what the model calls it, the method "transform" or "predict".
    """

    name: str
    estimator: object
    method: str

    @property
    def n_inputs(self) -> int:
        """Number of its inputs."""
        return int(self.estimator.n_features_in_)  # type: ignore[attr-defined]

    def start(self, initial_state: InitialState) -> State:
        """Return no state."""
        return None

    def last(self, series: int) -> State:
        """Return no state."""
        return None

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return what the estimator makes of the rows."""
        call, names = getattr(self.estimator, self.method), self._columns
        if names is None:
            values = call(rows)
        else:
            # one fitted on a DataFrame warns of arrays without names
            values = call(load_pandas().DataFrame(rows, columns=names).infer_objects())
        values = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
        return values.reshape(len(values), -1), None

    @property
    def _columns(self) -> list[Hashable] | None:
        names = getattr(self.estimator, "feature_names_in_", None)
        return None if names is None else list(names)

    def check(self, rows: Array) -> None:
        """Raise a ValueError if the estimator mixes rows, or drops some."""
        together, _ = self.drive(rows, None)
        alone = [self.drive(row[None], None)[0] for row in rows]
        same = len(together) == len(rows) and all(len(one) == 1 for one in alone)
        if not same or not _close(together, np.concatenate(alone)):
            raise ValueError(
                f"the loop cannot close: step {self.name!r}, a {type(self.estimator).__name__}, "
                "does not take every row for itself, and carries no state that a forecast could go "
                "on from; build such columns before fit, or use a transformer of this library "
                "(NVAR for delays, Reservoir)"
            )


def _close(together: Array, alone: Array) -> bool:
    if together.dtype.kind not in "fiub" or together.shape != alone.shape:
        return bool(np.array_equal(together, alone))
    return bool(np.allclose(together, alone, rtol=1e-8, atol=1e-12, equal_nan=True))


@dataclass(frozen=True)
class Chain(Node):
    """Nodes one after the other, as in a Pipeline."""

    nodes: Sequence[Node]

    def start(self, initial_state: InitialState) -> State:
        """Return the states of all nodes."""
        return [node.start(initial_state) for node in self.nodes]

    def last(self, series: int) -> State:
        """Return the states of all nodes."""
        return [node.last(series) for node in self.nodes]

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Send rows through all nodes."""
        ends = []
        for node, of_node in zip(self.nodes, state, strict=True):
            rows, end = node.drive(rows, of_node)
            ends.append(end)
        return rows, ends

    def check(self, rows: Array) -> None:
        """Check every node on the rows that reach it."""
        for node in self.nodes:
            node.check(rows)
            rows, _ = node.drive(rows, node.start(None))


@dataclass(frozen=True)
class Union(Node):
    """Nodes side by side, as in a FeatureUnion.

    Nodes are in the order of their columns, each multiplied by its weight.
    """

    nodes: Sequence[Node]
    weights: Sequence[float]

    def start(self, initial_state: InitialState) -> State:
        """Return the states of all nodes."""
        return [node.start(initial_state) for node in self.nodes]

    def last(self, series: int) -> State:
        """Return the states of all nodes."""
        return [node.last(series) for node in self.nodes]

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the columns of all nodes."""
        pairs = [node.drive(rows, s) for node, s in zip(self.nodes, state, strict=True)]
        columns = [w * values for w, (values, _) in zip(self.weights, pairs, strict=True)]
        return np.hstack(columns), [end for _, end in pairs]

    def check(self, rows: Array) -> None:
        """Check every node."""
        for node in self.nodes:
            node.check(rows)


@dataclass(frozen=True)
class Average(Union):
    """Nodes whose predictions are averaged with weights that sum to 1, as in VotingRegressor."""

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the weighted mean of the predictions."""
        pairs = [node.drive(rows, s) for node, s in zip(self.nodes, state, strict=True)]
        values = [w * values for w, (values, _) in zip(self.weights, pairs, strict=True)]
        return np.sum(values, axis=0), [end for _, end in pairs]

    def lacks(self, row: Array, state: State) -> str:
        """Return what the first node that lacks something does."""
        pairs = zip(self.nodes, state, strict=True)
        return next(filter(None, (node.lacks(row, of_node) for node, of_node in pairs)), "")


@dataclass(frozen=True)
class Inverse(Chain):
    """A regressor whose predictions are transformed back, as in TransformedTargetRegressor.

    The transformer was fitted on the targets.
    """

    transformer: object = None

    def back(self, values: Array) -> Array:
        """Return values in the units of y."""
        result = self.transformer.inverse_transform(values)  # type: ignore[attr-defined]
        return np.asarray(result, dtype=np.float64).reshape(len(values), -1)

    def forward(self, values: Array) -> Array:
        """Return values of y in the units that were learned."""
        result = self.transformer.transform(values)  # type: ignore[attr-defined]
        return np.asarray(result, dtype=np.float64).reshape(len(values), -1)

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the predictions in the units of y."""
        values, ends = super().drive(rows, state)
        return self.back(values), ends


@dataclass(frozen=True)
class OwnUnits(Chain):
    """A regressor behind a scaler of each series by itself, with predictions scaled back.

    Its state is the units of the series, None where they are not known yet, and the state inside.

    Attributes
    ----------
    scaler : SequenceScaler
        Fitted, with `per_series`.
    """

    scaler: SequenceScaler | None = None

    def start(self, initial_state: InitialState) -> State:
        """Return unknown units, and the state before the first row of a series."""
        return None, super().start(initial_state)

    def last(self, series: int) -> State:
        """Return the units of a training series, and the state at its end."""
        return self.known(super().last(series), series)

    def known(self, inside: State, series: int) -> State:
        """Return a state inside with the units of a training series."""
        assert self.scaler is not None  # as `as_node` made it
        return (self.scaler.mean_[series], self.scaler.scale_[series]), inside

    def settled(self, rows: Array, state: State) -> State:
        """Return a state whose units are those of rows, if they were not known."""
        units, inside = state
        if units is not None:
            return state
        if len(rows) < 2:
            raise ValueError(
                "a series that was not in fit is scaled by its own context, which needs two rows "
                f"at least, got {len(rows)}; pass more of it"
            )
        assert self.scaler is not None  # as above
        halves = {"with_mean": self.scaler.with_mean, "with_std": self.scaler.with_std}
        return measure(rows, **halves), inside

    def check(self, rows: Array) -> None:
        """Accept all rows: nothing inside mixes them."""

    def drive(self, rows: Array, state: State) -> tuple[Array, State]:
        """Return the predictions in the units of the series."""
        units, inside = self.settled(rows, state)
        values, inside = super().drive((rows - units[0]) / units[1], inside)
        return self._back(values, units), (units, inside)

    def closed_loop(
        self, observation: Array, exog: Array, state: State, bounds: tuple[Array, Array] | None
    ) -> Array:
        """Return the loop of the regressor inside, in the units of the series."""
        (mean, scale), (inside,) = state
        part: Any = self.nodes[0]
        n_outputs = len(observation)
        values = part.estimator._closed_loop(
            (observation - mean[:n_outputs]) / scale[:n_outputs],
            (exog - mean[n_outputs:]) / scale[n_outputs:],
            part.estimator.training_end_.loop,
            inside,
            None if bounds is None else self._inside(bounds, mean, scale),
        )
        return self._back(values, (mean, scale))

    def end(self, end: TrainingEnd) -> TrainingEnd:
        """Return the end of training of the regressor inside, in the units of each series."""
        assert self.scaler is not None  # as above
        k = end.n_outputs
        mean, scale = self.scaler.mean_[:, :k], self.scaler.scale_[:, :k]
        unit = scale.max() if scale.max() > 1e150 else 1.0  # of which float64 has the square
        spread = unit * np.sqrt(((scale / unit) ** 2).mean(axis=0))
        assert end.last_observations is not None  # own units are those of targets per step
        return replace(
            end,
            last_observations=end.last_observations * scale + mean,
            target_size=float((end.target_size * scale + np.abs(mean)).max()),
            target_deviation=end.target_deviation * spread,
            pairs=None,
        )

    def _inside(
        self, bounds: tuple[Array, Array], mean: Array, scale: Array
    ) -> tuple[Array, Array]:
        low, high = ((limit - mean[: len(limit)]) / scale[: len(limit)] for limit in bounds)
        return low, high

    def _back(self, values: Array, units: tuple[Array, Array]) -> Array:
        mean, scale = units
        back: Array = values * scale[: values.shape[1]] + mean[: values.shape[1]]
        return back


def is_affine(step: object) -> bool:
    """Tell whether a transformer scales and shifts every column for itself."""
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    affine = (MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler, SequenceScaler)
    return isinstance(step, affine) and not getattr(step, "clip", False)
