import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import datasets
from reservoirs.metrics import sequence_error_rate

N = 400


def marked(series):
    """Return the numbers whose marker is 1, and their steps."""
    steps = np.flatnonzero(series[:, 1] == 1)
    return series[steps, 0], steps


@pytest.mark.parametrize("variant", ["hochreiter", "martens", "sutskever"])
@pytest.mark.parametrize("n_steps", [20, 37, 100])
def test_targets_of_addition_and_multiplication_follow_from_the_inputs(variant, n_steps):
    rules = {
        "hochreiter": lambda u: 0.5 + u.sum() / 4,
        "martens": lambda u: u.mean(),
        "sutskever": lambda u: u.sum(),
    }
    sums = datasets.addition(N, n_steps, variant=variant, random_state=0)
    products = datasets.multiplication(N, n_steps, variant=variant, random_state=0)

    for series, y in zip(sums.X, sums.y, strict=True):
        assert len(marked(series)[0]) == 2
        assert_allclose(y, rules[variant](marked(series)[0]))
    for series, y in zip(products.X, products.y, strict=True):
        assert series[:, 0].min() >= 0
        assert_allclose(y, marked(series)[0].prod())


def test_the_marked_steps_and_lengths_are_those_of_martens():
    data = datasets.addition(5000, 80, random_state=0)
    lengths = np.array([len(series) for series in data.X])
    first, second = np.array([marked(series)[1] for series in data.X]).T

    assert (lengths.min(), lengths.max()) == (80, 88)
    assert (first < lengths // 10).all()
    assert (second >= lengths // 10).all()
    assert (second < lengths // 2).all()


def test_the_markers_of_the_other_variants_frame_the_sequence():
    hochreiter = datasets.addition(N, 100, variant="hochreiter", random_state=0).X
    sutskever = datasets.addition(N, 100, variant="sutskever", random_state=0).X

    assert all(s[0, 1] == s[-1, 1] == -1 and (s[:, 1] == -1).sum() == 2 for s in hochreiter)
    assert all(s[0, 1] == s[-3, 1] == -1 for s in sutskever)
    assert {len(s) for s in sutskever} == set(range(100, 110))


def test_predicting_the_mean_is_wrong_as_often_as_published():
    y = datasets.addition(20_000, 80, random_state=0).y

    wrong = sequence_error_rate(y, np.full(len(y), 0.5))

    assert abs(wrong - 0.843) < 0.01  # Sutskever et al. (2013), Table 5, "biases": 0.82


@pytest.mark.parametrize("variant", ["martens", "sutskever"])
def test_xor_labels_follow_from_the_inputs(variant):
    data = datasets.xor(N, 60, variant=variant, random_state=0)

    for series, y in zip(data.X, data.y, strict=True):
        a, b = marked(series)[0]
        assert y == (a != b)
    assert 0.4 < data.y.mean() < 0.6
