import numpy as np
from numpy.testing import assert_allclose

from reservoirs.compiled.moments import centre_rows


def test_one_pass_centres_the_rows_and_adds_their_sums_and_products():
    rng = np.random.default_rng(0)
    features, targets = rng.normal(size=(50, 7)), rng.normal(size=(50, 2))
    centre, total, cross = features.mean(axis=0) + 1.0, np.full(7, 3.0), np.full((2, 7), 4.0)
    shifted = features - centre

    centre_rows(features, centre, targets, total, cross)

    assert_allclose(features, shifted)
    assert_allclose(total, 3.0 + shifted.sum(axis=0))
    assert_allclose(cross, 4.0 + targets.T @ shifted)
