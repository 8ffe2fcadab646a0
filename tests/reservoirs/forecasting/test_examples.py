import numpy as np
import pytest
from forecasters import F, S
from numpy.testing import assert_array_equal

from reservoirs import next_step


def test_next_step_pairs_every_row_with_the_following_observation():
    X, y = next_step(S[:10], F)

    assert_array_equal(X, np.hstack([S[:9], F[:9]]))
    assert_array_equal(y, S[1:10])


def test_next_step_keeps_a_1d_series_1d():
    X, y = next_step(np.arange(5.0))

    assert X.shape == (4, 1)
    assert_array_equal(y, [1, 2, 3, 4])


def test_next_step_takes_many_series():
    inputs, targets = next_step([S[:5], S[5:12]], [F[:5], F[5:12]])
    stack, _ = next_step(np.ones((3, 5, 2)))

    assert [x.shape for x in inputs] == [(4, 2), (6, 2)]
    assert [y.shape for y in targets] == [(4, 1), (6, 1)]
    assert stack.shape == (3, 4, 2)


@pytest.mark.parametrize(
    ("series", "exog", "message"),
    [
        (np.ones(1), None, "at least 2 steps"),
        (np.ones(5), np.ones(3), "at least n_steps - 1 = 4 rows.*got 3"),
        ([np.ones((5, 1))], [], "one array per series, 1, got 0"),
    ],
)
def test_next_step_refuses_what_does_not_fit(series, exog, message):
    with pytest.raises(ValueError, match=message):
        next_step(series, exog)
