"""The containers of docs/series.md made from the same series, and what every verb owes them."""

import itertools
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from reservoirs import backtest, forecast, next_step

LENGTH, N_AHEAD = 120, 6
OBSERVED, FORCES = ["a", "b"], ["f", "g"]
ONE = ("array", "masked", "fortran", "frame", "series", "polars", "periods", "numbers")
MANY = ("list", "tuple", "objects", "frames", "stack", "levels", "three levels", "series_id")
LABELLED = ("frame", "series", "periods", "numbers", "frames", "levels", "three levels")
SHIFTED = pd.date_range("2024-01-01", periods=200, freq="h", tz="Europe/Berlin")

MAKE = {
    "array": lambda pieces, frames: pieces[0],
    "masked": lambda pieces, frames: np.ma.array(pieces[0], mask=False),
    "fortran": lambda pieces, frames: np.asfortranarray(pieces[0]),
    "frame": lambda pieces, frames: frames[0],
    "series": lambda pieces, frames: frames[0].squeeze(axis=1),
    "polars": lambda pieces, frames: pl.DataFrame(pieces[0], schema=list(frames[0].columns)),
    "periods": lambda pieces, frames: frames[0].set_axis(
        pd.period_range("2024-01", periods=len(pieces[0]), freq="M")
    ),
    "numbers": lambda pieces, frames: frames[0].set_axis(
        pd.RangeIndex(5, 5 + 2 * len(pieces[0]), 2)
    ),
    "list": lambda pieces, frames: list(pieces),
    "tuple": lambda pieces, frames: tuple(pieces),
    "objects": lambda pieces, frames: as_objects(pieces),
    "frames": lambda pieces, frames: frames,
    "stack": lambda pieces, frames: np.stack(pieces),
    "levels": lambda pieces, frames: pd.concat(frames, keys=range(len(frames)), names=["who"]),
    "three levels": lambda pieces, frames: pd.concat(
        frames, keys=[("plant", f"sensor {i}") for i in range(len(frames))]
    ),
    "series_id": lambda pieces, frames: list(pieces),  # next_step makes lists of such rows
}


def as_objects(pieces):
    objects = np.empty(len(pieces), dtype=object)
    objects[:] = list(pieces)
    return objects


@dataclass(frozen=True)
class Case:
    """A container, and what is in it."""

    kind: str
    n_outputs: int
    n_exog: int

    @property
    def n_series(self):
        return 2 if self.kind in MANY else 1

    def draw(self):
        """Return series, and forces that go on for twenty rows more."""
        rng, t = np.random.default_rng(7), np.arange(LENGTH + 20)[:, None]

        def sines(n_columns):
            return np.sin(rng.uniform(0.1, 0.6, n_columns) * t + rng.uniform(0, 6, n_columns))

        observed = [sines(self.n_outputs)[:LENGTH] for _ in range(self.n_series)]
        return observed, [sines(self.n_exog) for _ in range(self.n_series)]

    def wrap(self, pieces, names):
        """Return pieces, (n_rows, n_columns) each, in the container; None without columns."""
        n_columns = pieces[0].shape[1]
        if not n_columns:
            return None
        frames = [
            pd.DataFrame(values, index=SHIFTED[: len(values)], columns=names[:n_columns])
            for values in pieces
        ]
        return MAKE[self.kind](pieces, frames)

    def pairs(self, observed, forces):
        """Return X and y in the container."""
        if self.kind != "series_id":
            return next_step(self.wrap(observed, OBSERVED), self.wrap(forces, FORCES))
        exog = [force[:LENGTH] for force in forces] if self.n_exog else None
        ids = np.repeat(["one", "two"], LENGTH)
        return next_step(np.concatenate(observed), exog, series_id=ids)

    def unwrap(self, result):
        """Return the values of each series of a result."""
        if self.n_series == 1:
            return [np.asarray(result)]
        if isinstance(result, pd.DataFrame) or len(result) != 2:
            return np.split(np.asarray(result), 2)
        return [np.asarray(member) for member in result]


CASES = [Case(*about) for about in itertools.product([*ONE, *MANY], [1, 2], [0, 2])]


def sampled(cases, n_quick, seed=0):
    """Return two parameters of a test that loops over cases: a few, and, slow, all of them.

    Collecting a test per case would take longer than a few cases do.
    """
    quick = np.random.default_rng(seed).choice(len(cases), n_quick, replace=False)
    return [
        pytest.param([cases[i] for i in sorted(quick)], id="some"),
        pytest.param(cases, id="all", marks=pytest.mark.slow),
    ]


@contextmanager
def naming(case):
    """Name the case of a loop beside whatever fails in it."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case {case}")
        raise


def assert_close(got, wanted, rtol=1e-9):
    assert_allclose(np.ravel(got), np.ravel(wanted), rtol=rtol, atol=1e-12)


def assert_verbs_are_those_of_each_series(model, case):
    """Compare predict, forecast and backtest of a container with those of each of its series."""
    observed, forces = case.draw()
    exog = forces if case.n_exog else [None] * case.n_series
    X, y = case.pairs(observed, forces)
    plain = [next_step(s, e) for s, e in zip(observed, exog, strict=True)]
    fitted = clone(model).fit(X, y)
    reference = clone(model).fit([p[0] for p in plain], [p[1] for p in plain])

    predictions, wanted = case.unwrap(fitted.predict(X)), reference.predict([p[0] for p in plain])
    if case.n_series == 1:  # a single series starts otherwise than one of several
        reference = clone(model).fit(*plain[0])
        wanted = [reference.predict(plain[0][0])]
    for values, of_series in zip(predictions, wanted, strict=True):
        assert_close(values, of_series)

    along = case.wrap([force[: LENGTH + N_AHEAD - 1] for force in forces], FORCES)
    context = case.wrap(observed, OBSERVED)
    forecasts = case.unwrap(forecast(fitted, N_AHEAD, context=context, exog=along))
    whole = case.wrap(forces, FORCES)
    both = backtest(fitted, context, horizon=4, step=50, exog=whole)
    truths, backtests = map(case.unwrap, both)
    ahead = case.wrap([force[LENGTH - 1 : LENGTH + N_AHEAD - 1] for force in forces], FORCES)
    if case.kind in LABELLED:  # the rows that are needed are found by their labels
        ahead = whole
    from_the_end = case.unwrap(forecast(fitted, N_AHEAD, exog=ahead))
    ends = reference.last_states_
    for i, (series, force) in enumerate(zip(observed, exog, strict=True)):
        known = None if force is None else force[: LENGTH + N_AHEAD - 1]
        assert_close(forecasts[i], reference.forecast(N_AHEAD, context=series, exog=known))
        expected = backtest(reference, series, horizon=4, step=50, exog=force)
        assert_close(truths[i], expected[0])
        assert_close(backtests[i], expected[1])
        last = None if force is None else force[LENGTH - 1 : LENGTH + N_AHEAD - 1]
        assert_close(
            from_the_end[i],
            reference.forecast(N_AHEAD, context=series[-1:], exog=last, initial_state=ends[i])
            if np.ndim(ends[i]) == 1
            else reference.forecast(N_AHEAD, context=series, exog=known),
        )
