"""Compare fitted models attribute for attribute."""

import numpy as np
import pandas as pd
import scipy.sparse
from numpy.testing import assert_array_equal


def same(a, b):
    """Compare two attributes, whatever they are made of."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        same_array(a, b)
    elif scipy.sparse.issparse(a):
        for part in ("data", "indices", "indptr"):
            same(getattr(a, part), getattr(b, part))
    elif isinstance(a, list | tuple):
        assert len(a) == len(b) and all(same(*pair) for pair in zip(a, b, strict=True))
    elif isinstance(a, dict):
        same(list(a.items()), list(b.items()))
    elif isinstance(a, np.random.RandomState):
        same(a.get_state(), b.get_state())
    elif isinstance(a, pd.Index):
        pd.testing.assert_index_equal(a, b, exact=True)
        assert getattr(a, "freq", None) == getattr(b, "freq", None)
    elif hasattr(a, "__dict__") and not isinstance(a, type):
        left, right = vars(a), vars(b)
        cached = {"shapes", "_sizes"}  # computed when first asked for
        assert set(left) - cached == set(right) - cached
        for name in set(left) - cached:
            same(left[name], right[name])
    else:
        assert a == b or (a != a and b != b)
    return True


def same_array(a, b):
    assert a.dtype == b.dtype
    assert a.flags.f_contiguous == b.flags.f_contiguous
    assert a.flags.writeable == b.flags.writeable
    assert_array_equal(a, b)
