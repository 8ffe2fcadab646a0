from benchmarks.methods import (
    baselines,
    echo_state,
    informed,
    long_memory,
    peers,
    races,
    rolling,
    trained,
)
from benchmarks.methods.registry import METHODS


def test_every_method_of_every_file_is_there_once_under_its_name():
    files = (long_memory, races, echo_state, trained, peers, baselines, informed, rolling)
    methods = [method for file in files for method in file.METHODS]

    assert len(methods) == len(METHODS)
    assert all(METHODS[method.name] is method for method in methods)
