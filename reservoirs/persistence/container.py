"""One file: safetensors for the arrays, JSON for the rest, a digest over both."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from reservoirs.persistence.arrays import read_arrays
from reservoirs.persistence.budget import Budget, size_as_objects
from reservoirs.persistence.builtin_types import register_all
from reservoirs.persistence.functions import Functions, MissingFunctionError
from reservoirs.persistence.registry import entry_of
from reservoirs.persistence.tree import Reader, Writer
from reservoirs.sequences import Array
from reservoirs.version import VERSION

FORMAT = 1
MAX_BYTES = 4 * 2**30
MAX_HEADER = 64 * 2**20
FileName: TypeAlias = str | os.PathLike[str]


def save(model: object, path: FileName) -> None:
    """Write a model into one file that holds numbers and names, never code.

    Of a function, the model of a HybridForecaster say, it holds the name: `load` must be given it.

    The file is a safetensors file; everything but the arrays stands in its header as JSON. It is
    written beside its final place and moved there, so that no file is ever incomplete.

    Parameters
    ----------
    model : estimator, Pipeline or registered object
        An estimator of `reservoirs` or `trainers`, fitted or not, a Pipeline of them with
        scikit-learn's common scalers, or an object of a class given to `persistence.register`.
    path : str or path-like
        The file, replaced where it exists.

    Raises
    ------
    TypeError
        If the model holds something other than numbers, text, arrays, containers and registered
        objects; the message names the attribute.
    ValueError
        If its weights are not finite or do not fit together, or `load` would refuse the file: it
        is read back before it replaces another.
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If path is a folder.

    See Also
    --------
    load : Read the file.
    reservoirs.persistence.register : Let files hold objects of a class of yours.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from reservoirs import ESNRegressor, load, save
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(ESNRegressor(n_units=50), Path(folder) / "model")
    ...     load(Path(folder) / "model")
    ESNRegressor(n_units=50)
    """
    import safetensors.numpy

    register_all()
    if entry_of(model) is None:
        raise TypeError(
            f"save takes one estimator of a registered type, got {type(model).__name__}; "
            "put several into a Pipeline, or save each into a file of its own; register a class of "
            "yours with reservoirs.persistence.register, or use skops"
        )
    writer = Writer()
    # JSON has no NaN: the tree writes them as words, so one left over is a mistake of ours
    tree = json.dumps(writer.write(model), separators=(",", ":"), allow_nan=False)
    header = {
        "reservoirs_format": str(FORMAT),
        "reservoirs_version": VERSION,
        "tree": tree,
        "sha256": _digest(FORMAT, tree, writer.arrays),
    }
    data = safetensors.numpy.save(writer.arrays, metadata=header)
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, f"{target} is a folder; name a file in it, {str(target / 'model')!r}"
        )
    try:
        # written beside the target and renamed: readers see the old file or the new, never a part
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except FileNotFoundError:
        raise FileNotFoundError(
            errno.ENOENT,
            f"the folder {target.parent} does not exist; make it with "
            f"Path({str(target.parent)!r}).mkdir(parents=True)",
        ) from None
    try:
        with os.fdopen(handle, "w+b") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            _read_back(file, len(data), type(model).__name__, writer.functions)
        # mkstemp lets nobody else read the file: give it the mode that open() would have
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _read_back(file: BinaryIO, n_bytes: int, kind: str, functions: Functions) -> None:
    """Read what was written, before it replaces anything: a file that cannot be read is none."""
    file.seek(0)
    try:
        _parse(file, n_bytes, functions)
    except (_NotReadable, MissingFunctionError, *_DAMAGE) as error:
        raise ValueError(
            f"this {kind} cannot be saved, for load would refuse the file: {error}; nothing was "
            "replaced"
        ) from error


def load(path: FileName, *, max_bytes: int = MAX_BYTES, callables: Functions | None = None) -> Any:
    """Read a model written by `save`; no code in the file is run, since it can hold none.

    Parameters
    ----------
    path : str or path-like
        The file.
    max_bytes : int, default=4294967296
        A larger file is refused before it is read.
    callables : mapping, default=None
        The functions that the model was made of, by the attributes that held them, as
        {"model": step}: a file holds no code.

    Returns
    -------
    object
        The model, attribute for attribute as it was saved.

    Raises
    ------
    ValueError
        If the file is too large, of another format version, damaged, not written by `save`, holds
        an object of an unregistered type ("import trainers first"), or needs a function that
        `callables` lacks.
    OSError
        If it cannot be read.

    See Also
    --------
    save : Write the file, with an example of both.

    Notes
    -----
    The digest finds damage, not malice: whoever can write files can write a valid one with other
    weights. Loading never runs code, gives an object only attributes that its class declares, of
    the types that it declares, and takes at most four times the size of the file and 50 MB.

    Examples
    --------
    >>> from reservoirs import load
    >>> load("missing.model")
    Traceback (most recent call last):
        ...
    FileNotFoundError: [Errno 2] No such file or directory: 'missing.model'
    """
    register_all()
    with _opened(Path(path), max_bytes) as (file, n_bytes):
        try:
            return _parse(file, n_bytes, callables or {})
        except (_NotReadable, MissingFunctionError) as error:
            raise ValueError(f"{path}: {error}") from None
        except _DAMAGE as error:
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise ValueError(
                f"{path} cannot be loaded, it is damaged or was not written by reservoirs.save "
                f"({reason}); restore it from a copy or fit again"
            ) from error


# what a changed byte may raise anywhere between the JSON and the attributes of an object
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class _NotReadable(Exception):
    """A file that is not damaged, but that this version cannot load; the message says why."""


@contextlib.contextmanager
def _opened(path: Path, max_bytes: int) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file of a size that is allowed, and return it with its size."""
    # not blocking: opening a pipe would wait for a writer
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(
                f"{path} is not a regular file; give the path of a file written by reservoirs.save"
            )
        if status.st_size > max_bytes:
            raise ValueError(
                f"{path} has {status.st_size:,} bytes, more than max_bytes={max_bytes:,}; "
                "raise max_bytes if you trust the file"
            )
        yield file, status.st_size


