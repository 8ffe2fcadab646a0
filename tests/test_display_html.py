"""What scikit-learn's HTML display shows of every estimator and every settings object."""

import inspect
import pickle
import re
from html.parser import HTMLParser
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator
from sklearn.utils.fixes import parse_version

from reservoirs.version import DOCUMENTATION

DESCRIBES_PARAMETERS = parse_version(sklearn.__version__) >= parse_version("1.9")
MODULES = ["reservoirs", "reservoirs.topology"]
if find_spec("torch"):  # the core's tests run without it
    MODULES += ["trainers", "trainers.solvers"]
API = (Path(__file__).parents[1] / "docs" / "api.rst").read_text()


def public_estimators():
    """Yield (page, class) of every estimator that users can import."""
    for module_name in MODULES:
        module = import_module(module_name)
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            ours = inspect.isclass(value) and issubclass(value, BaseEstimator)
            if ours and not inspect.isabstract(value) and value is not BaseEstimator:
                yield f"{module_name}.{name}", value


ESTIMATORS = dict(public_estimators())
each_estimator = pytest.mark.parametrize(("page", "kind"), ESTIMATORS.items(), ids=ESTIMATORS)


class Display(HTMLParser):
    """The links of a display, and the descriptions of its parameters."""

    def __init__(self, html):
        super().__init__()
        self.links, self.descriptions, self.inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "a":
            self.links.append(attributes.get("href"))
        if attributes.get("class") == "param-doc-description":
            self.descriptions.append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "span"

    def handle_data(self, data):
        if self.inside:
            self.descriptions[-1] += data + "\n"


def pages():
    """Return the names of the pages that docs/api.rst generates."""
    module, names = "", set()
    for line in API.splitlines():
        if line.startswith(".. currentmodule::"):
            module = line.split()[-1]
        elif re.fullmatch(r"   [\w.]+", line):
            names.add(f"{module}.{line.strip()}")
    return names


def made(kind):
    """Return an estimator, with a model where it cannot be without one."""
    needs_model = kind.__name__ == "HybridForecaster"
    return kind(model=np.negative) if needs_model else kind()


def test_there_are_estimators_of_every_kind():
    assert {"reservoirs.ESNRegressor", "reservoirs.topology.SmallWorld"} <= set(ESTIMATORS)
    pytest.importorskip("torch")
    assert {"trainers.RNNClassifier", "trainers.solvers.HessianFreeSolver"} <= set(ESTIMATORS)


@each_estimator
def test_the_display_links_to_the_page_of_the_class(page, kind):
    display = Display(made(kind)._repr_html_())

    assert f"{DOCUMENTATION}/generated/{page}.html" in display.links
    assert page in pages()


def test_a_class_of_a_user_links_to_no_page_of_ours():
    class Mine(ESTIMATORS["reservoirs.ESNRegressor"]):
        pass

    assert Mine()._get_doc_link() == ""


def test_the_link_is_in_no_pickle():
    state = pickle.dumps(ESTIMATORS["reservoirs.ESNRegressor"]())

    assert b"_doc_link" not in state


@pytest.mark.skipif(not DESCRIBES_PARAMETERS, reason="scikit-learn 1.9 describes parameters")
@each_estimator
def test_the_display_describes_every_parameter(page, kind):
    names = made(kind).get_params(deep=False)

    display = Display(made(kind)._repr_html_())

    described = {}
    for text in display.descriptions:
        first_line, _, description = text.strip().partition("\n")
        name, _, type_and_default = first_line.partition(": ")
        described[name] = type_and_default.strip() and description.strip()
    assert set(described) == set(names)
    assert [name for name, text in described.items() if not text] == []
