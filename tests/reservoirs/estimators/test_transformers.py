import numpy as np
import pytest
from numpy.testing import assert_array_equal

from reservoirs import NVAR, Reservoir, SequenceScaler

SERIES = [np.sin(0.3 * np.arange(length))[:, None] for length in (20, 30)]
TRANSFORMERS = [Reservoir(n_units=5, random_state=0), NVAR(), SequenceScaler()]


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=str)
def test_a_container_that_was_set_leaves_many_series_alone(transformer):
    transformer.set_output(transform="pandas").fit(SERIES)

    states = transformer.transform(SERIES)

    assert isinstance(states, list)
    assert transformer.transform(SERIES[0]).shape == states[0].shape
    assert_array_equal(np.asarray(transformer.transform(SERIES[0])), states[0])


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=str)
def test_fit_transform_is_fit_and_transform(transformer):
    together = transformer.fit_transform(SERIES)

    for one, other in zip(together, transformer.fit(SERIES).transform(SERIES), strict=True):
        assert_array_equal(one, other)
