"""Save and load models in one file that holds numbers and names, never code."""

from reservoirs.persistence.container import FORMAT, MAX_BYTES, load, save
from reservoirs.persistence.registry import check_shapes, register
from reservoirs.persistence.trusted import trusted_types
from reservoirs.version import ModelVersionWarning, Stamped

__all__ = [
    "FORMAT",
    "MAX_BYTES",
    "ModelVersionWarning",
    "Stamped",
    "check_shapes",
    "load",
    "register",
    "save",
    "trusted_types",
]
