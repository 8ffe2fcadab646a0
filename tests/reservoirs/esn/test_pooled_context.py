"""A context of series with one target each only sets the state before them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import ESNClassifier, ESNRegressor


@pytest.mark.parametrize("pooling", ["last", "mean", "both"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_context_of_pooled_series_leads_to_its_last_state(pooling, bidirectional):
    rng = np.random.default_rng(1)
    lengths = 12, 30, 1500
    series = [rng.normal(size=(n, 2)) for n in lengths]
    settings = {"pooling": pooling, "bidirectional": bidirectional, "n_units": 30, "alpha": 1e-4}
    for kind, y in ((ESNRegressor, [0.1, 0.2, 0.3]), (ESNClassifier, [0, 1, 1])):
        estimator = kind(**settings, random_state=0).fit(series, np.array(y))
        parts = [(s[: n // 2], s[n // 2 :]) for s, n in zip(series, lengths, strict=True)]
        earlier, later = zip(*parts, strict=True)
        states = [estimator.reservoir_.transform(part)[-1] for part in earlier]

        found = estimator.predict(list(later), context=list(earlier))

        expected = estimator.predict(list(later), initial_state=np.stack(states))
        assert_allclose(found, expected, rtol=1e-12)
