"""An object as a tree of JSON values and a list of arrays, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from reservoirs.persistence import frames
from reservoirs.persistence.registry import entry_named, entry_of, get_state, set_state
from reservoirs.sequences import Array

PLAIN = (bool, int, str, type(None))


class Writer:
    """Turns values into a tree; whatever is met twice is written once.

    Attributes
    ----------
    arrays : those met so far, C-contiguous, by the names that stand in the tree
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no id is used again

    def write(self, value: Any, where: str = "model") -> Any:
        """Return the tree of a value.

        Parameters
        ----------
        value : numbers, text, arrays, sparse matrices, containers, objects of registered types
        where : what to call it in an error

        Raises
        ------
        TypeError
            For anything else, naming the attribute.
        """
        if type(value) in PLAIN:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if id(value) in self._numbers:
            return {"again": self._numbers[id(value)]}
        self._numbers[id(value)] = len(self._kept)
        self._kept.append(value)
        return {"number": len(self._kept) - 1, **self._node(value, where)}

    def _node(self, value: Any, where: str) -> dict[str, Any]:
        entry = entry_of(value)
        if entry is not None:
            if entry.check is not None:
                entry.check(value)
            state = get_state(value, entry.name)
            return {
                "object": entry.name,
                "state": {k: self.write(v, f"{where}.{k}") for k, v in state.items()},
            }
        for kind, (matches, write, _) in CODECS.items():
            if matches(value):
                return {kind: write(self, value, where)}
        raise TypeError(
            f"{where} is a {type(value).__module__}.{type(value).__qualname__}, which no file can "
            "hold; register its class with reservoirs.persistence.register, or use skops"
        )

    def array(self, value: Array, where: str) -> Any:
        """Keep an array, whatever its order in memory; text is written out."""
        frozen = not value.flags.writeable
        if value.dtype.kind in "UO":
            if not all(isinstance(v, str) for v in value.ravel()):
                raise TypeError(f"{where} is an object array of other things than text")
            text = [str(v) for v in value.ravel()]
            return {"text": text, "shape": list(value.shape), "dtype": value.dtype.str}
        if value.dtype.kind not in "biuf":
            raise TypeError(f"{where} is an array of {value.dtype}; only numbers and text are kept")
        fortran = value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous
        name = str(len(self.arrays))
        self.arrays[name] = np.ascontiguousarray(value.T if fortran else value).reshape(
            value.shape[::-1] if fortran else value.shape
        )
        return {"name": name, "fortran": fortran, "frozen": frozen}


class Reader:
    """Turns a tree back into values.

    Parameters
    ----------
    arrays : by the names that stand in the tree
    """

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.arrays = arrays
        self._known: dict[int, Any] = {}

    def read(self, node: Any) -> Any:
        """Return the value of a tree.

        Parameters
        ----------
        node : of a tree written by `Writer`

        Raises
        ------
        ValueError
            For a node of no known kind, or an object whose check fails.
        """
        if type(node) in (*PLAIN, float):
            return node
        if "float" in node:
            return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[node["float"]]
        if "again" in node:
            return self._known[node["again"]]
        number = node["number"]
        if "object" in node:
            return self._object(number, node["object"], node["state"])
        for kind, (_, _, read) in CODECS.items():
            if kind in node:
                self._known[number] = value = read(self, node[kind])
                return value
        raise ValueError(f"a node of no known kind, {sorted(node)}")

    def _object(self, number: int, name: str, state: dict[str, Any]) -> Any:
        entry = entry_named(name)
        value: Any = object.__new__(entry.type)
        self._known[number] = value
        set_state(value, {key: self.read(node) for key, node in state.items()}, entry)
        if entry.check is not None:
            entry.check(value)
        return value

    def array(self, node: Any) -> Array:
        """Return an array as it was, read-only where it was."""
        if "text" in node:
            return _text(node["text"], np.dtype(node["dtype"])).reshape(node["shape"])
        value = self.arrays[node["name"]]
        value = value.T if node["fortran"] else value
        if node["frozen"]:
            value.flags.writeable = False
        return value


def _text(words: list[str], dtype: np.dtype) -> Array:
    """Return an array of text; a file of many short words must not claim wide ones."""
    wide = len(words) * dtype.itemsize > 2**20 + 16 * sum(map(len, words))
    if dtype.kind not in "UO" or wide or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{len(words)} words of text as {dtype}")
    return np.array(words, dtype=dtype)


def _write_sparse(writer: Writer, value: Any, where: str) -> Any:
    kept = value if value.format == "csr" else value.tocsr()
    parts = [writer.write(part, where) for part in (kept.data, kept.indices, kept.indptr)]
    matrix = not isinstance(value, scipy.sparse.sparray)
    return {"shape": list(value.shape), "parts": parts, "format": value.format, "matrix": matrix}


def _read_sparse(reader: Reader, node: Any) -> Any:
    make = scipy.sparse.csr_matrix if node["matrix"] else scipy.sparse.csr_array
    found = make(tuple(reader.read(part) for part in node["parts"]), shape=tuple(node["shape"]))
    found.check_format(full_check=True)
    return found if node["format"] == "csr" else found.asformat(node["format"])


def _read_random(reader: Reader, node: Any) -> np.random.RandomState:
    found = np.random.RandomState()
    found.set_state(reader.read(node))
    return found


def _read_scalar(reader: Reader, node: Any) -> Any:
    array = reader.array(node)
    if array.ndim:
        raise ValueError(f"a scalar of shape {array.shape}")
    return array[()]


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in types


# kind: (is a value of this kind, value -> node, node -> value); the first that matches writes
CODECS: dict[str, tuple[Callable, Callable, Callable]] = {
    "array": (_is(np.ndarray), Writer.array, Reader.array),
    "scalar": (
        lambda value: isinstance(value, np.number | np.bool_),
        lambda writer, value, where: writer.array(np.asarray(value), where),
        _read_scalar,
    ),
    "list": (
        _is(list),
        lambda w, value, where: [w.write(v, f"{where}[{i}]") for i, v in enumerate(value)],
        lambda reader, node: [reader.read(v) for v in node],
    ),
    "tuple": (
        _is(tuple),
        lambda w, value, where: [w.write(v, f"{where}[{i}]") for i, v in enumerate(value)],
        lambda reader, node: tuple(reader.read(v) for v in node),
    ),
    "dict": (
        _is(dict),
        lambda w, value, where: [
            [w.write(k, where), w.write(v, f"{where}[{k!r}]")] for k, v in value.items()
        ],
        lambda reader, node: {reader.read(k): reader.read(v) for k, v in node},
    ),
    "sparse": (scipy.sparse.issparse, _write_sparse, _read_sparse),
    "random": (
        _is(np.random.RandomState),
        lambda w, value, where: w.write(value.get_state(), where),
        _read_random,
    ),
    "index": (frames.is_index, frames.write, frames.read),
}
