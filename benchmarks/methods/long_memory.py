"""Methods of the long-memory tasks, with the settings of the papers that those come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.methods.base import Method
from benchmarks.methods.trained import network
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.kinds import Memory

if TYPE_CHECKING:
    from benchmarks.methods.trained import RNN

NEVER = 100_000  # steps after which gradients are cut: no sequence is as long


def trained(solver: str, **fixed: float | str | None) -> Callable[..., RNN]:
    """Return a builder of the vanilla network, its gradients cut nowhere."""

    def build(settings: Settings, task: Task, data: Memory, seed: int) -> RNN:
        own = {"solver": solver, "n_units": task.n_units}
        if solver != "hessian_free":  # which takes whole sequences, all at once
            own |= {"truncation": NEVER, "batch_size": data.sequences_per_update or 100}
        return network({**own, **fixed, **settings}, seed, labels=data.labels)

    return build


def hessian_free(structural_damping: float) -> Callable[..., RNN]:
    """Return a builder of the network trained as by Martens & Sutskever (2011).

    As in the code released with the papers, conjugate gradients run to their limit.
    """
    return trained(
        "hessian_free",
        init="sparse",
        solver__structural_damping=structural_damping,
        solver__tolerance=0.0,
        solver__curvature_size=None,
    )


# Sutskever et al. (2013): 100 updates of tanh units from an ESN start, 0.9 for 1000 updates
RATES = {"learning_rate": [1e-3, 1e-4, 1e-5, 1e-6]}
COLOURS = {0.0: "#BBBBBB", 0.9: "#E69F00", 0.98: "#56B4E9", 0.995: "#CC79A7"}
# Pascanu et al. (2013): plain gradient descent, with and without clipping and the regulariser
SMALL_START = {
    "init__spectral_radius": 0.95,
    "init__input_scale": 0.1,
    "init__output_scale": 0.1,
}
METHODS = [
    *(
        Method(
            f"nag_{momentum:g}",
            f"ESN start, Nesterov, mu {momentum:g}",
            trained("nesterov", solver__momentum=momentum, init__spectral_radius=1.1),
            {"learning_rate": 1e-4},
            RATES,
            colour=colour,
            by_invitation=True,
        )
        for momentum, colour in COLOURS.items()
    ),
    Method(
        "hf_structural",
        "Hessian-free, structural damping",
        hessian_free(1 / 30),
        colour="#D55E00",
        by_invitation=True,
    ),
    Method(
        "hf_plain",
        "Hessian-free, no structural damping",
        hessian_free(0.0),
        colour="#8C6D31",
        by_invitation=True,
    ),
    Method(
        "sgd_regularised",
        "Gradient descent, clipped, regularised",
        trained("sgd", learning_rate=0.01, clip_norm=1.0, vanishing_penalty=4.0, **SMALL_START),
        colour="#0072B2",
        by_invitation=True,
    ),
    Method(
        "nag_memory",
        "ESN start, Nesterov, mu 0.98",
        trained(
            "nesterov",
            learning_rate=1e-2,
            clip_norm=1.0,
            solver__momentum=0.98,
            init__spectral_radius=1.1,
            init__input_scale=0.1,
        ),
        colour="#CC79A7",
        by_invitation=True,
    ),
    Method(
        "lstm_memory",
        "LSTM, Adam",
        trained("adam", cell="lstm", learning_rate=1e-2),
        colour="#009E73",
        by_invitation=True,
    ),
    Method(
        "sgd_plain",
        "Gradient descent",
        trained("sgd", learning_rate=0.01, **SMALL_START),
        colour="#999999",
        by_invitation=True,
    ),
]
