"""The example of every public class and function runs and prints what it says."""

import doctest
import importlib.util
from importlib import import_module
from pathlib import Path

import matplotlib
import pytest

import benchmarks  # noqa: F401 # its names are among them, which needs torch

ROOT = Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("public_names", ROOT / ".ci" / "public_names.py")
PUBLIC = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(PUBLIC)
NAMES = [name for name, is_method in PUBLIC.public_names() if not is_method]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
SHIPPED_BY = {  # series that come with other packages, the extra real-data
    "reservoirs.datasets.basic_motions": "sktime",
    "reservoirs.datasets.electrocardiogram": "pywt",
    "reservoirs.datasets.japanese_vowels": "sktime",
    "reservoirs.datasets.labelled_series": "sktime",
    "reservoirs.datasets.santa_fe": "reservoirpy",
    "reservoirs.datasets.sunspots": "statsmodels",
}


@pytest.fixture(autouse=True)
def _figures_are_closed():
    matplotlib.use("agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_public_name_runs(name, tmp_path, monkeypatch):
    package = SHIPPED_BY.get(name)
    if package is not None and importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    monkeypatch.chdir(tmp_path)
    module, _, short = name.rpartition(".")
    documented = getattr(import_module(module), short)

    tests = doctest.DocTestFinder(recurse=False).find(documented, short, module=False, globs={})

    assert any(test.examples for test in tests), f"{name} has no example"
    output = []
    for test in tests:
        doctest.DocTestRunner(optionflags=FLAGS).run(test, out=output.append)
    assert not output, "".join(output)
