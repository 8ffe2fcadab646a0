"""Which types a file may hold, by the names that stand in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator

Check = Callable[[Any], None]
State = dict[str, Any]  # the attributes of an object by name
Upgrade = Callable[[State], State]


class Entry(NamedTuple):
    """A registered type."""

    name: str
    type: type
    check: Check | None
    upgrade: Upgrade | None


_BY_NAME: dict[str, Entry] = {}
_BY_TYPE: dict[type, Entry] = {}


def register(
    cls: type,
    name: str | None = None,
    check: Check | None = None,
    upgrade: Upgrade | None = None,
) -> type:
    """Let `save` and `load` handle objects of a class of yours.

    The file holds the attributes of an object (the fields of a dataclass); `load` makes an object
    without calling its constructor and gives them back. Nothing is ever imported by name.

    Parameters
    ----------
    cls : the class; everything its attributes hold must be numbers, text, arrays, containers of
        these, or objects of registered classes
    name : in the file; by default the first part of the module and the class's name
    check : gets a loaded object and raises ValueError where its parts do not fit together
    upgrade : gets the attributes in a file, by name, and returns those of this version of the class

    Returns
    -------
    cls, so that it can be used as a decorator

    Raises
    ------
    ValueError
        If the name belongs to another class already.
    """
    name = name or f"{cls.__module__.split('.')[0]}.{cls.__qualname__}"
    known = _BY_NAME.get(name)
    if known is not None and known.type is not cls:
        raise ValueError(
            f"the name {name!r} is taken by {known.type!r}; pass another name to register {cls!r}"
        )
    _BY_NAME[name] = _BY_TYPE[cls] = Entry(name, cls, check, upgrade)
    return cls


def registered_types() -> list[type]:
    """Return every registered type."""
    return list(_BY_TYPE)


def entry_of(value: Any) -> Entry | None:
    """Return the entry of an object's type, None where the type is not registered."""
    return _BY_TYPE.get(type(value))


def entry_named(name: str) -> Entry:
    """Return the entry of a name found in a file.

    Parameters
    ----------
    name : of a type

    Raises
    ------
    ValueError
        If nothing is registered by this name.
    """
    if name not in _BY_NAME:
        package = name.split(".")[0]
        remedy = (
            f"import {package} first"
            if package == "trainers"
            else "call reservoirs.persistence.register with its class first, or do not trust it"
        )
        raise ValueError(f"the file holds an object of the unregistered type {name!r}; {remedy}")
    return _BY_NAME[name]


def get_state(value: Any, name: str) -> dict[str, Any]:
    """Return what is written of an object.

    Parameters
    ----------
    value : of a registered type
    name : of the type; scikit-learn's own add their version
    """
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    return dict(value.__getstate__()) if name.startswith("sklearn.") else dict(vars(value))


def set_state(value: Any, state: State, entry: Entry) -> None:
    """Give a new object its state.

    Parameters
    ----------
    value : made without its constructor
    state : attributes by name
    entry : of its type

    Raises
    ------
    ValueError
        If a parameter of an estimator or a field of a dataclass is missing or unknown.
    """
    if entry.upgrade is not None:
        state = entry.upgrade(state)
    if issubclass(entry.type, BaseEstimator):
        kind: Any = entry.type
        missing = set(kind._get_param_names()) - set(state)
    elif dataclasses.is_dataclass(entry.type):
        missing = {f.name for f in dataclasses.fields(entry.type)} ^ set(state)
    else:
        missing = set()
    if missing:
        raise ValueError(f"{entry.name} lacks, or does not know, {sorted(missing)}")
    if entry.name.startswith("sklearn."):
        value.__setstate__(state)
    else:
        value.__dict__.update(state)


def check_shapes(
    owner: str, arrays: Mapping[str, Any], shapes: dict[str, tuple[int | None, ...]]
) -> None:
    """Refuse arrays of other shapes, or with NaN or infinity in them.

    Parameters
    ----------
    owner : what holds the arrays, for the error
    arrays : by name, dense or sparse; those that are missing or None are not looked at
    shapes : by name; None stands for any length

    Raises
    ------
    ValueError
        Naming the first array that does not fit.
    """
    for name, wanted in shapes.items():
        array = arrays.get(name)
        if array is None:
            continue
        if not issparse(array) and not isinstance(array, np.ndarray):
            raise ValueError(f"{owner}.{name} must be an array, got {type(array).__name__}")
        shape = array.shape
        numbers = np.asarray(array.data if issparse(array) else array, dtype=np.float64)
        fits = len(shape) == len(wanted) and all(
            w is None or w == got for w, got in zip(wanted, shape, strict=True)
        )
        if not fits or not np.isfinite(numbers).all():
            raise ValueError(
                f"{owner}.{name} must be finite and of shape {wanted} (None: any length), "
                f"got shape {shape}"
            )
