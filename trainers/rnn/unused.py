"""Refuse what a solver has no use for."""

from __future__ import annotations

from inspect import signature

from trainers.rnn.settings import NetworkSettings
from trainers.training.problem import Solver
from trainers.training.solvers import SOLVERS
from trainers.training.used import OPTIONAL


def check_used(network: NetworkSettings, solver: Solver, *, drawing: bool = False) -> None:
    """Refuse a parameter of a network that its solver does not use, unless it has its default.

    Where sequences are drawn for every step, `batch_size` is how many, whatever the solver.

    Raises
    ------
    ValueError
        For one that is set and not used; the message names the solvers that use it.
    """
    parameters = signature(type(network)).parameters
    uses = solver.uses | {"batch_size"} if drawing else solver.uses
    for name in sorted((OPTIONAL - uses) & parameters.keys()):
        default, value = parameters[name].default, getattr(network, name)
        if value != default:
            others = sorted(other for other, kind in SOLVERS.items() if name in kind().uses)
            raise ValueError(
                f"{type(solver).__name__} does not use {name}, got {name}={value!r}; leave it at "
                f"{default!r}, or take a solver that uses it: {', '.join(map(repr, others))}"
            )
