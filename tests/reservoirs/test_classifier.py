import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from reservoirs import ESNClassifier, load, save

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


def weighed_ridge(model, X, y, alpha):
    """The readout by scikit-learn, from the states of training."""
    features = np.hstack([model.reservoir_.transform(X), X])
    columns = 2.0 * (y[:, None] == model.classes_) - 1.0
    weights = compute_sample_weight(model.class_weight, y)
    weights /= weights.mean()
    return Ridge(alpha=alpha, solver="svd").fit(
        features, columns[:, -1 if len(model.classes_) == 2 else slice(None)], weights
    )


def test_class_weights_are_the_weights_of_rows_in_a_ridge_regression():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2500, 2))  # three blocks
    value = X[:, 0] + 0.5 * np.roll(X[:, 1], 1)
    for edges, n_rows in [([1.0], 2500), ([-1.0, 1.0], 2500), ([-0.5, 0.5], 25)]:
        rows, y = X[:n_rows], np.digitize(value, edges)[:n_rows]
        for solver in ("auto", "cholesky", "qr"):
            for weights in (
                "balanced",
                dict(zip(range(len(edges) + 1), [1e3, 1e-4, 3.0], strict=False)),
            ):
                model = ESNClassifier(
                    n_units=30, class_weight=weights, solver=solver, alpha=1e-2, random_state=0
                ).fit(rows, y)
                found = weighed_ridge(model, rows, y, 1e-2)

                assert_allclose(model.coef_, np.atleast_2d(found.coef_), atol=1e-9)
                assert_allclose(model.intercept_, np.atleast_1d(found.intercept_), atol=1e-9)


def test_a_weight_of_two_is_the_same_series_twice():
    rng = np.random.default_rng(1)
    y = np.arange(30) % 3
    series = [rng.normal(size=(9, 2)) + k for k in y]
    counts = np.array([1, 2, 3])
    for n_units in (50, 5):
        settings = {"n_units": n_units, "pooling": "mean", "alpha": 0.1, "random_state": 0}
        weighed = ESNClassifier(**settings, class_weight={1: 2, 2: 3}).fit(series, y)
        again = [s for s, k in zip(series, y, strict=True) for _ in range(counts[k])]
        repeated = ESNClassifier(**{**settings, "alpha": 0.2}).fit(again, np.repeat(y, counts[y]))

        assert_allclose(weighed.decision_function(series), repeated.decision_function(series))


def test_only_the_ratios_of_class_weights_count():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 2))
    y = X[:, 0] + rng.normal(size=400) > 1
    for folds in (None, 3):
        for solver in ("auto", "qr"):
            kept = [
                ESNClassifier(
                    n_units=30, alpha=np.logspace(-6, 2, 9), alpha_cv=folds, solver=solver,
                    class_weight={False: unit, True: 4 * unit}, random_state=0,
                ).fit(X, y)
                for unit in (1.0, 0.3)
            ]  # fmt: skip
            assert kept[0].alpha_ == kept[1].alpha_
            assert_allclose(kept[0].coef_, kept[1].coef_, rtol=1e-6)


def test_probabilities_sum_to_one_and_their_largest_is_the_prediction():
    rng = np.random.default_rng(3)
    y = np.arange(24) % 3
    series = [rng.normal(size=(9, 2)) + k for k in y]
    for labels in (y, y > 0):
        for X, target in [(series, labels), (np.stack(series), labels),
                          (series, [np.full(9, label) for label in labels])]:  # fmt: skip
            model = ESNClassifier(n_units=20, alpha=0.1, random_state=0).fit(X, target)
            chances, predicted = model.predict_proba(X), model.predict(X)
            if isinstance(chances, list):
                chances, predicted = np.concatenate(chances), np.concatenate(predicted)

            assert_allclose(chances.sum(axis=-1), 1.0)
            assert_array_equal(model.classes_[chances.argmax(axis=-1)], predicted)
    two = ESNClassifier(n_units=20, random_state=0).fit(series, y > 0)
    assert_allclose(two.predict_proba(series)[:, 1], expit(2 * two.decision_function(series)))


def test_scorers_of_probabilities_take_whole_series():
    rng = np.random.default_rng(4)
    y = np.arange(60) % 3
    X = np.stack([rng.normal(size=(9, 2)) + k for k in y])
    for labels, scoring, least in [
        (y, "roc_auc_ovr", 0.8), (y, "neg_log_loss", -np.log(3)),
        (y > 0, "roc_auc", 0.8), (y > 0, "neg_log_loss", -np.log(2)),
    ]:  # fmt: skip
        model = ESNClassifier(
            n_units=20, pooling="mean", alpha=1.0, class_weight="balanced", random_state=0
        )
        assert cross_val_score(model, X, labels, scoring=scoring, cv=3).min() > least


def test_balanced_weights_find_the_rare_class():
    rng = np.random.default_rng(5)
    y = rng.random(2000) < 0.03
    X = rng.normal(size=(2000, 1)) + 1.5 * y[:, None]
    plain = ESNClassifier(n_units=20, random_state=0).fit(X, y)
    balanced = clone(plain).set_params(class_weight="balanced").fit(X, y)

    assert plain.predict(X)[y].mean() < 0.2
    assert balanced.predict(X)[y].mean() > 0.6


def test_weights_that_are_none_are_refused():
    X, y = np.sin(np.arange(40.0))[:, None], np.arange(40) % 2
    for weights, message in [
        ({0: -1.0}, "numbers >= 0, not all 0"), ({0: 0, 1: 0}, "numbers >= 0, not all 0"),
        ({0: np.inf}, "numbers >= 0"), ({"a": 1.0}, "class_weight"), ("even", "class_weight"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            ESNClassifier(n_units=5, class_weight=weights).fit(X, y)


def test_class_weights_are_saved(tmp_path):
    X, y = np.sin(np.arange(40.0))[:, None], np.arange(40) % 2
    for weights in ({np.int64(0): 2.0}, {0: 2, 1: 0.5}, "balanced", None):
        save(ESNClassifier(n_units=5, class_weight=weights).fit(X, y), tmp_path / "model")

        assert load(tmp_path / "model").class_weight == weights
