import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils.class_weight import compute_sample_weight
from small_network import suited

from reservoirs import load, save
from trainers import RNNClassifier
from trainers.solvers import SOLVERS, HessianFreeSolver

SMALL = RNNClassifier(n_units=4, max_iter=3, batch_size=100, dtype="float64", random_state=0)
LENGTHS = np.array([5, 7, 7, 4, 6, 7, 5, 7, 6])


def drawn(seed=0):
    """Return series of unlike lengths, one label of three per series, and one per row."""
    rng = np.random.default_rng(seed)
    y = np.arange(len(LENGTHS)) % 3
    X = [rng.normal(size=(n, 2)) + k for n, k in zip(LENGTHS, y, strict=True)]
    return X, y, [rng.integers(0, 3, n) for n in LENGTHS]


LABELLING = [name for name in sorted(SOLVERS) if not SOLVERS[name]().squared_error_only]


def settings_of_solvers():
    for solver in LABELLING:
        for settings in ({}, {"window": 3}, {"n_scored": 2}, {"truncation": 3}):
            if settings.keys() <= SOLVERS[solver]().uses | {"window", "n_scored"}:
                yield {"solver": solver, **settings}


def test_a_weight_of_two_is_the_same_series_twice_for_every_solver():
    X, y, _ = drawn()
    counts = np.array([1, 2, 3])
    for classes in (y, np.minimum(y, 1)):
        of_series = counts[classes]
        again = [s for s, k in zip(X, of_series, strict=True) for _ in range(k)]
        weights = dict(enumerate(counts[: classes.max() + 1]))
        for solver in LABELLING:
            if solver == "hessian_free":  # structural damping is about states, not about losses
                solver = HessianFreeSolver(structural_damping=0.0)
            model = suited(clone(SMALL).set_params(solver=solver, standardize=False))
            weighed = clone(model).set_params(class_weight=weights).fit(X, classes)
            repeated = model.fit(again, np.repeat(classes, of_series))

            found = weighed.loss_curve_, weighed.predict_proba(X)
            same = repeated.loss_curve_, repeated.predict_proba(X)
            for one, other in zip(found, same, strict=True):
                assert_allclose(one, other, rtol=1e-5, err_msg=str(solver))


def test_the_loss_is_the_weighted_cross_entropy_by_hand():
    X, _, rows = drawn()
    labels = np.concatenate(rows)
    for two in (False, True):
        y = [(r > 0).astype(int) for r in rows] if two else rows
        flat = np.concatenate(y)
        for class_weight in ("balanced", {0: 100.0, 1: 0.01}, {1: 0.0}):
            model = suited(clone(SMALL).set_params(solver="lbfgs"))
            model.set_params(class_weight=class_weight).fit(X, y)
            chance = np.concatenate(model.predict_proba(X))[np.arange(len(labels)), flat]
            weights = compute_sample_weight(class_weight, flat)
            expected = -(weights @ np.log(chance)) / weights.sum()

            assert_allclose(model.loss_curve_[-1], expected, rtol=1e-8)


@pytest.mark.slow
def test_every_setting_takes_weights_and_equal_ones_change_nothing():
    X, _, rows = drawn()
    for settings in settings_of_solvers():
        model = suited(clone(SMALL).set_params(solver=settings["solver"]))
        plain = model.set_params(**settings).fit(X, rows)
        equal = clone(plain).set_params(class_weight={0: 3.0, 1: 3.0, 2: 3.0}).fit(X, rows)
        rare = clone(plain).set_params(class_weight={0: 1e3}).fit(X, rows)

        assert_array_equal(plain.loss_curve_, equal.loss_curve_, err_msg=str(settings))
        assert (
            np.concatenate(rare.predict_proba(X)) != np.concatenate(plain.predict_proba(X))
        ).any()


