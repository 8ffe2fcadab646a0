"""Short series share a check and a compiled call, and give bitwise what each gives on its own."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from reservoirs import NVAR, ESNRegressor, NVARRegressor, Reservoir, SequenceScaler, targets
from reservoirs.sequences import Layout
from reservoirs.short_series import batches, cut_alike

LENGTHS = [5, 20, 3, 1500, 20, 1024, 1030, 2, 7, 400, *[13] * 40]
X = [np.random.default_rng(n).normal(size=(n, 2)) for n in LENGTHS]
Y = [series.sum(axis=1) ** 2 for series in X]
SETTINGS = [{}, {"dtype": "float32"}, {"noise": 0.1}, {"washout": 1}, {"n_jobs": 2}]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_series_in_one_compiled_call_give_what_each_gives_in_its_own(settings):
    model = ESNRegressor(n_units=20, random_state=0, **settings).fit(X, Y)
    predictions, last = model.predict(X, return_state=True)
    after_context = model.predict(X, context=X)

    for i, series in enumerate(X):
        alone, state = model.predict(series, initial_state="zero", return_state=True)
        if not settings.get("washout"):
            assert_array_equal(predictions[i], alone)
            assert_array_equal(last[i], state[0])
            again = model.predict(series, context=series, initial_state="zero")
            assert_array_equal(after_context[i], again)
        if "noise" not in settings:
            assert_array_equal(model.last_states_[i], state[0])


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_series_fed_in_any_cut_give_the_same_model(settings):
    settings = {"solver": "qr", "alpha": 1e-3, "n_units": 20, "random_state": 0, **settings}
    expected = ESNRegressor(**settings).fit(X, Y)

    for seed in range(3):
        rng, model, first = np.random.default_rng(seed), ESNRegressor(**settings), 0
        while first < len(X):
            last = min(first + rng.integers(1, 12), len(X))
            model.partial_fit(X[first:last], Y[first:last])
            if last < len(X):  # the next series by itself, row after row for a while
                cuts = np.unique(np.append(rng.integers(0, LENGTHS[last], 3), [0, LENGTHS[last]]))
                for start, stop in zip(cuts[:-1], cuts[1:], strict=True):
                    rows, targets = X[last][start:stop], Y[last][start:stop]
                    model.partial_fit(rows, targets, new_series=start == 0)
            first = last + 1
        assert_array_equal(model.coef_, expected.coef_)
        assert_array_equal(model.intercept_, expected.intercept_)


def test_series_that_share_a_block_are_learned_as_each_by_itself():
    model = ESNRegressor(n_units=20, alpha=1e-3, random_state=0).fit(X, Y)
    alone = ESNRegressor(n_units=20, alpha=1e-3, solver="qr", random_state=0).fit(X, Y)
    states = [np.hstack([s, x]) for s, x in zip(model.reservoir_.transform(X), X, strict=True)]
    ridge = Ridge(alpha=1e-3, solver="svd").fit(np.vstack(states), np.concatenate(Y))

    rounding = 1e-10 * np.abs(ridge.coef_).max()
    for readout in (model, alone):
        assert_allclose(readout.coef_[0], ridge.coef_, rtol=0, atol=rounding)


def test_batches_are_whole_series_in_order():
    found = list(batches((3, 4, 9, 1, 1, 1), 8))

    assert [(rows.start, rows.stop) for rows, _ in found] == [(0, 7), (7, 16), (16, 19)]
    assert [(series.start, series.stop) for _, series in found] == [(0, 2), (2, 3), (3, 6)]


def test_series_that_came_before_are_in_the_first_batch():
    for n_before, expected in [(1, [(0, 7), (7, 8)]), (2, [(0, 3), (3, 8)]), (7, [(0, 0), (0, 8)])]:
        found = list(batches((3, 4, 1), 8, n_before=n_before))

        assert [(rows.start, rows.stop) for rows, _ in found] == expected


@pytest.mark.parametrize("delays", [{"n_delays": 1}, {"n_delays": 3, "stride": 2}], ids=str)
def test_monomials_of_all_series_are_those_of_each(delays):
    long = [i for i, n in enumerate(LENGTHS) if n > 4]
    transformer, model = NVAR(**delays).fit(X), NVARRegressor(**delays)
    model.fit([X[i] for i in long], [Y[i] for i in long])

    for together, series in zip(transformer.transform(X), X, strict=True):
        assert_array_equal(together, transformer.transform(series))
    for context in (None, X):
        predictions = model.predict(X, context=context)
        for together, series, before in zip(predictions, X, context or predictions, strict=True):
            own = model.predict(series, context=None if context is None else before)
            assert_array_equal(together, own)


@pytest.mark.parametrize("settings", [{}, {"dtype": "float32"}, {"n_jobs": 2}], ids=str)
def test_states_of_all_series_are_those_of_each(settings):
    reservoir = Reservoir(n_units=20, random_state=0, **settings).fit(X)
    starts = np.random.default_rng(0).normal(size=(len(X), 20))

    together = reservoir.transform(X, initial_state=starts)

    for states, series, start in zip(together, X, starts, strict=True):
        assert_array_equal(states, reservoir.transform(series, initial_state=start))


def test_a_series_scaled_beside_others_is_scaled_as_on_its_own():
    gaps = [series.copy() for series in X]
    gaps[7][1, 0] = gaps[-2][3, 1] = gaps[3][-1, 0] = np.nan
    for columns in ([0], [0, 1]):
        series = [s[:, columns] for s in gaps]
        scaler = SequenceScaler(per_series=True).fit(series)

        for number, (together, rows) in enumerate(
            zip(scaler.transform(series), series, strict=True)
        ):
            alone = SequenceScaler(per_series=True).fit(rows)
            assert_array_equal(scaler.mean_[number], alone.mean_[0])
            assert_array_equal(scaler.scale_[number], alone.scale_[0])
            assert_array_equal(together, alone.transform(rows))


def test_the_first_series_unlike_that_of_fit_is_named():
    scaler = SequenceScaler(per_series=True).fit(X)
    other = [series.copy() for series in X]
    other[5][-1, 1], other[9][0, 0], other[2][0, 0] = 1e3, 1e4, np.nan
    size = abs(1e3 - scaler.mean_[5, 1]) / scaler.scale_[5, 1]

    with pytest.warns(
        UserWarning,
        match=re.escape(
            f"series 5 of fit, since it has no name, and lies up to {size:.3g} of its dev"
        ),
    ):
        scaler.transform(other)


def test_an_overflow_in_a_batch_is_told_by_its_row():
    model = ESNRegressor(n_units=8, activation="identity", spectral_radius=1e30, random_state=0)

    with pytest.raises(ValueError, match="too large for float64 before row 60"):
        model.fit([np.ones((2, 2)), np.ones((60, 2))], [np.ones(2), np.ones(60)])


def test_targets_of_many_series_are_checked_once(monkeypatch):
    n_checks, check_array = [], targets.check_array
    monkeypatch.setattr(
        targets, "check_array", lambda *a, **k: n_checks.append(1) or check_array(*a, **k)
    )

    checked = targets.check_targets(NVAR(), Y, Layout("list", tuple(LENGTHS)))

    assert len(n_checks) == 1
    assert_array_equal(checked.rows[:, 0], np.concatenate(Y))


def test_one_bad_target_among_many_series_is_found():
    bad = [y.copy() for y in Y]
    bad[7][1] = np.nan

    with pytest.raises(ValueError, match=r"Input y contains NaN: 1 row.* row 1 of series 7"):
        ESNRegressor(n_units=5).partial_fit(X, bad)
    with pytest.raises(ValueError, match="series 7 of 2 steps"):
        ESNRegressor(n_units=5).fit(X, [*Y[:7], Y[8], *Y[8:]])


def test_series_of_one_length_are_cut_together():
    rows = np.arange(22.0).reshape(11, 2)

    (pieces,) = cut_alike((2, 2, 3, 1, 1, 2), rows)

    assert [piece.shape for piece in pieces] == [(2, 2, 2), (1, 3, 2), (2, 1, 2), (1, 2, 2)]
    assert_array_equal(np.vstack([piece.reshape(-1, 2) for piece in pieces]), rows)
