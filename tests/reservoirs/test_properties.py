"""What must hold whatever the data, the cut or the container: drawn by hypothesis."""

import pickle
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import ESNClassifier, ESNRegressor, NVARRegressor, next_step

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=12)
settings.load_profile("repeatable")

N = 2600  # more than two blocks of 1024 rows
SERIES = np.cumsum(np.random.default_rng(0).normal(size=(N, 2)), axis=0) * 0.05
TARGETS = np.roll(SERIES[:, 0], 3) + SERIES[:, 1] ** 2
SOLVERS = st.sampled_from(["cholesky", "qr"])
LENGTHS = st.lists(st.integers(2, 120), min_size=2, max_size=6)


def esn(**changes):
    return ESNRegressor(n_units=16, alpha=1e-4, leak_rate=0.6, random_state=3, **changes)


def pieces(lengths):
    bounds = np.cumsum([0, *lengths])
    spans = [slice(a, b) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    return [SERIES[s] for s in spans], [TARGETS[s] for s in spans]


@given(cuts=st.sets(st.integers(1, N - 1), max_size=6), solver=SOLVERS, washout=st.integers(0, 40))
def test_any_partition_into_chunks_gives_bitwise_the_same_model(cuts, solver, washout):
    whole = esn(solver=solver, washout=washout).fit(SERIES, TARGETS)

    chunked = esn(solver=solver, washout=washout)
    bounds = [0, *sorted(cuts), N]
    for a, b in zip(bounds[:-1], bounds[1:], strict=True):
        chunked.partial_fit(SERIES[a:b], TARGETS[a:b])

    assert_array_equal(chunked.coef_, whole.coef_)
    assert_array_equal(chunked.intercept_, whole.intercept_)


@given(lengths=LENGTHS, n_jobs=st.sampled_from([1, 2]), solver=SOLVERS)
def test_any_container_and_number_of_jobs_gives_bitwise_the_same_model(lengths, n_jobs, solver):
    series, targets = pieces(lengths)
    listed = esn(solver=solver).fit(series, targets)

    ids = np.repeat(np.arange(len(lengths)), lengths)
    flat = esn(solver=solver, n_jobs=n_jobs).fit(
        np.vstack(series), np.concatenate(targets), series_id=ids
    )

    assert_array_equal(flat.coef_, listed.coef_)


@given(n_series=st.integers(1, 5), length=st.integers(2, 60))
def test_a_stack_is_the_list_of_its_series(n_series, length):
    series, targets = pieces([length] * n_series)

    stacked = esn().fit(np.stack(series), np.stack(targets))

    assert_array_equal(stacked.coef_, esn().fit(series, targets).coef_)


@given(lengths=LENGTHS, data=st.data())
def test_any_order_of_series_predicts_the_same_to_rounding(lengths, data):
    order = data.draw(st.permutations(range(len(lengths))))
    series, targets = pieces(lengths)
    first = esn().fit(series, targets)

    other = esn().fit([series[i] for i in order], [targets[i] for i in order])

    difference = np.abs(first.predict(SERIES[:200]) - other.predict(SERIES[:200])).max()
    assert difference <= 1e-6 * max(np.concatenate(targets).std(), 1e-3)


@given(cuts=st.sets(st.integers(1, 299), max_size=4))
def test_any_split_with_the_state_carried_predicts_the_same(cuts):
    model = esn().fit(SERIES, TARGETS)
    whole = model.predict(SERIES[:300])

    found, state = [], None
    bounds = [0, *sorted(cuts), 300]
    for a, b in zip(bounds[:-1], bounds[1:], strict=True):
        part, state = model.predict(SERIES[a:b], initial_state=state, return_state=True)
        found.append(part)

    assert_allclose(np.concatenate(found), whole, rtol=0, atol=1e-12)


@cache
def fitted(kind):  # by a test, not while tests are collected, which each process does
    model = esn() if kind == "esn" else NVARRegressor(alpha=1e-3)
    return model.fit(*next_step(SERIES[:300]))


@pytest.mark.parametrize("kind", ["esn", "nvar"])
@given(n_steps=st.integers(1, 30), n_rows=st.integers(1, 50))
def test_predicting_and_forecasting_never_change_the_estimator(kind, n_steps, n_rows):
    model = fitted(kind)
    before = pickle.dumps(model)

    model.predict(SERIES[:n_rows])
    model.forecast(n_steps)
    model.forecast(n_steps, context=SERIES[:n_rows])

    assert pickle.dumps(model) == before


@given(n_rows=st.integers(1, 50))
def test_transforming_never_changes_the_reservoir(n_rows):
    reservoir = fitted("esn").reservoir_
    before = pickle.dumps(reservoir)

    reservoir.transform(SERIES[:n_rows])

    assert pickle.dumps(reservoir) == before


@given(first=st.integers(50, 400), second=st.integers(50, 400), seed=st.integers(0, 5))
def test_refitting_equals_a_fresh_fit_bitwise(first, second, seed):
    model = esn().set_params(random_state=seed, alpha=[1e-6, 1e-3])
    model.fit(SERIES[:first], TARGETS[:first])

    again = model.fit(SERIES[:second], TARGETS[:second])
    fresh = clone(model).fit(SERIES[:second], TARGETS[:second])

    assert_array_equal(again.coef_, fresh.coef_)
    assert again.alpha_ == fresh.alpha_


@given(lengths=st.lists(st.integers(3, 40), min_size=4, max_size=6), n_jobs=st.sampled_from([1, 2]))
def test_a_classifier_is_the_same_for_any_number_of_jobs(lengths, n_jobs):
    series, _ = pieces(lengths)
    labels = np.arange(len(series)) % 2
    settings = {"n_units": 12, "pooling": "both", "bidirectional": True, "random_state": 0}

    one = ESNClassifier(**settings).fit(series, labels)
    many = ESNClassifier(n_jobs=n_jobs, **settings).fit(series, labels)

    assert_array_equal(one.coef_, many.coef_)
    assert_array_equal(one.predict(series), many.predict(series))
