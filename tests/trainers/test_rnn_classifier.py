import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from reservoirs import datasets
from trainers import RNNClassifier
from trainers.network.cells import CELLS

ROWS = np.random.default_rng(0).normal(size=(300, 1))
ABOVE = np.where(ROWS[:, 0] > np.r_[0.0, ROWS[:-1, 0]], "up", "down")
SMALL = RNNClassifier(n_units=12, max_iter=30, learning_rate=0.02, truncation=50, random_state=0)


def waves(n_series, classes=3, seed=0):
    """Return noisy sines whose frequency is their class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n_series)
    steps = np.arange(12)
    X = [np.sin((0.3 + 0.4 * k) * steps + rng.uniform(0, 6))[:, None] for k in labels]
    return X, labels


def test_labels_per_step_are_learned_and_come_back_as_they_were():
    model = clone(SMALL).fit(ROWS, ABOVE)

    labels = model.predict(ROWS)

    assert model.score(ROWS, ABOVE) > 0.9
    assert set(labels) == {"up", "down"}
    assert model.target_kind_ == "per_step"
    assert model.decision_function(ROWS).shape == (300,)


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_one_label_per_series_is_learned(cell):
    X, y = waves(60)
    model = clone(SMALL).set_params(cell=cell, max_iter=60, n_units=16, clip_norm=1.0).fit(X, y)

    assert model.score(*waves(60, seed=1)) > 0.9
    assert model.predict(X).shape == (60,)


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_sum_to_one_and_agree_with_the_labels(classes):
    X, y = waves(40, classes)
    model = clone(SMALL).fit(X, y)

    probability = model.predict_proba(X)

    assert probability.shape == (40, classes)
    assert_allclose(probability.sum(axis=1), 1.0)
    assert_array_equal(model.classes_[probability.argmax(axis=1)], model.predict(X))


def test_the_loss_is_the_cross_entropy_of_the_probabilities():
    X, y = waves(40)
    model = clone(SMALL).set_params(dtype="float64", validation_fraction=0.25).fit(X, y)
    held = model.predict_proba(X)[-10:]

    expected = -np.log(held[np.arange(10), y[-10:]]).mean()

    assert_allclose(model.validation_curve_[-1], expected, rtol=1e-10)


def test_two_classes_share_one_output():
    X, y = waves(30, 2)

    assert clone(SMALL).fit(X, y).weights_["output_bias"].shape == (1,)


def test_the_start_predicts_the_shares_of_the_classes():
    X, y = waves(200)
    model = clone(SMALL).set_params(init="esn", learning_rate=1e-12, max_iter=1).fit(X, y)
    shares = np.bincount(y) / len(y)

    assert_allclose(model.predict_proba(X).mean(axis=0), shares, atol=0.05)


def test_partial_fit_takes_all_classes_at_first_and_refuses_others_later():
    X, y = waves(30)
    model = clone(SMALL).partial_fit(X[:2], [0, 1], classes=[0, 1, 2])

    model.partial_fit(X, y)

    assert_array_equal(model.classes_, [0, 1, 2])
    with pytest.raises(ValueError, match=r"labels \[7\].*classes="):
        model.partial_fit(X[:1], [7])


def test_partial_fit_on_the_same_chunk_is_fit():
    X, y = waves(30)
    model = clone(SMALL)
    for _ in range(30):
        model.partial_fit(X, y)

    at_once = clone(SMALL).fit(X, y)

    assert_array_equal(model.predict_proba(X), at_once.predict_proba(X))


def test_it_remembers_across_blanks():
    data = datasets.memorisation(n_steps=3, n_symbols=2, n_values=2)
    model = RNNClassifier(
        cell="gru", n_units=16, max_iter=150, learning_rate=0.03, random_state=0
    ).fit(data.X, data.y)

    assert_array_equal(model.predict(data.X), data.y)


def test_it_is_cloned_pickled_and_searched():
    X, y = waves(30)
    search = GridSearchCV(clone(SMALL), {"n_units": [4, 8]}, cv=2).fit(X, y)
    model = search.best_estimator_

    again = pickle.loads(pickle.dumps(model))

    assert_array_equal(again.predict(X), model.predict(X))


def test_one_class_is_refused():
    X, _ = waves(4)

    with pytest.raises(ValueError, match="at least 2 classes"):
        clone(SMALL).fit(X, np.zeros(4, dtype=int))
