"""The cells by name: a new one is an entry here."""

from __future__ import annotations

from trainers.network.cell import Cell
from trainers.network.gru import GRU
from trainers.network.lstm import LSTM
from trainers.network.rnn import RNN

CELLS: dict[str, Cell] = {"rnn": RNN(), "lstm": LSTM(), "gru": GRU()}


def get_cell(name: str, activation: str) -> Cell:
    """Return the cell of a name.

    The activation is a key of `rnn.ACTIVATIONS`; a cell whose equations fix its activations ignores
    it.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    if name not in CELLS:
        raise ValueError(f"cell must be one of {sorted(CELLS)}, got {name!r}")
    return CELLS[name].with_activation(activation)
