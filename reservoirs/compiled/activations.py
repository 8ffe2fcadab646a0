"""A user's activation as the compiled loops call it.

Import it inside functions, so that `import reservoirs` stays light: numba takes half a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from numba import cfunc
from numba.core.errors import NumbaError


@lru_cache(maxsize=64)
def compile_activation(function: Callable[[float], float], dtype: str) -> Callable[[float], float]:
    """Return a function of one number, compiled for numbers of a type.

    It is called through a pointer, so that the loops are compiled once for all functions.

    Raises
    ------
    ValueError
        If numba cannot compile it.
    """
    python = getattr(function, "py_func", function)
    try:
        compiled: Callable[[float], float] = cfunc(f"{dtype}({dtype})")(python)
    except (NumbaError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            "activation must be a function of one number that numba can compile, as "
            f"lambda z: z / (1 + abs(z)), got {function!r}: {reason}"
        ) from error
    return compiled
