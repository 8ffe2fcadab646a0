import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reservoirs import datasets

N = 400


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
