"""Long-memory tasks: what counts was shown long before."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sklearn.utils import Bunch

from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Memory
from reservoirs import datasets

Draw = Callable[[int | None, int], Bunch]
COLUMNS = ("nag_0", "nag_0.9", "nag_0.98", "nag_0.995")  # of Sutskever et al. (2013), Table 5
HESSIAN_FREE = {"hf_structural": 0.1, "hf_plain": 0.3}  # lambda as published
GRADIENT_DESCENT = ("sgd_plain", "sgd_regularised")
FOUR_WAYS = (*GRADIENT_DESCENT, "nag_memory", "lstm_memory")


def _addition(n_series: int | None, seed: int, *, lag: int) -> Bunch:
    assert n_series is not None  # numbers are drawn, there is no "all"
    return datasets.addition(n_series, lag, random_state=seed)


def _multiplication(n_series: int | None, seed: int, *, lag: int) -> Bunch:
    assert n_series is not None  # as above
    return datasets.multiplication(n_series, lag, random_state=seed)


def _xor(n_series: int | None, seed: int, *, lag: int) -> Bunch:
    assert n_series is not None  # as above
    return datasets.xor(n_series, lag, random_state=seed)


def _order(n_series: int | None, seed: int, *, lag: int) -> Bunch:
    assert n_series is not None  # as above
    return datasets.temporal_order(n_series, lag, random_state=seed)


def _memorise(n_series: int | None, seed: int, *, lag: int, n_symbols: int, n_values: int) -> Bunch:
    return datasets.memorisation(
        n_series, lag, n_symbols=n_symbols, n_values=n_values, random_state=seed
    )


def _sequences(
    draw: Draw,
    *,
    labels: bool,
    n_updates: int,
    sequences_per_update: int | None = 100,
    updates_per_call: int = 100,
    stop_when_solved: bool = False,
) -> Callable[[int], Memory]:
    """Return a maker of the data; parameters as for `Memory`."""
    return lambda seed: Memory(
        draw,
        seed,
        labels,
        n_updates,
        sequences_per_update,
        updates_per_call,
        stop_when_solved=stop_when_solved,
    )


def _columns(settings: Settings) -> dict[str, Settings]:
    """Return the same settings for every column of the momentum table."""
    return {name: settings for name in COLUMNS}


def _five_bits(
    lag: int, n_units: int, n_steps: int, max_cg: int, *, recalled: bool = False
) -> Task:
    """Return the task, its loss on all steps or on the recalled symbols only."""
    scored = {"n_scored": 5} if recalled else {}
    length = 5 if recalled else lag + 10
    # the published lambda is for losses summed over time, ours are means
    settings: dict[str, Settings] = {
        name: {"solver__damping": damping / length, "solver__max_cg": max_cg, **scored}
        for name, damping in HESSIAN_FREE.items()
    }
    if lag == 20:  # shown with every way to train, an update per pass over the 32 sequences
        for name in FOUR_WAYS:
            settings[name] = {"n_updates": 20_000, "updates_per_call": 100}
    return Task(
        f"memory5_{lag}_recalled" if recalled else f"memory5_{lag}",
        f"5-bit memorisation, lag {lag}, {n_units} units"
        + ", loss on recalled symbols only" * recalled,
        _sequences(
            partial(_memorise, lag=lag, n_symbols=5, n_values=2),
            labels=True,
            n_updates=n_steps,
            sequences_per_update=None,
            updates_per_call=1,
            stop_when_solved=True,
        ),
        kind=Memory,
        on_request=True,
        n_units=n_units,
        ranking="wrong",
        invites=frozenset(settings),
        fixed=settings,
        note="all 32 sequences; updates are Hessian-free steps until none is wrong",
    )


def _second_order(name: str, title: str, draw: Draw, *, labels: bool) -> Task:
    """Return a task that Hessian-free learns from a thousand new sequences a step."""
    settings = {
        method: {"solver__damping": damping, "solver__max_cg": 100}
        for method, damping in HESSIAN_FREE.items()
    }
    return Task(
        name,
        f"{title}, T=50, 50 units",
        _sequences(
            draw,
            labels=labels,
            n_updates=200,
            sequences_per_update=1000,
            updates_per_call=1,
            stop_when_solved=True,
        ),
        kind=Memory,
        on_request=True,
        n_units=50,
        ranking="wrong",
        invites=frozenset(settings),
        fixed={key: dict(values) for key, values in settings.items()},
        note="updates are steps of 1000 new sequences (Martens & Sutskever 2011, figure 3)",
    )


def _momentum(
    name: str,
    title: str,
    make: Callable[[int], Memory],
    fixed: Settings,
    rates: list[float],
    note: str,
) -> Task:
    """Return a task of the momentum table, whose rates are searched from the smallest set."""
    return Task(
        name,
        title,
        make,
        kind=Memory,
        on_request=True,
        n_units=100,
        ranking="wrong",
        invites=frozenset(COLUMNS),
        trials=4,
        runs=1,
        fixed=_columns(fixed),
        space=_columns({"learning_rate": rates}),
        note=f"{note} (Sutskever et al. 2013, Table 5)",
    )


TASKS = [
    _momentum(
        "addition_80",
        "Addition, T=80, 100 units",
        _sequences(partial(_addition, lag=80), labels=False, n_updates=50_000),
        # only outbursts are clipped
        {"init__input_scale": 0.001, "hidden_bias": False, "clip_norm": 20.0},
        # published rates 1e-3 to 1e-6 times 0.4, for our targets are standardised: at 1e-4 some
        # seeds are lost, at 1e-5 50,000 updates are too few
        [4e-4, 4e-5, 4e-6, 4e-7],
        "wrong, published: 0.39, 0.02, 0.21, 0.00025",
    ),
    _momentum(
        "memory20_80",
        "20-bit memorisation, T=80, 100 units",
        _sequences(
            partial(_memorise, lag=80, n_symbols=10, n_values=5), labels=True, n_updates=50_000
        ),
        {"init__input_scale": 0.1, "hidden_bias": False, "n_scored": 10, "clip_norm": 1.0},
        # published rates are for sums over time: ours, of means over 10 steps, are 10 times those
        [1e-2, 1e-3, 1e-4, 1e-5],
        "wrong steps, published: 5.37, 2.77, 0.0144, 0.00005",
    ),
    _five_bits(20, 50, 40, 100),
    _five_bits(50, 100, 200, 300),
    _five_bits(100, 100, 200, 300),
    _five_bits(100, 100, 200, 300, recalled=True),
    Task(
        "temporal_order_50",
        "Temporal order, T=50, 50 units",
        _sequences(
            partial(_order, lag=50),
            labels=True,
            n_updates=100_000,
            sequences_per_update=20,
            updates_per_call=1000,
            stop_when_solved=True,
        ),
        kind=Memory,
        on_request=True,
        n_units=50,
        ranking="wrong",
        invites=frozenset(GRADIENT_DESCENT),
        note="plain gradient descent with and without clipping and regulariser (Pascanu 2013)",
    ),
    _second_order("addition_50", "Addition", partial(_addition, lag=50), labels=False),
    _second_order(
        "multiplication_50", "Multiplication", partial(_multiplication, lag=50), labels=False
    ),
    _second_order("xor_50", "XOR", partial(_xor, lag=50), labels=True),
    _second_order("order_50", "Temporal order", partial(_order, lag=50), labels=True),
]
