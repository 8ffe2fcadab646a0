"""Raise an exception at any line that our packages run, as Ctrl-C does."""

import pickle
import sys
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np

HOMES = (find_spec(package).submodule_search_locations[0] for package in ("reservoirs", "trainers"))
TRACED = tuple(f"{home}/" for home in HOMES)
# commit.py is what is tested; a limit on threads that is left half set is not an estimator's
LEFT_OUT = ("estimators/commit.py", "reservoirs/parallel.py")


@contextmanager
def raising_at(number, error=KeyboardInterrupt):
    """Raise at the line of that number, counted from 0; yield how many lines ran."""
    lines = [0]

    def trace(frame, event, _):
        name = frame.f_code.co_filename
        if not name.startswith(TRACED) or name.endswith(LEFT_OUT):
            return None
        if event == "line":
            lines[0] += 1
            if lines[0] > number:
                sys.settrace(None)
                raise error("at a line of the test's choice")
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(previous)


def count_lines(fit, model):
    """Return how many lines of ours a fit runs; the model stays as it is."""
    fit(_twin(model))  # the first fit of a process also loads and compiles
    twin = _twin(model)
    with raising_at(10**9) as lines:
        fit(twin)
    return lines[0]


def _twin(model):
    """Return another object with the very values of a model, so that all caches know them."""
    twin = object.__new__(type(model))
    twin.__dict__.update(vars(model))
    return twin


def sample(n_lines, n, seed):
    """Return numbers of lines: the first, the last, and some between them."""
    drawn = np.random.default_rng(seed).integers(n_lines, size=n)
    return sorted({0, n_lines - 1, *drawn.tolist()})


def attributes(model):
    """Return all that an estimator holds, settings and fitted attributes, as bytes."""
    return pickle.dumps(vars(model))
