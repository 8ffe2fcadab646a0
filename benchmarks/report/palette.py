"""Colours and lines of the methods, and what every picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib.ticker import FuncFormatter

from benchmarks.methods.base import CONTROLS
from benchmarks.results.tables import Row

# Okabe & Ito's palette, safe for colour-blind readers
COLOURS = {
    "esn": "#0072B2",
    "rnn": "#E69F00",
    "lstm": "#009E73",
    "momentum": "#CC79A7",
    "hessian_free": "#D55E00",
    "notes_rnn": "#8C6D31",
    "notes_relu": "#8C6D31",
    "nvar": "#56B4E9",
    "lstm_labels": "#009E73",
    "lstm_memory": "#009E73",
    "nag_memory": "#CC79A7",
    "nag_0": "#BBBBBB",
    "nag_0.9": "#E69F00",
    "nag_0.98": "#56B4E9",
    "nag_0.995": "#CC79A7",
    "hf_structural": "#D55E00",
    "hf_plain": "#8C6D31",
    "sgd_regularised": "#0072B2",
    "sgd_plain": "#999999",
    "adam_0.01": "#0072B2",
    "adam_0.003": "#56B4E9",
    "adam_0.001": "#009E73",
    "adam_0.0003": "#999999",
    "race_hf": "#D55E00",
    "torch_hf": "#D55E00",
    "torch_lbfgs": "#0072B2",
    "linear": "#555555",
    "sinusoid": "#999999",
    "exact": "#999999",
    "cramer_rao": "#999999",
    "oracle": "#999999",
    "esn_cycle": "#56B4E9",
    "reservoirpy": "#D55E00",
    "pyrcn": "#E69F00",
    "echoes": "#009E73",
    "persistence": "#BBBBBB",
    "mean": "#BBBBBB",
}
OTHERS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")  # of plugins
LINES = {
    "linear": "--",
    "sinusoid": "-.",
    "exact": "-.",
    "cramer_rao": (0, (3, 1, 1, 1)),
    "oracle": (0, (3, 1, 1, 1)),
    "persistence": ":",
    "mean": (0, (1, 4)),
}
MARKERS = {"linear": "s", "sinusoid": "D", "exact": "D", "persistence": "<", "mean": ">"}


def sparse(*axes: Any) -> None:
    """Keep the labels of logarithmic axes from overlapping."""
    for axis in axes:
        axis.set_minor_formatter(FuncFormatter(partial(_between, axis)))


def _between(axis: Any, value: float, _: object) -> str:
    """Label 2 and 5 between powers of ten where there are few of those, all within half of one."""
    low, high = axis.get_view_interval()
    leading = round(value / 10.0 ** np.floor(np.log10(value)))
    decades = np.log10(high / low)
    return f"{value:g}" if decades < 0.5 or (decades < 2.0 and leading in (2, 5)) else ""


@dataclass(frozen=True)
class Result:
    """Everything one method left on one task: its row, and arrays per seed."""

    row: Row
    records: list[dict[str, Any]]
    arrays: list[dict[str, Any]]

    @property
    def learner(self) -> bool:
        """Whether it is no control."""
        return self.row.method not in CONTROLS

    @property
    def label(self) -> str:
        """Its name, how many seeds and how many failures."""
        return f"{self.row.title}, n={self.row.n_seeds}, {self.row.n_failed} failed"

    @property
    def colour(self) -> str:
        """Its colour in every picture."""
        return COLOURS.get(self.row.method) or OTHERS[crc32(self.row.method.encode()) % len(OTHERS)]

    def typical(self) -> dict[str, Any]:
        """Return the arrays of the seed with the median final error."""
        kept = [a for a in self.arrays if "error" in a]
        if not kept:
            return {}
        level = [np.sqrt(np.nanmean(np.minimum(a["error"], 1e6) ** 2)) for a in kept]
        return kept[int(np.argsort(level)[len(level) // 2])]
