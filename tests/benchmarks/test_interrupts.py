"""Ctrl-C, which a terminal sends to the command and to all processes that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slow_to_load
from processes import session

LINE = "interrupted; the same command goes on where this one stopped"


COMMAND = ("-m", "benchmarks")
# The same, but for what its fork server loads: nothing, for a second.
LIGHT = (
    "-c",
    f"import sys; sys.path.append({str(Path(slow_to_load.__file__).parent)!r})\n"
    "from benchmarks.cells import processes\n"
    "processes.PRELOADED = 'slow_to_load'\n"
    "from benchmarks.__main__ import main\n"
    "sys.exit(main())",
)


def interrupted(tmp_path, ready, *arguments, command=COMMAND):
    """Return the exit code and all that was printed, after Ctrl-C once it is ready."""
    command = subprocess.Popen(
        [sys.executable, *command, *arguments, "--out", str(tmp_path)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = time.monotonic() + 120.0
    while not ready(command.pid) and command.poll() is None:
        assert time.monotonic() < end, "not ready in two minutes"
        time.sleep(0.05)  # to look through all processes takes 2 ms
    os.killpg(command.pid, signal.SIGINT)
    printed = command.communicate(timeout=120)[0]
    while session(command.pid):
        assert time.monotonic() < end, "processes are left"
        time.sleep(0.05)
    return command.returncode, printed.strip()  # older versions of rich end their bar with a line


@pytest.mark.parametrize(
    ("command", "later"),
    [
        (LIGHT, 0.5),
        pytest.param(COMMAND, 0.0, marks=pytest.mark.slow),
        pytest.param(COMMAND, 0.5, marks=pytest.mark.slow),
    ],
    ids=["light", "at once", "later"],
)
def test_ctrl_c_while_workers_load_their_libraries_is_one_line(tmp_path, command, later):
    def ready(pid):
        if len(session(pid)) < 3:  # the command, the tracker of resources and the server
            return False
        time.sleep(later)
        return True

    chosen = ("run", "smoke", "-m", "mean", "-j", "2")
    code, printed = interrupted(tmp_path, ready, *chosen, command=command)

    assert code == 130
    assert printed == LINE


def test_ctrl_c_while_the_command_loads_its_libraries_is_one_line(tmp_path):
    def ready(pid):
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            return "_multiarray_umath" in maps.read()

    code, printed = interrupted(tmp_path, ready, "run", "smoke", "-m", "mean")

    assert code == 130
    assert printed == LINE
