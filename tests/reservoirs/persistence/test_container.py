import json
import os
import pickle

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from reservoirs import (
    ESNRegressor,
    load,
    next_step,
    save,
)

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


def test_what_no_file_can_hold_is_named_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model"
    save(ESNRegressor(), path)
    before = path.read_bytes()
    model = make_pipeline(FunctionTransformer(np.sin), ESNRegressor())

    with pytest.raises(TypeError, match=r"model\.steps\[0\]\[1\] is a sklearn.*register.*skops"):
        save(model, path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model"]


def rewritten(path, **changes):
    """Return the bytes of a file with other words in its header."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] |= changes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: b"", "not written by reservoirs.save"),
        (lambda path: b"hello", "not written by reservoirs.save"),
        (lambda path: pickle.dumps(1) * 9, "not written by reservoirs.save"),
        (lambda path: path.read_bytes()[:-1], "damaged"),
        (lambda path: rewritten(path, reservoirs_format="2"), "format version 2"),
        (lambda path: rewritten(path, tree="{}"), "digest"),
        (lambda path: (2**63).to_bytes(8, "little") + path.read_bytes()[8:], "header claims"),
    ],
)
def test_a_file_that_is_not_whole_says_so(spoil, message, tmp_path):
    path = tmp_path / "model"
    save(ESNRegressor(**SMALL).fit(X, Y), path)
    path.write_bytes(spoil(path))

    with pytest.raises(ValueError, match=message):
        load(path)


def test_a_file_larger_than_allowed_is_not_read(tmp_path):
    save(ESNRegressor(**SMALL).fit(X, Y), tmp_path / "model")

    with pytest.raises(ValueError, match="more than max_bytes=100"):
        load(tmp_path / "model", max_bytes=100)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ValueError, match="not a regular file"):
        load(tmp_path / "pipe")
    with pytest.raises(OSError):
        load(tmp_path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing")


def test_a_missing_folder_is_named_with_the_remedy(tmp_path):
    path = tmp_path / "missing" / "model"

    with pytest.raises(FileNotFoundError, match=r"missing does not exist; make it with Path\("):
        save(ESNRegressor(), path)


def test_what_load_would_refuse_replaces_nothing(tmp_path):
    path = tmp_path / "model"
    model = ESNRegressor(**SMALL).fit(X, Y)
    save(model, path)
    before = path.read_bytes()
    model.forecast_length_ = 3

    with pytest.raises(ValueError, match="cannot be saved.*'forecast_length_'.*nothing was repl"):
        save(model, path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model"]


@pytest.mark.parametrize("failing", ["fsync", "chmod", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(failing, tmp_path, monkeypatch):
    path = tmp_path / "model"
    save(ESNRegressor(), path)
    before = path.read_bytes()

    def fail(*about):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space"):
        save(ESNRegressor(**SMALL), path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model"]
