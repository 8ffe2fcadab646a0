"""An object as a tree of JSON values and a list of arrays, and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import scipy.sparse

from reservoirs.persistence.budget import GENERATOR_BYTES, MAX_DEPTH, Budget
from reservoirs.persistence.functions import (
    Functions,
    find_function,
    is_function,
    name_of,
    name_place,
)
from reservoirs.persistence.indices import is_index, read_index, write_index
from reservoirs.persistence.registry import entry_named, entry_of, get_state, set_state
from reservoirs.sequences import Array

PLAIN = (bool, int, str, type(None))
TEXT_TYPE = re.compile(r"\|O|[<>=|]?U\d{1,9}|O")
SPARSE_FORMATS = ("csr", "csc", "coo", "dia", "bsr", "lil", "dok")
Node: TypeAlias = Any  # a value of JSON


class Writer:
    """Turns values into a tree; an object that occurs twice is written once.

    Attributes
    ----------
    arrays : dict
        The arrays so far, C-contiguous, by the names that stand in the tree.
    functions : dict
        The functions so far, by the attributes that hold them.
    """

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self.functions: dict[str, Callable[..., object]] = {}
        self._number_of: dict[int, int] = {}
        self._written: list[object] = []  # alive until the end, so that no id is used again

    def write(self, value: object, where: str = "model") -> Node:
        """Return the tree of a value.

        Values are numbers, text, arrays, sparse matrices, containers and objects of registered
        types; a TypeError for anything else names the attribute, which begins with `where`. The
        tree is ready for JSON.
        """
        # exact types: a subclass of str or int would come back as its base
        if type(value) in PLAIN:
            return value
        if type(value) is np.str_:  # a name from an array of names
            return str(value)
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

    def function(self, value: Callable[..., object], where: str) -> Node:
        """Return the name of a function, which `load` must be given back.

        Raises
        ------
        TypeError
            If another function has the place in the file already.
        """
        place = name_place(where)
        if self.functions.setdefault(place, value) is not value:
            names = sorted({name_of(self.functions[place]), name_of(value)})
            raise TypeError(
                f"{where} is another function than a {place} before it, {names}: a file tells them "
                "apart by the attribute alone; save each model into a file of its own"
            )
        return {"place": place, "name": name_of(value)}


class Reader:
    """Turns a tree back into values.

    `arrays` are by the names that stand in the tree, functions by the attributes that held them. A
    budget of None is that of a small file.
    """

    def __init__(
        self,
        arrays: dict[str, Array],
        budget: Budget | None = None,
        functions: Functions | None = None,
    ) -> None:
        self.arrays, self.functions = arrays, functions or {}
        self.budget = Budget(0) if budget is None else budget
        self._values: dict[int, Any] = {}
        self._sizes: dict[int, int] = {}  # values inside each, those that occur again counted again
        self._count = 0
        self._depth = 0

    def read(self, node: Node) -> Any:
        """Return the value of a tree.

        A ValueError is raised for a node of an unknown kind, an object whose check fails, or a tree
        that is too deep or takes too much for the size of its file.
        """
        self._count += 1
        if type(node) in (*PLAIN, float):
            return node
        if "float" in node:
            return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[node["float"]]
        if "again" in node:
            # a few characters may stand for a large value, and that for others
            self._count += self._sizes[node["again"]]
            self.budget.check_nodes(self._count)
            return self._values[node["again"]]
        return self._read_numbered(node["number"], node)

    def _read_numbered(self, number: int, node: dict[str, Any]) -> Any:
        first, self._depth = self._count, self._depth + 1
        if self._depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} values inside each other")
        if number in self._values:
            raise ValueError(f"two values have the number {number}")
        value = self._value(node)
        # only now: a value that holds itself would never end
        self._values[number], self._sizes[number] = value, self._count - first
        self._depth -= 1
        return value

    def _value(self, node: dict[str, Any]) -> Any:
        if "object" in node:
            return self._object(node["object"], node["state"])
        for kind, codec in CODECS.items():
            if kind in node:
                return codec.read(self, node[kind])
        raise ValueError(f"a node of an unknown kind, {sorted(node)}")

    def _object(self, name: str, nodes: dict[str, Any]) -> Any:
        entry = entry_named(name)
        value: Any = object.__new__(entry.type)
        state = {key: self.read(node) for key, node in nodes.items()}
        self.budget.work_on(sum(map(_size_of, state.values())))
        set_state(value, state, entry)
        if entry.check is not None:
            entry.check(value)
        return value

    def array(self, node: Node) -> Array:
        """Return an array as it was, read-only where it was."""
        if "text" in node:
            return self._text(node["text"], str(node["dtype"])).reshape(node["shape"])
        value = self.arrays[node["name"]]
        value = value.T if node["fortran"] else value
        if node["frozen"]:
            value.flags.writeable = False
        return value

    def _text(self, words: list[str], name: str) -> Array:
        """Return an array of text; a small file must not claim a large array."""
        if not TEXT_TYPE.fullmatch(name) or not all(isinstance(word, str) for word in words):
            raise ValueError(f"{len(words)} words of text as {name}")
        dtype = np.dtype(name)
        self.budget.take(len(words) * dtype.itemsize)
        return np.array(words, dtype=dtype)

    def dict(self, node: list[list[Node]]) -> dict[Any, Any]:
        """Return a dictionary; its keys are names and numbers, or tuples of these."""
        value = {}
        for key_node, value_node in node:
            key = self.read(key_node)
            if not _is_key(key):
                raise ValueError(f"a {type(key).__name__} of this kind as the key of a dictionary")
            value[key] = self.read(value_node)
        return value


def _is_key(key: object) -> bool:
    parts = key if type(key) is tuple else (key,)
    return all(type(part) in (*PLAIN, float) or isinstance(part, np.generic) for part in parts)


def _size_of(value: object) -> int:
    return getattr(value, "nbytes", 0) if isinstance(value, np.ndarray) else 0


def _write_sparse(writer: Writer, value: scipy.sparse.sparray, where: str) -> Node:
    csr = value if value.format == "csr" else value.tocsr()
    parts = [writer.write(array, where) for array in (csr.data, csr.indices, csr.indptr)]
    matrix = not isinstance(value, scipy.sparse.sparray)
    return {"shape": list(value.shape), "parts": parts, "format": value.format, "matrix": matrix}


def _read_sparse(reader: Reader, node: Node) -> scipy.sparse.sparray:
    parts = [reader.read(item) for item in node["parts"]]
    n_rows, n_columns = shape = tuple(node["shape"])
    n_entries = _check_parts(parts, shape)
    # before anything is made: a few bytes may claim any number of columns
    reader.budget.take(16 * n_entries + 16 * (n_rows + n_columns))
    make = scipy.sparse.csr_matrix if node["matrix"] else scipy.sparse.csr_array
    csr = make(tuple(parts), shape=shape)
    csr.check_format(full_check=True)
    if node["format"] not in SPARSE_FORMATS:
        raise ValueError(f"a sparse matrix of the format {node['format']!r}")
    if node["format"] == "dia":  # stores whole diagonals, however few of their entries are there
        rows = np.repeat(np.arange(n_rows), np.diff(csr.indptr))
        reader.budget.take(8 * n_columns * len(np.unique(csr.indices - rows)))
    elif node["format"] not in ("csr", "csc", "coo"):
        reader.budget.take(300 * (n_entries + n_rows))
    return csr if node["format"] == "csr" else csr.asformat(node["format"])


def _check_parts(parts: list[Array], shape: tuple[int, ...]) -> int:
    """Return the number of entries of a compressed matrix whose parts have the right types."""
    data, indices, indptr = parts
    arrays = all(isinstance(part, np.ndarray) and part.ndim == 1 for part in parts)
    if not arrays or indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        raise ValueError("the parts of a sparse matrix are not arrays of one axis")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"a sparse matrix of the shape {shape}")
    if len(indptr) != shape[0] + 1 or len(data) != len(indices):
        raise ValueError("the parts of a sparse matrix do not fit together")
    return len(data)


def _read_random(reader: Reader, node: Node) -> np.random.RandomState:
    reader.budget.take(GENERATOR_BYTES)
    name, key, position, has_gauss, cached = reader.read(node)
    # NumPy reads its key at any position it is given
    words = isinstance(key, np.ndarray) and key.shape == (624,) and key.dtype == np.uint32
    if name != "MT19937" or not words or type(position) is not int or not 0 <= position <= 624:
        raise ValueError("the state of a random generator is not one of MT19937")
    generator = np.random.RandomState(0)
    generator.set_state((name, key, position, int(has_gauss), float(cached)))
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

    `write` takes (writer, value, where) and returns the node of the value, `read` takes (reader,
    node).
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
        Reader.dict,
    ),
    "sparse": Codec(scipy.sparse.issparse, _write_sparse, _read_sparse),
    "random": Codec(
        _is(np.random.RandomState),
        lambda w, value, where: w.write(value.get_state(), where),
        _read_random,
    ),
    "index": Codec(is_index, write_index, read_index),
    "function": Codec(
        is_function,
        Writer.function,
        lambda reader, node: find_function(reader.functions, str(node["place"]), str(node["name"])),
    ),
}
