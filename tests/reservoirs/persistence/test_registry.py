import numpy as np
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge

from reservoirs import load, next_step, persistence, save
from reservoirs.persistence.registry import entry_named, entry_of, set_state
from reservoirs.sequences import Layout

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


class Doubler(BaseEstimator):
    def fit(self, X, y=None):
        self.factor_ = np.array([2.0])
        return self


def test_a_class_of_ones_own_is_registered_in_one_call(tmp_path):
    with pytest.raises(TypeError, match="register a class of yours"):
        save(Doubler().fit(X), tmp_path / "model")

    persistence.register(Doubler, name="tests.Doubler")
    save(Doubler().fit(X), tmp_path / "model")

    assert load(tmp_path / "model").factor_ == 2
    with pytest.raises(ValueError, match="taken"):
        persistence.register(Ridge, name="tests.Doubler")


def test_an_unregistered_type_says_what_to_import():
    with pytest.raises(ValueError, match="import trainers first"):
        entry_named("trainers.Unheard")
    with pytest.raises(ValueError, match="call reservoirs.persistence.register"):
        entry_named("elsewhere.Unheard")


class Thermometer:
    """A class whose attribute was called `degrees` before."""

    def __init__(self, kelvin):
        self.kelvin = kelvin


def test_a_registered_class_may_upgrade_what_older_files_hold(tmp_path):
    persistence.register(Thermometer, name="tests.Thermometer")
    old = Thermometer(0)
    vars(old).clear()
    old.degrees = 20.0
    save(old, tmp_path / "model")

    persistence.register(
        Thermometer,
        name="tests.Thermometer",
        upgrade=lambda state: {"kelvin": state["degrees"] + 273.15},
    )
    again = load(tmp_path / "model")

    assert vars(again) == {"kelvin": 293.15}


def test_a_state_with_other_fields_than_the_class_is_refused():
    entry = entry_of(Layout("single", (3,)))

    with pytest.raises(ValueError, match=r"reservoirs.Layout lacks.*\['lengths'\]"):
        set_state(object.__new__(Layout), {"kind": "single", "index": None}, entry)


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (np.ones(3), (2,)),
        (np.ones(3), (3, None)),
        (np.array([1.0, np.nan]), (None,)),
        (scipy.sparse.eye_array(3, format="csr"), (3, 4)),
        ([1.0, 2.0], (2,)),
    ],
)
def test_an_array_that_does_not_fit_is_named(array, shape):
    with pytest.raises(ValueError, match="Model.coef_ must be"):
        persistence.check_shapes("Model", {"coef_": array}, {"coef_": shape})


def test_an_array_that_is_missing_or_fits_is_accepted():
    arrays = {"coef_": np.ones((2, 3)), "bias_": None}

    persistence.check_shapes("Model", arrays, {"coef_": (2, None), "bias_": (2,), "mean_": (3,)})
