"""For models that hold more than `save` can: the list of our types that skops may load."""

from __future__ import annotations

from scipy.sparse import csr_array

from reservoirs.persistence.builtin_types import register_all
from reservoirs.persistence.registry import registered_types


def trusted_types() -> list[str]:
    """Return the names of our types for `skops.io.load(file, trusted=trusted_types())`.

    Import `trainers` first where a file holds its estimators.

    Returns
    -------
    list of str
        Sorted names, each with its module.

    See Also
    --------
    register : Let `save` and `load` handle objects of a class of yours, instead of skops.

    Examples
    --------
    >>> from reservoirs.persistence import trusted_types
    >>> "reservoirs.reservoir.Reservoir" in trusted_types()
    True
    """
    register_all()
    ours = [
        cls for cls in registered_types() if cls.__module__.startswith(("reservoirs", "trainers"))
    ]
    return sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in (*ours, csr_array))
