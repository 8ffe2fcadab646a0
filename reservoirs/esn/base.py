"""What ESNRegressor and ESNClassifier share: settings, training of the readout, running."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.estimators import Progress, SeriesMixin
from reservoirs.estimators.ranges import KeysOf
from reservoirs.parallel import ahead, in_order
from reservoirs.readout import BLOCK, SOLVERS, Readout, fit_readout
from reservoirs.reservoir import SETTINGS, Reservoir, seed_streams
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets

POOLINGS: dict[str, Callable[[Array], Array]] = {
    "last": lambda features: features[-1],
    "mean": lambda features: features.mean(axis=0),
    "both": lambda features: np.concatenate([features[-1], features.mean(axis=0)]),
}

DRAWN = tuple(Reservoir().get_params())


@dataclass
class Seen:
    """What one pass over the training series leaves behind besides the sums.

    Attributes
    ----------
    last : the last state of every series
    total, count : sum and number of the states, counted for targets per series
    """

    last: list[Array] = field(default_factory=list)
    total: Any = 0.0
    count: int = 0


class FeatureBlocks:
    """Blocks of [state; input], so that the loop writes states where the sums will read them.

    Parameters
    ----------
    series : (n_steps, n_features)
    n_units : columns before the inputs
    n_rooms : blocks in memory at a time, later ones overwrite earlier ones
    """

    def __init__(self, series: Array, n_units: int, n_rooms: int) -> None:
        self.series, self.n_units = series, n_units
        n_steps, n_features = series.shape
        self.rooms = np.empty((n_rooms, min(n_steps, BLOCK), n_units + n_features))
        self.last = self.rooms[0]

    def __getitem__(self, rows: slice) -> Array:
        """Return the block of some rows, its inputs filled in."""
        inputs = self.series[rows]
        self.last = self.rooms[rows.start // BLOCK % len(self.rooms)][: len(inputs)]
        self.last[:, self.n_units :] = inputs
        return self.last


@dataclass(frozen=True)
class Noise:
    """State noise keyed on the series' number and the block of rows, whatever the chunks.

    Attributes
    ----------
    key : of the random stream
    level : standard deviation
    n_units : columns
    """

    key: int
    level: float
    n_units: int

    def __call__(self, series: int) -> Callable[[int, int], Array]:
        """Return what gives the first rows of any block of one series."""

        def block(number: int, length: int) -> Array:
            source = np.random.Philox(key=self.key, counter=[0, 0, number, series])
            return self.level * np.random.Generator(source).standard_normal((length, self.n_units))

        return block


class EchoStateNetwork(SeriesMixin, BaseEstimator):
    """A drawn reservoir and a ridge-trained readout; see `ESNRegressor` for the settings."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SETTINGS,
        "noise": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "alpha_cv": [Interval(Integral, 2, None, closed="left"), None],
        "solver": [KeysOf(SOLVERS, "auto")],
        "washout": [Interval(Integral, 0, None, closed="left")],
        "pooling": [KeysOf(POOLINGS)],
        "bidirectional": ["boolean"],
        "initial_state": [StrOptions({"auto", "mean", "zero", "last"}), "array-like"],
    }

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 1.0,
        leak_rate: float = 0.7,
        input_scaling: Any = 0.2,
        bias_scaling: Any = 1.5,
        degree: int = 10,
        topology: Any = "random",
        activation: str = "tanh",
        noise: float = 0.0,
        alpha: Any = 1e-6,
        alpha_cv: int | None = None,
        solver: str = "auto",
        washout: int = 0,
        pooling: str = "last",
        bidirectional: bool = False,
        initial_state: Any = "auto",
        dtype: str = "float64",
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_units = n_units
        self.spectral_radius = spectral_radius
        self.leak_rate = leak_rate
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.degree = degree
        self.topology = topology
        self.activation = activation
        self.noise = noise
        self.alpha = alpha
        self.alpha_cv = alpha_cv
        self.solver = solver
        self.washout = washout
        self.pooling = pooling
        self.bidirectional = bidirectional
        self.initial_state = initial_state
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _learn(self, rows: Array, layout: Layout, targets: Targets, progress: Progress) -> None:
        """Draw the reservoir, solve the readout, and keep the states to start from."""
        for index, n_steps in enumerate(layout.lengths):
            if self.washout >= n_steps:
                raise ValueError(
                    f"washout must be in [0, n_steps), got washout={self.washout} for series "
                    f"{index} of {n_steps} steps; lower washout or drop that series"
                )
        self.target_kind_ = targets.kind
        self._draw()
        seen = self._solve(rows, layout, targets, progress)
        self.last_states_ = np.stack(seen.last)
        per_step = targets.kind == "per_step"
        mean = self.readout_.feature_mean if per_step else seen.total / seen.count
        self.mean_state_ = mean[: self.n_units]
        self._auto_zero = targets.kind == "per_series" or (layout.n_series > 1 and not self.washout)

    def _progress(self, X: Any, y: Any, layout: Layout, kind: str, series_id: Any) -> Progress:
        """Return who is told of every block of rows; "auto" may go through them twice."""
        lengths = layout.lengths if kind == "per_step" else [layout.n_series]
        n_blocks = sum(-(-length // BLOCK) for length in lengths)
        known = None if self.solver == "auto" else n_blocks
        return Progress(self, X, y, known, {"series_id": series_id})

    def _solve(self, rows: Array, layout: Layout, targets: Targets, progress: Progress) -> Seen:
        seen, per_step = Seen(), targets.kind == "per_step"
        width, n_rows = (
            self.n_units + self.n_features_in_,
            len(rows) - self.washout * layout.n_series,
        )
        if not per_step:
            width *= (2 if self.pooling == "both" else 1) * (2 if self.bidirectional else 1)
            n_rows = layout.n_series

        def blocks() -> Iterator[tuple[Array, Array]]:
            nonlocal seen
            seen = Seen()  # a second pass starts afresh
            stream = self._step_rows if per_step else self._pooled_rows
            for block in stream(rows, layout, targets.rows, seen):
                with progress.task("block"):
                    yield block

        readout = fit_readout(
            blocks,
            width,
            targets.rows.shape[1],
            alpha=self.alpha,
            solver=self.solver,
            n_rows=n_rows,
            folds=self.alpha_cv,
        )
        self._keep(readout)
        return seen

    def _step_rows(
        self, rows: Array, layout: Layout, targets: Array, seen: Seen
    ) -> Iterator[tuple[Array, Array]]:
        """Yield [state; input] after washout and the targets, in blocks of at most 1024 rows.

        A block lives until the next is asked for.
        """
        packed, rest, n = self.reservoir_.pack(), np.zeros(self.n_units), self.n_units

        def blocks_of(
            number: int, span: slice, n_rooms: int
        ) -> Iterator[tuple[slice, Array, Array]]:
            series = rows[span]
            out = FeatureBlocks(series, n, n_rooms) if self.dtype == "float64" else None
            noise = self._noise(number)
            for part, states in self.reservoir_.run(
                series, rest, packed=packed, noise=noise, out=out
            ):
                block = np.hstack([states, series[part]]) if out is None else out.last
                yield part, states[-1].copy(), block.astype(np.float64, copy=False)

        def whole(number: int, span: slice) -> list[tuple[slice, Array, Array]]:
            return list(blocks_of(number, span, -(-(span.stop - span.start) // BLOCK)))

        found: Iterable[Any]
        if self.n_jobs in (None, 1):
            found = (blocks_of(*one, 1) for one in enumerate(layout.slices()))
        elif layout.n_series == 1:
            found = [ahead(blocks_of(0, slice(0, len(rows)), 2))]
        else:
            found = in_order(whole, enumerate(layout.slices()), self.n_jobs)
        for span, blocks in zip(layout.slices(), found, strict=True):
            for part, last, block in blocks:
                ended = last
                first = max(self.washout - part.start, 0)
                if first < len(block):
                    start, stop = span.start + part.start + first, span.start + part.stop
                    yield block[first:], targets[start:stop]
            seen.last.append(ended)

    def _pooled_rows(
        self, rows: Array, layout: Layout, targets: Array, seen: Seen
    ) -> Iterator[tuple[Array, Array]]:
        """Yield one row of pooled features per series and its target, 1024 series at a time."""
        rest, parts = np.zeros(self.n_units), []

        def run(number: int, span: slice) -> tuple[Array, Array]:
            return self._pooled(rows[span], rest, self._noise(number))

        first = 0
        found = in_order(run, enumerate(layout.slices()), self.n_jobs)
        for number, (pooled, states) in enumerate(found):
            parts.append(pooled)
            seen.total = seen.total + states.sum(axis=0, dtype=np.float64)
            seen.count += len(states)
            seen.last.append(states[-1])
            if len(parts) == BLOCK or number + 1 == layout.n_series:
                yield np.stack(parts), targets[first : number + 1]
                first, parts = number + 1, []

    def _pooled(self, rows: Array, state: Array, noise: Any = None) -> tuple[Array, Array]:
        """Return the pooled features of one series, and its states after washout."""
        pool, washout = POOLINGS[self.pooling], min(self.washout, len(rows) - 1)
        run = partial(self.reservoir_.run, packed=self.reservoir_.pack(), noise=noise)

        def features(rows: Array, state: Array) -> Array:
            states = np.concatenate([block for _, block in run(rows, state)])
            return np.hstack([states, rows], dtype=np.float64)[washout:]

        forward = features(rows, state)
        pooled = [pool(forward)]
        if self.bidirectional:
            pooled.append(pool(features(rows[::-1], np.zeros(self.n_units))))
        return np.concatenate(pooled), forward[:, : self.n_units]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _draw(self) -> None:
        self.reservoir_ = Reservoir(**{name: getattr(self, name) for name in DRAWN})
        state = self.random_state
        if not isinstance(state, int | np.integer):
            state = int(np.random.default_rng(seed_streams(state)[0]).integers(2**31 - 1))
        self.reservoir_.random_state = self._seed = int(state)
        self.reservoir_.n_features_in_ = self.n_features_in_
        self.reservoir_.draw()

    def _keep(self, readout: Readout) -> None:
        self.readout_, self.alpha_ = readout, readout.alpha
        self.coef_, self.intercept_ = readout.coefficients, readout.intercept

    def _noise_source(self) -> Noise | None:
        if not self.noise:
            return None
        key = int(seed_streams(self._seed)[3].generate_state(1, np.uint64)[0])
        return Noise(key, self.noise, self.n_units)

    def _noise(self, series: int) -> Any:
        """Return the noise of a series."""
        source = self._noise_source()
        return None if source is None else source(series)

    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs of one series, (n_steps or 1, n_outputs), and its last state."""
        if self.target_kind_ == "per_step":
            return self._drive(rows, state)
        pooled, states = self._pooled(rows, state)
        return (self.coef_ @ pooled + self.intercept_)[None], states[-1]

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the readout after every row of one series, and its last state."""
        out = np.empty((len(rows), len(self.intercept_)))
        by_state, by_input = np.split(self.coef_, [self.n_units], axis=1)
        for part, states in self.reservoir_.run(rows, state, packed=self.reservoir_.pack()):
            out[part] = states @ by_state.T + rows[part] @ by_input.T + self.intercept_
        return out, states[-1]

    def _start_states(self, initial_state: Any, n_series: int) -> Array:
        """Return (n_series, n_units) start states by the rules of docs/data.md."""
        wanted = self.initial_state if initial_state is None else initial_state
        if isinstance(wanted, str) and wanted == "auto":
            wanted = "zero" if self._auto_zero else "mean"
        if not isinstance(wanted, str):
            return self.reservoir_.check_state(wanted, n_series)
        if wanted == "last" and len(self.last_states_) != 1:
            raise ValueError(
                'initial_state="last" needs exactly one training series, got '
                f"{len(self.last_states_)}; pass an array, or 'mean' or 'zero'"
            )
        named = {
            "zero": None,
            "mean": self.mean_state_,
            "last": self.last_states_[0],
        }
        if wanted not in named:
            raise ValueError(
                f"initial_state must be 'auto', 'mean', 'zero', 'last' or an array, got {wanted!r}"
            )
        return self.reservoir_.check_state(named[wanted], n_series)
