"""One run of a suite, which the tests of all processes read."""

import contextlib
import fcntl
import io
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.cli import main

SMOKE = [
    "run", "smoke", "-m", "esn", "-m", "linear", "-m", "persistence", "-m", "mean",
    "--seeds", "2", "-j", "2",
]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What a command was given and what it left behind; read only."""

    arguments: list[str]
    out: Path
    printed: str

    @property
    def folder(self):
        return self.out / "smoke"


@pytest.fixture(scope="session")
def smoke_run(tmp_path_factory):
    """Return the run of eight cells that the first process to ask for it has made."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    printed = shared / "smoke_run.txt"
    with (shared / "smoke_run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not printed.exists():
            with contextlib.redirect_stdout(io.StringIO()) as text:
                code = main([*SMOKE, "--out", str(shared / "smoke_run")])
            assert code == 0
            printed.write_text(text.getvalue())
    return Run(SMOKE, shared / "smoke_run", printed.read_text())
