"""Long-memory tasks: what counts was shown long before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.tasks.base import Task
from benchmarks.tasks.kinds import Memory
from reservoirs import datasets

Draw = Callable[[int | None, int], Any]
COLUMNS = ("nag_0", "nag_0.9", "nag_0.98", "nag_0.995")


def _addition(n_series: int | None, seed: int, *, lag: int) -> Any:
    assert n_series is not None  # numbers are drawn, there is no "all"
    return datasets.addition(n_series, lag, random_state=seed)


def _order(n_series: int | None, seed: int, *, lag: int) -> Any:
    assert n_series is not None  # as above
    return datasets.temporal_order(n_series, lag, random_state=seed)


def _memorise(n_series: int | None, seed: int, *, lag: int, n_symbols: int, n_values: int) -> Any:
    return datasets.memorisation(
        n_series, lag, n_symbols=n_symbols, n_values=n_values, random_state=seed
    )


def _memory(draw: Draw, **rest: Any) -> Callable[[int], Memory]:
    return lambda seed: Memory(draw, seed, **rest)


def _columns(**settings: Any) -> dict[str, dict[str, Any]]:
    """Return the same settings for every column of the momentum table."""
    return {name: settings for name in COLUMNS}


def _five_bits(
    lag: int, n_units: int, n_steps: int, max_cg: int, *, recalled: bool = False
) -> Task:
    """Return the task; lambda is published for losses summed over time, ours are means."""
    draw = partial(_memorise, lag=lag, n_symbols=5, n_values=2)
    counted: dict[str, Any] = {"n_scored": 5} if recalled else {}
    length = counted.get("n_scored", lag + 10)
    settings: dict[str, dict[str, Any]] = {
        name: {"solver__damping": damping / length, "solver__max_cg": max_cg, **counted}
        for name, damping in (("hf_structural", 0.1), ("hf_plain", 0.3))
    }
    tags = {"memory", "hf_memory"}
    if lag == 20:  # shown with every way to train, an update per pass over the 32 sequences
        tags |= {"sgd_memory", "four_ways"}
        for name in ("sgd_plain", "sgd_regularised", "nag_memory", "lstm_memory"):
            settings[name] = {"n_updates": 20_000, "n_together": 100}
    return Task(
        f"memory5_{lag}_recalled" if recalled else f"memory5_{lag}",
        f"5-bit memorisation, lag {lag}, {n_units} units"
        + ", loss on recalled symbols only" * recalled,
        _memory(draw, labels=True, n_updates=n_steps, n_fresh=None, n_together=1, stops=True),
        n_units=n_units, ranking="wrong", tags=frozenset(tags), fixed=settings,
        note="all 32 sequences; updates are Hessian-free steps until none is wrong",
    )  # fmt: skip


MOMENTUM = frozenset({"memory", "momentum_table"})
TASKS = [
    Task(
        "addition_80", "Addition, T=80, 100 units",
        _memory(partial(_addition, lag=80), labels=False, n_updates=50_000),
        n_units=100, ranking="wrong", tags=MOMENTUM, trials=4, runs=1,
        # published rates 1e-3 to 1e-6 times 0.4, for our targets are standardised: at 1e-4 some
        # seeds are lost, at 1e-5 50,000 updates are too few; only outbursts are clipped
        fixed=_columns(init__input_scale=0.001, hidden_bias=False, clip_norm=20.0),
        space=_columns(learning_rate=[4e-4, 4e-5, 4e-6, 4e-7]),
        note="wrong, published: 0.39, 0.02, 0.21, 0.00025 (Sutskever et al. 2013, Table 5)",
    ),
    Task(
        "memory20_80", "20-bit memorisation, T=80, 100 units",
        _memory(partial(_memorise, lag=80, n_symbols=10, n_values=5), labels=True,
                n_updates=50_000),
        n_units=100, ranking="wrong", tags=MOMENTUM, trials=4, runs=1,
        # published rates are for sums over time: ours, of means over 10 steps, are 10 times those
        fixed=_columns(init__input_scale=0.1, hidden_bias=False, n_scored=10, clip_norm=1.0),
        space=_columns(learning_rate=[1e-2, 1e-3, 1e-4, 1e-5]),
        note="wrong steps, published: 5.37, 2.77, 0.0144, 0.00005 (Sutskever et al. 2013, Table 5)",
    ),
    _five_bits(20, 50, 40, 100),
    _five_bits(50, 100, 200, 300),
    _five_bits(100, 100, 200, 300),
    _five_bits(100, 100, 200, 300, recalled=True),
    Task(
        "temporal_order_50", "Temporal order, T=50, 50 units",
        _memory(partial(_order, lag=50), labels=True, n_updates=100_000, n_fresh=20,
                n_together=1000, stops=True),
        n_units=50, ranking="wrong", tags=frozenset({"memory", "sgd_memory"}),
        note="plain gradient descent with and without clipping and regulariser (Pascanu 2013)",
    ),
]  # fmt: skip
