"""Kill whatever a run consists of, a hundred times; an experiment of minutes (pytest -m slow)."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from processes import session

COMMAND = [
    sys.executable, "-m", "benchmarks", "run", "smoke", "-j", "2", "--seeds", "2", "--retry",
]  # fmt: skip
KILLS = 100


def records(folder):
    """Return the metrics of every record, which must all be whole."""
    found = {}
    for path in (folder / "smoke" / "cells").glob("*.json"):
        record = json.loads(path.read_text())
        found[path.name] = (record["status"], record.get("metrics"))
    return found


def start(folder):
    return subprocess.Popen(
        [*COMMAND, "--out", folder], start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert start(whole).wait() == 0
    draw, kills, running = random.Random(0), 0, start(broken)

    while kills < KILLS:
        time.sleep(draw.uniform(0.0, 4.0))
        victims = session(running.pid)
        if victims and running.poll() is None:
            os.kill(draw.choice(victims), signal.SIGKILL)
            kills += 1
        if running.poll() is not None:
            for left in session(running.pid):
                os.kill(left, signal.SIGKILL)
            if running.returncode == 0:  # it got to the end: take some records away again
                for path in draw.sample(sorted((broken / "smoke" / "cells").glob("*")), 8):
                    path.unlink()
            running = start(broken)
    running.wait()

    while start(broken).wait() != 0:
        pass
    assert records(broken) == records(whole)
    assert all(status == "ok" for status, _ in records(broken).values())
