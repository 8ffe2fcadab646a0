"""Print constraints that hold every package at the lower bound that pyproject.toml claims for it.

    python .ci/lower_bounds.py > oldest.txt && pip install -c oldest.txt -e '.[all]'

torch stays at the version of constraints.txt, and so does all that comes along with others, but
for what a lower bound itself decides.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH = {"torch", "torchvision"}  # hundreds of megabytes, and tested at one version
DECIDED = {
    "llvmlite",
    "joblib",
    "scikit-base",
    "distributed",
}  # by the bounds of others: pip takes what fits


def normal(name):
    """Return a package's name as indices compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lower_bounds(text):
    """Return {package: version} of every `package>=version` in a pyproject.toml."""
    project = tomllib.loads(text)["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    bounds = {}
    for requirement in (line for group in groups for line in group):
        match = re.fullmatch(r"([\w-]+)(?:\[[\w,-]+\])?>=([\w.]+)", requirement)
        if match:
            bounds[normal(match[1])] = match[2]
        elif not requirement.startswith(f"{project['name']}["):
            sys.exit(
                f"pyproject.toml: {requirement!r} has no lower bound of the form name>=version"
            )
    return bounds


def pinned(text):
    """Return {package: version} of every `package==version` in a file of constraints."""
    pins = re.findall(r"^([\w.-]+)==(\S+)$", text, re.M)
    return {normal(name): version for name, version in pins}


def constraints(pyproject, newest):
    """Return one `package==version` a line: lower bounds, and the newest of all others."""
    bounds = {k: v for k, v in lower_bounds(pyproject).items() if k not in TORCH}
    chosen = {k: v for k, v in pinned(newest).items() if k not in DECIDED} | bounds
    return "\n".join(f"{name}=={chosen[name]}" for name in sorted(chosen))


if __name__ == "__main__":
    print(
        constraints(
            (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
            (ROOT / "constraints.txt").read_text(),
        )
    )
