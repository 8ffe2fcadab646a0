"""What ESNRegressor and ESNClassifier share: settings, and training of the readout."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.activations import Function
from reservoirs.esn.features import Noise
from reservoirs.esn.gathering import Gathering
from reservoirs.esn.nearest import StartStates
from reservoirs.esn.pooling import ALIASES, POOLINGS, training_medians
from reservoirs.esn.reading import READINGS
from reservoirs.esn.running import RunningMixin
from reservoirs.esn.startup import check_washout, counted_rows, settled_rows
from reservoirs.esn.stream import Stream, TrainingStates
from reservoirs.estimators import Progress
from reservoirs.estimators.activity import Activity, last_rows
from reservoirs.estimators.docstrings import inherit_parameters
from reservoirs.estimators.ranges import KeysOf
from reservoirs.leak_rates import check_mixing
from reservoirs.parallel import map_in_order
from reservoirs.plasticity import IntrinsicPlasticity
from reservoirs.readout import BLOCK, SOLVERS, Readout, fit_readout, row_blocks
from reservoirs.reservoir import SETTINGS, Reservoir
from reservoirs.seeds import seed_streams
from reservoirs.sequences import Array, Layout, Seed, SeriesLike
from reservoirs.short_series import batches
from reservoirs.targets import TargetKind, Targets
from reservoirs.topology import Sparse, Topology

RESERVOIR_SETTINGS = tuple(Reservoir().get_params())


@inherit_parameters(Reservoir)
class EchoStateNetwork(RunningMixin, BaseEstimator):
    """A drawn reservoir and a ridge-trained readout.

    Parameters
    ----------
    noise : float, default=0.0
        Standard deviation of Gaussian noise added inside the activation while training.
    alpha : float or array-like of shape (n_alphas,), default=1e-6
        Ridge penalty on C, in units of the summed squares of the features; of a grid the best is
        taken, by generalised cross-validation or `alpha_cv`.
    alpha_cv : int, default=None
        Choose from the grid by this many contiguous folds (in `fit`) of the rows whose state has
        forgotten where its series started; None is generalised cross-validation.
    solver : {"auto", "cholesky", "qr"}, default="auto"
        How the readout is solved: "auto" is Cholesky, and QR where alpha is too small for it. Of a
        grid "cholesky" takes no member below the rounding of its Gram matrix, if another is left.
    washout : int, default=0
        First rows of every series that are not regressed on.
    pooling : str or list of str, default="last"
        What is read of the states of a series for one target per series: "last", "mean",
        "deviation", "share_above_median" (the share of the steps above the median of the training
        rows), several side by side, or "both", the last and the mean.
    bidirectional : bool, default=False
        For one target per series also read each series backwards.
    readout_features : {"state+input", "state", "state+input+squares"}, default="state+input"
        What the readout reads: the state x and the input u, x alone, or [x; u; x^2].
    initial_state : {"auto", "nearest", "mean", "zero", "last"} or array-like, default="auto"
        State before a new series in prediction: the training state after which the inputs were
        "nearest" those of its first three rows, "mean" of the training states, "zero", "last" of
        the one training series, or an array (n_units,). "auto" is zero after training on several
        series without washout or with targets per series, else nearest (mean, where no series has
        20 rows and three more).
    dtype : {"float64", "float32"}, default="float64"
        Of weights and states; the readout is always float64.
    n_jobs : int, default=None
        Series whose states are computed at a time, in threads or on another joblib backend; a
        single series is run ahead of the sums in a second thread. The result is bitwise the same.
    verbose : int, default=0
        Print what was fitted, with the penalty and the time it took; 0 nothing.
    random_state : int, RandomState instance or None, default=None
        Seed of W, W_in, b, O and the noise, each from its own stream.

    Attributes
    ----------
    reservoir_ : Reservoir
        The drawn reservoir.
    readout_ : Readout
        The solved readout: its method, alpha and condition estimate.
    coef_ : array of shape (n_outputs, n_readout_features)
        Coefficients, C.
    intercept_ : array of shape (n_outputs,)
        Intercept, c.
    alpha_ : float
        The penalty used.
    mean_state_ : array of shape (n_units,)
        Mean of the training states.
    last_states_ : array of shape (n_series, n_units)
        The last state of every training series.
    auto_initial_state_ : {"nearest", "mean", "zero"}
        What `initial_state="auto"` means after this training.
    medians_ : array of shape (n_readout_columns,)
        With the pooling "share_above_median" the medians of the training rows.
    start_states_ : StartStates
        States that "nearest" chooses from, a thousand at most; for targets per step.
    activity_ : TrainingActivity
        How the units moved along the training series, for `diagnostics.reservoir_report`.
    seed_ : int
        The seed that was drawn from `random_state`.
    """

    _parameter_constraints: ClassVar[dict[str, list[object]]] = {
        **SETTINGS,
        "noise": [Interval(Real, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "alpha_cv": [Interval(Integral, 2, None, closed="left"), None],
        "solver": [KeysOf(SOLVERS, "auto")],
        "washout": [Interval(Integral, 0, None, closed="left")],
        "pooling": [KeysOf(POOLINGS, *ALIASES), list, tuple],
        "bidirectional": ["boolean"],
        "readout_features": [KeysOf(READINGS)],
        "initial_state": [StrOptions({"auto", "nearest", "mean", "zero", "last"}), "array-like"],
        "verbose": ["verbose"],
    }
    _settings_of_prediction = frozenset({"n_jobs", "initial_state", "verbose"})
    _settings_of_chunks = frozenset({"alpha"})
    forgetting: float = 1.0  # a parameter of regressors

    def __init__(
        self,
        *,
        n_units: int = 500,
        spectral_radius: float = 1.0,
        leak_rate: ArrayLike = 0.7,
        input_scaling: ArrayLike | Sparse = 0.2,
        bias_scaling: ArrayLike = 1.5,
        degree: int = 10,
        topology: str | Topology | Sparse | Array = "random",
        activation: str | Function = "tanh",
        noise: float = 0.0,
        alpha: ArrayLike = 1e-6,
        alpha_cv: int | None = None,
        solver: str = "auto",
        washout: int = 0,
        pooling: str | Sequence[str] = "last",
        bidirectional: bool = False,
        initial_state: ArrayLike = "auto",
        dtype: str = "float64",
        n_jobs: int | None = None,
        verbose: int = 0,
        random_state: Seed = None,
        readout_features: str = "state+input",
        mixing: float | None = None,
        intrinsic_plasticity: IntrinsicPlasticity | None = None,
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
        self.verbose = verbose
        self.random_state = random_state
        self.readout_features = readout_features
        self.mixing = mixing
        self.intrinsic_plasticity = intrinsic_plasticity

    def _learn(
        self, rows: Array, layout: Layout, targets: Targets, progress: Progress
    ) -> TrainingStates:
        """Solve the readout of the drawn reservoir, and store the states to start from."""
        check_washout(layout, self.washout)
        self.target_kind_, start = targets.kind, time.perf_counter()
        self._adapt(rows, layout)
        states = self._solve(rows, layout, targets, progress)
        self.activity_ = states.activity.summary(self.n_units, last_rows(rows))
        self.last_states_ = np.stack(states.last_states)
        per_step = targets.kind == "per_step"
        mean = self.readout_.feature_mean if per_step else states.mean_state
        self.mean_state_ = mean[: self.n_units]
        self._store_starts(None if states.starts is None else states.starts.states_to_start_from())
        several = layout.n_series > 1 and not self.washout
        self.auto_initial_state_ = "zero" if several or not per_step else self._start_of_pieces
        if self.verbose:
            grid = f" of {np.size(self.alpha)}" if np.size(self.alpha) > 1 else ""
            print(  # noqa: T201 - asked for
                f"{type(self).__name__}: {len(rows)} rows of {layout.n_series} series, "
                f"{self.readout_.method} with alpha={self.alpha_:g}{grid}, "
                f"{time.perf_counter() - start:.2g} s",
                flush=True,
            )
        return states

    def _warn_of_scale(self, activity: Activity) -> bool:
        """Warn if the units show that X is not scaled, and tell whether they do."""
        return self.activation == "tanh" and activity.warn(
            self.reservoir_.input_weights_, type(self).__name__
        )

    def _kept_pieces(self, layout: Layout) -> dict[int, int]:
        """Return the rows of series, by their numbers, before which a state is kept."""
        return {}

    def _weigh_rows(self, targets: Array) -> Callable[[Array], Array] | None:
        """Return what rows count by their targets; None where all count alike."""
        return None

    def _progress(
        self, X: SeriesLike, y: SeriesLike, layout: Layout, kind: TargetKind, series_id: SeriesLike
    ) -> Progress:
        """Return the progress reporter; with solver="auto" the number of blocks is unknown."""
        lengths = layout.lengths if kind == "per_step" else [layout.n_series]
        spans = (span for span, _ in batches(tuple(lengths), BLOCK))
        n_blocks = sum(-(-(span.stop - span.start) // BLOCK) for span in spans)
        n_tasks = None if self.solver == "auto" else n_blocks
        return Progress(self, X, y, n_tasks, {"series_id": series_id})

    def _solve(
        self, rows: Array, layout: Layout, targets: Targets, progress: Progress
    ) -> TrainingStates:
        """Solve the readout from one or two passes over all blocks; return the states seen."""
        states, pooling = TrainingStates(), self._pooling
        per_step = targets.kind == "per_step"
        n_features = self._reading.width(self.n_units, self.n_features_in_)
        n_rows = len(rows) - self.washout * layout.n_series
        if not per_step:
            if pooling.needs_medians:
                noise = self._noise()
                self.medians_ = training_medians(
                    pooling, self.reservoir_, rows, layout, noise, self.n_jobs
                )
            n_features *= pooling.n_parts
            n_rows = layout.n_series
        if targets.missing is not None:
            n_rows = int(counted_rows(targets, layout, self.washout).sum())

        def blocks() -> Iterator[tuple[Array, Array]]:
            nonlocal states
            states = TrainingStates(self._kept_pieces(layout))  # a second pass starts afresh
            stream = self._step_blocks if per_step else self._series_blocks
            for features, outputs in stream(rows, layout, targets.rows, states):
                with progress.task("block"):
                    if targets.missing is None:
                        yield features, outputs
                    elif (known := ~np.isnan(outputs).any(axis=1)).any():
                        yield features[known], outputs[known]

        readout = self._fit_readout(blocks, (n_features, n_rows), rows, layout, targets)
        self._store_readout(readout)
        return states

    def _fit_readout(
        self,
        blocks: Callable[[], Iterator[tuple[Array, Array]]],
        size: tuple[int, int],
        rows: Array,
        layout: Layout,
        targets: Targets,
    ) -> Readout:
        """Return the readout of blocks of all rows that count, `size` their (columns, rows)."""
        n_features, n_rows = size
        scored = None
        # the errors of rows that tell where a series started would choose the penalty
        if self.alpha_cv and np.size(self.alpha) > 1 and targets.kind == "per_step":
            settled = settled_rows(self.reservoir_, rows, layout)
            scored = settled[counted_rows(targets, layout, self.washout)]
        return fit_readout(
            blocks,
            n_features,
            targets.rows.shape[1],
            alpha=self._penalty,
            solver=self.solver,
            n_rows=n_rows,
            folds=self.alpha_cv,
            weigh=self._weigh_rows(targets.rows),
            forgetting=self.forgetting,
            scored=scored,
        )

    def _step_blocks(
        self, rows: Array, layout: Layout, targets: Array, states: TrainingStates
    ) -> Iterator[tuple[Array, Array]]:
        """Yield what is read after washout and the targets; a block lives until the next."""
        stream = Stream(self.reservoir_, self.washout, self._noise())
        none = StartStates.none(self.n_units, rows.shape[1])
        states.starts = Gathering(none, rows, layout, self.washout)
        for blocks in stream.blocks_of_series(rows, targets, layout, self.n_jobs):
            for block in blocks:
                if len(block.features):
                    states.see(block, layout)
                    states.starts.add(block.features)
                    yield self._reading.columns(block.features, self.n_units), block.targets
            states.last_states.extend(block.last_states)

    def _series_blocks(
        self, rows: Array, layout: Layout, targets: Array, states: TrainingStates
    ) -> Iterator[tuple[Array, Array]]:
        """Yield one row of pooled features per series and its target, 1024 series at a time."""
        zero_state, noise, pooling = np.zeros(self.n_units), self._noise(), self._pooling

        def run(number: int, span: slice) -> tuple[Array, Array]:
            added = None if noise is None else noise(number)
            return pooling.features(self.reservoir_, rows[span], zero_state, added)

        by_series = map_in_order(run, enumerate(layout.slices()), self.n_jobs)
        for span in row_blocks(layout.n_series):
            features = []
            for _ in range(span.stop - span.start):
                pooled, rows_read = next(by_series)
                of_series = rows_read[:, : self.n_units]
                features.append(pooled)
                states.state_sum = states.state_sum + of_series.sum(axis=0, dtype=np.float64)
                states.n_states += len(of_series)
                states.activity.add(rows_read)
                states.last_states.append(of_series[-1].copy())
            yield np.stack(features), targets[span]

    @property
    def _penalty(self) -> ArrayLike:
        return self.alpha

    def _goes_on(self, method: str) -> bool:
        return method == "partial_fit" and hasattr(self, "stream_")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def _draw(self) -> None:
        self.__dict__.pop("medians_", None)  # of a fit before
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = int(np.random.default_rng(seed_streams(seed)[0]).integers(2**31 - 1))
        self.seed_ = int(seed)
        settings = {name: getattr(self, name) for name in RESERVOIR_SETTINGS}
        if self.mixing is not None:
            check_mixing(self)
            del settings["leak_rate"]
        self.reservoir_ = Reservoir(**settings).drawn(self.n_features_in_, self.seed_)

    def _adapt(self, rows: Array, layout: Layout) -> None:
        """Adapt the units to training rows; a second pass finds them as the first left them."""
        rule = self.intrinsic_plasticity
        if rule is not None and not hasattr(self.reservoir_, "intrinsic_gain_"):
            rule.adapt(self.reservoir_, rows, layout)

    def _store_readout(self, readout: Readout) -> None:
        self.readout_, self.alpha_ = readout, readout.alpha
        self.coef_, self.intercept_ = readout.coefficients, readout.intercept

    @property
    def _start_of_pieces(self) -> str:
        return "nearest" if "start_states_" in self.__dict__ else "mean"

    def _store_starts(self, starts: StartStates | None) -> None:
        """Store the states to start from; none where there are none."""
        self.__dict__.pop("start_states_", None)
        if starts is not None and starts.settled:
            self.start_states_ = starts

    def _noise(self) -> Noise | None:
        """Return the state noise of training."""
        if not self.noise:
            return None
        key = int(seed_streams(self.seed_)[3].generate_state(1, np.uint64)[0])
        return Noise(key, self.noise, self.n_units)
