"""An object as a tree of JSON values and a list of arrays, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy.sparse

from reservoirs.persistence.indices import is_index, read_index, write_index
from reservoirs.persistence.registry import entry_named, entry_of, get_state, set_state
from reservoirs.sequences import Array

PLAIN = (bool, int, str, type(None))
Node: TypeAlias = Any  # a value of JSON


class Writer:
    """Turns values into a tree; an object that occurs twice is written once.

    Attributes
    ----------
    arrays : dict
        The arrays so far, C-contiguous, by the names that stand in the tree.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._number_of: dict[int, int] = {}
        self._written: list[object] = []  # alive until the end, so that no id is used again

    def write(self, value: object, where: str = "model") -> Node:
        """Return the tree of a value.

        Parameters
        ----------
        value : object
            Numbers, text, arrays, sparse matrices, containers, objects of registered types.
        where : str, default="model"
            What to call it in an error.

        Returns
        -------
        object
            The tree, ready for JSON.

        Raises
        ------
        TypeError
            For anything else, naming the attribute.
        """
        # exact types: a subclass of str or int would come back as its base
        if type(value) in PLAIN:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if id(value) in self._number_of:
            return {"again": self._number_of[id(value)]}
        number = self._number_of[id(value)] = len(self._written)
        self._written.append(value)
        return {"number": number, **self._node(value, where)}

    def _node(self, value: object, where: str) -> dict[str, Any]:
        entry = entry_of(value)
        if entry is not None:
            # refuse now what `load` would refuse: a file that cannot be read helps nobody
            if entry.check is not None:
                entry.check(value)
            state = get_state(value, entry.name)
            return {
                "object": entry.name,
                "state": {k: self.write(v, f"{where}.{k}") for k, v in state.items()},
            }
        for kind, codec in CODECS.items():
            if codec.matches(value):
                return {kind: codec.write(self, value, where)}
        raise TypeError(
            f"{where} is a {type(value).__module__}.{type(value).__qualname__}, which no file can "
            "hold; register its class with reservoirs.persistence.register, or use skops"
        )

    def array(self, value: Array, where: str) -> Node:
        """Store an array, whatever its order in memory; text is written into the tree."""
        frozen = not value.flags.writeable
        if value.dtype.kind in "UO":
            if not all(isinstance(v, str) for v in value.ravel()):
                raise TypeError(f"{where} is an object array that holds more than text")
            text = [str(v) for v in value.ravel()]
            return {"text": text, "shape": list(value.shape), "dtype": value.dtype.str}
        if value.dtype.kind not in "biuf":
            raise TypeError(
                f"{where} is an array of {value.dtype}; a file holds numbers and text only"
            )
        # safetensors knows C order only: a Fortran array is stored transposed
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
    arrays : dict
        Arrays by the names that stand in the tree.
    """

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.arrays = arrays
        self._values: dict[int, Any] = {}

    def read(self, node: Node) -> Any:
        """Return the value of a tree.

        Parameters
        ----------
        node : object
            Of a tree written by `Writer`.

        Returns
        -------
        object
            The value as it was written.

        Raises
        ------
        ValueError
            For a node of an unknown kind, or an object whose check fails.
        """
        if type(node) in (*PLAIN, float):
            return node
        if "float" in node:
            return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[node["float"]]
        if "again" in node:
            return self._values[node["again"]]
        number = node["number"]
        if "object" in node:
            return self._object(number, node["object"], node["state"])
        for kind, codec in CODECS.items():
            if kind in node:
                self._values[number] = value = codec.read(self, node[kind])
                return value
        raise ValueError(f"a node of an unknown kind, {sorted(node)}")

    def _object(self, number: int, name: str, state: dict[str, Any]) -> Any:
        entry = entry_named(name)
        value: Any = object.__new__(entry.type)
        # before its attributes are read: they may refer back to it
        self._values[number] = value
        set_state(value, {key: self.read(node) for key, node in state.items()}, entry)
        if entry.check is not None:
            entry.check(value)
        return value

    def array(self, node: Node) -> Array:
        """Return an array as it was, read-only where it was."""
        if "text" in node:
            return _text(node["text"], np.dtype(node["dtype"])).reshape(node["shape"])
        value = self.arrays[node["name"]]
        value = value.T if node["fortran"] else value
        if node["frozen"]:
            value.flags.writeable = False
        return value


def _text(words: list[str], dtype: np.dtype) -> Array:
    """Return an array of text; a small file must not claim a large array."""
    wide = len(words) * dtype.itemsize > 2**20 + 16 * sum(map(len, words))
    if dtype.kind not in "UO" or wide or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{len(words)} words of text as {dtype}")
    return np.array(words, dtype=dtype)


def _write_sparse(writer: Writer, value: scipy.sparse.sparray, where: str) -> Node:
    csr = value if value.format == "csr" else value.tocsr()
    parts = [writer.write(array, where) for array in (csr.data, csr.indices, csr.indptr)]
    matrix = not isinstance(value, scipy.sparse.sparray)
    return {"shape": list(value.shape), "parts": parts, "format": value.format, "matrix": matrix}


def _read_sparse(reader: Reader, node: Node) -> scipy.sparse.sparray:
    make = scipy.sparse.csr_matrix if node["matrix"] else scipy.sparse.csr_array
    csr = make(tuple(reader.read(item) for item in node["parts"]), shape=tuple(node["shape"]))
    csr.check_format(full_check=True)
    return csr if node["format"] == "csr" else csr.asformat(node["format"])


def _read_random(reader: Reader, node: Node) -> np.random.RandomState:
    generator = np.random.RandomState()
    generator.set_state(reader.read(node))
    return generator


def _read_scalar(reader: Reader, node: Node) -> Any:
    array = reader.array(node)
    if array.ndim:
        raise ValueError(f"a scalar of shape {array.shape}")
    return array[()]


def _is(*types: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in types


class Codec(NamedTuple):
    """How values of one kind are written and read.

    Attributes
    ----------
    matches : callable
        Whether a value is of this kind.
    write : callable
        (writer, value, where) to the node of the value.
    read : callable
        (reader, node) to the value.
    """

    matches: Callable[[Any], bool]
    write: Callable[[Writer, Any, str], Node]
    read: Callable[[Reader, Node], Any]


# by the key that stands in the tree; the first that matches writes
CODECS: dict[str, Codec] = {
    "array": Codec(_is(np.ndarray), Writer.array, Reader.array),
    "scalar": Codec(
        lambda value: isinstance(value, np.number | np.bool_),
        lambda writer, value, where: writer.array(np.asarray(value), where),
        _read_scalar,
    ),
    "list": Codec(
        _is(list),
        lambda w, value, where: [w.write(v, f"{where}[{i}]") for i, v in enumerate(value)],
        lambda reader, node: [reader.read(v) for v in node],
    ),
    "tuple": Codec(
        _is(tuple),
        lambda w, value, where: [w.write(v, f"{where}[{i}]") for i, v in enumerate(value)],
        lambda reader, node: tuple(reader.read(v) for v in node),
    ),
    "dict": Codec(
        _is(dict),
        lambda w, value, where: [
            [w.write(k, where), w.write(v, f"{where}[{k!r}]")] for k, v in value.items()
        ],
        lambda reader, node: {reader.read(k): reader.read(v) for k, v in node},
    ),
    "sparse": Codec(scipy.sparse.issparse, _write_sparse, _read_sparse),
    "random": Codec(
        _is(np.random.RandomState),
        lambda w, value, where: w.write(value.get_state(), where),
        _read_random,
    ),
    "index": Codec(is_index, write_index, read_index),
}
