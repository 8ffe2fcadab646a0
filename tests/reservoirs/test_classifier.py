import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split

from reservoirs import ESNClassifier

SMALL = ESNClassifier(
    n_units=40, leak_rate=0.5, input_scaling=1.0, bias_scaling=0.5, alpha=1e-3, random_state=0
)
WAVES = [
    np.sin(w * np.arange(n))[:, None] for w, n in zip([0.3, 0.6] * 20, range(30, 70), strict=True)
]
NAMES = np.array(["slow", "fast"] * 20)


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("pooling", ["last", "mean", "both"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_ragged_series_are_told_apart(pooling, bidirectional):
    model = clone(SMALL).set_params(pooling=pooling, bidirectional=bidirectional)

    model.fit(WAVES[:20], NAMES[:20])

    assert model.target_kind_ == "per_series"
    assert model.score(WAVES[20:], NAMES[20:]) == 1.0
    width = 41 * (2 if pooling == "both" else 1) * (2 if bidirectional else 1)
    assert model.coef_.shape == (1, width)


def test_labels_per_step_follow_the_container(rng):
    X = [rng.normal(size=(n, 1)) for n in (80, 50)]
    y = [np.where(x[:, 0] > 0, "up", "down") for x in X]

    model = clone(SMALL).fit(X, y)

    assert model.target_kind_ == "per_step"
    assert [p.shape for p in model.predict(X)] == [(80,), (50,)]
    assert model.score(X, y) > 0.95


def test_a_3d_array_takes_labels_per_series_and_per_step():
    stack = np.stack([w[:30] for w in WAVES])
    per_step = np.repeat(NAMES[:, None], 30, axis=1)

    series = clone(SMALL).fit(stack, NAMES)
    steps = clone(SMALL).fit(stack, per_step)

    assert series.predict(stack).shape == (40,)
    assert steps.predict(stack).shape == (40, 30)


def test_the_decision_function_agrees_with_the_prediction():
    labels = np.array(["a", "b", "c", "b"] * 10)
    model = clone(SMALL).fit(WAVES, labels)

    decision = model.decision_function(WAVES)

    assert decision.shape == (40, 3)
    assert_array_equal(model.classes_[decision.argmax(axis=1)], model.predict(WAVES))


def test_two_classes_have_one_decision_column():
    model = clone(SMALL).fit(WAVES, NAMES)

    decision = model.decision_function(WAVES)

    assert_array_equal(np.where(decision > 0, "slow", "fast"), model.predict(WAVES))


def test_a_prefix_of_steps_is_labelled_as_the_prefix(rng):
    X, y = rng.normal(size=(100, 2)), rng.integers(0, 3, 100)
    model = clone(SMALL).fit(X, y)

    whole = model.decision_function(X)

    assert_allclose(model.decision_function(X[:30]), whole[:30], rtol=1e-11)
    assert_allclose(model.decision_function(X[30:], context=X[:30]), whole[30:], rtol=1e-11)


def test_digits_read_row_by_row_are_recognised():
    images, labels = load_digits(return_X_y=True)
    series = images.reshape(-1, 8, 8) / 16.0
    train, test, y_train, y_test = train_test_split(
        series, labels, test_size=0.2, stratify=labels, random_state=0
    )
    settings = {"spectral_radius": 0.86, "input_scaling": 0.24, "leak_rate": 0.6, "alpha": 1e-2}
    model = ESNClassifier(
        n_units=150, pooling="both", bidirectional=True, random_state=0, **settings
    ).fit(train, y_train)

    assert model.score(test, y_test) > 0.97


def test_grid_search_runs_over_series():
    stack = np.stack([w[:30] for w in WAVES])

    search = GridSearchCV(clone(SMALL), {"leak_rate": [0.1, 1.0]}, cv=3).fit(stack, NAMES)

    assert search.best_score_ > 0.9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clone(SMALL).fit(WAVES, ["slow"] * 40), "at least 2 classes, got one class"),
        (lambda: clone(SMALL).fit(WAVES, NAMES[:7]), r"y must match X.*got \(7,\)"),
        (lambda: clone(SMALL).fit(WAVES, None), "requires y"),
        (lambda: clone(SMALL).fit(WAVES[0], np.linspace(0, 1, 30)), "Unknown label type"),
        (lambda: clone(SMALL).fit(WAVES[0], [0.0, np.nan] * 15), "y contains NaN: 15.* is row 1,"),
        (
            lambda: clone(SMALL).fit(
                WAVES[0], np.ma.array(["a", "b"] * 15, mask=np.arange(30) > 8)
            ),
            "y contains NaN: 21 row.* is row 9,.*classifiers",
        ),
        (lambda: clone(SMALL).fit(WAVES, [*NAMES[:7], None, *NAMES[8:]]), "y contains NaN.* row 7"),
    ],
)
def test_bad_labels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
