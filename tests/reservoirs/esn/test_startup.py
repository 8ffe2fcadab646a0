"""Rows that still tell where a series started are found."""

import numpy as np
import pytest

from reservoirs import ESNRegressor, Reservoir, datasets, next_step
from reservoirs.esn.startup import settled_rows, startup_rows
from reservoirs.sequences import Layout

WAVE = np.sin(0.2 * np.arange(4000))[:, None]


@pytest.mark.parametrize(("leak_rate", "fewest", "most"), [(1.0, 10, 200), (0.05, 100, 900)])
def test_after_the_startup_two_starts_agree(leak_rate, fewest, most):
    reservoir = Reservoir(n_units=50, leak_rate=leak_rate, spectral_radius=0.8, random_state=0)
    reservoir.fit(WAVE)
    n_rows = startup_rows(reservoir, WAVE)

    apart = np.abs(
        reservoir.transform(WAVE) - reservoir.transform(WAVE, initial_state=np.full(50, 0.5))
    ).max(axis=1)
    assert fewest < n_rows < most
    assert (apart[n_rows:] < 1e-5).all() and apart[max(n_rows - 50, 0)] > 1e-7


def test_a_reservoir_that_never_forgets_has_a_quarter_of_the_rows():
    W = np.diag(np.ones(5))
    reservoir = Reservoir(n_units=5, topology=W, activation="identity", random_state=0).fit(WAVE)
    assert startup_rows(reservoir, WAVE[:100]) == 25
    assert startup_rows(reservoir, WAVE[:3]) == 0


def test_folds_never_choose_by_rows_that_tell_where_the_series_started():
    series = datasets.lorenz63(1300, dt=0.02, random_state=1)
    X, y = next_step((series - series.mean(axis=0)) / series.std(axis=0))
    settings = {"n_units": 200, "alpha": np.logspace(-14, 0, 8), "alpha_cv": 5, "random_state": 0}
    errors = {}
    for washout in (0, 100):
        model = ESNRegressor(**settings, washout=washout).fit(X[:1000], y[:1000])
        predicted = model.predict(X[1100:], context=X[1000:1100])
        errors[washout] = np.abs(predicted - y[1100:]).mean()
        assert model.alpha_ <= 1e-12  # by all rows 0.01, and errors of 7e-4

    assert errors[0] < 3 * errors[100] < 3e-6


def test_the_start_of_every_series_counts_for_no_fold():
    series = [np.sin(0.2 * np.arange(n))[:, None] for n in (400, 900)]
    reservoir = Reservoir(n_units=30, random_state=0).fit(series)
    settled = settled_rows(reservoir, np.concatenate(series), Layout("list", (400, 900)))

    first = [startup_rows(reservoir, rows) for rows in series]
    assert 0 < min(first)
    assert list(np.flatnonzero(~settled)) == [*range(first[0]), *range(400, 400 + first[1])]
