import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ndtri

from trainers.network.heads import QUANTILES, REGRESSION_LOSSES, make_head


def test_widths_points_and_starts():
    outputs = np.array([[1.0, 0.5, 3.0, -1.0, 0.0, 1.0]])  # two targets, crossed quantiles

    assert [make_head(loss, QUANTILES).width for loss in REGRESSION_LOSSES] == [1, 1, 1, 3, 2]
    assert_allclose(make_head("quantile", QUANTILES).point(outputs), [[1.0, 0.0]])
    assert_allclose(make_head("gaussian", QUANTILES).point(outputs), [[1.0, 3.0, 0.0]])
    assert_allclose(make_head("huber", QUANTILES).point(outputs), outputs)
    mean = np.array([1.0, -1.0])
    z = ndtri(0.95)
    assert_allclose(make_head("gaussian", QUANTILES).start(mean), [1.0, 0.0, -1.0, 0.0])
    assert_allclose(
        make_head("quantile", QUANTILES).start(mean), [1 - z, 1.0, 1 + z, -1 - z, -1.0, z - 1]
    )


def test_drawn_targets_have_the_distribution_of_the_outputs():
    normal = np.random.default_rng(0).normal(size=(200_000, 1))
    gaussian = make_head("gaussian", QUANTILES).draw(
        np.tile([2.0, np.log(0.5)], (200_000, 1)), normal
    )
    assert_allclose([gaussian.mean(), gaussian.std()], [2.0, 0.5], rtol=1e-2)

    for levels in (QUANTILES, (0.5,), (0.1, 0.3, 0.5, 0.7, 0.9)):
        quantiles = np.sort(np.random.default_rng(1).normal(size=len(levels)))
        drawn = make_head("quantile", levels).draw(np.tile(quantiles[::-1], (200_000, 1)), normal)
        assert_allclose(np.quantile(drawn, levels), quantiles, atol=2e-2)


def test_a_function_has_one_output_a_target():
    assert make_head(lambda o, y: (o - y).sum(-1), QUANTILES).width == 1


@pytest.mark.parametrize(
    "levels", [(0.05, 0.95), (0.5, 0.05, 0.95), (0.0, 0.5, 1.0), (0.5, 0.5, 0.6), (), (5, 50, 95)]
)
def test_levels_that_have_no_middle_or_no_order_are_refused(levels):
    with pytest.raises(ValueError, match="an odd number of shares in .* in increasing order"):
        make_head("quantile", levels)
