import numpy as np
import pytest
from scipy.sparse import csr_array

from reservoirs.input_weights import draw_bias, draw_input_weights

GIVEN = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize("scaling", [GIVEN, csr_array(GIVEN)])
def test_given_weights_are_copied(scaling):
    W_in = draw_input_weights(scaling, (3, 2), np.random.default_rng(0))

    np.testing.assert_array_equal(W_in, GIVEN)
    assert W_in is not scaling


def test_a_number_per_feature_scales_its_column():
    plain = draw_input_weights(1.0, (50, 2), np.random.default_rng(0))
    scaled = draw_input_weights([0.5, 3.0], (50, 2), np.random.default_rng(0))

    np.testing.assert_allclose(scaled, plain * [0.5, 3.0])
    assert np.abs(plain).max() <= 1.0


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda rng: draw_input_weights(np.ones(3), (3, 2), rng), r"one number per feature \(2,\)"),
        (lambda rng: draw_input_weights(np.nan, (3, 2), rng), "input_scaling must be finite"),
        (lambda rng: draw_bias(np.ones(2), 3, rng), r"b itself with shape \(3,\)"),
        (lambda rng: draw_bias([0.0, np.inf, 1.0], 3, rng), "bias_scaling must be a number"),
    ],
)
def test_other_shapes_and_nan_are_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw(np.random.default_rng(0))


def test_a_bias_is_given_or_drawn():
    np.testing.assert_array_equal(draw_bias([1.0, 2.0], 2, np.random.default_rng(0)), [1.0, 2.0])
    assert np.abs(draw_bias(0.1, 99, np.random.default_rng(0))).max() <= 0.1
