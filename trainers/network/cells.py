"""The cells by name: a new one is an entry here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch

from trainers.network.cell import Cell
from trainers.network.gru import GRU
from trainers.network.lstm import LSTM
from trainers.network.oscillator import OscillatorCell
from trainers.network.rnn import RNN

CELLS: dict[str, Cell] = {
    "rnn": RNN(),
    "lstm": LSTM(),
    "gru": GRU(),
    "cornn": OscillatorCell(),
}


GivenCell: TypeAlias = str | Cell | Callable[[int, int], torch.nn.Module]


def is_module(cell: GivenCell) -> bool:
    """Tell whether a cell is given as what makes modules of torch."""
    return not isinstance(cell, str | Cell)


def get_cell(cell: GivenCell, activation: str) -> Cell:
    """Return the cell of a name, or the cell itself.

    The activation, a key of `rnn.ACTIVATIONS`, is that of a name; a cell whose equations fix its
    activations ignores it.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    if isinstance(cell, Cell):
        return cell
    if not isinstance(cell, str) or cell not in CELLS:
        raise ValueError(f"cell must be one of {sorted(CELLS)}, got {cell!r}")
    return CELLS[cell].with_activation(activation)
