import numpy as np
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from reservoirs import ESNRegressor, forecast, next_step, persistence

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


def test_skops_keeps_what_save_cannot(tmp_path):
    import skops.io

    model = make_pipeline(FunctionTransformer(), ESNRegressor(**SMALL)).fit(X, Y)

    skops.io.dump(model, tmp_path / "model.skops")
    again = skops.io.load(tmp_path / "model.skops", trusted=persistence.trusted_types())

    assert_array_equal(again.predict(X), model.predict(X))
    assert_array_equal(forecast(again, 5), forecast(model, 5))


def test_only_types_of_this_library_and_its_sparse_arrays_are_trusted():
    modules = {name.split(".")[0] for name in persistence.trusted_types()}

    assert modules <= {"reservoirs", "trainers", "scipy"}
