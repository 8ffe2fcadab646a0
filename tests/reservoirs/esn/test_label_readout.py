import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from reservoirs import ESNClassifier, load, save
from reservoirs.readout import GramSums, QRSums
from reservoirs.readout.label_folds import best_alpha, label_errors, stratified_folds
from reservoirs.readout.standardised import feature_scale

RNG = np.random.default_rng(0)
LABELS = RNG.permutation(np.arange(45) % 3)
SERIES = [np.cumsum(RNG.normal(size=(20, 2)) + 0.3 * k, axis=0) for k in LABELS]
ALPHAS = np.logspace(-6, 4, 6)
SMALL = {"n_units": 6, "random_state": 0, "alpha": ALPHAS, "alpha_cv": 4, "standardize": False}


def pooled(model, series):
    return np.array(
        [np.hstack([model.reservoir_.transform(one), one]).mean(axis=0) for one in series]
    )


def refits(features, targets, weights, folds, alphas):
    """Return the outputs of every row by every penalty, from fits without its fold."""
    outputs = np.empty((len(alphas), *targets.shape))
    for fold in np.unique(folds):
        rest, own = folds != fold, folds == fold
        for i, alpha in enumerate(alphas):
            ridge = Ridge(alpha=alpha, solver="svd").fit(
                features[rest], targets[rest], weights[rest]
            )
            outputs[i, own] = ridge.predict(features[own]).reshape(-1, targets.shape[1])
    return outputs


@pytest.mark.parametrize("n_features", [5, 80])  # by sums, and with fewer rows than features
@pytest.mark.parametrize("form", [GramSums, QRSums])
@pytest.mark.parametrize("weighed", [False, True])
def test_errors_of_folds_are_those_of_refits(n_features, form, weighed):
    targets = 2.0 * (LABELS[:, None] == range(3)) - 1
    features = RNG.normal(size=(45, n_features)) + LABELS[:, None] - 1
    by_class, folds = np.array([1.0, 0.5, 3.0]), stratified_folds(LABELS, 4)

    def blocks():
        for rows in np.split(np.arange(45), [7, 31]):
            yield features[rows].copy(), targets[rows]

    scores = label_errors(
        blocks,
        n_features,
        ALPHAS,
        folds,
        form=form,
        weigh=(lambda y: by_class[y.argmax(axis=1)]) if weighed else None,
        label=lambda y: y.argmax(axis=1),
    )

    weights = by_class[LABELS] if weighed else np.ones(45)
    outputs = refits(features, targets, weights, folds, ALPHAS)
    wrong = outputs.argmax(axis=2) != LABELS
    assert_allclose(scores[:, 0], wrong @ weights / weights.sum(), rtol=1e-12)
    squares = ((outputs - targets) ** 2).sum(axis=2) @ weights / weights.sum()
    assert_allclose(scores[:, 1], squares, rtol=1e-6)


@pytest.mark.parametrize("n_units", [6, 60])
@pytest.mark.parametrize("weight", [None, "balanced"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_standardised_readout_is_ridge_regression_behind_a_scaler(n_units, weight, classes):
    y = LABELS % classes
    model = ESNClassifier(
        n_units=n_units, pooling="mean", alpha=3.0, standardize=True, class_weight=weight,
        random_state=0,
    ).fit(SERIES, y)  # fmt: skip

    counts = np.ones(45) if weight is None else 45 / (classes * np.bincount(y)[y])
    scaler = StandardScaler().fit(pooled(model, SERIES), sample_weight=counts)
    targets = 2.0 * (y[:, None] == range(classes)) - 1
    ridge = Ridge(alpha=3.0, solver="svd")
    ridge.fit(scaler.transform(pooled(model, SERIES)), targets[:, -1:] if classes == 2 else targets,
              sample_weight=counts)  # fmt: skip
    assert_allclose(
        model.decision_function(SERIES),
        np.squeeze(ridge.predict(scaler.transform(pooled(model, SERIES)))),
        rtol=1e-7,
        atol=1e-9,
    )


def test_folds_of_labels_take_the_penalty_with_the_fewest_wrong_labels():
    model = ESNClassifier(**SMALL, pooling="mean").fit(SERIES, LABELS)

    targets, folds = 2.0 * (LABELS[:, None] == range(3)) - 1, stratified_folds(LABELS, 4)
    outputs = refits(pooled(model, SERIES), targets, np.ones(45), folds, ALPHAS)
    wrong = (outputs.argmax(axis=2) != LABELS).mean(axis=1)
    squares = ((outputs - targets) ** 2).mean(axis=(1, 2))
    assert_allclose(model.alpha_scores_, np.column_stack([ALPHAS, wrong]))
    assert model.alpha_ == min(zip(wrong, squares, ALPHAS, strict=True))[2]
    again = ESNClassifier(**{**SMALL, "alpha": model.alpha_}, pooling="mean").fit(SERIES, LABELS)
    assert_array_equal(again.coef_, model.coef_)


@pytest.mark.parametrize("standardize", [False, True])
def test_the_automatic_penalty_does_not_depend_on_the_unit_of_the_features(standardize):
    settings = {"n_units": 6, "pooling": "mean", "activation": "identity", "bias_scaling": 0.0,
                "spectral_radius": 0.5, "alpha": "auto", "random_state": 0,
                "standardize": standardize}  # fmt: skip
    one, thousand = (
        ESNClassifier(**settings).fit([unit * s for s in SERIES], LABELS) for unit in (1.0, 1e3)
    )

    assert_allclose(thousand.alpha_, one.alpha_ * (1.0 if standardize else 1e6))
    assert_array_equal(thousand.predict([1e3 * s for s in SERIES]), one.predict(SERIES))


def test_the_automatic_penalty_of_labels_per_step_is_the_small_one():
    X, y = np.concatenate(SERIES), np.repeat(LABELS, 20)
    auto, small = (
        ESNClassifier(n_units=6, alpha=alpha, random_state=0).fit(X, y) for alpha in ("auto", 1e-6)
    )

    assert_array_equal(auto.coef_, small.coef_)
    assert not hasattr(auto, "alpha_scores_")


def test_every_fold_has_its_share_of_every_class():
    folds = stratified_folds(np.array(["b", "a", "b", "a", "b", "a", "c"]), 3)

    assert_array_equal(np.bincount(folds), [3, 2, 2])
    assert sorted(folds[[1, 3, 5]]) == sorted(folds[[0, 2, 4]]) == [0, 1, 2]


def test_two_series_and_constant_features_are_enough():
    series = [np.zeros((9, 1)), np.ones((9, 1))]
    model = ESNClassifier(n_units=5, alpha="auto", standardize=True, random_state=0)

    assert_array_equal(model.fit(series, ["a", "b"]).predict(series), ["a", "b"])
    constant = np.column_stack([np.full(4, 0.1), np.arange(4.0)])
    assert_allclose(feature_scale([(constant, constant)], None), [1.0, np.arange(4).std()])


def test_scores_are_saved_and_too_many_folds_are_refused(tmp_path):
    model = ESNClassifier(**SMALL).fit(SERIES, LABELS)

    save(model, tmp_path / "model")

    assert_array_equal(load(tmp_path / "model").alpha_scores_, model.alpha_scores_)
    with pytest.raises(ValueError, match="alpha_cv=46 folds need as many series, got 45"):
        model.set_params(alpha_cv=46).fit(SERIES, LABELS)


def test_of_penalties_with_as_many_wrong_labels_the_smallest_error_decides():
    assert best_alpha(np.array([1.0, 2.0, 3.0]), np.array([[0, 2], [0, 1], [1, 0]])) == 2.0
