"""Functions that a model was given: a file holds their names, and whoever loads it the functions.

Where one stands in a file is the name of the attribute that held it, `model` or `activation` say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import FunctionType

Functions = Mapping[str, Callable[..., object]]
NAME = re.compile(r"\w+\Z")


def is_function(value: object) -> bool:
    """Tell whether a value is a function of Python, compiled by numba or not."""
    return isinstance(value, FunctionType) or isinstance(
        getattr(value, "py_func", None), FunctionType
    )


def name_of(value: object) -> str:
    """Return what a function is called, with its module."""
    function = getattr(value, "py_func", value)
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"


def name_place(where: str) -> str:
    """Return the attribute that holds a function, of a place such as "model.steps[1][1].model".

    Raises
    ------
    TypeError
        If it is in a list or a dictionary, and no attribute.
    """
    place = NAME.search(where)
    if place is None or "." not in where:
        raise TypeError(
            f"{where} is a function, which a file holds the name of only where it is an attribute "
            "of an object"
        )
    return place.group()


def find_function(functions: Functions, place: str, name: str) -> Callable[..., object]:
    """Return the function that was given for a place in a file, where it was called `name`.

    Raises
    ------
    MissingFunctionError
        If there is none.
    """
    if place not in functions:
        raise MissingFunctionError(
            f"the file holds a model whose {place} is the function {name}, and no code: pass it, "
            f"load(path, callables={{{place!r}: {name.rpartition('.')[2]}}})"
        )
    if not callable(functions[place]):
        raise MissingFunctionError(
            f"callables must hold functions by name, got {functions[place]!r} for {place!r}"
        )
    return functions[place]


class MissingFunctionError(Exception):
    """A file needs a function that was not given; the message says which."""
