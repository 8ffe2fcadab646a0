"""Missing values in trained networks: rows without loss, gaps filled by the network itself."""

import numpy as np
import pandas as pd
import pytest
from containers import Case, assert_verbs_are_those_of_each_series
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from small_network import suited

from reservoirs import next_step
from reservoirs.targets import Targets
from trainers import RNNRegressor

T = np.arange(90)
WAVE = 2.0 + np.stack([np.sin(0.31 * T), np.cos(0.23 * T)], axis=1)
GAPS = WAVE.copy()
GAPS[[9, 33, 34, 35, 70, 89], 0] = np.nan
GAPS[[9, 50, 89], 1] = np.nan
FORCE = np.sin(0.21 * np.arange(110))[:, None]
SMALL = RNNRegressor(n_units=6, max_iter=3, dtype="float64", random_state=0)
MODELS = {
    "rnn": SMALL,
    "window": clone(SMALL).set_params(window=7, max_iter=1),
    "lstm": clone(SMALL).set_params(cell="lstm", learn_initial_state=True),
    # a third step amplifies rounding beyond what is compared
    "hf": clone(SMALL).set_params(solver="hessian_free", max_iter=2),
}


def holes(y, seed=0):
    y = np.array(y, dtype=float)
    y[np.random.default_rng(seed).random(y.shape) < 0.2] = np.nan
    return y


def loss_by_hand(model, X, y, counted):
    """Half the squared error of the standardised targets, over the rows that count."""
    errors = (model.predict(X) - y) / model.target_scale_
    return 0.5 * np.sum(np.square(errors[counted])) / len(errors[counted])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"truncation": 10},
        {"window": 7, "batch_size": 4},
        {"n_scored": 20},
        {"solver": "hessian_free", "max_iter": 2},
        {"cell": "gru", "validation_fraction": 0.2},
    ],
    ids=str,
)
def test_rows_without_a_target_have_no_loss(settings):
    X, y = WAVE[:-1], holes(WAVE[1:] ** 2)
    model = clone(SMALL).set_params(max_iter=1, learning_rate=1e-12).set_params(**settings)
    model = suited(model)

    model.fit(X, y)

    counted = ~np.isnan(y).any(axis=1)
    n_held_out = 18 if "validation_fraction" in settings else 0
    held_out = np.arange(len(y)) >= len(y) - n_held_out
    if "n_scored" in settings:
        counted &= np.arange(len(y)) >= len(y) - settings["n_scored"]
    assert_allclose(model.target_mean_, y[counted].mean(axis=0))
    if "window" in settings:  # whole ones only
        counted &= np.arange(len(y)) >= settings["window"] - 1
    expected = loss_by_hand(model, X, y, counted & ~held_out)
    assert model.loss_curve_[-1] == pytest.approx(expected, rel=1e-9)
    if n_held_out:
        of_tail = loss_by_hand(model, X, y, counted & held_out)
        assert model.validation_curve_[-1] == pytest.approx(of_tail, rel=1e-9)
    again = clone(model).fit(X, np.ma.masked_invalid(y))
    assert_array_equal(again.weights_["output_weights"], model.weights_["output_weights"])


def test_series_without_a_target_have_no_loss():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(5 + i % 4, 2)) for i in range(24)]
    y = np.array([x.sum() for x in X])
    plain = clone(SMALL).set_params(standardize=False)
    whole = clone(plain).fit([X[i] for i in range(24) if i not in (3, 17)], np.delete(y, [3, 17]))
    y[[3, 17]] = np.nan

    model = clone(plain).fit(X, y)

    assert_allclose(model.predict(X), whole.predict(X), rtol=1e-9)


def slow_fill(model, rows):
    """Fill every missing value by what the model says of the filled rows before."""
    filled = rows.copy()
    for t, missing in enumerate(np.isnan(rows)):
        if missing.any():
            value = np.concatenate([model.predict(filled[:t])[-1], rows[t, 2:]])
            filled[t] = np.where(missing, value, filled[t])
    return filled


