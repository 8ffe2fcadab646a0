"""Which package may import what, how long a file may be, and what `import reservoirs` loads."""

import ast
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

PACKAGES = {name: Path(str(files(name))) for name in ("reservoirs", "trainers", "benchmarks")}
SOURCES = [(name, path) for name, root in PACKAGES.items() for path in root.rglob("*.py")]
STANDARD = set(sys.stdlib_module_names)
AT_THE_TOP = {
    "reservoirs": {"numpy", "scipy", "sklearn", "joblib", "reservoirs"},  # joblib is scikit-learn's
    "trainers": {"numpy", "scipy", "sklearn", "torch", "reservoirs", "trainers"},
    "benchmarks": {
        "numpy", "scipy", "sklearn", "threadpoolctl", "torch", "matplotlib", "rich", "jinja2",
        "reservoirs", "trainers", "benchmarks",
    },
}  # fmt: skip
INSIDE = {
    "reservoirs": {
        "numba",
        "llvmlite",
        "matplotlib",
        "pandas",
        "dysts",
        "pywt",
        "safetensors",
        "threadpoolctl",
        "statsmodels",
    },
    "trainers": {"numba", "threadpoolctl"},
    "benchmarks": {
        "reservoirpy",
        "optuna",
        "distributed",
        "joblib",
        "statsmodels",
        "scikit_posthocs",
        "pandas",
        "dysts",
    },
}
OURS_FOR_TRAINERS = {
    "reservoirs.sequences", "reservoirs.topology", "reservoirs.forecasting", "reservoirs.metrics",
    "reservoirs.targets", "reservoirs.version",
    "reservoirs.persistence", "reservoirs.display", "reservoirs.parallel", "reservoirs.estimators",
}  # fmt: skip
SPEED_ONLY = {  # the parts of the estimators that are timed alone
    "trainers.network.workspace",
    "trainers.network.stack",
    "trainers.network.small",
    "trainers.second_order.closure",
}
PUBLIC = {
    "reservoirs", "reservoirs.datasets", "reservoirs.metrics", "reservoirs.model_selection",
    "reservoirs.diagnostics", "reservoirs.display", "reservoirs.topology", "trainers",
    "trainers.solvers",
}  # fmt: skip
LIMIT = 400


def is_for_types_only(node):
    """Tell whether a node is an `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING"


def imports(path):
    """Yield (module, whether it is imported with the file) of every import."""
    tree = ast.parse(path.read_text())
    inner = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef) or is_for_types_only(outer)
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module, id(node) not in inner
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) not in inner


def compiled_file(name):
    """Tell whether a file is written for numba."""
    return name in {"disk_cache", "moments", "simd"} or name.endswith("loops")


@pytest.mark.parametrize(("package", "path"), SOURCES, ids=lambda value: str(value)[-30:])
def test_a_file_imports_only_what_its_package_may(package, path):
    numba_file = compiled_file(path.stem)  # itself imported only inside functions
    for module, at_the_top in imports(path):
        root = module.split(".")[0]
        allowed = AT_THE_TOP[package] | (INSIDE[package] if not at_the_top or numba_file else set())

        assert root in allowed | STANDARD, f"{path.name} imports {module}"
        compiled = compiled_file(module.split(".")[-1])
        assert not (compiled and at_the_top and not numba_file)
        assert package == "benchmarks" or root != "benchmarks", "nothing imports benchmarks"
        if package == "benchmarks" and root in ("reservoirs", "trainers"):
            timed = SPEED_ONLY if path.parts[-2:] == ("speed", "training.py") else set()
            assert module in PUBLIC | timed, f"{path.name} imports {module}"
        if package == "trainers" and root == "reservoirs":
            loops = {"reservoirs.compiled.simd"} if numba_file else set()
            assert module in OURS_FOR_TRAINERS | loops, f"{path.name} imports {module}"


def test_no_file_is_longer_than_the_limit():
    files = [path for _, path in SOURCES] + list(Path(__file__).parent.rglob("*.py"))

    assert [path for path in files if len(path.read_text().splitlines()) > LIMIT] == []


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
