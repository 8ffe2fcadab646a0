"""Weights of the rows in the loss: 0 and 1 are rows taken out, others an explicit weighted mean."""

import numpy as np
import pandas as pd
import plain_torch
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from routing import assert_weights_are_routed
from sklearn.base import clone
from sklearn.utils.class_weight import compute_sample_weight
from small_network import suited

from trainers import RNNClassifier, RNNRegressor
from trainers.data.row_weights import moments
from trainers.solvers import SOLVERS

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(60, 2)), RNG.normal(size=(60, 2))
KEPT = RNG.random(60) < 0.6
W = RNG.gamma(1.0, size=60) * KEPT
SMALL = RNNRegressor(n_units=4, max_iter=2, dtype="float64", random_state=0)
LABELS = RNNClassifier(n_units=4, max_iter=2, dtype="float64", random_state=0)
SETTINGS = [
    {},
    {"window": 5, "batch_size": 4},
    {"truncation": 7},
    {"validation_fraction": 0.3},
    {"n_scored": 20},
    {"cell": "gru", "n_layers": 2},
    *({"solver": solver} for solver in sorted(SOLVERS)),
]


def assert_same_training(one, other):
    assert one.loss_curve_ == other.loss_curve_
    for name, weights in one.weights_.items():
        assert_array_equal(other.weights_[name], weights)


def gradient_of(model, X, y, **weights):
    """Return the first weights and the gradient there, from what one step of descent does."""
    still = clone(model).set_params(solver="sgd", max_iter=1, learning_rate=1e-200)
    still.fit(X, y, **weights)
    moved = clone(still).set_params(learning_rate=1.0).fit(X, y, **weights)
    start, end = (m._flat_weights() for m in (still, moved))
    return still, start, start - end


def expected_gradient(model, start, X, y, weights):
    """Return the gradient of the weighted mean by autograd through plain torch."""
    theta = start.clone().requires_grad_(True)
    outputs, _ = plain_torch.run(model.network_, theta, model._network_inputs(X)[:, None])
    errors = outputs[:, 0] - torch.tensor((y - model.target_mean_) / model.target_scale_)
    w = torch.tensor(weights)
    (w @ (0.5 * errors.square().sum(dim=1)) / w.sum()).backward()
    return theta.grad


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_weights_of_0_and_1_take_rows_out_of_the_loss(settings):
    model = clone(SMALL).set_params(**settings)

    weighed = clone(model).fit(X, Y, sample_weight=KEPT.astype(float))

    assert_same_training(weighed, clone(model).fit(X, np.where(KEPT[:, None], Y, np.nan)))
    assert_allclose(weighed.predict(X).shape, Y.shape)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_gradient_is_that_of_the_weighted_mean(cell):
    for weights in (KEPT.astype(float), W, 7.0 * W):
        model, start, gradient = gradient_of(
            clone(SMALL).set_params(cell=cell), X, Y, sample_weight=weights
        )
        expected = expected_gradient(model, start, X, Y, weights)

        assert_allclose(gradient, expected, rtol=0, atol=1e-12)
        mean = np.average(Y, axis=0, weights=weights)
        assert_allclose(model.target_mean_, mean, rtol=1e-12)
        assert_allclose(
            model.target_scale_, np.sqrt(np.average((Y - mean) ** 2, axis=0, weights=weights))
        )


def test_the_loss_counts_missing_targets_scored_rows_and_held_out_ones():
    y = Y.copy()
    y[RNG.random(60) < 0.2, 0] = np.nan
    for settings in ({}, {"n_scored": 25}, {"validation_fraction": 0.25}, {"window": 4}):
        model = suited(clone(SMALL).set_params(solver="lbfgs")).set_params(**settings)
        model.fit(X, y, sample_weight=W)
        counted = W * ~np.isnan(y).any(axis=1) * (np.arange(60) >= 3 * ("window" in settings))
        counted[: 60 - settings.get("n_scored", 60)] = 0.0
        cut = 45 if "validation_fraction" in settings else 60
        losses = 0.5 * np.nansum(((model.predict(X) - y) / model.target_scale_) ** 2, axis=1)
        scale = counted[counted > 0].mean() if "window" not in settings else None
        for rows, curve in (
            (slice(cut), model.loss_curve_),
            (slice(cut, 60), model.validation_curve_),
        ):
            w = counted[rows]
            if w.any() and scale is not None:  # divided by the mean of all rows that count
                found = w @ losses[rows] / scale / np.count_nonzero(w)
                assert curve[-1] == pytest.approx(found, rel=1e-10), settings


def test_weights_of_series_are_those_of_their_rows_and_0_drops_the_series():
    series = [X[:20], X[20:35], X[35:]]
    targets = [Y[:20], Y[20:35], Y[35:]]
    plain = clone(SMALL).set_params(standardize=False)

    per_series = clone(plain).fit(series, targets, sample_weight=[1.0, 0.0, 3.0])
    per_row = clone(plain).fit(
        series, targets, sample_weight=[np.ones(20), np.zeros(15), np.full(25, 3.0)]
    )
    assert_same_training(per_series, per_row)
    left_out = clone(plain).fit(series, targets, sample_weight=[1.0, 0.0, 1.0])
    assert_same_training(left_out, clone(plain).fit(series[::2], targets[::2]))
    frame = pd.concat([pd.DataFrame(s) for s in series], keys=[0, 1, 2])
    y = pd.DataFrame(Y, index=frame.index)
    of_frame = pd.Series(np.repeat([1.0, 0.0, 3.0], [20, 15, 25]), index=frame.index)
    assert_same_training(per_series, clone(plain).fit(frame, y, sample_weight=of_frame))


