"""Validate the docstring of every public name with numpydoc: `python .ci/docstrings.py [WORD ...]`.

The checks are chosen in pyproject.toml, [tool.numpydoc_validation]; besides, a default that is a
number, a text, a tuple or None must be that of the signature. With words, only names that contain
one of them are read.
"""

import inspect
import math
import sys
import tomllib
from pathlib import Path
from pydoc import locate

from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import ERROR_MSGS, validate
from public_names import public_names

PLAIN = (bool, int, float, str, tuple, type(None))  # defaults that print as they are written
ONLY_WHOLE = {"EX01", "SA01"}  # asked of classes and functions, not of each method


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
