import numpy as np
import pytest
import scipy.sparse

from reservoirs.forecasting.series_only import check_series_only

SERIES = np.arange(8.0).reshape(4, 2)


def test_a_series_alone_passes():
    check_series_only(SERIES, None, "Model", "")
    check_series_only([SERIES, SERIES], None, "Model", "")


@pytest.mark.parametrize(
    ("X", "y"), [(SERIES[:-1], SERIES[1:]), ([SERIES[:-1]], [SERIES[1:]]), (SERIES[:, 0], None)]
)
def test_the_next_observation_is_refused_for_x_lacks_the_last(X, y):
    if y is None:
        X, y = X[:-1], X[1:]
    with pytest.raises(ValueError, match="Model takes the series alone.*next observation of X"):
        check_series_only(X, y, "Model", ", and no more")


def test_another_y_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match=r"ignores y: pass the series alone, fit\(series\)"):
        check_series_only(SERIES, np.ones(4), "Model", "")


def test_what_is_no_series_is_refused():
    with pytest.raises(TypeError, match="Sparse data"):
        check_series_only(scipy.sparse.eye(3), None, "Model", "")
    with pytest.raises(ValueError, match="1 sample"):
        check_series_only(SERIES[:1], None, "Model", "")
