"""The outcome of an evaluation, whatever the kind of the data."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.tasks.data import Array
from reservoirs import ESNClassifier, ESNRegressor

InputT = TypeVar("InputT", contravariant=True)


class Fittable(Protocol[InputT]):
    """A model that learns from inputs, one array or a list, and targets."""

    def fit(self, X: InputT, y: Array) -> object:
        """Learn."""


@dataclass
class Outcome:
    """The outcome of one evaluation.

    Metrics are of forecasts in standardised units; costs are t_compile, t_fit and t_predict in
    seconds, n_params_total and n_params_trained; arrays are truth, prediction and error of the
    longest free run, and training curves. The status is "ok" or "diverged", for which there is a
    reason. A long run may keep what resuming needs at `checkpoint`; None keeps nothing.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""
    checkpoint: Path | None = None

    def fit(self, model: Fittable[InputT], X: InputT, y: Array) -> None:
        """Fit a model; note its time and its size."""
        began = time.perf_counter()
        model.fit(X, y)
        self.costs["t_fit"] = time.perf_counter() - began
        trained, fixed = sizes(model)
        self.costs["n_params_trained"] = trained
        self.costs["n_params_total"] = trained + fixed

    def fail(self, reason: str) -> None:
        """Note that the model diverged, which is a result."""
        self.status, self.reason = "diverged", reason


def sizes(model: object) -> tuple[int, int]:
    """Return the numbers of trained and of fixed weights of a fitted model.

    The model is one of ours, or one with an attribute `n_weights`.
    """
    if isinstance(model, ESNRegressor | ESNClassifier):
        reservoir = model.reservoir_
        fixed = reservoir.recurrent_weights_.nnz + reservoir.input_weights_.size + model.n_units
        return model.coef_.size + model.intercept_.size, fixed
    if hasattr(model, "weights_"):  # a trained network
        return sum(w.size for w in model.weights_.values()), 0
    if hasattr(model, "coef_") and hasattr(
        model, "intercept_"
    ):  # a next-generation reservoir draws nothing
        return model.coef_.size + model.intercept_.size, 0
    return getattr(model, "n_weights", 0), 0
