"""What the recurrent estimators share: parameters and training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from reservoirs.estimators import Progress
from reservoirs.sequences import Array, Layout
from reservoirs.targets import Targets
from trainers.data.split import split_examples
from trainers.network.cells import CELLS
from trainers.network.initialization import INITS, ESNInit, initial_weights, resolve_init
from trainers.network.losses import LOSSES
from trainers.network.rnn import ACTIVATIONS
from trainers.network.stack import Network
from trainers.rnn.running import RunningMixin
from trainers.training.loop import Stopping, TrainingResult, train
from trainers.training.problem import Solver, SolverState, TrainingProblem
from trainers.training.solvers import SOLVERS, resolve


class RecurrentNetwork(RunningMixin, BaseEstimator, ABC):
    """Weights and their training; `RNNRegressor` tells the parameters.

    A subclass names its loss, says where the output bias of an ESN-style start comes from, turns
    targets into outputs wanted and outputs into predictions, and calls `_fit`.
    """

    _loss: ClassVar[str]

    history_: list[dict[str, Any]]
    solver_state_: dict[str, Any]
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "cell": [StrOptions(CELLS.keys())],
        "n_units": [Interval(Integral, 1, None, closed="left")],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions(SOLVERS.keys()), Solver],
        "init": [StrOptions(set(INITS)), ESNInit],
        "window": [Interval(Integral, 1, None, closed="left"), None],
        "truncation": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "vanishing_penalty": [Interval(Real, 0, None, closed="left")],
        "learn_initial_state": ["boolean"],
        "hidden_bias": ["boolean"],
        "n_scored": [Interval(Integral, 1, None, closed="left"), None],
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
        vanishing_penalty: float = 0.0,
        learn_initial_state: bool = False,
        hidden_bias: bool = True,
        n_scored: int | None = None,
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
        self.vanishing_penalty = vanishing_penalty
        self.learn_initial_state = learn_initial_state
        self.hidden_bias = hidden_bias
        self.n_scored = n_scored
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.dtype = dtype
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def _fit(
        self,
        rows: Array,
        layout: Layout,
        columns: Targets,
        progress: Progress,
        *,
        resumed: bool,
        one_epoch: bool = False,
    ) -> None:
        """Train on the outputs wanted, from new weights or going on."""
        solver = resolve(self.solver)
        self._check_settings(solver, layout, columns)
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        )
        theta = self._begin(rows, layout, columns, rng, resumed=resumed)
        train_on, held_out = split_examples(
            self._inputs(rows), self._tensor(self._spread(columns, layout)), layout,
            n_last=1 if columns.kind == "per_series" else self.n_scored, window=self.window,
            fraction=None if one_epoch else self._held_out(),
        )  # fmt: skip
        problem = TrainingProblem(
            network=self.network_,
            loss=LOSSES[self._loss],
            train=train_on,
            validation=held_out,
            theta=self._tensor(theta),
            batch_size=self.batch_size,
            truncation=None if self.window else self.truncation,
            clip_norm=self.clip_norm,
            vanishing_penalty=self.vanishing_penalty,
            rng=rng,
        )
        runner = solver.epoch_runner(problem, self.learning_rate)
        if resumed:
            runner.resume(self._stored_state())
            rng.bit_generator.state = self.solver_state_["rng"]
        stopping = Stopping(max_iter=1)
        if not one_epoch:
            stopping = Stopping(
                max_iter=self.max_iter,
                early_stopping=self.early_stopping,
                tol=self.tol,
                patience=self.n_iter_no_change,
            )
        result = train(
            problem,
            runner,
            stopping,
            progress=progress,
            attributes_at=self._weights,
            verbose=int(self.verbose),
            n_epochs_before=len(self.history_) if resumed else 0,
        )
        state = {"epochs": runner.state(), "rng": rng.bit_generator.state}
        self._store_fit(result, state, resumed=resumed)

    def _stored_state(self) -> SolverState:
        """Return the state of the epochs to go on from, which files of 0.1.0 call the stepper's."""
        stored = self.solver_state_
        state: SolverState = stored["epochs"] if "epochs" in stored else stored["stepper"]
        return state

    def _begin(
        self,
        rows: Array,
        layout: Layout,
        columns: Targets,
        rng: np.random.Generator,
        *,
        resumed: bool,
    ) -> Array:
        """Build the network; return its first weights, zeros where a solver's state has them."""
        double = self.dtype == "float64" or (self.dtype == "auto" and resolve(self.solver).double)
        self.dtype_ = "float64" if double else "float32"
        self.target_kind_ = columns.kind
        self.network_ = Network(
            self.cell, rows.shape[1], self.n_units, self.n_layers, columns.rows.shape[1],
            self.activation, self.learn_initial_state, self.hidden_bias,
        )  # fmt: skip
        if resumed:
            return np.zeros(self.network_.n_weights)
        init = resolve_init(self.init)
        self.input_mean_ = np.zeros(rows.shape[1])
        if isinstance(init, ESNInit) and init.center:
            self.input_mean_ = rows.mean(axis=0)
        bias = self._output_bias(self._scored(columns.rows, layout))
        return initial_weights(self.network_, self.init, bias, rng)

    def _scored(self, targets: Array, layout: Layout) -> Array:
        """Return the rows of targets that count."""
        if self.n_scored is None:
            return targets
        return np.concatenate([targets[span][-self.n_scored :] for span in layout.slices()])

    def _check_settings(self, solver: Solver, layout: Layout, columns: Targets) -> None:
        if self.n_layers > 1 and solver.single_layer:
            raise ValueError(
                f"the Hessian-free solver trains one layer, got n_layers={self.n_layers}; set "
                "n_layers=1, or use a first-order solver such as 'adam'"
            )
        recurs_otherwise = not CELLS[self.cell].recurs_through_weights_only
        if self.vanishing_penalty and (recurs_otherwise or solver.full_batch):
            raise ValueError(
                "vanishing_penalty is for cell='rnn' and a minibatch solver such as 'sgd', got "
                f"cell={self.cell!r} and {type(solver).__name__}; set it to 0"
            )
        if self.n_scored is not None and (
            self.window is not None
            or columns.kind == "per_series"
            or (not layout.many and self._held_out() is not None)
        ):
            raise ValueError(
                f"n_scored={self.n_scored} counts the last targets per step of whole series; set "
                "n_scored=None with a window, targets per series, or the tail of one series held "
                "out"
            )
        available = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        known = {*available, "cuda"} if len(available) > 1 else set(available)
        if self.device not in known:
            raise ValueError(f"device must be one of {available}, got {self.device!r}")

    def _store_fit(self, result: TrainingResult, state: dict[str, Any], *, resumed: bool) -> None:
        """Set the fitted attributes, which go on from those of the fit before if resumed."""
        if not resumed:
            self.history_, self.loss_curve_, self.validation_curve_ = [], [], []
        self.history_ += result.history
        self.loss_curve_ += [record["loss"] for record in result.history]
        self.validation_curve_ += [
            record["validation_loss"] for record in result.history if "validation_loss" in record
        ]
        self.n_iter_, self.status_ = len(self.history_), result.status
        self.solver_state_ = state
        self.weights_ = self._weights(result.theta)["weights_"]

    @abstractmethod
    def _wanted(self, y: Any, layout: Layout, *, resumed: bool) -> Targets:
        """Return the outputs wanted for some targets."""

    def _output_bias(self, wanted: Array) -> Array:
        """Return the mean of the outputs wanted."""
        mean: Array = wanted.mean(axis=0)
        return mean

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

    def _inputs(self, rows: Array) -> torch.Tensor:
        """Return rows as the network sees them."""
        return self._tensor(rows - self.input_mean_)

    def _tensor(self, array: Array) -> torch.Tensor:
        return torch.tensor(array, dtype=getattr(torch, self.dtype_), device=self.device)

    def _theta(self) -> torch.Tensor:
        return self._tensor(np.concatenate([w.ravel() for w in self.weights_.values()]))
