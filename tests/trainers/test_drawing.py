"""Sequences drawn anew for every epoch: the same training as by chunks, resuming, and refusals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils import Bunch
from small_network import SOLVERS, suited

from reservoirs import datasets, next_step
from trainers import RNNClassifier, RNNRegressor
from trainers.rnn.drawing import FIRST

NETWORK = {"n_units": 5, "max_iter": 4, "batch_size": 12, "dtype": "float64", "random_state": 0}
REGRESSOR, CLASSIFIER = RNNRegressor(**NETWORK), RNNClassifier(**NETWORK, standardize=False)


class Echo:
    """Sequences whose target is the input of the step before; remembers what it drew."""

    def __init__(self, labels=False):
        self.labels, self.drawn = labels, []

    def draw(self, rng, n):
        X = rng.uniform(-1, 1, size=(n, 8, 1))
        y = np.concatenate([np.zeros((n, 1)), X[:, :-1, 0]], axis=1)
        self.drawn.append((X, np.where(y > 0, "up", "down") if self.labels else y))
        return self.drawn[-1]


def drawing(model, settings=None):
    model = clone(model).set_params(**(settings or {}))
    data = Echo(labels=isinstance(model, RNNClassifier))
    return model.fit(data), data


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_epoch_learns_batch_size_new_sequences(solver):
    model, data = drawing(REGRESSOR, {"solver": solver})

    sizes = [len(X) for X, _ in data.drawn]
    assert sizes == [FIRST, 12, 12, 12, 12]
    assert len({X[0, 0, 0] for X, _ in data.drawn}) == 5
    assert model.n_iter_ == 4 and np.isfinite(model.loss_curve_).all()
    assert model.predict(data.drawn[0][0]).shape == (FIRST, 8)


@pytest.mark.parametrize("solver", ["adam", "nesterov", "lbfgs", "hessian_free"])
def test_it_is_partial_fit_on_the_chunks_that_were_drawn(solver):
    model, data = drawing(CLASSIFIER, {"solver": solver})
    by_chunks = suited(clone(model))
    for X, y in data.drawn[1:]:
        by_chunks.partial_fit(X, y, classes=["down", "up"])

    assert_allclose(model.loss_curve_, by_chunks.loss_curve_, rtol=1e-6)
    for name, weights in by_chunks.weights_.items():
        assert_allclose(model.weights_[name], weights, rtol=1e-5, atol=1e-8)


NOISY = {"schedule": "cosine", "input_noise": 0.1}


@pytest.mark.parametrize("settings", [{}, NOISY, {"window": 4}], ids=str)
def test_training_goes_on_bitwise(settings):
    whole, _ = drawing(REGRESSOR, settings)
    same, _ = drawing(REGRESSOR, settings)
    assert whole.loss_curve_ == same.loss_curve_
    if "schedule" not in settings:
        half, data = drawing(REGRESSOR, {**settings, "warm_start": True, "max_iter": 2})
        half.fit(data)

        assert half.loss_curve_ == whole.loss_curve_
        for name, weights in whole.weights_.items():
            assert_array_equal(half.weights_[name], weights)


def test_functions_objects_and_bunches_of_datasets():
    def addition(rng, n):
        return datasets.addition(n, 10, random_state=int(rng.integers(2**31)))

    def pair(rng, n):
        sequences = addition(rng, n)
        return sequences.X, sequences.y

    assert isinstance(addition(np.random.default_rng(0), 3), Bunch)
    one, other = clone(REGRESSOR).fit(addition), clone(REGRESSOR).fit(pair)
    assert one.loss_curve_ == other.loss_curve_
    assert one.target_kind_ == "per_series"


def test_fresh_sequences_are_learned():
    model, _ = drawing(
        REGRESSOR, {"max_iter": 300, "learning_rate": 0.02, "n_units": 8, "cell": "gru"}
    )
    fresh = Echo().draw(np.random.default_rng(9), 50)

    assert model.score(*fresh) > 0.9


def test_what_does_not_go_with_drawing_is_refused():
    data = Echo()
    for arguments, name in [({"y": np.ones(3)}, "y"), ({"sample_weight": [1.0]}, "sample_weight")]:
        with pytest.raises(ValueError, match=f"so {name} must be None"):
            clone(REGRESSOR).fit(data, **arguments)
    with pytest.raises(ValueError, match="so validation_fraction must be None"):
        clone(REGRESSOR).set_params(validation_fraction=0.1).fit(data)
    with pytest.raises(TypeError, match=r"must return the tuple \(X, y\) .* got ndarray"):
        clone(REGRESSOR).fit(lambda rng, n: np.zeros((n, 4, 1)))
    with pytest.raises(TypeError, match="needs X and y"):
        clone(REGRESSOR).fit(next_step(np.sin(np.arange(30.0)))[0])
    with pytest.raises(ValueError, match="does not use truncation"):
        clone(REGRESSOR).set_params(solver="lbfgs", truncation=5).fit(data)


def test_a_label_that_comes_late_is_refused_with_the_classes():
    def late(rng, n):
        return rng.normal(size=(n, 4, 1)), np.arange(n) % (2 if n >= FIRST else 3)

    with pytest.raises(ValueError, match=r"labels \[2\] that are not in classes_=\[0, 1\]"):
        clone(CLASSIFIER).fit(late)
