"""Validate the docstring of every public name with numpydoc: `python .ci/docstrings.py [WORD ...]`.

The checks are chosen in pyproject.toml, [tool.numpydoc_validation]; besides, a default that is a
number, a text, a tuple or None must be that of the signature. With words, only names that contain
one of them are read.
"""

import inspect
import math
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from pydoc import locate

from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import ERROR_MSGS, validate

MODULES = (
    "reservoirs",
    "reservoirs.datasets",
    "reservoirs.diagnostics",
    "reservoirs.display",
    "reservoirs.metrics",
    "reservoirs.model_selection",
    "reservoirs.persistence",
    "reservoirs.topology",
    "trainers",
    "trainers.solvers",
    "benchmarks",
)
OURS = ("reservoirs", "trainers", "benchmarks")
PLAIN = (bool, int, float, str, tuple, type(None))  # defaults that print as they are written
ONLY_WHOLE = {"EX01", "SA01"}  # asked of classes and functions, not of each method


def public_names():
    """Yield (name as it is imported, whether it is a method) of all that is public, once each."""
    seen = set()
    for module_name in MODULES:
        module = import_module(module_name)
        names = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
        for name in sorted(names):
            value = getattr(module, name)
            ours = (getattr(value, "__module__", None) or "").split(".")[0] in OURS
            if not ours or not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            if value not in seen:
                seen.add(value)
                yield f"{module_name}.{name}", False
                yield from ((f"{module_name}.{name}.{m}", True) for m in methods(value))


def methods(value):
    """Return the public methods and properties that a class of ours defines or inherits of ours."""
    if not inspect.isclass(value):
        return []
    own = {}
    for base in reversed(value.__mro__):
        if base.__module__.split(".")[0] in OURS:
            own.update(vars(base))
        else:  # what scikit-learn or torch define they document
            for name in set(vars(base)) & set(own):
                own.pop(name)
    kinds = (property, staticmethod, classmethod)
    return sorted(
        name
        for name, member in own.items()
        if not name.startswith("_")
        and not (name.startswith("set_") and name.endswith("_request"))
        and (getattr(member, "__name__", "") == name or isinstance(member, kinds))
    )


def wrong_defaults(name):
    """Yield a message for every parameter whose default is not that of the signature."""
    value = locate(name)
    if not callable(value) or (inspect.isclass(value) and issubclass(value, BaseException)):
        return
    signature = inspect.signature(value).parameters
    for entry in NumpyDocString(inspect.getdoc(value) or "")["Parameters"]:
        default = getattr(signature.get(entry.name), "default", inspect.Parameter.empty)
        if isinstance(default, PLAIN):
            _, equals, text = entry.type.partition("default=")
            if not equals or default not in (text, eval(text, {"inf": math.inf})):
                yield f"{entry.name} : {entry.type!r}, but its default is {default!r}"


def main(words):
    """Print every violation; return their number."""
    chosen = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "numpydoc_validation"
    ]
    left_out = set(chosen["checks"]) - {"all"}
    checks = set(ERROR_MSGS) - left_out
    n_names = n_errors = 0
    for name, is_method in public_names():
        if words and not any(word in name for word in words):
            continue
        n_names += 1
        for message in wrong_defaults(name):
            n_errors += 1
            print(f"{name}: {message}")
        for code, message in validate(name)["errors"]:
            if (code, message) == ("PR02", "Unknown parameters {'cls'}"):
                continue  # numpydoc leaves a first argument "cls" out, of functions too
            if code in checks and not (is_method and code in ONLY_WHOLE):
                n_errors += 1
                print(f"{name}: {code} {message}")
    print(f"{n_names} public names, {n_errors} errors")
    return n_errors


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
