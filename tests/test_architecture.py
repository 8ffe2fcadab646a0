"""Which file may import what, how long it may be, and what `import reservoirs` loads."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path

import pytest

LIMIT = 400
PACKAGES = {
    name: Path(find_spec(name).origin).parent for name in ("reservoirs", "trainers", "benchmarks")
}
FILES = {
    ".".join((package, *path.relative_to(root).with_suffix("").parts)): path
    for package, root in PACKAGES.items()
    for path in root.rglob("*.py")
}
# Rooms (files and folders of a package), the lowest floor first. A file imports from its own room
# and from floors below, never from the same floor or from above.
FLOORS = {
    "reservoirs": [
        {"labels", "missing", "mistakes", "overflow", "parallel", "suggestions", "version"},
        {"joining"},
        {"sequences"},
        {"compiled", "seeds", "targets", "topology"},
        {"activations", "estimators", "input_weights", "leak_rates", "packing", "readout"},
        {"datasets", "drawn", "metrics", "scaling"},
        {"plasticity"},
        {"forecasting"},
        {"short_series"},
        {"invertible", "nvar", "reservoir"},
        {"diagnostics", "esn", "model_selection"},
        {"display", "local"},
        {"forecaster", "hybrid"},
        {"persistence"},
        {"__init__"},
    ],
    "trainers": [
        {"network"},
        {"data"},
        {"second_order"},
        {"training"},
        {"rnn", "solvers"},
        {"diagnostics", "saving"},
        {"display"},
        {"__init__"},
    ],
    "benchmarks": [
        {"tasks"},
        {"methods"},
        {"protocols", "cells", "drawing", "__init__"},
        {"tuning", "results"},
        {"running", "report"},
        {"csv_forecast", "speed", "variants"},
        {"cli"},
        {"__main__"},
    ],
}
AT_THE_TOP = {  # imported with the file; joblib and threadpoolctl are scikit-learn's
    "reservoirs": {"numpy", "scipy", "sklearn", "joblib", "threadpoolctl"},
    "trainers": {"numpy", "scipy", "sklearn", "torch", "reservoirs"},
    "benchmarks": {
        "numpy",
        "scipy",
        "sklearn",
        "joblib",
        "threadpoolctl",
        "torch",
        "matplotlib",
        "rich",
    }
    | {"jinja2", "optuna", "reservoirs", "trainers"},
}
INSIDE = {  # imported inside functions only, so that nobody else loads or needs them
    "reservoirs": {"numba", "llvmlite", "matplotlib", "pandas", "safetensors"}
    | {"dysts", "pywt", "statsmodels"},
    "trainers": {"numba"},
    "benchmarks": {"reservoirpy", "optuna", "distributed", "statsmodels", "pandas"}
    | {"scikit_posthocs", "dysts"},
}
OURS_FOR_TRAINERS = {
    "sequences", "targets", "topology", "readout", "estimators", "forecasting", "metrics",
    "parallel", "persistence", "display", "suggestions", "version",
}  # fmt: skip
PUBLIC = {
    *("reservoirs", "trainers", "trainers.solvers"),
    *("reservoirs.datasets", "reservoirs.diagnostics", "reservoirs.display", "reservoirs.metrics"),
    *("reservoirs.model_selection", "reservoirs.topology"),
}
TIMED_ALONE = {  # parts of the estimators that the speed suite times by themselves
    "trainers.network.workspace",
    "trainers.network.stack",
    "trainers.network.small",
    "trainers.second_order.closure",
}

TEXT = ("read_text", "write_text")


@cache
def imports(name, types=False):
    """Return (module, whether it is imported with the file) of every import of a file.

    Those for types alone count where `types` is true.
    """
    for_types = [
        node
        for node in nodes(name)
        if not types and isinstance(node, ast.If) and is_type_checking(node.test)
    ]
    inner = {
        id(node)
        for function in nodes(name)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    skipped = {id(node) for block in for_types for node in ast.walk(block)}
    found = []
    for node in nodes(name):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}: imports are absolute"
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {module if is_ours(module) else node.module for module in modules}
            found += [(module, id(node) not in inner) for module in modules]
        elif isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in inner) for alias in node.names]
    return tuple(found)


def is_type_checking(node):
    return isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"


@cache
def nodes(name):
    return tuple(ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))))


@cache
def is_ours(module):
    return module in FILES or f"{module}.__init__" in FILES


def ours(name, types=False):
    """Return the files of ours that a file imports."""
    modules = {module for module, _ in imports(name, types) if is_ours(module)}
    return {m if m in FILES else f"{m}.__init__" for m in modules} - {name}


def room(name):
    return name.split(".")[1]


def floor(name):
    package = name.split(".")[0]
    return next(i for i, rooms in enumerate(FLOORS[package]) if room(name) in rooms)


@cache
def is_compiled(name):
    """Tell whether a file loads numba, and must therefore be imported inside functions only."""
    return any(
        at_the_top
        and (module.split(".")[0] == "numba" or (module in FILES and is_compiled(module)))
        for module, at_the_top in imports(name)
    )


def test_every_room_has_a_floor():
    rooms = {
        package: {room(n) for n in FILES if n.split(".")[0] == package} for package in PACKAGES
    }

    assert rooms == {package: set().union(*floors) for package, floors in FLOORS.items()}


def test_a_file_imports_from_floors_below():
    for name in FILES:
        for other in ours(name):
            if other.split(".")[0] == name.split(".")[0] and room(other) != room(name):
                assert floor(other) < floor(name), f"{name} imports {other}"


def test_no_file_imports_itself_through_others():
    try:
        TopologicalSorter({name: ours(name, types=True) for name in FILES}).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_a_file_imports_only_what_its_package_may():
    for name in FILES:
        assert_imports_are_allowed(name)


def assert_imports_are_allowed(name):
    package = name.split(".")[0]
    compiled = is_compiled(name)
    for module, at_the_top in imports(name):
        root, *parts = module.split(".")
        allowed = {package} | AT_THE_TOP[package]
        if compiled or not at_the_top:
            allowed |= INSIDE[package]

        assert root in allowed | set(sys.stdlib_module_names), f"{name} imports {module}"
        if at_the_top and module in FILES and not compiled:
            assert not is_compiled(module), f"{name} loads numba through {module}"
        if package == "trainers" and root == "reservoirs":
            loops = {"compiled"} if compiled else set()
            assert set(parts[:1]) <= OURS_FOR_TRAINERS | loops, f"{name} imports {module}"
        if package == "benchmarks" and root in ("reservoirs", "trainers"):
            timed = TIMED_ALONE if name == "benchmarks.speed.training" else set()
            assert module in PUBLIC | timed, f"{name} imports {module}"


def test_no_file_is_longer_than_the_limit():
    paths = [*FILES.values(), *Path(__file__).parent.rglob("*.py")]

    assert [path for path in paths if len(path.read_text().splitlines()) > LIMIT] == []


def test_few_files_lie_directly_in_the_packages_with_rooms():
    flat = {package: len(list(root.glob("*.py"))) for package, root in PACKAGES.items()}

    assert flat["benchmarks"] <= 5
    assert flat["trainers"] <= 8


def test_importing_reservoirs_loads_nothing_heavy():
    code = (
        "import sys, sklearn.base; before = set(sys.modules); import reservoirs; "
        "new = set(sys.modules) - before; "
        "heavy = {'torch', 'matplotlib', 'numba', 'pandas'}; "
        "heavy |= {'sklearn.metrics', 'sklearn.pipeline'}; "
        "print(sorted(heavy & new), sorted({'torch', 'matplotlib', 'numba'} & set(sys.modules)))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert loaded.stdout.strip() == "[] []"


def test_parts_come_when_asked_for_and_misspelled_ones_do_not():
    import reservoirs

    assert set(reservoirs.__all__) <= set(dir(reservoirs))
    assert all(hasattr(reservoirs, name) for name in reservoirs.__all__)
    with pytest.raises(AttributeError, match="no attribute 'dataset'"):
        reservoirs.dataset  # noqa: B018


def test_text_is_read_and_written_as_utf_8_whatever_the_locale():
    for name in FILES:
        calls = (node for node in nodes(name) if isinstance(node, ast.Call))
        for call in calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in TEXT:
                assert any(k.arg == "encoding" for k in call.keywords), f"{name}:{call.lineno}"
