"""Link into one environment what another has installed at the very version that is wanted.

    python .ci/link_installed.py .venv other/venv oldest.txt

Of every package that the constraints pin to the version there; pip then finds it installed.
"""

import sys
import sysconfig
from collections import defaultdict
from importlib.metadata import distributions
from pathlib import Path

from lower_bounds import normal, pinned

OF_EACH = {"pip", "setuptools"}  # an environment comes with its own


def site_packages(environment):
    """Return the folder of an environment's packages."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": environment}))


def entries(distribution):
    """Return the names in that folder of what a package has installed."""
    tops = {file.parts[0] for file in distribution.files or ()}
    return tops - {"..", "__pycache__"}


def linked(source, wanted):
    """Return the names of what may be linked: whole, and of no package that is not wanted."""
    owners = defaultdict(set)
    chosen = {}
    for distribution in distributions(path=[str(source)]):
        name = normal(distribution.name)
        for entry in entries(distribution):
            owners[entry].add(name)
        version = distribution.version.partition("+")[0]  # torch's says whether it is for GPUs
        if wanted.get(name) == version and name not in OF_EACH:
            chosen[name] = distribution
    return {
        entry
        for distribution in chosen.values()
        for entry in entries(distribution)
        if all(owners[other] <= set(chosen) for other in entries(distribution))
    }


def main(source, target, constraints):
    """Make the links, and say how many."""
    source, target = site_packages(Path(source).resolve()), site_packages(Path(target).resolve())
    names = linked(source, pinned(Path(constraints).read_text(encoding="utf-8")))
    for name in names:
        (target / name).symlink_to(source / name)
    print(f"{len(names)} folders and files of packages linked from {source}")


if __name__ == "__main__":
    main(*sys.argv[1:])
