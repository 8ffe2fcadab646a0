"""Cells of one's own: objects with settings, and modules of torch."""

from __future__ import annotations

import copy
import inspect

import torch

from trainers.network.cell import Cell
from trainers.network.cells import is_module
from trainers.network.modules import ModuleNetwork
from trainers.network.stack import Network
from trainers.rnn.settings import NetworkSettings


def make_network(
    settings: NetworkSettings, n_inputs: int, n_outputs: int, *, skip: bool
) -> Network:
    """Return the network that settings describe.

    Raises
    ------
    ValueError
        For settings of a cell that make no sense, and settings that do not go with a module.
    TypeError
        For a cell that is none.
    """
    cell = settings.cell
    if isinstance(cell, Cell):
        cell.check()
    make = Network
    if is_module(cell):
        check_module(settings)
        make = ModuleNetwork
    return make(
        cell=copy.deepcopy(cell),  # whose settings may be changed in place
        n_inputs=n_inputs,
        n_units=settings.n_units,
        n_layers=settings.n_layers,
        n_outputs=n_outputs,
        activation=settings.activation,
        learn_initial_state=settings.learn_initial_state,
        hidden_bias=settings.hidden_bias,
        skip=skip,
    )


def check_module(settings: NetworkSettings) -> None:
    """Refuse settings that do not go with a cell that is a module of torch.

    Raises
    ------
    ValueError
        For another init, no hidden bias, the penalty on vanishing gradients, teacher forcing.
    TypeError
        For a module, or a class of cells, in the place of what makes one.
    """
    cell = settings.cell
    if isinstance(cell, torch.nn.Module):
        raise TypeError(
            "cell must be what makes modules, a class or a function of (n_inputs, n_units), got "
            f"the module {type(cell).__name__}(...); pass its class"
        )
    if inspect.isclass(cell) and issubclass(cell, Cell):
        raise TypeError(f"cell must be an object, got the class {cell.__name__}; call it")
    forcing = getattr(settings, "teacher_forcing", 1.0)
    for fault, says in [
        (settings.init != "default", "draws its own weights: leave init='default'"),
        (not settings.hidden_bias, "has its own biases: leave hidden_bias=True"),
        (settings.vanishing_penalty, "has no W_h to penalise: set vanishing_penalty=0"),
        (forcing != 1.0, "is not run on its own outputs in training: set teacher_forcing=1"),
    ]:
        if fault:
            raise ValueError(f"a cell that is a module of torch {says}")
