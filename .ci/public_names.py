"""The public names of the three packages; without numpydoc, for the tests of their examples."""

import inspect
from importlib import import_module

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
