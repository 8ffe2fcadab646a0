"""A piece starts from the training state after which the inputs were nearest its own."""

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, ESNRegressor, datasets, forecast, load, next_step, save
from reservoirs.esn import gathering, nearest

SETTINGS = {"n_units": 12, "random_state": 0, "initial_state": "nearest"}


@pytest.fixture
def series():
    rng = np.random.default_rng(2)
    time = np.arange(260)
    wave = np.column_stack([np.sin(0.3 * time), np.cos(0.17 * time)])
    return wave + rng.normal(0, 0.1, wave.shape)


def starts_by_hand(model, parts):
    """Return all states that are kept, and the three rows from there on, one after the other."""
    r, washout, found = model.reservoir_, model.washout, []
    W = r.recurrent_weights_.toarray()
    for rows in parts:
        before = np.zeros(r.n_units)
        for number in range(len(rows) - 2):
            rank = (number * 0x9E3779B97F4A7C15 % 2**64) / 2.0**64
            if number > max(washout, 19) or number == washout == 0:
                found.append((rank, before, rows[number : number + 3]))
            before = reference.states(
                rows[number : number + 1], W, r.input_weights_, r.bias_, r.leak_rate, before
            )[0]
    most = nearest.BUDGET // (4 * r.n_units + 24 * parts[0].shape[1] + 8)
    kept = sorted(sorted(range(len(found)), key=lambda i: found[i][0])[:most])
    return np.array([found[i][1] for i in kept]), np.array([found[i][2] for i in kept])


def predict_by_hand(model, parts, piece):
    states, inputs = starts_by_hand(model, parts)
    scale, outputs = inputs[:, 0].std(axis=0), []
    r = model.reservoir_
    W = r.recurrent_weights_.toarray()
    for t in range(len(piece)):
        k = min(t + 1, 3)
        apart = (((inputs[:, :k] - piece[:k]) / scale) ** 2).sum(axis=(1, 2))
        apart[(states == 0).all(axis=1) & (apart > 0)] = np.inf
        start = states[len(apart) - 1 - np.argmin(apart[::-1])]
        x = reference.states(piece[: t + 1], W, r.input_weights_, r.bias_, r.leak_rate, start)[-1]
        outputs.append(model.coef_ @ np.concatenate([x, piece[t]]) + model.intercept_)
    return np.array(outputs)


