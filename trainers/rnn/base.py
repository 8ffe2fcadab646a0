"""What the recurrent estimators share: how they are trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils import check_random_state

from reservoirs.estimators import FitInterrupted, Progress
from reservoirs.sequences import Array, Layout, SeriesLike, check_rows
from reservoirs.targets import Targets
from trainers.data.batches import Examples
from trainers.data.row_weights import mean_one
from trainers.data.split import split_examples
from trainers.network.cells import get_cell, is_module
from trainers.network.heads import Head
from trainers.network.initialization import (
    ESNInit,
    SampledInit,
    initial_weights,
    resolve_init,
)
from trainers.network.losses import LOSSES
from trainers.network.stack import Network
from trainers.rnn.drawing import Draw, Drawing, find_draw, first_sample
from trainers.rnn.own_cells import make_network
from trainers.rnn.running import RunningMixin
from trainers.rnn.settings import NetworkSettings
from trainers.rnn.unused import check_used
from trainers.training.drawn_epochs import DrawnEpochs
from trainers.training.loop import Stopping, TrainingResult
from trainers.training.perturbations import Perturbations
from trainers.training.problem import EpochRecord, Solver, TrainingProblem
from trainers.training.schedules import Schedule
from trainers.training.solvers import resolve
from trainers.training.stages import MakeRunner, train_in_stages


class RecurrentNetwork(RunningMixin, NetworkSettings, ABC):
    """A recurrent network and its training.

    A subclass names its loss, encodes targets as outputs of the network, and calls `_fit`.
    """

    _loss: str
    _settings_of_prediction = frozenset({"device", "verbose", "warm_start"})
    _settings_of_chunks = frozenset(
        {
            *("solver", "window", "truncation", "max_iter", "batch_size", "learning_rate"),
            *("clip_norm", "vanishing_penalty", "n_scored", "validation_fraction"),
            *("early_stopping", "tol", "n_iter_no_change"),
            *("weight_decay", "input_noise", "dropout", "schedule"),
        }
    )

    history_: list[EpochRecord]
    solver_state_: dict[str, Any]

    def _lacks_y(self, X: Drawing) -> bool:
        return find_draw(X) is None

    def _goes_on(self, method: str) -> bool:
        return hasattr(self, "solver_state_") and (method == "partial_fit" or self.warm_start)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    @property
    def _head(self) -> Head:
        """What the outputs say of the targets."""
        return Head(LOSSES[self._loss])

    @abstractmethod
    def _encode_targets(self, y: SeriesLike, layout: Layout, *, resumed: bool) -> Targets:
        """Return the targets as outputs of the network.

        If training is resumed, the encoding is that of the fit before.
        """

    def _check_columns(self, names: Array | None) -> None:
        """Refuse other columns of X than those of the fit that training goes on from.

        Parameters
        ----------
        names : array of str, or None
            What the columns were called.

        Raises
        ------
        ValueError
            For another number of columns, or other names.
        """
        n_before, now = self.network_.n_inputs, getattr(self, "feature_names_in_", None)
        renamed = names is not None and now is not None and list(names) != list(now)
        if self.n_features_in_ != n_before or renamed:
            before = n_before if names is None else f"{n_before}, {list(names)}"
            got = self.n_features_in_ if now is None else f"{self.n_features_in_}, {list(now)}"
            raise ValueError(
                f"warm_start=True goes on with the network of the fit before, whose X had columns: "
                f"{before}; got {got}. Pass the same, or set warm_start=False to start afresh"
            )

    def _output_bias(self, targets: Targets) -> Array:
        """Return the output bias of an ESN-style start: the mean of the targets that count."""
        mean: Array = np.average(targets.rows, axis=0, weights=targets.weights)
        return mean

    def _penalties(self) -> Array | None:
        """Return the penalties of a readout that is solved; None, as here, for one that is not."""
        return None

    def _stages(self) -> list[Network]:
        """Return the networks of the stages of training, the last one that of the model."""
        return [self.network_]

    def _settled_rows(self, layout: Layout) -> Array | None:
        """Return which rows come late enough in their series to be scored; None for all."""
        return None

    def _weights_of(self, targets: Targets, layout: Layout) -> Array | None:
        """Return what the loss of every encoded target counts, None where all count the same."""
        if targets.weights is None:
            return None
        return mean_one(targets.weights, self._counted(targets, layout))

    def _fit(
        self,
        rows: Array,
        layout: Layout,
        targets: Targets,
        progress: Progress,
        *,
        resumed: bool,
        one_epoch: bool = False,
        draw: Draw | None = None,
    ) -> None:
        """Train from new weights, or go on from the fit before.

        Rows are (n_rows, n_features) of all series. If resumed, it goes on from `solver_state_`;
        with `one_epoch` it holds nothing out. With `draw` the rows are a sample, and every epoch
        learns others.
        """
        solver, rng = resolve(self.solver), self._generator()
        check_used(self, solver, drawing=draw is not None)
        self._check_settings(solver, layout, targets)
        theta = self._initialize(rows, layout, targets, rng, resumed=resumed)
        examples, held_out = self._split(
            rows, layout, targets, None if one_epoch or draw else self._held_out_fraction()
        )
        problem = TrainingProblem(
            network=self.network_,
            loss=self._head.loss,
            train=examples,
            validation=held_out,
            theta=self._tensor(theta),
            batch_size=self.batch_size,
            truncation=None if self.window else self.truncation,
            clip_norm=self.clip_norm,
            vanishing_penalty=self.vanishing_penalty,
            rng=rng,
            weight_decay=self.weight_decay,
            perturbations=Perturbations(self.input_noise, self.dropout),
            schedule=Schedule(self.schedule, self.max_iter, max(self.n_iter_no_change // 2, 1)),
        )
        networks = self._stages()
        self.network_ = networks[-1]
        rate = self.learning_rate
        make_runner: MakeRunner = partial(solver.epoch_runner, learning_rate=rate)
        if draw is not None:
            more = partial(self._draw_examples, draw)
            make_runner = partial(DrawnEpochs, solver=solver, learning_rate=rate, draw=more)
        result = train_in_stages(
            problem,
            networks[-1:] if resumed or one_epoch else networks,
            make_runner,
            Stopping(max_iter=1) if one_epoch else self._stopping(),
            alphas=self._penalties(),
            resume=self.solver_state_ if resumed else None,
            progress=progress,
            attributes_at=self._weight_attributes,
            verbose=int(self.verbose),
            n_epochs_before=len(self.history_) if resumed else 0,
        )
        self._store_fit(result, resumed=resumed)

    def _sample_of(
        self, X: Drawing, y: SeriesLike, **refused: SeriesLike
    ) -> tuple[SeriesLike, SeriesLike, Draw | None]:
        """Return data as they came, or a sample of what draws them, and what draws more."""
        refused["validation_fraction"] = self.validation_fraction
        return first_sample(X, y, self._generator, self.batch_size, refused)

    def _draw_examples(self, draw: Draw, rng: np.random.Generator) -> Examples:
        """Return the examples of one epoch, drawn anew."""
        X, y = draw(rng, self.batch_size)
        rows, layout = check_rows(self, X, reset=False)
        targets = self._encode_targets(y, layout, resumed=True)
        return self._split(rows, layout, targets, None)[0]

    def _generator(self) -> np.random.Generator:
        """Return the generator of the weights and of the order of the batches."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return np.random.default_rng(seed)

    def _check_settings(self, solver: Solver, layout: Layout, targets: Targets) -> None:
        """Refuse settings that do not go together, or not with the data."""
        cell = None if is_module(self.cell) else get_cell(self.cell, self.activation)
        if self.vanishing_penalty and cell and not cell.recurs_through_weights_only:
            raise ValueError(
                f"vanishing_penalty is for cell='rnn', got cell={self.cell!r}; set it to 0"
            )
        if self.dropout and self.n_layers == 1:
            raise ValueError(
                f"dropout={self.dropout} is between stacked layers, got n_layers=1; raise it, or "
                "set dropout=0"
            )
        squared = self._head.loss is LOSSES["squared_error"]
        if self._penalties() is not None and not squared:
            raise ValueError(
                "readout='ridge' solves for squared error; leave loss='squared_error', or set "
                "readout='trained'"
            )
        elsewhere = self.dtype == "float32" or self.device != "cpu"
        if solver.squared_error_only and (elsewhere or not squared):
            raise ValueError(
                f"{type(solver).__name__} is for squared error, in float64 on the CPU, got "
                f"dtype={self.dtype!r}, device={self.device!r} and "
                f"{'squared' if squared else 'another'} error; use 'hessian_free', or leave loss, "
                "dtype and device as they are"
            )
        # A window, a target per series and a held-out tail each say which rows count.
        if self.n_scored is not None and (
            self.window is not None
            or targets.kind == "per_series"
            or (not layout.many and self._held_out_fraction() is not None)
        ):
            raise ValueError(
                f"n_scored={self.n_scored} counts the last targets per step of whole series; set "
                "n_scored=None with a window, targets per series, or the tail of one series held "
                "out"
            )
        available = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        if self.device not in ({*available, "cuda"} if len(available) > 1 else available):
            raise ValueError(f"device must be one of {available}, got {self.device!r}")

    def _initialize(
        self,
        rows: Array,
        layout: Layout,
        targets: Targets,
        rng: np.random.Generator,
        *,
        resumed: bool,
    ) -> Array:
        """Build the network and return its first weights.

        If training is resumed the weights are those of the solver's state, and zeros are returned.
        """
        exact = resolve(self.solver).double or self._penalties() is not None
        double = self.dtype == "float64" or (self.dtype == "auto" and exact)
        self.dtype_ = "float64" if double else "float32"
        self.target_kind_ = targets.kind
        self.network_ = make_network(
            self,
            rows.shape[1],
            targets.rows.shape[1] * self._head.width,
            skip=self._penalties() is not None,
        )
        if resumed:
            return np.zeros(self.network_.n_weights)
        init = resolve_init(self.init)
        self._measure_inputs(rows, center=isinstance(init, ESNInit) and init.center)
        bias = self._output_bias(self._scored(targets, layout))
        theta = initial_weights(self.network_, self.init, bias, rng)
        if isinstance(init, SampledInit):
            series = [self._in_network_units(rows[span]) for span in layout.slices()]
            theta = init.sampled(self.network_, theta, series, rng)
        return theta

    def _measure_inputs(self, rows: Array, *, center: bool) -> None:
        """Set the mean and the scale of every column of X."""
        self.input_mean_, self.input_scale_ = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
        constant = rows.min(axis=0) == rows.max(axis=0)  # its mean may miss it by some digits
        if center or self.standardize:
            self.input_mean_ = np.where(constant, rows[0], rows.mean(axis=0))
        if self.standardize:
            largest = np.abs(rows).max(axis=0)
            # divided first, so that no square over- or underflows
            deviation = largest * (rows / np.where(largest > 0, largest, 1.0)).std(axis=0)
            # below the rounding of the values themselves nothing varies
            varies = deviation > 10 * np.finfo(np.float64).eps * largest
            self.input_scale_ = np.where(varies & ~constant, deviation, 1.0)

    def _counted(self, targets: Targets, layout: Layout) -> Array:
        """Return which rows of targets have a loss, (n_rows,) or (n_series,)."""
        counted = np.ones(len(targets.rows), dtype=bool)
        if self.n_scored is not None:
            for span in layout.slices():
                counted[span.start : max(span.stop - self.n_scored, span.start)] = False
        if targets.missing is not None:
            counted &= ~np.isnan(targets.rows).any(axis=1)
        if targets.weights is not None:
            counted &= targets.weights > 0
        if not counted.any():
            raise ValueError(
                f"none of the last n_scored={self.n_scored} rows of y is without NaN and weighs "
                "more than 0: nothing is left to learn from; raise n_scored, or change the weights"
            )
        return counted

    def _scored(self, targets: Targets, layout: Layout) -> Targets:
        """Return the rows of targets that count, and their weights."""
        counted = self._counted(targets, layout)
        weights = None if targets.weights is None else targets.weights[counted]
        alike = weights is None or bool((weights == weights[0]).all())
        rows = targets.rows[counted]
        return replace(targets, rows=rows, missing=None, weights=None if alike else weights)

    def _split(
        self, rows: Array, layout: Layout, targets: Targets, fraction: float | None
    ) -> tuple[Examples, Examples | None]:
        """Return the examples to learn from, and those held out."""
        per_row, known = self._targets_per_row(targets, layout), None
        if targets.missing is not None:
            known = np.asarray(~np.isnan(per_row).any(axis=1))
            per_row = np.where(known[:, None], per_row, 0.0)  # finite, and not looked at
        weights = self._weights_of(targets, layout)
        if weights is not None:
            weights = self._targets_per_row(replace(targets, rows=weights[:, None]), layout)
            known = (weights[:, 0] > 0) & (True if known is None else known)
        settled = self._settled_rows(layout)
        if settled is not None:
            known = settled if known is None else known & settled
        return split_examples(
            self._network_inputs(rows),
            self._tensor(per_row),
            layout,
            n_last=1 if targets.kind == "per_series" else self.n_scored,
            window=self.window,
            fraction=fraction,
            known=known if known is None or not known.all() else None,
            weights=None if weights is None else self._tensor(weights),
        )

    def _held_out_fraction(self) -> float | None:
        if self.validation_fraction is None and self.early_stopping:
            return 0.1
        return self.validation_fraction

    def _stopping(self) -> Stopping:
        return Stopping(
            max_iter=self.max_iter,
            early_stopping=self.early_stopping,
            tol=self.tol,
            patience=self.n_iter_no_change,
        )

    @staticmethod
    def _targets_per_row(targets: Targets, layout: Layout) -> Array:
        """Return one target per row; a target per series is repeated on each of its rows."""
        if targets.kind == "per_step":
            return targets.rows
        return np.repeat(targets.rows, layout.lengths, axis=0)

    def _store_fit(self, result: TrainingResult, *, resumed: bool) -> None:
        """Set the fitted attributes, which go on from those of the fit before if resumed."""
        history = [*self.history_, *result.history] if resumed else result.history
        self.history_ = history
        self.loss_curve_ = [record["loss"] for record in history]
        self.validation_curve_ = [
            record["validation_loss"] for record in history if "validation_loss" in record
        ]
        self.n_iter_, self.status_ = len(history), result.status
        if result.alpha is not None:
            self.alpha_ = result.alpha
        self.solver_state_ = result.state
        self.weights_ = self._weight_attributes(result.theta)["weights_"]

    def _end(self, progress: Progress) -> Self:
        """Report the end of a fit; let an interrupt go on once the whole epochs are committed."""
        progress.end()
        if self.status_ == "interrupted":
            raise FitInterrupted(
                f"training was interrupted; the weights after {self.n_iter_} whole epochs are kept"
            )
        return self

    def _weight_attributes(self, theta: torch.Tensor) -> dict[str, Any]:
        """Return the fitted attribute that a flat weight vector gives."""
        weights = self.network_.split(theta.cpu())
        return {"weights_": {name: weight.numpy().copy() for name, weight in weights.items()}}
