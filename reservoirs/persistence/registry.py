"""Which types a file may hold, by the names that stand in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator

from reservoirs.estimators.commit import CommittingMixin
from reservoirs.estimators.settings import FITTED, check_settings, record_settings
from reservoirs.persistence.attributes import Hints, check_attributes
from reservoirs.sequences import Array

State: TypeAlias = dict[str, Any]  # the attributes of an object by name
Check = Callable[[Any], None]
Upgrade = Callable[[State], State]
Class = TypeVar("Class", bound=type)


class Entry(NamedTuple):
    """A registered type.

    Its name is that in files. `check` refuses a loaded object whose parts do not fit together,
    `upgrade` turns the attributes in an older file into those of this version. `attributes` are
    types by name, besides those that the class itself declares; None accepts any name that the
    class does not define.
    """

    name: str
    type: type
    check: Check | None
    upgrade: Upgrade | None
    attributes: Hints | None


_BY_NAME: dict[str, Entry] = {}
_BY_TYPE: dict[type, Entry] = {}


def register(
    cls: Class,
    name: str | None = None,
    check: Check | None = None,
    upgrade: Upgrade | None = None,
    attributes: Hints | None = None,
) -> Class:
    """Let `save` and `load` handle objects of a class of yours.

    The file holds the attributes of an object (the fields of a dataclass); `load` makes an object
    without calling its constructor and gives them back. Nothing is ever imported by name, and no
    file can hide a method or a property of the class behind an attribute.

    Parameters
    ----------
    cls : type
        The class; its attributes must hold numbers, text, arrays, containers of these, or objects
        of registered classes.
    name : str, default=None
        The name in the file; None takes the first part of the module and the class's name.
    check : callable, default=None
        Gets a loaded object and raises ValueError where its parts do not fit together.
    upgrade : callable, default=None
        Gets the attributes in a file, a dict by name, and returns those of the class as it is now,
        so that files written before a change of the class can be read.
    attributes : mapping, default=None
        The types of its attributes by name; together with the constructor's parameters, the fields
        of a dataclass and annotations in the class body they are all that a file may hold. None
        accepts any other name that the class does not define.

    Returns
    -------
    type
        The class, so that it can be used as a decorator.

    Raises
    ------
    ValueError
        If the name belongs to another class already.

    See Also
    --------
    trusted_types : The registered types of this library, for skops.

    Examples
    --------
    >>> from reservoirs.persistence import register
    >>> @register
    ... class Thermometer:
    ...     def __init__(self, kelvin):
    ...         self.kelvin = kelvin
    """
    name = name or f"{cls.__module__.split('.')[0]}.{cls.__qualname__}"
    same_name = _BY_NAME.get(name)
    if same_name is not None and same_name.type is not cls:
        raise ValueError(
            f"the name {name!r} is taken by {same_name.type!r}; pass another name to register "
            f"{cls!r}"
        )
    _BY_NAME[name] = _BY_TYPE[cls] = Entry(name, cls, check, upgrade, attributes)
    return cls


def registered_types() -> list[type]:
    """Return every registered type."""
    return list(_BY_TYPE)


def entry_of(value: object) -> Entry | None:
    """Return the entry of an object's type, None where the type is not registered."""
    return _BY_TYPE.get(type(value))


def entry_named(name: str) -> Entry:
    """Return the entry of a name that stands in a file.

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


def get_state(value: Any, name: str) -> State:
    """Return the attributes of an object that are written.

    Types of scikit-learn add their version. A ValueError is raised if a setting that decided the
    fitted attributes was changed since.
    """
    if dataclasses.is_dataclass(value):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if name.startswith("sklearn."):
        return dict(value.__getstate__())
    state = dict(vars(value))
    if state.pop(FITTED, None):  # in a file the settings are those of the fit
        check_settings(value)
    return state


def set_state(value: Any, state: State, entry: Entry) -> None:
    """Give a new object its attributes.

    The object was made without its constructor; the attributes are taken as they stand in a file.

    Raises
    ------
    ValueError
        If a parameter of an estimator or a field of a dataclass is missing, or an attribute is
        unknown or of another type.
    """
    # first what older versions wrote, so that the checks below see today's attributes
    if entry.upgrade is not None:
        state = entry.upgrade(state)
    estimator: type[BaseEstimator] = entry.type
    if issubclass(entry.type, BaseEstimator):
        mismatch = set(estimator._get_param_names()) - set(state)
    elif dataclasses.is_dataclass(entry.type):
        mismatch = {f.name for f in dataclasses.fields(entry.type)} ^ set(state)
    else:
        mismatch = set()
    if mismatch:
        raise ValueError(f"{entry.name} lacks, or does not know, {sorted(mismatch)}")
    check_attributes(entry.name, entry.type, state, entry.attributes)
    # scikit-learn's own method warns where another version of it wrote the state
    if entry.name.startswith("sklearn."):
        value.__setstate__(state)
    else:
        value.__dict__.update(state)
        if isinstance(value, CommittingMixin) and hasattr(value, "n_features_in_"):
            record_settings(value)


def check_shapes(
    owner: str, arrays: Mapping[str, Any], shapes: Mapping[str, tuple[int | None, ...]]
) -> None:
    """Refuse arrays of other shapes, or with NaN or infinity in them.

    Parameters
    ----------
    owner : str
        The object that holds the arrays, named in the error.
    arrays : mapping
        Dense or sparse arrays by name; those that are missing or None are not looked at.
    shapes : mapping
        The shape of each array by name; None stands for any length.

    Raises
    ------
    ValueError
        Naming the first array that does not fit.

    See Also
    --------
    register : Takes a function that checks loaded objects, for instance with this one.

    Examples
    --------
    >>> import numpy as np
    >>> from reservoirs.persistence import check_shapes
    >>> check_shapes("Line", {"slope_": np.ones(3)}, {"slope_": (None,)})
    """
    for name, shape in shapes.items():
        array = arrays.get(name)
        if array is None:
            continue
        if not issparse(array) and not isinstance(array, np.ndarray):
            raise ValueError(f"{owner}.{name} must be an array, got {type(array).__name__}")
        numbers = array.data if issparse(array) else array
        fits = len(array.shape) == len(shape) and all(
            n is None or n == length for n, length in zip(shape, array.shape, strict=True)
        )
        if not fits or not _all_finite(numbers):
            raise ValueError(
                f"{owner}.{name} must be finite and of shape {shape} (None: any length), "
                f"got shape {array.shape}"
            )


def _all_finite(numbers: Array) -> bool:
    """Tell whether an array holds finite numbers only, without a second array of its size."""
    if numbers.dtype.kind not in "biuf":
        return False
    flat = numbers.ravel(order="K")
    steps = range(0, flat.size, 2**16)
    return all(bool(np.isfinite(flat[first : first + 2**16]).all()) for first in steps)
