"""aeon's own checks of estimators made of ours: `pytest -m slow -n 0 FILE`.

aeon pins numba and numpy below constraints.txt: give it an environment of its own, with
pip install -e . aeon pytest.
"""

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n_checks"),
    [("AeonClassifier", 26), ("AeonRegressor", 26), ("AeonForecaster", 19)],
)
@pytest.mark.filterwarnings("default")  # aeon's own warnings are no matter of ours
def test_every_check_of_aeon_passes(kind, n_checks):
    pytest.importorskip("aeon", reason="needs aeon, in an environment of its own")
    import aeon_adapters
    from aeon.testing.estimator_checking import check_estimator

    results = check_estimator(getattr(aeon_adapters, kind))

    assert {name: result for name, result in results.items() if result != "PASSED"} == {}
    assert len(results) >= n_checks
