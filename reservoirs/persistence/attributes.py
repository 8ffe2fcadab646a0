"""Which attributes a file may give to an object, and of which types: a closed list per class."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import (
    Any,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions, make_constraint

from reservoirs.sequences import Array

Hint: TypeAlias = Any  # a type, or what typing makes of types
Hints = Mapping[str, Hint]
Accepts = Callable[[object], bool]
NUMBERS: dict[Hint, Hint] = {
    bool: (bool, np.bool_),
    int: (int, np.integer),
    float: (int, float, np.integer, np.floating),
}
COMMON: Hints = {  # of every estimator of scikit-learn
    "n_features_in_": int,
    "feature_names_in_": Array,
    "_sklearn_output_config": dict[str, str],
    "_sklearn_version": str,
}


def matches(value: object, hint: Hint) -> bool:
    """Tell whether a value is of a type, elements of containers included.

    The hint is a class, a union, a Literal, or a container of these; float takes every number that
    is not a truth value, int every integer, as NumPy's are too.
    """
    if hint is Any or isinstance(hint, type):
        return hint is Any or _is_of(value, hint)
    arguments: tuple[Hint, ...] = get_args(hint)
    origin: Hint = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(matches(value, one) for one in arguments)
    if origin is Literal:
        return isinstance(value, str | int) and value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and _elements_match(value, arguments)
    if origin is list:
        return isinstance(value, list) and all(matches(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            matches(k, arguments[0]) and matches(v, arguments[1]) for k, v in value.items()
        )
    if origin is not None:
        return isinstance(origin, type) and isinstance(value, origin)
    if hint is None:
        return value is None
    return _is_of(value, hint)


def _elements_match(value: tuple[object, ...], hints: tuple[Hint, ...]) -> bool:
    if len(hints) == 2 and hints[1] is ...:
        return all(matches(item, hints[0]) for item in value)
    return len(value) == len(hints) and all(map(matches, value, hints))


def _is_of(value: object, kind: Hint) -> bool:
    """Tell whether a value is of a class; one that cannot be asked accepts anything."""
    if kind in (int, float) and isinstance(value, bool):
        return False
    known: Hint = dict if is_typeddict(kind) else NUMBERS.get(kind, kind)
    try:
        return isinstance(value, known)
    except TypeError:  # a protocol
        return True


def check_attributes(
    name: str, cls: type, state: Mapping[str, object], declared: Hints | None
) -> None:
    """Refuse attributes that objects of a class do not have, and values of other types.

    `declared` holds the types of attributes besides parameters, fields and annotations; None also
    accepts names that the class does not define.

    Raises
    ------
    ValueError
        Naming the first attribute that is refused.
    """
    accepted = accepted_attributes(cls, "pandas" in sys.modules)
    more = {} if declared is None else declared
    for attribute, value in state.items():
        if attribute in more:
            fits = matches(value, more[attribute])
        elif attribute in accepted:
            fits = accepted[attribute](value)
        elif declared is None and _is_free(cls, attribute):
            fits = True
        else:
            raise ValueError(
                f"{name} has no attribute {attribute!r} that a file may hold; declare it with "
                "persistence.register(..., attributes=) if the class is yours"
            )
        if not fits:
            raise ValueError(
                f"{name}.{attribute} may not be a {type(value).__name__} of this value in a file"
            )


def _is_free(cls: type, attribute: str) -> bool:
    """Tell whether a name hides nothing that the class defines."""
    return attribute.isidentifier() and not (attribute.startswith("__") or hasattr(cls, attribute))


@lru_cache(maxsize=256)
def accepted_attributes(cls: type, _with_pandas: bool) -> dict[str, Accepts]:
    """Return what a class itself says of its attributes.

    By name comes a function that tells whether a value is accepted: of the parameters of the
    constructor, with scikit-learn's constraints, of annotated attributes and of fields.
    """
    accepted: dict[str, Accepts] = {
        attribute: _takes(hint) for attribute, hint in _annotations(cls).items()
    }
    if issubclass(cls, BaseEstimator):
        accepted |= {attribute: _takes(hint) for attribute, hint in COMMON.items()}
        constraints = getattr(cls, "_parameter_constraints", {})
        estimator: type[BaseEstimator] = cls
        for parameter in estimator._get_param_names():
            accepted[parameter] = _satisfies(constraints.get(parameter, "no_validation"))
    elif not dataclasses.is_dataclass(cls):
        parameters = inspect.signature(cls).parameters
        accepted = {**dict.fromkeys(parameters, _takes(Any)), **accepted}
    return accepted


def _annotations(cls: type) -> Hints:
    """Return the types that the bodies of a class and of its bases give to attributes."""
    # pandas stands in annotations, and is loaded as soon as a file holds an index
    pandas = sys.modules.get("pandas") or SimpleNamespace(Index=object)
    names = {name for base in cls.__mro__ for name in inspect.get_annotations(base)}
    try:
        hints = get_type_hints(cls, localns={"pd": pandas})
    except NameError:  # of a module that is imported for type checkers only
        hints = {}
    fields = {f.name for f in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    # what has a value on the class is a constant of it, unless it is a field with a default
    own = fields | {name for name in names if not (name.startswith("_") or hasattr(cls, name))}
    return {name: hints.get(name, Any) for name in own}


def _satisfies(constraints: str | list[object]) -> Accepts:
    """Return whether one of scikit-learn's constraints holds; names of variants may be any."""
    if isinstance(constraints, str):  # "no_validation"
        return _takes(Any)
    # scikit-learn takes True for 1, and a dictionary for an array since it has a length
    pairs = [(constraint, make_constraint(constraint)) for constraint in constraints]
    # a variant that another program has added is still a name; that it is known is for fit to say
    text = any(isinstance(constraint, StrOptions) for constraint in constraints)

    def accepts(value: object) -> bool:
        if type(value) is str and text:
            return True
        return any(
            made.is_satisfied_by(value)
            for constraint, made in pairs
            if not (isinstance(value, bool) and isinstance(constraint, Interval))
            and not (isinstance(value, dict) and constraint == "array-like")
        )

    return accepts


def _takes(hint: Hint) -> Accepts:
    return lambda value: matches(value, hint)