@pytest.mark.parametrize("exog", [None, FORCE], ids=["alone", "exog"])
@pytest.mark.parametrize("name", MODELS)
def test_a_fit_across_gaps_is_two_fits_by_hand(name, exog):
    X, y = next_step(GAPS, exog)
    carried = pd.DataFrame(X).ffill().to_numpy()
    left_out = np.where(np.isnan(X).any(axis=1)[:, None], np.nan, y)
    settings = clone(MODELS[name])

    model = clone(settings).fit(X, y)

    # the scale of the targets is that of all of them, in the first fit too
    first = clone(settings)
    first._scored = lambda *_: Targets(y[~np.isnan(y).any(axis=1)], "per_step", flat=False)
    first.fit(carried, left_out)
    second = clone(settings).fit(slow_fill(first, X), y)
    for weight, by_hand in second.weights_.items():
        assert_allclose(model.weights_[weight], by_hand, rtol=1e-8, atol=1e-11)
    filled = slow_fill(model, X)
    assert_allclose(model.predict(X), model.predict(filled), rtol=1e-9)
    ahead = None if exog is None else exog[89:94]
    known = None if exog is None else exog[:94]
    end = model.predict(filled)[-1]
    observed = np.vstack([filled[:, :2], end])
    by_hand = model.forecast(5, context=observed, exog=known)
    assert_allclose(model.forecast(5, exog=ahead), by_hand, rtol=1e-7)
    assert_allclose(model.forecast(5, context=GAPS, exog=known), by_hand, rtol=1e-7)


def test_a_warm_start_fills_gaps_with_what_it_goes_on_from():
    X, y = next_step(GAPS)
    model = clone(SMALL).set_params(warm_start=True).fit(*next_step(WAVE))
    filled = slow_fill(model, X)
    other = clone(SMALL).set_params(warm_start=True).fit(*next_step(WAVE))

    model.fit(X, y)

    assert model.n_iter_ == 2 * SMALL.max_iter
    assert_allclose(model.predict(WAVE), other.fit(filled, y).predict(WAVE), rtol=1e-7)


class Holed(Case):
    """A container of series with gaps."""

    def draw(self):
        observed, forces = super().draw()
        for seed, series in enumerate(observed):
            series[5:-1] = holes(series[5:-1], seed)
        return observed, forces


def test_verbs_of_containers_with_gaps_are_those_of_each_series():
    for kind, name in [("levels", "rnn"), ("polars", "window")]:
        model = clone(MODELS[name]).set_params(max_iter=1)
        assert_verbs_are_those_of_each_series(model, Holed(kind, 2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clone(SMALL).partial_fit(*next_step(GAPS)), "X contains NaN: 6 row.*partial_fit"),
        (lambda: clone(SMALL).partial_fit(WAVE, GAPS), "y contains NaN: 7 row.* row 9, column 0"),
        (lambda: clone(SMALL).fit(GAPS, T % 7.0), "X contains NaN: 7 row.* row 9, column 0"),
        (lambda: clone(SMALL).fit(*next_step(GAPS, GAPS)), "X contains NaN: 6 row.* column 2"),
        (
            lambda: clone(SMALL).set_params(n_scored=1).fit(*next_step(GAPS)),
            "none of the last n_scored=1 rows of y",
        ),
        (
            lambda: (
                clone(SMALL)
                .set_params(validation_fraction=0.05)
                .fit(WAVE, np.where(T[:, None] > 80, np.nan, WAVE))
            ),
            "none that is held out, has a target",
        ),
    ],
)
def test_what_is_not_filled_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_series_that_begins_in_a_gap_is_learned_from_its_first_whole_row():
    series = np.sin(0.3 * np.arange(60))
    series[[*range(7), 30, 31]] = np.nan
    model = RNNRegressor(n_units=3, max_iter=2, random_state=0)

    for settings in ({}, {"window": 4}, {"validation_fraction": 0.2}):
        model = clone(model).set_params(**settings)
        found = clone(model).fit(*next_step(series)).forecast(3)
        assert_array_equal(found, clone(model).fit(*next_step(series[7:])).forecast(3))
