"""What an evaluation found, and the parts that every kind of evaluation shares."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.tasks.data import Array
from reservoirs import ESNClassifier, ESNRegressor


@dataclass
class Outcome:
    """What one evaluation found.

    Attributes
    ----------
    metrics : name -> number, in standardised units
    costs : t_compile, t_fit, t_predict in seconds, n_params_total, n_params_trained
    arrays : truth, prediction and error of the longest free run, training curves
    status, reason : "ok", or "diverged" and why
    checkpoint : where a long run may keep what resuming needs; None keeps nothing
    """

    metrics: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    status: str = "ok"
    reason: str = ""
    checkpoint: Path | None = None

    def fit(self, model: Any, X: Any, y: Any) -> None:
        """Fit a model; note its time, its size and its training curves."""
        began = time.perf_counter()
        model.fit(X, y)
        self.costs["t_fit"] = time.perf_counter() - began
        trained, fixed = sizes(model)
        self.costs["n_params_trained"] = trained
        self.costs["n_params_total"] = trained + fixed


def sizes(model: Any) -> tuple[int, int]:
    """Return the numbers of trained and of fixed weights of a fitted model."""
    if isinstance(model, ESNRegressor | ESNClassifier):
        reservoir = model.reservoir_
        fixed = reservoir.recurrent_weights_.nnz + reservoir.input_weights_.size + model.n_units
        return model.coef_.size + model.intercept_.size, fixed
    if hasattr(model, "weights_"):
        return sum(w.size for w in model.weights_.values()), 0
    if hasattr(model, "coef_"):
        return model.coef_.size + model.intercept_.size, 0
    return model.n_weights, 0
