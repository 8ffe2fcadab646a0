"""sktime's own checks of a forecaster and a classifier made of ours: `pytest -m slow -n 0 FILE`.

sktime comes with the extra real-data: pip install -c constraints.txt -e '.[all,real-data]'.
"""

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n_checks"), [("SktimeForecaster", 690), ("SktimeClassifier", 204)]
)
@pytest.mark.filterwarnings("default")  # sktime's own warnings are no matter of ours
def test_every_check_of_sktime_passes(kind, n_checks):
    pytest.importorskip("sktime", reason="needs the extra real-data")
    import sktime_adapters
    from sktime.utils.estimator_checks import check_estimator

    results = check_estimator(getattr(sktime_adapters, kind), verbose=0)

    assert {name: result for name, result in results.items() if result != "PASSED"} == {}
    assert len(results) >= n_checks
