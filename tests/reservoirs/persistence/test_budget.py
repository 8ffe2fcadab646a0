"""Small files that claim a lot: each is refused, for little time and memory."""

import time
import tracemalloc

import numpy as np
import pytest
from hostile import signed
from numpy.random import RandomState

from reservoirs import ESNRegressor, load
from reservoirs.persistence.budget import MAX_DEPTH, MEGABYTE, Budget, size_as_objects

MANY = 10_000


def model(**attributes):
    """Return the tree of an unfitted model with other values of its parameters."""
    state = dict(ESNRegressor().get_params(), **attributes)
    return {"object": "reservoirs.ESNRegressor", "state": state, "number": 0}


def array(name="0", number=1):
    return {"array": {"name": name, "fortran": False, "frozen": False}, "number": number}


def columns(n, fmt):
    parts = [array(str(i), 2 + i) for i in range(3)]
    return {
        "number": 1,
        "sparse": {"shape": [1, n], "parts": parts, "format": fmt, "matrix": False},
    }


def nested(depth):
    value = {"tuple": [1, 2], "number": 1}
    for number in range(2, depth):
        value = {"tuple": [value, {"again": number - 1}], "number": number}
    return value


def deep(depth):
    value = {"list": [], "number": 1}
    for number in range(2, depth + 2):
        value = {"list": [value], "number": number}
    return value


def many(node):
    """Return a list of the same node under many numbers."""
    nodes = [{**node, "number": number} for number in range(10, 10 + MANY)]
    return {"list": nodes, "number": 2}


ENTRY = {"0": np.ones(1), "1": np.zeros(1, np.int32), "2": np.array([0, 1], np.int32)}
STATE = RandomState(0).get_state()
RANGE = {"index": {"kind": "RangeIndex", "range": [0, 2, 1], "name": None}}
DIAGONAL = {
    "0": np.ones(3000),
    "1": np.arange(3000, dtype=np.int32)[::-1].copy(),
    "2": np.arange(3001, dtype=np.int32),
}
CLAIMS = {
    "columns of csc": (model(topology=columns(2**27, "csc")), ENTRY),
    "columns of csr": (model(topology=columns(2**40, "csr")), ENTRY),
    "diagonals": (
        model(
            topology={
                **columns(3000, "dia"),
                "sparse": {**columns(3000, "dia")["sparse"], "shape": [3000, 3000]},
            }
        ),
        DIAGONAL,
    ),
    "a shape beside a zero": (model(), {"0": np.empty((0, 2**40))}),
    "nested tuples as a key": (
        model(alpha={"dict": [[nested(60), 1]], "number": 99}),
        {},
    ),
    "nested lists that occur twice": (model(alpha=nested(60)), {}),
    "a deep list": (model(alpha=deep(MAX_DEPTH + 1)), {}),
    "many dictionaries": (model(alpha=None, topology="TREE"), {}),
    "many text arrays": (
        model(alpha=many({"array": {"text": ["a"], "shape": [1], "dtype": "<U50000"}})),
        {},
    ),
    "many generators": (
        model(
            alpha={
                "list": [
                    {"tuple": ["MT19937", array(), 624, 0, 0.0], "number": 3},
                    many({"random": {"again": 3}}),
                ],
                "number": 4,
            }
        ),
        {"0": STATE[1]},
    ),
    "many indices": (model(alpha=many(RANGE)), {}),
    "an array that many objects hold": (
        model(
            alpha={
                "list": [
                    array(),
                    many(
                        {
                            "object": "reservoirs.SequenceScaler",
                            "state": {"with_mean": True, "mean_": {"again": 1}},
                        }
                    ),
                ],
                "number": 4,
            }
        ),
        {"0": np.ones(10**6)},
    ),
    "a model that holds itself": (
        {
            "object": "sklearn.Pipeline",
            "number": 0,
            "state": {"steps": {"list": [{"again": 0}], "number": 1}, "verbose": False},
        },
        {},
    ),
    "a generator that reads behind its key": (
        model(
            random_state={
                "random": {"tuple": ["MT19937", array(), 10**6, 0, 0.0], "number": 3},
                "number": 4,
            }
        ),
        {"0": STATE[1]},
    ),
    "a zone that is a file": (
        model(
            alpha={
                "number": 2,
                "index": {
                    "kind": "DatetimeIndex", "ticks": array(), "unit": "ns", "freq": None,
                    "zone": "dateutil//etc/passwd", "name": None,
                },
            }
        ),
        {"0": np.zeros(1, np.int64)},
    ),
}  # fmt: skip


def cost(path, data):
    """Return the error of loading bytes, the peak of memory and the seconds."""
    path.write_bytes(data)
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ValueError) as refused:
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return str(refused.value), peak, time.process_time() - start


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_file_that_claims_more_than_it_holds_is_refused_at_once(claim, tmp_path):
    tree, arrays = CLAIMS[claim]

    error, peak, seconds = cost(tmp_path / "model", data := signed(tree, arrays))

    assert str(tmp_path / "model") in error
    assert peak < 4 * len(data) + 50e6
    assert seconds < 5


@pytest.mark.parametrize("piece", ["{}", "[]", "1.5", '"ab"', '{"a":1}', '{"ab":{},"cd":[]}', "-1"])
@pytest.mark.parametrize("megabytes", [0.5, pytest.param(27, marks=pytest.mark.slow)])
def test_a_long_text_of_small_values_stays_in_bounds(piece, megabytes, tmp_path):
    text = ",".join([piece] * int(megabytes * 10**6 / (len(piece) + 1)))
    data = signed('{"object":"x","number":1,"state":{"a":{"list":[' + text + '],"number":2}}}', {})

    _, peak, seconds = cost(tmp_path / "model", data)

    assert peak < 4 * len(data) + 50e6
    assert seconds < 5


@pytest.mark.parametrize("character", ["é", "Ω", "😀"])
def test_a_long_word_beyond_ascii_stays_in_bounds(character, tmp_path):
    data = signed('{"object": "' + "a" * 10**6 + character + '"}', {})

    _, peak, _ = cost(tmp_path / "model", data)

    assert peak < 4 * len(data) + 50e6


def test_what_is_taken_is_counted_together():
    budget = Budget(0)
    budget.take(30 * MEGABYTE)

    with pytest.raises(ValueError, match="far more memory than its size"):
        budget.take(30 * MEGABYTE)


def test_an_escape_counts_as_four_bytes_a_character():
    assert size_as_objects('"\\u00e9"') > 4 * 8
