import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs import datasets
from reservoirs.metrics import wrong_sequences, wrong_steps

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

    wrong = wrong_sequences(y, np.full(len(y), 0.5))

    assert abs(wrong - 0.843) < 0.01  # Sutskever et al. (2013), Table 5, "biases": 0.82


@pytest.mark.parametrize("variant", ["martens", "sutskever"])
def test_xor_labels_follow_from_the_inputs(variant):
    data = datasets.xor(N, 60, variant=variant, random_state=0)

    for series, y in zip(data.X, data.y, strict=True):
        a, b = marked(series)[0]
        assert y == (a != b)
    assert 0.4 < data.y.mean() < 0.6


@pytest.mark.parametrize("variant", ["hochreiter", "martens", "sutskever"])
@pytest.mark.parametrize("n_signals", [2, 3])
def test_temporal_order_labels_follow_from_the_inputs(variant, n_signals):
    data = datasets.temporal_order(N, 100, n_signals=n_signals, variant=variant, random_state=0)

    for series, y in zip(data.X, data.y, strict=True):
        symbols = series.argmax(axis=1)
        signals = symbols[(symbols == 4) | (symbols == 5)] - 4
        assert int("".join(map(str, signals)), 2) == y
        assert len(signals) == n_signals
        assert_array_equal(series.sum(axis=1), 1)
    assert set(data.y) == set(range(2**n_signals))


def test_the_signals_of_hochreiter_lie_where_the_paper_says():
    data = datasets.temporal_order(5000, 100, variant="hochreiter", random_state=0)
    steps = np.array([np.flatnonzero(s[:, 4:6].any(axis=1)) + 1 for s in data.X])
    lengths = [len(series) for series in data.X]

    assert (steps.min(axis=0) == [10, 50]).all()
    assert (steps.max(axis=0) == [20, 60]).all()
    assert (min(lengths), max(lengths)) == (100, 110)


def test_the_last_symbol_of_a_random_permutation_equals_the_first():
    data = datasets.random_permutation(N, 30, n_symbols=20, random_state=0)
    symbols = data.X.argmax(axis=2)

    assert data.X.shape == (N, 29, 20)
    assert_array_equal(data.y[:, -1], symbols[:, 0])
    assert_array_equal(data.y[:, :-1], symbols[:, 1:])
    assert symbols[:, 1:].min() == 2
    assert set(symbols[:, 0]) == {0, 1}


def test_memorisation_repeats_the_symbols_after_the_trigger():
    data = datasets.memorisation(N, 80, n_symbols=10, n_values=5, random_state=0)
    seen = data.X.argmax(axis=2)

    assert data.X.shape == (N, 100, 7)
    assert_array_equal(data.y[:, -10:], seen[:, :10])
    assert (data.y[:, :-10] == 5).all()
    assert (seen[:, 89] == 6).all()
    assert (np.delete(seen[:, 10:], 79, axis=1) == 5).all()


def test_the_five_bit_task_has_32_sequences():
    data = datasets.memorisation(n_steps=20)

    assert data.X.shape == (32, 30, 4)
    assert len(np.unique(data.y, axis=0)) == 32
    assert data.n_scored == 5


def test_wrong_steps_count_errors_above_the_tolerance_and_other_labels():
    truth, labels = np.array([0.5, 0.5, 0.5]), np.array([[0, 1, 1], [2, 1, 0]])

    assert_array_equal(wrong_steps(truth, np.array([0.53, 0.55, np.nan])), [0, 1, 1])
    assert_array_equal(wrong_steps(labels, np.array([[2, 1, 0], [2, 1, 1]]), n_scored=2), [1, 1])
    assert wrong_sequences(labels, labels) == 0.0
    with pytest.raises(ValueError, match="same shape"):
        wrong_steps(truth, labels)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: datasets.addition(2, variant="x"), "variant must be one of"),
        (lambda: datasets.addition(2, 5), "n_steps must be at least 10"),
        (lambda: datasets.xor(2, variant="hochreiter"), "variant must be one of"),
        (lambda: datasets.temporal_order(2, n_signals=4), "n_signals must be 2 or 3"),
        (lambda: datasets.random_permutation(2, 2), "need 3 steps"),
        (lambda: datasets.memorisation(n_symbols=10, n_values=5), "pass n_series"),
        (lambda: datasets.memorisation(2, 0), "'n_steps' parameter of memorisation"),
    ],
)
def test_bad_settings_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
