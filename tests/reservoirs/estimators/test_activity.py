import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, ESNRegressor, next_step

SINE = np.sin(0.3 * np.arange(400))


@pytest.mark.parametrize(
    ("series", "what"),
    [
        (1e6 + 1e5 * SINE, "saturate: X is too large"),
        (3e4 + 1e3 * SINE, "saturate: X is too large"),
        (1e6 * np.cos(np.arange(400.0)), "100% of the units saturate: X is too large"),
        (np.c_[SINE, 1e6 * np.cos(2.0 * np.arange(400))], "saturate: X is too large"),
        (1e-4 * SINE, "hardly move: X is too small"),
        (1e-9 * SINE, "hardly move: X is too small"),
    ],
)
def test_unscaled_data_are_told_once_with_the_pipeline_to_write(series, what):
    X, y = next_step(series)
    y = y.reshape(len(y), -1)[:, 0]

    for model, target in (
        (ESNRegressor(n_units=50, random_state=0), y),
        (ESNClassifier(n_units=50, random_state=0), y > np.median(y)),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(X, target)

        told = [str(w.message) for w in caught if w.category is UserWarning]
        assert len(told) == 1
        assert what in told[0]
        assert f"make_pipeline(StandardScaler(), {type(model).__name__}(...))" in told[0]


@pytest.mark.parametrize("series", [SINE, 1e6 + 1e5 * SINE, 1e-9 * SINE])
def test_scaled_data_are_not_warned_of(series):
    X, y = next_step(series)

    make_pipeline(StandardScaler(), ESNRegressor(n_units=50, random_state=0)).fit(X, y)


def test_series_of_their_own_targets_are_looked_at_too():
    series = [1e5 + 1e4 * SINE[:, None]] * 3

    with pytest.warns(UserWarning, match="of the units saturate"):
        ESNRegressor(n_units=50, random_state=0).fit(series, [1.0, 2.0, 3.0])


def test_a_linear_reservoir_has_no_bounds_to_meet():
    X, y = next_step(1e3 * SINE)

    ESNRegressor(n_units=50, activation="identity", spectral_radius=0.5, random_state=0).fit(X, y)


def test_chunks_warn_once_as_the_whole_does():
    X, y = next_step(1e5 + 1e4 * SINE)
    for cuts in ([50, 90, 120, 300], range(1, 12), []):
        model = ESNRegressor(n_units=20, random_state=0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for rows in np.split(np.arange(len(X)), cuts):
                model.partial_fit(X[rows], y[rows])

        told = [str(w.message) for w in caught if w.category is UserWarning]
        assert len(told) == 1
        assert "X is too large" in told[0]


def test_scaled_chunks_are_not_warned_of():
    X, y = next_step(SINE)
    model = ESNRegressor(n_units=20, random_state=0)

    for rows in np.array_split(np.arange(len(X)), 5):
        model.partial_fit(X[rows], y[rows])


def test_a_series_of_period_16_moves():
    X, y = next_step(np.sin(2 * np.pi * np.arange(400) / 16))

    ESNRegressor(n_units=50, random_state=0).fit(X, y)
