"""What is public is in the reference, and pages point at what is there."""

import re
from pathlib import Path

import benchmarks
import reservoirs
import trainers
from reservoirs import datasets, diagnostics, display, metrics, model_selection, topology
from trainers import solvers

DOCS = Path(__file__).resolve().parent.parent / "docs"
LISTED = re.findall(r"^   ([\w.]+)$", (DOCS / "api.rst").read_text(), re.M)
MODULES = {"datasets", "diagnostics", "display", "metrics", "model_selection", "persistence"}
PUBLIC = [
    *(name for name in reservoirs.__all__ if name not in MODULES | {"topology", "__version__"}),
    *(name for name in trainers.__all__ if name != "solvers"),
    *(name for name in display.__all__ if name != "Display"),
    *(
        f"{module.__name__.partition('.')[2]}.{name}"
        for module in (datasets, diagnostics, metrics, model_selection, topology)
        for name in module.__all__
        if callable(getattr(module, name))
    ),
    *sorted({f"solvers.{type(make()).__name__}" for make in solvers.SOLVERS.values()}),
    *benchmarks.__all__,
]


def test_every_public_name_is_in_the_reference():
    assert set(PUBLIC) <= set(LISTED)


def test_every_link_inside_leads_somewhere():
    for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_equations_name_tests_that_exist():
    tests = {path.name for path in (DOCS.parent / "tests").rglob("test_*.py")}

    for name in re.findall(r"(test_\w+\.py)", (DOCS / "equations.md").read_text()):
        assert name in tests, name