def test_one_target_a_series_takes_one_weight_a_series():
    series, y = list(X.reshape(6, 10, 2)), Y[:6, 0]
    weights = np.array([1.0, 0.0, 2.0, 0.0, 1.0, 1.0])
    plain = suited(clone(SMALL).set_params(solver="lbfgs", standardize=False))

    model = clone(plain).fit(series, y, sample_weight=weights)

    errors = (model.predict(series) - y) / model.target_scale_
    assert_allclose(model.loss_curve_[-1], 0.5 * np.average(errors**2, weights=weights))
    kept = weights > 0
    out = clone(plain).fit(series, y, sample_weight=kept.astype(float))
    assert_same_training(out, clone(plain).fit([s for s, k in zip(series, kept) if k], y[kept]))  # noqa: B905
    with pytest.raises(ValueError, match=r"one number a series, \(6,\), as y is"):
        clone(plain).fit(series, y, sample_weight=[np.ones(10)] * 6)


def test_equal_weights_are_none_whatever_their_size():
    for weights in (np.ones(60), np.full(60, 0.3), [2] * 60, pd.Series(np.ones(60))):
        assert_same_training(clone(SMALL).fit(X, Y), clone(SMALL).fit(X, Y, sample_weight=weights))


@pytest.mark.parametrize("classes", [2, 3])
def test_weights_and_class_weights_multiply(classes):
    y = RNG.integers(0, classes, 60)
    model = suited(clone(LABELS).set_params(solver="lbfgs"))
    for class_weight in (None, "balanced", {0: 4.0}, {1: 0.0}):
        fitted = clone(model).set_params(class_weight=class_weight).fit(X, y, sample_weight=W)
        of_classes = np.ones(60)
        if class_weight is not None:
            of_classes[W > 0] = compute_sample_weight(class_weight, y[W > 0])
        chance = fitted.predict_proba(X)[np.arange(60), y]
        expected = -np.average(np.log(chance), weights=W * of_classes)

        assert_allclose(fitted.loss_curve_[-1], expected, rtol=1e-9, atol=1e-11)
    out = clone(model).fit(X, y, sample_weight=(y != 1).astype(float))
    dropped = clone(model).set_params(class_weight={1: 0.0}).fit(X, y)
    assert_allclose(out.loss_curve_, dropped.loss_curve_, rtol=1e-12)


def test_the_start_of_an_esn_counts_by_weight():
    y = (np.arange(60) % 2 == 0).astype(int)
    model = clone(LABELS).set_params(
        init="esn", solver="sgd", learning_rate=1e-12, n_units=2, max_iter=1
    )
    fitted = model.fit(X, y, sample_weight=np.where(y, 9.0, 1.0))

    assert fitted.weights_["output_bias"][0] == pytest.approx(np.log(9.0), rel=0.1)


def test_intervals_begin_at_rows_that_count():
    wave = np.sin(0.3 * np.arange(100))
    weights = np.where(np.arange(99) < 40, 0.0, 1.0)

    model = clone(SMALL).fit(wave[:-1, None], wave[1:], sample_weight=weights)

    assert_array_equal(model.interval_rows_.counted, weights > 0)


def test_weights_that_are_none_are_refused_and_change_nothing():
    model = clone(SMALL).fit(X, Y)
    before = model.weights_["output_bias"].copy()
    nan = np.where(np.arange(60) == 4, np.nan, 1.0)
    for weights, message in [
        (-W, "sample_weight must be numbers >= 0, got -.* at position"),
        (nan, "sample_weight contains NaN"),
        (np.where(nan > 0, 1.0, np.inf), "sample_weight contains infinity"),
        (np.ones(59), "sample_weight must match X"),
        (np.ones((60, 2)), "no axis of outputs"),
        (np.zeros(60), "zero everywhere"),
        (np.ones((60, 1)), "no axis of outputs"),
        (2.0, "sample_weight"),
        (["a"] * 60, "sample_weight"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.fit(X, Y, sample_weight=weights)
    assert_array_equal(model.weights_["output_bias"], before)
    last = np.where(np.arange(60) < 40, 1.0, 0.0)
    with pytest.raises(ValueError, match="weighs more than 0.* change the weights"):
        clone(SMALL).set_params(n_scored=5).fit(X, Y, sample_weight=last)
    with pytest.raises(ValueError, match="or sample_weight"):
        clone(SMALL).set_params(validation_fraction=0.1).fit(X, Y, sample_weight=last)


def test_weights_are_routed_and_sliced_by_cross_validation():
    for model in (SMALL, LABELS):
        assert_weights_are_routed(model)


def test_moments_are_those_of_repeated_rows():
    counts = RNG.integers(0, 4, 60)

    mean, deviation = moments(Y, counts.astype(float))

    repeated = np.repeat(Y, counts, axis=0)
    assert_allclose(mean, repeated.mean(axis=0))
    assert_allclose(deviation, repeated.std(axis=0))


def test_moments_of_a_constant_are_its_value_and_1_whatever_the_weights():
    rng = np.random.default_rng(0)
    for value in rng.normal(size=20) * 10.0 ** rng.uniform(-9, 9, size=20):
        rows, weights = np.full((431, 1), value), rng.exponential(size=431)
        rows[:9], weights[:9] = 1.0, 0.0  # what counts nothing may be anything
        for of_all, counts in ((rows[9:], None), (rows, weights)):
            mean, scale = moments(of_all, counts)
            assert mean == value and scale == 1.0
