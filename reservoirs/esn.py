"""Echo state networks: a fixed random reservoir and a ridge-trained readout. Wiring only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.parallel import Parallel, delayed

from reservoirs.forecasting import ForecastMixin, Loop, remember
from reservoirs.readout import BLOCK, SOLVERS, Readout, fit_readout
from reservoirs.reservoir import SETTINGS, Reservoir, seed_streams
from reservoirs.sequences import Array, Layout, Targets, check_rows, check_targets
from reservoirs.stream import Stream

POOLINGS: dict[str, Callable[[Array], Array]] = {
    "last": lambda features: features[-1],
    "mean": lambda features: features.mean(axis=0),
    "both": lambda features: np.concatenate([features[-1], features.mean(axis=0)]),
}


@dataclass
class _Seen:
    """What one pass over the training series leaves behind besides the sums."""

    last: list[Array] = field(default_factory=list)
    total: Any = 0.0
    count: int = 0


class ESNRegressor(ForecastMixin, RegressorMixin, BaseEstimator):
    """Echo state network for regression and forecasting.

    x[t] = (1 - a) x[t-1] + a tanh(W x[t-1] + W_in u[t] + b),   y[t] = C [x[t]; u[t]] + c

    Only C and c are learned, by ridge regression; W, W_in and b are drawn. For forecasts fit on
    `X, y = next_step(series, exog)`: the columns of W_in for the observation are then the feedback
    weights, no second mechanism is needed.

    Parameters
    ----------
    n_units, spectral_radius, leak_rate, input_scaling, bias_scaling, degree, topology
        the reservoir, see `Reservoir`
    noise : standard deviation of Gaussian noise added inside tanh while training
    alpha : ridge penalty on C, in units of the summed squares of the features; of a grid the best
        is taken, by generalised cross-validation or `alpha_cv`
    alpha_cv : choose from the grid by this many contiguous folds (in `fit`)
    solver : "auto" (Cholesky, and QR where alpha is too small for it), "cholesky" or "qr"
    washout : first rows of every series that are not regressed on
    pooling : "last", "mean" or "both": the states of a series read for one target per series
    initial_state : state before a new series in `predict` and `forecast`: "auto" (zero after
        training on several series without washout or with targets per series, else "mean"), "mean"
        (of the training states), "zero", "last" (of the one training series) or an array (n_units,)
    dtype : "float64" or "float32", of weights and states; the readout is always float64
    n_jobs : series whose states are computed at a time, in threads; no bit of the result depends on
        it. One long series is never cut
    random_state : seed of W, W_in, b and the noise, each from its own stream

    Attributes
    ----------
    reservoir_ : the drawn `Reservoir`
    coef_ : (n_outputs, n_units + n_features) C
    intercept_ : (n_outputs,) c
    readout_ : the solved readout: its method, alpha and condition estimate
    mean_state_, last_states_ : (n_units,) and (n_series, n_units), of training
    alpha_ : the penalty used
    n_features_in_ : number of features

    References
    ----------
    Jaeger (2001), The "echo state" approach to analysing and training RNNs, GMD report 148.
    Lukosevicius (2012), A practical guide to applying echo state networks.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **SETTINGS,
        "noise": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "alpha_cv": [Interval(Integral, 2, None, closed="left"), None],
        "solver": [StrOptions({"auto", *SOLVERS})],
        "washout": [Interval(Integral, 0, None, closed="left")],
        "pooling": [StrOptions(set(POOLINGS))],
        "n_jobs": [Integral, None],
        "initial_state": [StrOptions({"auto", "mean", "zero", "last"}), "array-like"],
    }

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 0.9,
        leak_rate: float = 1.0,
        input_scaling: Any = 1.0,
        bias_scaling: Any = 0.5,
        degree: int = 10,
        topology: Any = "random",
        noise: float = 0.0,
        alpha: Any = 1e-6,
        alpha_cv: int | None = None,
        solver: str = "auto",
        washout: int = 0,
        pooling: str = "last",
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
        self.noise = noise
        self.alpha = alpha
        self.alpha_cv = alpha_cv
        self.solver = solver
        self.washout = washout
        self.pooling = pooling
        self.initial_state = initial_state
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Draw the reservoir and solve the readout.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : targets per step in the container of X, or one target per series
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data, or a washout that leaves no row of a series.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        targets = check_targets(self, y, layout)
        self._check_washout(layout)
        self.__dict__.pop("stream_", None)
        self._draw()
        seen = self._solve(rows, layout, targets)
        self.last_states_ = np.stack(seen.last)
        self.mean_state_ = seen.total / seen.count
        self._auto_zero = targets.kind == "per_series" or (layout.n_series > 1 and not self.washout)
        remember(self, rows, layout, targets, y)
        return self

    def _draw(self) -> None:
        names = Reservoir().get_params()
        self.reservoir_ = Reservoir(**{name: getattr(self, name) for name in names})
        state = self.random_state
        if not isinstance(state, int | np.integer):
            state = int(np.random.default_rng(seed_streams(state)[0]).integers(2**31 - 1))
        self.reservoir_.random_state = self._seed = int(state)
        self.reservoir_.n_features_in_ = self.n_features_in_
        self.reservoir_.draw()

    def _solve(self, rows: Array, layout: Layout, targets: Targets) -> _Seen:
        seen = _Seen()

        def blocks() -> Iterator[tuple[Array, Array]]:
            nonlocal seen
            seen = _Seen()  # a second pass starts afresh
            stream = self._features(rows, layout, seen)
            if targets.kind == "per_step":
                return ((z, targets.rows[where]) for z, where in stream)
            return self._pooled(stream, layout, targets)

        copies = 2 if targets.kind == "per_series" and self.pooling == "both" else 1
        self.readout_ = fit_readout(
            blocks,
            copies * (self.n_units + self.n_features_in_),
            targets.rows.shape[1],
            alpha=self._alphas(),
            solver=self.solver,
            n_rows=(
                layout.n_series
                if targets.kind == "per_series"
                else len(rows) - self.washout * layout.n_series
            ),
            folds=self.alpha_cv,
        )
        self._keep(self.readout_)
        return seen

    def _keep(self, readout: Readout) -> None:
        self.readout_, self.alpha_ = readout, readout.alpha
        self.coef_, self.intercept_ = readout.coefficients, readout.intercept

    def _alphas(self) -> Array:
        alphas = np.atleast_1d(np.asarray(self.alpha, dtype=np.float64))
        if alphas.ndim != 1 or not alphas.size or not (np.isfinite(alphas) & (alphas >= 0)).all():
            raise ValueError(
                f"alpha must be a number >= 0 or a 1-D grid of such, got {self.alpha!r}; remove "
                "negative and non-finite values"
            )
        return alphas

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, *, new_series: bool = False, series_id: Any = None
    ) -> Self:
        """Learn from one more chunk; any cut into chunks gives bitwise the same model.

        A 2-D chunk goes on with the open series; each element of a list or a 3-D array is a whole
        series. Washout counts once per series. With solver="auto" the sums are those of QR.

        Parameters
        ----------
        X : (n_rows, n_features), or many series
        y : targets per step in the container of X
        new_series : begin a new series with a 2-D chunk
        series_id : (n_rows,) ids of a 2-D X, each a whole series

        Raises
        ------
        ValueError
            For bad data, targets per series, or too few rows after washout so far.
        """
        first = not hasattr(self, "stream_")
        rows, layout = check_rows(self, X, series_id=series_id, reset=first)
        targets = check_targets(self, y, layout)
        if targets.kind == "per_series":
            raise ValueError(
                "partial_fit takes targets per step, got one target per series; use fit"
            )
        alphas = self._alphas()
        if first:
            self._draw()
            sums = SOLVERS["qr" if self.solver == "auto" else self.solver]
            width = self.n_units + self.n_features_in_
            self.stream_ = Stream(
                self.reservoir_,
                sums(width, targets.rows.shape[1]),
                self.washout,
                self._noise if self.noise else None,
            )
        stream = self.stream_
        for span in layout.slices():
            if layout.many or new_series or not stream.n_series:
                stream.begin()
            stream.feed(rows[span], targets.rows[span])
        readout, self.mean_state_ = stream.solve(alphas)
        self._keep(readout)
        self.last_states_ = stream.state[None].copy()
        self._auto_zero = stream.n_series > 1 and not self.washout
        remember(self, rows[span], Layout("single", (len(rows[span]),)), _part(targets, span), y)
        self.loop_ = stream.loop if stream.closes else None
        return self

    def _series_states(self, rows: Array, layout: Layout) -> Iterator[Any]:
        """Yield the blocks of states of every series, in order."""
        packed, rest = self.reservoir_.pack(), np.zeros(self.n_units)

        def blocks(number: int, span: slice) -> Iterator[tuple[slice, Array]]:
            return self.reservoir_.run(rows[span], rest, packed=packed, noise=self._noise(number))

        numbered = enumerate(layout.slices())
        if self.n_jobs in (None, 1) or layout.n_series == 1:
            yield from (blocks(*one) for one in numbered)
        else:
            pool = Parallel(self.n_jobs, prefer="threads", return_as="generator")
            yield from pool(delayed(lambda n, s: list(blocks(n, s)))(*one) for one in numbered)

    def _features(self, rows: Array, layout: Layout, seen: _Seen) -> Iterator[tuple[Array, slice]]:
        """Yield [state; input] after washout in blocks of at most 1024 rows, and where they are."""
        for span, blocks in zip(layout.slices(), self._series_states(rows, layout), strict=True):
            series = rows[span]
            for part, states in blocks:
                first = max(self.washout - part.start, 0)
                if first < len(states):
                    kept = states[first:]
                    seen.total = seen.total + kept.sum(axis=0, dtype=np.float64)
                    seen.count += len(kept)
                    where = slice(part.start + first, part.stop)
                    features = np.hstack([kept, series[where]], dtype=np.float64)
                    yield features, slice(span.start + where.start, span.start + where.stop)
            seen.last.append(states[-1])

    def _pooled(
        self, stream: Iterator[tuple[Array, slice]], layout: Layout, targets: Targets
    ) -> Iterator[tuple[Array, Array]]:
        """Yield one row of pooled features per series, 1024 series at a time."""
        pool, first = POOLINGS[self.pooling], 0
        parts: list[Array] = []
        series: list[Array] = []
        ends = np.cumsum(layout.lengths)
        for features, where in stream:
            parts.append(features)
            if where.stop == ends[first + len(series)]:
                series.append(pool(np.concatenate(parts)))
                parts = []
            if len(series) == BLOCK:
                yield np.stack(series), targets.rows[first : first + BLOCK]
                first, series = first + BLOCK, []
        if series:
            yield np.stack(series), targets.rows[first:]

    def _noise(self, series: int) -> Any:
        """Return the noise of a series, keyed on its number and the block of rows."""
        if not self.noise:
            return None
        key = int(seed_streams(self._seed)[3].generate_state(1, np.uint64)[0])

        def block(number: int, length: int) -> Array:
            source = np.random.Philox(key=key, counter=[0, 0, number, series])
            return self.noise * np.random.Generator(source).standard_normal((length, self.n_units))

        return block

    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions of one series, (n_steps or 1, n_outputs), and its last state."""
        if self.target_kind_ == "per_step":
            return self._drive(rows, state)
        parts = []
        for part, states in self.reservoir_.run(rows, state, packed=self.reservoir_.pack()):
            parts.append(np.hstack([states, rows[part]], dtype=np.float64))
        kept = np.concatenate(parts)[min(self.washout, len(rows) - 1) :]
        pooled = POOLINGS[self.pooling](kept)
        return (self.coef_ @ pooled + self.intercept_)[None], states[-1]

    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the readout after every row of one series, and its last state."""
        out = np.empty((len(rows), len(self.intercept_)))
        by_state, by_input = np.split(self.coef_, [self.n_units], axis=1)
        for part, states in self.reservoir_.run(rows, state, packed=self.reservoir_.pack()):
            out[part] = states @ by_state.T + rows[part] @ by_input.T + self.intercept_
        return out, states[-1]

    def _free_run(self, observation: Array, exog: Array, loop: Loop, state: Array) -> Array:
        from reservoirs import kernel

        readout = (self.coef_, self.intercept_)
        return kernel.run_closed_loop(
            observation, exog, state, self.reservoir_.pack(), loop, readout
        )

    def _start_states(self, initial_state: Any, n_series: int) -> Array:
        """Return (n_series, n_units) start states by the rules of design section 3."""
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

    def _check_washout(self, layout: Layout) -> None:
        for index, n_steps in enumerate(layout.lengths):
            if self.washout >= n_steps:
                raise ValueError(
                    f"washout must be in [0, n_steps), got washout={self.washout} for series "
                    f"{index} of {n_steps} steps; lower washout or drop that series"
                )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _part(targets: Targets, rows: slice) -> Targets:
    return Targets(targets.rows[rows], targets.kind, targets.flat)