@pytest.mark.parametrize(
    ("budget", "washout", "dtype"),
    [(2**20, 0, "float64"), (3000, 0, "float32"), (2**20, 7, "float32"), (3000, 7, "float64")],
)
def test_starts_and_predictions_are_those_of_the_slow_loop(
    budget, washout, dtype, series, monkeypatch
):
    monkeypatch.setattr(nearest, "BUDGET", budget)
    monkeypatch.setattr(gathering, "ROWS", 64)
    X, y = next_step(series)
    for parts in ([X[:200]], [X[:90], X[90:92], X[92:200]]):
        if washout:
            parts = [part for part in parts if len(part) > washout]
        targets = [part[:, :1] + part[:, 1:] for part in parts]
        model = ESNRegressor(**SETTINGS, washout=washout, dtype=dtype).fit(parts, targets)
        states, inputs = starts_by_hand(model, parts)
        rtol = 1e-6 if dtype == "float64" else 1e-4

        assert_array_equal(model.start_states_.inputs, inputs)
        assert_allclose(model.start_states_.states, states, rtol, rtol)
        assert (len(states) < 40) == (budget == 3000)
        for piece in (X[210:230], X[210:212], X[:40]):
            expected = predict_by_hand(model, parts, piece)
            assert_allclose(model.predict(piece), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("budget", [2**20, 3000])
def test_any_cut_into_chunks_keeps_the_same_starts(budget, series, monkeypatch):
    monkeypatch.setattr(nearest, "BUDGET", budget)
    X, y = next_step(series)
    rng = np.random.default_rng(0)
    parts, targets = [X[:120], X[120:122], X[122:]], [y[:120], y[120:122], y[122:]]
    for washout in (0, 1):
        whole = ESNRegressor(**SETTINGS, washout=washout).fit(parts, targets)
        for _ in range(2):
            model = ESNRegressor(**SETTINGS, washout=washout)
            for part, target in zip(parts, targets, strict=True):
                cuts = np.unique(rng.choice(np.arange(1, len(part)), min(9, len(part) - 1)))
                chunks = zip(np.split(part, cuts), np.split(target, cuts), strict=True)
                for number, chunk in enumerate(chunks):
                    model.partial_fit(*chunk, new_series=not number)

            for name, values in vars(whole.start_states_).items():
                assert_array_equal(values, getattr(model.start_states_, name))
        several = ESNRegressor(**SETTINGS, washout=washout).partial_fit(parts, targets)
        assert_array_equal(several.start_states_.states, whole.start_states_.states)


def test_no_prediction_looks_ahead_and_no_container_matters(series):
    X, y = next_step(series)
    model = ESNRegressor(**SETTINGS, washout=10).fit(X[:200], y[:200])
    whole, state = model.predict(X[200:], return_state=True)

    for t in range(1, 7):
        assert_allclose(model.predict(X[200 : 200 + t]), whole[:t], rtol=1e-12)
    for t in range(3, 7):
        head, middle = model.predict(X[200 : 200 + t], return_state=True)
        rest, end = model.predict(X[200 + t :], initial_state=middle, return_state=True)
        assert_allclose(np.vstack([head, rest]), whole, rtol=1e-11)
        assert_allclose(end, state, rtol=1e-11)
    for t in range(1, 6):
        after = model.predict(X[200 + t :], context=X[200 : 200 + t])
        assert_allclose(after, whole[t:], rtol=1e-12)
    pieces = [X[200:], X[201:202], X[205:207], X[200:203], X[210:]]
    for n_jobs in (None, 2):
        together, ends = model.set_params(n_jobs=n_jobs).predict(pieces, return_state=True)
        for piece, values, end in zip(pieces, together, ends, strict=True):
            alone, last = model.predict(piece, return_state=True)
            assert_allclose(values, alone, rtol=1e-12)
            assert_allclose(end, last[0], rtol=1e-12)


def test_the_training_rows_start_where_they_started(series):
    X, y = next_step(series)
    model = ESNRegressor(**SETTINGS).fit(X, y)

    assert_allclose(model.predict(X), model.predict(X, initial_state="zero"), rtol=1e-12)


@pytest.mark.parametrize("n_context", [1, 2, 3, 9])
def test_a_forecast_chooses_its_start_by_its_first_rows(n_context, series):
    X, y = next_step(series[:, :1], series[:, 1:])
    pipeline = make_pipeline(StandardScaler(), ESNRegressor(**SETTINGS)).fit(X[:200], y[:200])
    context, exog = series[205 : 205 + n_context, :1], series[205 : 205 + n_context + 7, 1:]

    for n_steps in (1, 2, 8):
        values = forecast(pipeline, n_steps, context=context, exog=exog[: n_context + n_steps - 1])

        past = context
        for value in values:
            rows = np.hstack([past, exog[: len(past)]])
            assert_allclose(pipeline.predict(rows)[-1], value, rtol=1e-9)
            past = np.vstack([past, [value]])


def test_gaps_and_labels_start_there_too(series):
    X, y = next_step(series)
    gap = X[200:230].copy()
    gap[[1, 5], 0] = np.nan
    model = ESNRegressor(**SETTINGS).fit(X[:200], y[:200])
    labels = ESNClassifier(**SETTINGS).fit(X[:200], y[:200, 0] > 0)

    assert_allclose(model.predict(gap)[:1], model.predict(gap[:1]))
    assert np.isfinite(model.predict(gap)).all()
    assert (labels.predict(X[200:]) == (y[200:, 0] > 0)).mean() > 0.85


def test_a_model_without_training_states_says_so(series, tmp_path):
    X, y = next_step(series)
    pooled = ESNRegressor(**SETTINGS).fit([X[:9], X[9:20]], np.array([0.0, 1.0]))
    short = ESNRegressor(**SETTINGS).fit(X[:22], y[:22])
    model = ESNRegressor(**SETTINGS).partial_fit(X, y)
    save(model, tmp_path / "model")

    for without in (pooled, short):
        with pytest.raises(ValueError, match='"nearest" needs states of the training'):
            without.predict([X[:9]])
    loaded = load(tmp_path / "model")
    assert_array_equal(loaded.predict(X[5:]), model.predict(X[5:]))
    assert_array_equal(
        loaded.partial_fit(X[:9], y[:9]).predict(X[5:]),
        model.partial_fit(X[:9], y[:9]).predict(X[5:]),
    )
    assert not hasattr(model.fit([X[:9], X[9:20]], np.array([0.0, 1.0])), "start_states_")


def test_a_hidden_variable_of_chaos_is_seen_in_pieces_of_it():
    data = datasets.lorenz63(5600, dt=0.02, random_state=0)
    data = (data - data.mean(axis=0)) / data.std(axis=0)
    X, z = data[:, :1], data[:, 2]
    model = ESNRegressor(n_units=200, random_state=0).fit(X[:3000], z[:3000])

    scores = {
        start: [
            r2_score(z[at : at + 400], model.predict(X[at : at + 400], initial_state=start))
            for at in range(3100, 5200, 300)
        ]
        for start in ("mean", "nearest")
    }
    assert np.median(scores["nearest"]) > 0.97 > np.median(scores["mean"])
    assert min(scores["nearest"]) > 0.5


def test_the_smallest_ranks_are_those_of_a_stable_sort():
    rng = np.random.default_rng(0)
    for n in (1, 7, 39, 40, 50):
        ranks = rng.integers(0, 9, 40) / 9.0  # many are equal
        expected = np.sort(np.argsort(ranks, kind="stable")[:n])
        assert_array_equal(nearest.smallest(ranks, n), expected)
