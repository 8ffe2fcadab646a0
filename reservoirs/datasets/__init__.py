"""Series from parameters and a seed, and real ones that other packages ship.

Time is dimensionless and float64. Every generator that draws takes `random_state`.
"""

from reservoirs.datasets.chaos import kuramoto_sivashinsky, mackey_glass
from reservoirs.datasets.classic import channel_equalization, narma
from reservoirs.datasets.flows import LYAPUNOV, double_scroll, lorenz63, lorenz96, roessler
from reservoirs.datasets.marked import addition, multiplication, xor
from reservoirs.datasets.oscillators import (
    FORCINGS,
    lagged_sine,
    lagged_sine_noisy,
    oscillator,
    oscillator_matrices,
    sine,
    van_der_pol,
)
from reservoirs.datasets.real import (
    basic_motions,
    electrocardiogram,
    japanese_vowels,
    labelled_series,
    santa_fe,
    sunspots,
)
from reservoirs.datasets.symbols import memorisation, random_permutation, temporal_order

__all__ = [
    "FORCINGS",
    "LYAPUNOV",
    "addition",
    "basic_motions",
    "channel_equalization",
    "double_scroll",
    "electrocardiogram",
    "japanese_vowels",
    "kuramoto_sivashinsky",
    "labelled_series",
    "lagged_sine",
    "lagged_sine_noisy",
    "lorenz63",
    "lorenz96",
    "mackey_glass",
    "memorisation",
    "multiplication",
    "narma",
    "oscillator",
    "oscillator_matrices",
    "random_permutation",
    "roessler",
    "santa_fe",
    "sine",
    "sunspots",
    "temporal_order",
    "van_der_pol",
    "xor",
]
