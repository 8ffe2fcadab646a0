from importlib import import_module
from pkgutil import iter_modules

from benchmarks import methods
from benchmarks.methods.registry import METHODS


def test_every_method_of_every_file_is_there_once_under_its_name():
    names = {module.name for module in iter_modules(methods.__path__)} - {"registry"}
    files = [import_module(f"benchmarks.methods.{name}") for name in sorted(names)]
    found = [method for file in files for method in getattr(file, "METHODS", [])]

    assert len(found) == len(METHODS)
    assert all(METHODS[method.name] is method for method in found)