def _parse(file: BinaryIO, n_bytes: int, functions: Functions) -> Any:
    length = int.from_bytes(file.read(8), "little")
    if n_bytes < 8 or length > min(n_bytes - 8, MAX_HEADER):
        raise _NotReadable(
            f"not written by reservoirs.save: {n_bytes} bytes, of which its header claims {length}"
        )
    budget = Budget(n_bytes)
    entries = _header(file.read(length), budget)
    words = entries.pop("__metadata__", {})
    if "reservoirs_format" not in words:
        raise _NotReadable("a safetensors file, but not one that reservoirs.save wrote")
    written = int(words["reservoirs_format"])
    if written != FORMAT:
        raise _NotReadable(
            f"format version {written} (by reservoirs {words.get('reservoirs_version')!r}), this "
            f"is {VERSION} and reads version {FORMAT}; load it with a version that reads it"
        )
    # the digest before the tree: a damaged file is refused before any object is made
    arrays = read_arrays(file, entries, n_bytes - 8 - length)
    if words["sha256"] != _digest(written, words["tree"], arrays):
        raise ValueError("its digest does not match what it holds")
    tree = json.loads(words.pop("tree"))
    if not isinstance(tree, dict) or "object" not in tree:
        raise ValueError("it does not hold a model")
    return Reader(arrays, budget, functions).read(tree)


def _header(data: bytes, budget: Budget) -> dict[str, Any]:
    """Return the header of a safetensors file, unless its text would fill the memory."""
    text = data.decode("ascii")
    # the tree is a string in it, so that this counts what is made of the tree as well
    budget.take(size_as_objects(text))
    header = json.loads(text)
    if not isinstance(header, dict) or not isinstance(header.get("__metadata__", {}), dict):
        raise ValueError("its header is not that of a safetensors file")
    return header


def _digest(format_version: int, tree: str, arrays: dict[str, Array]) -> str:
    total = hashlib.sha256(f"{format_version}\n{tree}".encode())
    for name in sorted(arrays):
        array = arrays[name]
        total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array).data if array.size else b"")
    return total.hexdigest()


def _umask() -> int:
    # the mask can be read only by setting another one
    mask = os.umask(0)
    os.umask(mask)
    return mask
