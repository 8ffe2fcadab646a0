"""How a method labels series."""

from __future__ import annotations

import time

from sklearn.metrics import accuracy_score

from benchmarks.methods.base import Method
from benchmarks.protocols.outcome import Outcome
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Labelled
from reservoirs import SequenceScaler


def evaluate_classification(
    task: Task, data: Labelled, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Label the test series, each after a look at the whole of it."""
    train, test = data.train, data.test
    if data.scaled:
        scaler = SequenceScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    model = method.build(settings, task, data, seed)
    outcome.fit(model, train, data.train_labels)
    began = time.perf_counter()
    labels = model.predict(test)
    outcome.costs["t_predict"] = time.perf_counter() - began
    accuracy = float(accuracy_score(data.test_labels, labels))
    outcome.metrics.update(accuracy=accuracy, error_rate=1.0 - accuracy)