def test_a_batch_of_one_series_counts_its_weight():
    X, y, _ = drawn()
    model = clone(SMALL).set_params(solver="sgd", batch_size=1, max_iter=60, learning_rate=0.05)
    weighed = clone(model).set_params(class_weight={0: 20.0}).fit(X, y)

    assert (weighed.predict_proba(X)[:, 0] > model.fit(X, y).predict_proba(X)[:, 0]).all()


def test_balanced_weights_find_the_rare_class():
    rng = np.random.default_rng(5)
    y = rng.random(600) < 0.05
    X = rng.normal(size=(600, 1)) + 1.5 * y[:, None]
    plain = RNNClassifier(
        n_units=4, max_iter=12, truncation=40, learning_rate=0.03, random_state=0
    ).fit(X, y)
    balanced = clone(plain).set_params(class_weight="balanced").fit(X, y)

    assert plain.predict(X)[y].mean() < 0.3
    assert balanced.predict(X)[y].mean() > 0.6


def test_held_out_rows_and_the_start_count_by_weight():
    X, y, _ = drawn()
    weights = {0: 8.0, 1: 1.0, 2: 1.0}
    model = (
        clone(SMALL)
        .set_params(
            init="esn",
            solver="sgd",
            learning_rate=1e-12,
            class_weight=weights,
            validation_fraction=0.5,
        )
        .fit(X, y)
    )
    counted = compute_sample_weight(weights, y)
    counted /= counted.mean()
    chance = model.predict_proba(X)[np.arange(len(y)), y]

    assert_allclose(model.validation_curve_[-1], -(counted[4:] @ np.log(chance[4:])) / 5, rtol=1e-9)
    assert model.predict_proba(X)[:, 0].mean() > 0.6


def test_a_search_tries_weights():
    X, y = drawn()[:2]
    stacked = np.stack([x[:4] for x in X])
    search = GridSearchCV(SMALL, {"class_weight": [None, "balanced", {0: 2.0}]}, cv=3)

    assert search.fit(stacked, y).best_params_["class_weight"] in (None, "balanced", {0: 2.0})


def test_chunks_take_weights_as_they_are_and_no_balanced_ones():
    X, y, _ = drawn()
    model = clone(SMALL).set_params(class_weight={0: 4.0, 1: 1.0, 2: 1.0})
    model.partial_fit(X[:1], y[:1], classes=[0, 1, 2])

    assert_allclose(model.class_weight_, [2.0, 0.5, 0.5])
    model.set_params(class_weight={0: 1.0}).partial_fit(X, y)
    assert_allclose(model.class_weight_, 1.0)
    before = copy.deepcopy(model.weights_)
    with pytest.raises(ValueError, match="as a dict"):
        model.set_params(class_weight="balanced").partial_fit(X, y)
    assert_array_equal(model.weights_["bias_0"], before["bias_0"])


def test_weights_that_are_none_are_refused():
    X, y, _ = drawn()
    for weights, message in [
        ({0: -1.0}, "numbers >= 0, not all 0"), ({0: 0, 1: 0, 2: 0}, "numbers >= 0, not all 0"),
        ({0: np.nan}, "numbers >= 0"), ({"a": 1.0}, "class_weight"), ("even", "class_weight"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            clone(SMALL).set_params(class_weight=weights).fit(X, y)
    with pytest.raises(ValueError, match="class_weight"):  # all that is held out weighs nothing
        clone(SMALL).set_params(class_weight={2: 0.0}, validation_fraction=0.1).fit(X, y)


def test_class_weights_are_saved(tmp_path):
    X, y, _ = drawn()
    for weights in ({np.int64(0): 2.0}, {0: 2, 1: 0.5}, "balanced", None):
        model = clone(SMALL).set_params(class_weight=weights, warm_start=True).fit(X, y)
        save(model, tmp_path / "model")
        again = load(tmp_path / "model")

        assert again.class_weight == weights
        assert_array_equal(again.class_weight_, model.class_weight_)
        assert_array_equal(again.fit(X, y).loss_curve_, model.fit(X, y).loss_curve_)
