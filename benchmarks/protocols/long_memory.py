"""How a method runs on a long-memory task: chunk by chunk, resuming inside a run."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from benchmarks.methods.base import Method
from benchmarks.protocols.outcome import Outcome, sizes
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Memory
from reservoirs import load, save
from reservoirs.metrics import count_errors, sequence_error_rate
from trainers import RNNClassifier, RNNRegressor

SAVE_EVERY = 20.0  # seconds between checkpoints
CURVES = ("seconds", "passes", "losses", "gradients")
LOGGER = logging.getLogger("benchmarks")
SOLVED = 0.005  # wrong on 1000 fresh sequences: half of what counts as solved


@dataclass
class Run:
    """What a checkpoint holds: the model and its curves so far.

    The model was trained on `n_chunks` chunks. Lists have a number per chunk: time of training and
    passes over as many sequences so far, the mean loss, and the gradient norm at the end. `solved`
    says whether the task counted as solved at the last look.
    """

    model: RNNRegressor | RNNClassifier
    n_chunks: int = 0
    seconds: list[float] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    gradients: list[float] = field(default_factory=list)
    solved: bool = False

    @property
    def diverged(self) -> bool:
        """Whether training can not go on."""
        return self.n_chunks > 0 and self.model.status_ == "diverged"


def evaluate_memory(
    task: Task, data: Memory, method: Method, settings: Settings, seed: int, outcome: Outcome
) -> None:
    """Train on fresh sequences, chunk by chunk; count the wrong ones of 10,000 others.

    Settings `n_updates` and `updates_per_call` replace those of the data.
    """
    settings = dict(settings)
    own = {key: settings.pop(key) for key in ("n_updates", "updates_per_call") if key in settings}
    data = replace(data, **own)
    run = _load(outcome.checkpoint) or Run(method.build(settings, task, data, seed))
    saved = time.perf_counter()
    for _ in _chunks(run, data):
        if outcome.checkpoint is not None and time.perf_counter() - saved > SAVE_EVERY:
            _save(outcome.checkpoint, run)
            saved = time.perf_counter()
    if outcome.checkpoint is not None:
        _save(outcome.checkpoint, run)
    _score(run, data, outcome)


def _chunks(run: Run, data: Memory) -> Iterator[None]:
    """Train to the end, yielding after each chunk."""
    total = -(-data.n_updates // data.updates_per_call)
    while run.n_chunks < total and not (run.diverged or run.solved):
        _learn(run, data)
        if data.stop_when_solved and not run.diverged:
            # never the test sequences: they would choose when to stop
            run.solved = _wrong(run, data, "look", run.n_chunks, n_series=1000)[0] < SOLVED
        yield


def _learn(run: Run, data: Memory) -> None:
    """Train on one more chunk: fresh sequences once, or all that there are again and again."""
    model, first = run.model, getattr(run.model, "n_iter_", 0)
    if data.sequences_per_update is None:
        n_series, n_calls = None, data.updates_per_call
    else:
        # batch_size is sequences_per_update, so that one call makes updates_per_call updates
        n_series, n_calls = data.sequences_per_update * data.updates_per_call, 1
    sequences = data.part("chunk", run.n_chunks, n_series=n_series)
    began = time.perf_counter()
    for _ in range(n_calls):
        model.partial_fit(sequences.X, sequences.y)
    spent = time.perf_counter() - began
    records = model.history_[first:]
    passes = sum(record.get("passes", 1) for record in records)
    run.seconds.append((run.seconds[-1] if run.seconds else 0.0) + spent)
    run.passes.append((run.passes[-1] if run.passes else 0.0) + passes)
    run.losses.append(float(np.mean([record["loss"] for record in records])))
    run.gradients.append(records[-1]["gradient_norm"])
    run.n_chunks += 1


def _wrong(run: Run, data: Memory, *name: object, n_series: int) -> tuple[float, float]:
    """Return the share of sequences with an error, and the mean number of wrong steps."""
    # all sequences that there are, or new ones
    size = None if data.sequences_per_update is None else n_series
    sequences = data.part(*name, n_series=size)
    outputs: Array = np.asarray(run.model.predict(sequences.X))
    share = sequence_error_rate(sequences.y, outputs, n_scored=sequences.n_scored)
    steps = count_errors(sequences.y, outputs, n_scored=sequences.n_scored)
    return share, float(steps.mean())


def _score(run: Run, data: Memory, outcome: Outcome) -> None:
    began = time.perf_counter()
    share, steps = _wrong(run, data, "test", n_series=data.n_test)
    outcome.metrics["wrong"] = share
    if data.labels:
        outcome.metrics["wrong_steps"] = steps
    outcome.metrics["updates"] = float(run.n_chunks * data.updates_per_call)
    outcome.metrics["loss"] = run.losses[-1]
    outcome.costs.update(t_fit=run.seconds[-1], t_predict=time.perf_counter() - began)
    outcome.costs["n_params_trained"] = outcome.costs["n_params_total"] = sizes(run.model)[0]
    for name in CURVES:
        outcome.arrays[f"learning_{name}"] = np.array(getattr(run, name))
    if run.diverged:
        outcome.fail("training diverged")


def _load(path: Path | None) -> Run | None:
    """Return the run of a checkpoint, None where there is none or it cannot be read."""
    if path is None or not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file, tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model"
            model.write_bytes(file["model"].tobytes())
            curves = {name: [float(v) for v in file[name]] for name in CURVES}
            return Run(load(model), int(file["n_chunks"]), **curves, solved=bool(file["solved"]))
    except (BadZipFile, EOFError, KeyError, OSError, TypeError, ValueError) as error:
        LOGGER.warning("checkpoint %s is ignored, the run starts anew: %s", path, error)
        return None


def _save(path: Path, run: Run) -> None:
    """Replace the checkpoint by one of numbers only: a folder of results holds no pickle."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        try:
            save(run.model, model)
        except (TypeError, ValueError) as error:  # a run of days goes on without
            LOGGER.warning("there is no checkpoint %s: %s", path, error)
            return
        content = np.frombuffer(model.read_bytes(), np.uint8)
    curves: dict[str, Any] = {name: np.array(getattr(run, name)) for name in CURVES}
    path.parent.mkdir(parents=True, exist_ok=True)
    # under another name first, so that it is complete or absent
    temporary = path.with_name(f".{path.name}")
    with temporary.open("wb") as file:
        np.savez(file, model=content, n_chunks=run.n_chunks, solved=run.solved, **curves)
    temporary.replace(path)
