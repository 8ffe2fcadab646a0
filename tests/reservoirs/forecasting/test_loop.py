import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from reservoirs.forecasting.loop import find_loop
from reservoirs.sequences import Layout
from reservoirs.targets import Targets

S = np.random.default_rng(0).normal(size=(40, 2))
ONE_SERIES = Layout("single", (39,))


def test_a_target_that_is_the_next_input_has_scale_1_and_shift_0_exactly():
    loop = find_loop(S[:-1], Targets(S[1:], "per_step", False), ONE_SERIES)

    assert_array_equal(loop, [[1.0, 1.0], [0.0, 0.0]])


def test_scale_and_shift_of_each_column_are_found():
    scaled = S[:-1] * [2.0, -0.5] + [1.0, 3.0]

    scale, shift = find_loop(scaled, Targets(S[1:], "per_step", False), ONE_SERIES)

    assert_allclose(scale, [2.0, -0.5], rtol=1e-12)
    assert_allclose(shift, [1.0, 3.0], rtol=1e-12)


@pytest.mark.parametrize("of_x", [1e-120, 1.0, 1e120])
@pytest.mark.parametrize("of_y", [1e-160, 1e-120, 1e180])
def test_scale_and_shift_are_found_in_any_unit(of_x, of_y):
    scaled = of_x * (S[:-1] * [2.0, -0.5] + [1.0, 3.0])

    scale, shift = find_loop(scaled, Targets(of_y * S[1:], "per_step", False), ONE_SERIES)

    assert_allclose(scale * of_y, np.multiply([2.0, -0.5], of_x), rtol=1e-12)
    assert_allclose(shift, np.multiply([1.0, 3.0], of_x), rtol=1e-12)


def test_a_small_signal_on_a_large_offset_closes_its_loop():
    rows = 1e9 + 1e-3 * S  # of which float64 keeps four digits
    scaled = (rows - rows.mean(axis=0)) / rows.std(axis=0)

    scale, shift = find_loop(scaled[:-1], Targets(rows[1:], "per_step", False), ONE_SERIES)

    assert_allclose(scale, 1 / rows.std(axis=0), rtol=1e-3)
    assert find_loop(scaled[:-1], Targets(rows[:-1] ** 2, "per_step", False), ONE_SERIES) is None


def test_the_first_row_of_a_series_follows_no_target():
    rows, targets = np.vstack([S[:9], S[20:29]]), np.vstack([S[1:10], S[21:30]])
    two_series = Layout("list", (9, 9))

    assert find_loop(rows, Targets(targets, "per_step", False), two_series) is not None
    assert find_loop(rows, Targets(targets, "per_step", False), Layout("single", (18,))) is None


@pytest.mark.parametrize(
    "targets",
    [
        Targets(S[1:] ** 2, "per_step", False),
        Targets(np.hstack([S, S])[1:], "per_step", False),
        Targets(S[:1], "per_series", False),
        Targets(np.zeros((39, 2)), "per_step", False),
    ],
    ids=["another function", "more columns than inputs", "per series", "constant"],
)
def test_a_target_that_no_affine_map_sends_to_the_next_input_closes_no_loop(targets):
    assert find_loop(S[:-1], targets, ONE_SERIES) is None


def test_a_constant_column_closes_its_loop_by_a_shift():
    rows, targets = np.full((9, 1), 3.0), Targets(np.full((9, 1), 5.0), "per_step", False)

    assert_array_equal(find_loop(rows, targets, Layout("single", (9,))), [[1.0], [-2.0]])


@pytest.mark.parametrize("value", np.random.default_rng(0).normal(size=20))
def test_a_constant_whose_mean_is_rounded_closes_its_loop(value):
    y = np.full((332, 1), value)  # the mean of some misses them by the last digit
    targets = Targets(y, "per_step", False)

    scale, shift = find_loop(y - y.mean(), targets, Layout("single", (332,)))

    assert_array_equal(scale * y + shift, np.full_like(y, y[0] - y.mean()))
