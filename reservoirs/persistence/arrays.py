"""The arrays of a safetensors file, each read into memory of its own and of its own size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from reservoirs.sequences import Array

DTYPES = {"BOOL": "?"} | {
    f"{word}{8 * size}": f"<{kind}{size}"
    for word, kind, sizes in (
        ("U", "u", (1, 2, 4, 8)),
        ("I", "i", (1, 2, 4, 8)),
        ("F", "f", (2, 4, 8)),
    )
    for size in sizes
}
MAX_AXES = 8


def read_arrays(
    file: BinaryIO, entries: Mapping[str, dict[str, Any]], n_bytes: int
) -> dict[str, Array]:
    """Read the arrays that a header describes.

    The file is at the first byte after the header, `n_bytes` from its end. Entries tell by name the
    type, the shape and where the bytes lie.

    Raises
    ------
    ValueError
        If the arrays do not fill the file, each byte once.
    """
    arrays, position = {}, 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1]["data_offsets"]):
        array = _empty(name, entry, n_bytes - position)
        if entry["data_offsets"] != [position, position + array.nbytes]:
            raise ValueError(f"array {name} does not lie where the one before it ends")
        if array.nbytes:
            file.readinto(array.reshape(-1).view(np.uint8).data)  # type: ignore[attr-defined] # of every file
        position += array.nbytes
        arrays[name] = array
    if position != n_bytes:
        raise ValueError(f"its arrays have {position} bytes, the file {n_bytes} for them")
    return arrays


def _empty(name: str, entry: dict[str, Any], n_bytes: int) -> Array:
    """Return an array for an entry; a shape must not claim more than the file holds."""
    shape, dtype = entry["shape"], np.dtype(DTYPES[entry["dtype"]])
    lengths_fit = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    # lengths beside a zero count too: other arrays are made after them
    if (
        not lengths_fit
        or len(shape) > MAX_AXES
        or (math.prod(max(n, 1) for n in shape) * dtype.itemsize > max(n_bytes, 2**16))
    ):
        raise ValueError(f"array {name} of shape {shape} does not fit into the file")
    return np.empty(shape, dtype)
