import json
import os
import platform

from benchmarks.cells import machine


def test_a_machine_is_noisy_when_more_wants_to_run_than_it_has_cores():
    cores = os.cpu_count()

    assert not machine.is_noisy(0.0, cores * 1.1)
    assert machine.is_noisy(0.0, cores * 1.3)
    assert not machine.is_noisy(None, None)  # a system that does not count


def test_the_load_is_unknown_where_the_system_does_not_count(monkeypatch):
    monkeypatch.delattr(os, "getloadavg")

    assert machine.load_average() is None


def test_a_machine_is_described_in_json_without_its_name():
    found = machine.describe_machine()

    assert json.loads(json.dumps(found)) == found
    assert found["python"] == platform.python_version()
    assert found["machine_score"] > 0
    assert not platform.node() or platform.node() not in found.values()
