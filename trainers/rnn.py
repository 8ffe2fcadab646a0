"""RNNRegressor: a trained recurrent network behind the scikit-learn API. Wiring only."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.forecasting import ForecastMixin, Progress, remember
from reservoirs.sequences import Array, Layout, Targets, check_rows, check_targets
from trainers.batches import read_last
from trainers.cells import ACTIVATIONS, CELLS
from trainers.examples import split_examples
from trainers.initialization import INITS, ESNInit, initial_weights
from trainers.losses import LOSSES
from trainers.network import Network
from trainers.operations import one_thread
from trainers.solvers import SOLVERS, FirstOrderSolver, HessianFreeSolver, resolve
from trainers.training import Problem, Stopping, make_stepper, train

CHUNK = 1024  # rows or windows per forward pass in prediction


class RNNRegressor(ForecastMixin, RegressorMixin, BaseEstimator):
    """Vanilla RNN, LSTM or GRU trained by back-propagation through time or Hessian-free.

    Targets are standardised inside `fit`; scale the inputs with a Pipeline.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    n_units : hidden units per layer
    n_layers : stacked layers
    activation : "tanh", "relu" or "identity", of the vanilla cell
    solver : "adam", "rmsprop", "sgd", "lbfgs", "momentum", "nesterov", "hessian_free", or settings
        from `trainers.solvers`
    init : "default", "orthogonal", "sparse", "esn", or an `ESNInit`
    window : None carries the state along the series; k predicts row t from rows t-k+1..t, from a
        zero state
    truncation : steps after which the gradient is cut while the state goes on, with window=None
        and a minibatch solver
    max_iter : epochs (steps of the full-batch solvers)
    batch_size : windows, or series, per update
    learning_rate : None is the solver's
    clip_norm : largest norm of a gradient; None for none
    learn_initial_state : start series from learned weights instead of zero
    validation_fraction : share of the tail (of the last series, where there are many) held out and
        its loss recorded; None is 0.1 with early_stopping, else nothing
    early_stopping : stop when the validation loss no longer falls, and keep the best weights
    tol : smallest improvement that counts; None never stops on it unless early_stopping
    n_iter_no_change : epochs without improvement before stopping
    warm_start : go on from the last fit instead of starting afresh
    dtype : "auto" (float64 for "hessian_free" and "lbfgs", else float32), "float32" or "float64"
    device : "cpu", "cuda", ...
    verbose : log every so many epochs to the logger "trainers"
    random_state : seed of the weights and of the order of the batches

    Attributes
    ----------
    weights_ : dict of arrays, in the units of standardised targets
    n_iter_ : epochs done
    loss_curve_, validation_curve_ : half the mean squared error of the standardised targets
    history_ : one record per epoch: seconds, losses, gradient norm, and a solver's own figures
    status_ : "max_iter", "converged", "diverged", "stopped" by a callback, or "interrupted"
    solver_state_ : what `warm_start` goes on from
    n_features_in_ : number of features
    """

    history_: list[dict[str, Any]]
    solver_state_: dict[str, Any]
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "cell": [StrOptions(set(CELLS))],
        "n_units": [Interval(Integral, 1, None, closed="left")],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions(set(SOLVERS)), FirstOrderSolver, HessianFreeSolver],
        "init": [StrOptions(set(INITS)), ESNInit],
        "window": [Interval(Integral, 1, None, closed="left"), None],
        "truncation": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "learn_initial_state": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "early_stopping": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        cell: str = "rnn",
        n_units: int = 64,
        n_layers: int = 1,
        activation: str = "tanh",
        solver: Any = "adam",
        init: Any = "default",
        window: int | None = None,
        truncation: int = 100,
        max_iter: int = 100,
        batch_size: int = 32,
        learning_rate: float | None = None,
        clip_norm: float | None = None,
        learn_initial_state: bool = False,
        validation_fraction: float | None = None,
        early_stopping: bool = False,
        tol: float | None = None,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        dtype: str = "auto",
        device: str = "cpu",
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.cell = cell
        self.n_units = n_units
        self.n_layers = n_layers
        self.activation = activation
        self.solver = solver
        self.init = init
        self.window = window
        self.truncation = truncation
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.learn_initial_state = learn_initial_state
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, *, series_id: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : any container of series, (n_steps, n_features) each
        y : targets per step in the container of X, or one target per series
        series_id : (n_rows,) ids of a 2-D X

        Raises
        ------
        ValueError
            For bad data, an unknown device, or stacked layers with the Hessian-free solver.
        """
        rows, layout = check_rows(self, X, series_id=series_id, reset=True, min_rows=2)
        targets = check_targets(self, y, layout)
        self._check_settings()
        resumed = self.warm_start and hasattr(self, "solver_state_")
        if not resumed:
            self.target_mean_ = targets.rows.mean(axis=0)
            deviation = targets.rows.std(axis=0)
            self.target_scale_ = np.where(deviation > 0, deviation, 1.0)
        remember(self, rows, layout, targets, y)
        progress = Progress(self, X, y, self.max_iter, {"series_id": series_id})
        self._train(rows, layout, targets, resumed, progress)
        start = self._start_states(None, layout.n_series)
        self.last_states_ = [
            self._drive(rows[span], state)[1]
            for span, state in zip(layout.slices(), start, strict=True)
        ]
        progress.end()
        return self

    def _check_settings(self) -> None:
        if self.n_layers > 1 and isinstance(resolve(self.solver), HessianFreeSolver):
            raise ValueError(
                f"the Hessian-free solver trains one layer, got n_layers={self.n_layers}; set "
                "n_layers=1, or use a first-order solver such as 'adam'"
            )
        available = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        known = {*available, "cuda"} if len(available) > 1 else set(available)
        if self.device not in known:
            raise ValueError(f"device must be one of {available}, got {self.device!r}")

    def _train(
        self, rows: Array, layout: Layout, targets: Targets, resumed: bool, progress: Progress
    ) -> None:
        solver = resolve(self.solver)
        double = self.dtype == "float64" or (self.dtype == "auto" and solver.double)
        self.dtype_ = "float64" if double else "float32"
        self.network_ = Network(
            self.cell, rows.shape[1], self.n_units, self.n_layers, targets.rows.shape[1],
            self.activation, self.learn_initial_state,
        )  # fmt: skip
        scaled = Targets(
            (targets.rows - self.target_mean_) / self.target_scale_, targets.kind, targets.flat
        )
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        )
        first = initial_weights(self.network_, self.init, scaled.rows.mean(axis=0), rng)
        train_on, held_out = split_examples(
            self._tensor(rows), self._tensor(self._spread(scaled, layout)), layout,
            last_only=targets.kind == "per_series", window=self.window, fraction=self._held_out(),
        )  # fmt: skip
        problem = Problem(
            self.network_, LOSSES["squared_error"], train_on, held_out, self._tensor(first),
            self.batch_size, None if self.window else self.truncation, self.clip_norm, rng,
        )  # fmt: skip
        stepper = make_stepper(problem, solver, self.learning_rate)
        if resumed:
            stepper.resume(self.solver_state_["stepper"])
            rng.bit_generator.state = self.solver_state_["rng"]
        stopping = Stopping(self.max_iter, self.early_stopping, self.tol, self.n_iter_no_change)
        outcome = train(
            problem, stepper, stopping,
            progress=progress, changed=self._weights, verbose=int(self.verbose),
        )  # fmt: skip
        self._keep(outcome, {"stepper": stepper.state(), "rng": rng.bit_generator.state}, resumed)

    def _keep(self, outcome: Any, state: dict[str, Any], resumed: bool) -> None:
        before = self.history_ if resumed else []
        self.history_ = before + outcome.history
        self.loss_curve_ = [record["loss"] for record in self.history_]
        self.validation_curve_ = [
            record["validation_loss"] for record in self.history_ if "validation_loss" in record
        ]
        self.n_iter_, self.status_ = len(self.history_), outcome.status
        self.solver_state_ = state
        self.weights_ = self._weights(outcome.theta)["weights_"]

    def _weights(self, theta: torch.Tensor) -> dict[str, Any]:
        """Return the flat weights as the fitted attribute they are."""
        parts = self.network_.split(theta.cpu())
        return {"weights_": {name: part.numpy().copy() for name, part in parts.items()}}

    def _held_out(self) -> float | None:
        if self.validation_fraction is None and self.early_stopping:
            return 0.1
        return self.validation_fraction

    @staticmethod
    def _spread(targets: Targets, layout: Layout) -> Array:
        """Return one target per row; a target per series is repeated on each of its rows."""
        if targets.kind == "per_step":
            return targets.rows
        return np.repeat(targets.rows, layout.lengths, axis=0)

    def _tensor(self, array: Array) -> torch.Tensor:
        return torch.tensor(array, dtype=getattr(torch, self.dtype_), device=self.device)

    def _theta(self) -> torch.Tensor:
        return self._tensor(np.concatenate([w.ravel() for w in self.weights_.values()]))

    def _read(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the predictions of one series, (n_steps or 1, n_outputs), and its last state."""
        values, state = self._drive(rows, state)
        return (values if self.target_kind_ == "per_step" else values[-1:]), state

    @torch.no_grad()
    def _drive(self, rows: Array, state: Array) -> tuple[Array, Array]:
        """Return the outputs after every row of one series, and its last state."""
        drive = self._windowed if self.window else self._carried
        with one_thread():
            outputs, state = drive(rows, state)
        return outputs * self.target_scale_ + self.target_mean_, state

    def _carried(self, rows: Array, state: Array) -> tuple[Array, Array]:
        theta, h = self._theta(), self._tensor(state)[None]
        found = []
        for first in range(0, len(rows), CHUNK):
            inputs = self._tensor(rows[first : first + CHUNK])[:, None]
            run = self.network_.forward(theta, inputs, h)
            found.append(run.outputs[:, 0].cpu().numpy().astype(np.float64))
            h = run.last
        return np.concatenate(found), h[0].cpu().numpy()

    def _windowed(self, rows: Array, earlier: Array) -> tuple[Array, Array]:
        """Predict row t from the rows max(0, t-k+1)..t; the state is the k - 1 rows before."""
        assert self.window is not None  # the caller asked
        theta, every = self._theta(), np.vstack([earlier, rows])
        tensor, found = self._tensor(every), []
        for first in range(len(earlier), len(every), CHUNK):
            ends = np.arange(first, min(first + CHUNK, len(every)))
            starts = np.maximum(ends - self.window + 1, 0)
            lengths = torch.as_tensor(ends - starts + 1, device=tensor.device)
            steps = torch.arange(int(lengths.max()), device=tensor.device)[:, None]
            where = torch.as_tensor(starts, device=tensor.device) + torch.minimum(
                steps, lengths - 1
            )
            run = self.network_.forward(theta, tensor[where])
            found.append(read_last(run.outputs, lengths).cpu().numpy().astype(np.float64))
        return np.concatenate(found), every[len(every) - min(self.window - 1, len(every)) :]

    def _stack_states(self, states: list[Array]) -> Array:
        if self.window is not None:
            raise ValueError("return_state has no meaning with a window; set window=None")
        return np.stack(states)

    def _start_states(self, initial_state: Any, n_series: int) -> Any:
        """Return the state before each new series; with a window, no rows before it."""
        if self.window is not None:
            if initial_state is not None:
                raise ValueError(
                    "initial_state has no meaning with a window; pass earlier rows as context"
                )
            return [np.empty((0, self.n_features_in_))] * n_series
        size = self.network_.state_size
        if initial_state is None:
            parts = [v for k, v in self.weights_.items() if k.startswith("initial_state")]
            start = np.concatenate(parts) if parts else np.zeros(size)
        else:
            start = np.asarray(initial_state, dtype=np.float64)
        if start.shape not in {(size,), (n_series, size)} or not np.isfinite(start).all():
            raise ValueError(
                f"initial_state must be finite and have shape ({size},) or ({n_series}, {size}), "
                f"got {start.shape}; pass states returned with return_state=True"
            )
        return np.broadcast_to(start, (n_series, size))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
