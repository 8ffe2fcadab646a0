"""Model files damaged at random, or made to hurt: a clear error, or the model that was saved."""

import contextlib
import time
import tracemalloc

import numpy as np
import pytest
from hostile import signed, unsigned
from numpy.testing import assert_array_equal

from reservoirs import load, next_step

X, Y = next_step(np.sin(0.2 * np.arange(60)))
TIMES = [150, pytest.param(5_000, marks=pytest.mark.slow)]  # of each of two models
HOSTILE = [
    None,
    True,
    -1,
    0,
    2**70,
    1e308,
    "",
    "../../etc/passwd",
    "os.system",
    [],
    {},
    [[]],
    {"float": "nan"},
    {"again": 0},
    {"again": 10**6},
    {"object": "os.system", "state": {}, "number": 0},
    {"object": "reservoirs.ESNRegressor", "state": {}, "number": 1},
    {"array": {"name": "0", "fortran": True, "frozen": False}, "number": 3},
    {"array": {"text": ["a"] * 9, "shape": [9], "dtype": "<U100000000"}, "number": 4},
    {"array": {"text": ["a"], "shape": [2**40], "dtype": "O"}, "number": 4},
    {"index": {"kind": "RangeIndex", "range": [0, 2**62, 1], "name": None}, "number": 5},
    {
        "index": {"kind": "DatetimeIndex", "ticks": None, "zone": "../../x", "freq": "99Z"},
        "number": 5,
    },
    {
        "sparse": {"shape": [2**40, 2**40], "parts": [], "format": "csr", "matrix": False},
        "number": 6,
    },
    {"dict": [[{"list": [], "number": 8}, 1]], "number": 7},
    {"tuple": [{"again": 0}, {"again": 1}], "number": 9},
    {"random": {"again": 2}, "number": 10},
    {"scalar": {"name": "0", "fortran": False, "frozen": False}, "number": 11},
    "<script>alert(1)</script>",
    [[0] * 1000] * 100,
]
NAMES = ["forecast", "fit", "__class__", "__doc_link_template", "_doc_link_template", "n_units"]


def outcome(path, data):
    """Load mutated bytes: the error's text or the model, within bounded time and memory."""
    path.write_bytes(data)
    start = time.process_time()
    tracemalloc.start()
    try:
        found = load(path)
    except ValueError as error:
        found = str(error)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * len(data) + 50e6
    assert time.process_time() - start < 5
    return found


def check_damaged(path, expected, times):
    """Check that a damaged file is refused, or gives the model that was saved."""
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    header = 8 + int.from_bytes(whole[:8], "little")
    for turn in range(times):
        data = bytearray(whole)
        end = (8, header, len(whole))[turn % 3]  # the length, the header, anything
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(end)] ^= 1 << rng.integers(8)
        if turn % 5 == 0:
            del data[rng.integers(len(data)) :]
        if turn % 7 == 0:
            place = rng.integers(len(data) + 1)
            data[place:place] = rng.bytes(rng.integers(1, 50))

        found = outcome(path, bytes(data))

        if isinstance(found, str):
            assert str(path) in found
        else:
            assert_array_equal(found.predict(X), expected)


def places(tree, path=()):
    """Yield the path to every node."""
    yield path
    if isinstance(tree, dict | list):
        for key, node in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(node, (*path, key))


def replaced(tree, path, value):
    """Return a tree with another node at a path."""
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = replaced(tree[path[0]], path[1:], value)
    return copy


def check_hostile(path, times):
    """Check that a file with a hostile node and a valid digest is refused, or harmless."""
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    tree, arrays = unsigned(whole)
    everywhere = list(places(tree))
    for turn in range(times):
        place = everywhere[rng.integers(len(everywhere))]
        hostile = replaced(tree, place, HOSTILE[rng.integers(len(HOSTILE))])
        if turn % 7 == 0 and isinstance(hostile, dict):
            hostile["state"] = {**tree["state"], NAMES[rng.integers(len(NAMES))]: "<script>"}
        changed = dict(arrays)
        if turn % 3 == 0:
            name = str(rng.integers(len(arrays)))
            shape = tuple(rng.integers(0, 9, size=rng.integers(0, 3)))
            numbers = np.asarray(rng.standard_normal(shape) * 1e3)
            changed[name] = numbers.astype(rng.choice(["f8", "f4", "i8", "?"]))

        found = outcome(path, signed(hostile, changed))

        if isinstance(found, str):
            assert str(path) in found
        else:
            with contextlib.suppress(Exception):  # an error is fine, a crash is not
                found.predict(X)
