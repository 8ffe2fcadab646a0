"""How series start, whatever the settings and the data: drawn by hypothesis."""

import numpy as np
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import ESNRegressor
from reservoirs.esn.reading import READINGS

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=12)
settings.load_profile("repeatable")

KINDS = st.sampled_from(["walk", "symbols", "waves", "constant"])
CUTS = st.sets(st.integers(1, 199), max_size=4)
NETWORKS = st.fixed_dictionaries(
    {
        "n_units": st.integers(2, 20),
        "leak_rate": st.sampled_from([0.1, 0.5, 1.0]),
        "spectral_radius": st.sampled_from([0.1, 0.9]),
        "washout": st.sampled_from([0, 1, 30]),
        "dtype": st.sampled_from(["float64", "float32"]),
        "readout_features": st.sampled_from(sorted(READINGS)),
        "random_state": st.integers(0, 9),
    }
)


def draw(kind, n_rows, n_columns, seed):
    """Return inputs (n_rows, n_columns) and one target that they tell of."""
    rng, time = np.random.default_rng(seed), np.arange(n_rows)[:, None]
    X = {
        "walk": lambda: 0.1 * np.cumsum(rng.normal(size=(n_rows, n_columns)), axis=0),
        "symbols": lambda: rng.integers(-1, 2, (n_rows, n_columns)).astype(float),
        "waves": lambda: np.sin(0.2 * time * (1 + np.arange(n_columns))),
        "constant": lambda: np.ones((n_rows, n_columns)),
    }[kind]()
    return X, np.roll(X[:, 0], 2) + X[:, -1] ** 2 + 0.01 * rng.normal(size=n_rows)


@given(network=NETWORKS, kind=KINDS, n_columns=st.integers(1, 3), cuts=CUTS)
def test_a_start_is_causal_and_the_same_for_any_cut_and_container(network, kind, n_columns, cuts):
    X, y = draw(kind, 300, n_columns, seed=network["random_state"])
    model = ESNRegressor(**network, alpha=1e-2).fit(X[:200], y[:200])
    piece, tolerance = X[200:230], 1e-9 if network["dtype"] == "float64" else 1e-4
    whole = model.predict(piece)

    assert model.auto_initial_state_ == "nearest"
    changed = piece.copy()
    for t in (1, 2, 3, 9):
        changed[t:] = 7.0
        assert_allclose(model.predict(piece[:t]), whole[:t], tolerance, tolerance)
        assert_allclose(model.predict(changed)[:t], whole[:t], tolerance, tolerance)
        changed[:] = piece
        after = model.predict(piece[t:], context=piece[:t])
        assert_allclose(after, whole[t:], tolerance, tolerance)
    listed = model.predict([piece[:2], piece, piece[5:6]])
    assert_allclose(listed[1], whole, tolerance, tolerance)
    chunked, bounds = ESNRegressor(**network, alpha=1e-2), [0, *sorted(cuts), 200]
    for a, b in zip(bounds[:-1], bounds[1:], strict=True):
        chunked.partial_fit(X[a:b], y[a:b])
    for name, values in vars(model.start_states_).items():
        assert_array_equal(values, getattr(chunked.start_states_, name))


def settled_by_hand(model, X):
    """Return the first row from which the runs from zero and from the mean state agree."""
    r, limit = model.reservoir_, len(X) // 4
    W = r.recurrent_weights_.toarray()
    weights = W, r.input_weights_, r.bias_, r.leak_rate
    zero = reference.states(X[:limit], *weights, np.zeros(r.n_units))
    mean, scale = zero.mean(axis=0), zero.std(axis=0).mean() or 1.0
    apart = np.abs(reference.states(X[:limit], *weights, mean) - zero).max(axis=1) > 1e-6 * scale
    return int(np.flatnonzero(apart)[-1]) + 1 if apart.any() else 0


@given(network=NETWORKS, n_folds=st.integers(2, 6), solver=st.sampled_from(["auto", "qr"]))
def test_folds_choose_by_the_rows_that_forgot_the_start_alone(network, n_folds, solver):
    network = {**network, "dtype": "float64", "readout_features": "state+input"}
    X, y = draw("waves", 400, 2, seed=network["random_state"])
    alphas = np.array([1e-4, 1e-1, 1e2])
    model = ESNRegressor(**network, alpha=alphas, alpha_cv=n_folds, solver=solver).fit(X, y)

    washout, first = network["washout"], settled_by_hand(model, X)
    Z = np.hstack([model.reservoir_.transform(X), X])
    errors = np.zeros(len(alphas))
    for rows in np.array_split(np.arange(max(first, washout), 400), n_folds):
        kept = np.setdiff1d(np.arange(washout, 400), rows)
        for j, alpha in enumerate(alphas):
            C, c = reference.ridge(Z[kept], y[kept, None], alpha)
            errors[j] += np.square(Z[rows] @ C.T + c - y[rows, None]).sum()
    assert errors[alphas == model.alpha_] <= errors.min() * (1 + 1e-6)
