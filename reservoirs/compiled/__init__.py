"""Loops that numba compiles, and the memory layout they read.

The loops are loaded when first used, as `compiled.reservoir_loops` say: they bring numba.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reservoirs.compiled import (
        activations,
        closed_loops,
        moments,
        monomial_loops,
        plasticity_loops,
        product_loops,
        rate_loops,
        reservoir_loops,
        transformed_loops,
    )

__all__ = [
    "activations",
    "closed_loops",
    "moments",
    "monomial_loops",
    "plasticity_loops",
    "product_loops",
    "rate_loops",
    "reservoir_loops",
    "transformed_loops",
]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
