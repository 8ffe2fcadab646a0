import warnings

import numpy as np
import pytest
from hostile import signed, unsigned
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from reservoirs import (
    ESNClassifier,
    ESNRegressor,
    NVARRegressor,
    SequenceScaler,
    load,
    next_step,
    persistence,
    save,
)
from reservoirs.persistence.attributes import accepted_attributes, check_attributes, matches
from reservoirs.persistence.registry import entry_of

X, Y = next_step(np.sin(0.2 * np.arange(60)))
SMALL = {"n_units": 6, "random_state": 0}
MODELS = {
    "esn": ESNRegressor(**SMALL),
    "labels": ESNClassifier(**SMALL),
    "nvar": NVARRegressor(),
    "scaler": SequenceScaler(),
    "pipeline": make_pipeline(StandardScaler(), MinMaxScaler(), RobustScaler(), Ridge()),
    "logistic": LogisticRegression(),
    "ridge_labels": RidgeClassifier(),
}
SCRIPT = "https://x/<script>alert(1)</script>"


def names_of(cls):
    """Return every name that an object of a class has before it has any attributes."""
    return sorted({*dir(cls), "__doc_link_template", "_doc_link_url_param_generator"})


def written(name, path):
    """Return the tree and the arrays of a saved model."""
    labels = Y > 0 if "label" in name or name == "logistic" else Y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save(MODELS[name].fit(X, labels), path)
    return unsigned(path.read_bytes())


@pytest.mark.parametrize("name", MODELS)
def test_no_file_hides_a_name_of_the_class_or_brings_a_new_one(name, tmp_path):
    path = tmp_path / "model"
    tree, arrays = written(name, path)
    cls = type(MODELS[name])
    known = set(accepted_attributes(cls, True)) | set(tree["state"])
    known |= {"n_outputs_"}  # of files of 0.1.0, and no attribute since
    for attribute in {*names_of(cls), "brand_new", "brand_new_"} - known:
        state = {**tree["state"], attribute: SCRIPT}
        path.write_bytes(signed({**tree, "state": state}, arrays))

        # a property of a class of scikit-learn 1.6 is an attribute of 1.9, of another type
        refusal = rf"has no attribute '{attribute}'|\.{attribute} may not be a str"
        with pytest.raises(ValueError, match=refusal):
            load(path)


@pytest.mark.parametrize("name", MODELS)
def test_an_attribute_of_another_type_is_refused_by_name(name, tmp_path):
    written(name, tmp_path / "model")
    model, wrong = MODELS[name], {"<script>": SCRIPT}
    entry = entry_of(model)
    # the first may be a dictionary, the second is never in a file
    for attribute in set(vars(model)) - {"class_weight", "_fitted_settings"}:
        with pytest.raises(ValueError, match=rf"\.{attribute} may not be a dict"):
            check_attributes(entry.name, entry.type, {attribute: wrong}, entry.attributes)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("n_units", -5), ("n_units", "many"), ("n_units", True), ("alpha", -1.0), ("dtype", 3)],
)
def test_a_parameter_out_of_its_range_is_refused_in_both_directions(parameter, value, tmp_path):
    with pytest.raises(ValueError, match=f"ESNRegressor.{parameter}"):
        save(ESNRegressor(**{parameter: value}), tmp_path / "model")

    assert not list(tmp_path.iterdir())


def test_a_folder_of_pickles_is_not_named_by_a_file(tmp_path):
    with pytest.raises(ValueError, match="Pipeline.memory"):
        save(make_pipeline(ESNRegressor(), memory=str(tmp_path)), tmp_path / "model")


class Line(BaseEstimator):
    def __init__(self, slope=1.0):
        self.slope = slope

    def predict(self, X):
        return self.slope * X


@pytest.mark.parametrize("declared", [None, {}, {"offset_": float}])
def test_a_class_of_ones_own_says_what_it_holds(declared):
    def refused(name, value):
        try:
            check_attributes("Line", Line, {"slope": 2.0, name: value}, declared)
        except ValueError:
            return True
        return False

    assert refused("predict", 1)
    assert refused("__class__", 1)
    assert refused("offset_", 1.0) == (declared == {})
    assert refused("other_", 1.0) == (declared is not None)
    assert refused("offset_", "text") == (declared is not None)


def test_a_registered_list_of_attributes_is_closed(tmp_path):
    persistence.register(Line, name="tests.Line", attributes={"offset_": float})
    line = Line()
    line.offset_ = 1.0
    save(line, tmp_path / "model")

    assert load(tmp_path / "model").offset_ == 1.0
    line.other_ = 2.0
    with pytest.raises(ValueError, match="'other_'.*attributes="):
        save(line, tmp_path / "model")


@pytest.mark.parametrize(
    ("value", "hint", "fits"),
    [
        (1, int, True),
        (np.int32(1), int, True),
        (True, int, False),
        (1, float, True),
        (np.float32(1), float, True),
        ("1", float, False),
        (None, int | None, True),
        ([1, 2], list[int], True),
        ([1, "a"], list[int], False),
        ((1, 2.0), tuple[int, float], True),
        ((1,), tuple[int, float], False),
        ((1, 2, 3), tuple[int, ...], True),
        ({"a": 1}, dict[str, int], True),
        ({1: 1}, dict[str, int], False),
    ],
)
def test_a_value_matches_its_type(value, hint, fits):
    assert matches(value, hint) == fits
