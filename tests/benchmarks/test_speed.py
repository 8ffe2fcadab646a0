import json

import pytest
import torch

from benchmarks.cli import main
from benchmarks.speed import reservoirs as speed
from benchmarks.speed import training as speed_training
from benchmarks.speed.timing import Timing, interleaved


def test_contenders_take_turns_after_a_warm_up_and_keep_every_sample():
    order = []
    calls = {"reservoirs": lambda: order.append("a"), "other": lambda: order.append("b")}

    timing = interleaved("job", calls, 3)

    assert order == ["a", "b"] * 4
    assert [len(samples) for samples in timing.samples.values()] == [3, 3]
    assert timing.ratio("reservoirs") == 1.0


def test_the_plain_loop_computes_what_we_compute():
    import numpy as np

    from reservoirs import Reservoir

    u = speed._input(50)
    reservoir = Reservoir(n_units=20, leak_rate=speed.LEAK, random_state=0).fit(u)

    np.testing.assert_allclose(speed._loop(reservoir, u)(), reservoir.transform(u), rtol=1e-11)


def test_a_ratio_compares_calls_of_one_turn():
    timing = Timing("job", {"reservoirs": [1.0, 2.0, 4.0], "peer": [8.0, 4.0, 8.0]})

    assert timing.ratio("peer") == 2.0
    assert timing.ratio("reservoirs", ours="peer") == 0.5


def test_another_radius_of_a_kept_draw_is_timed_beside_a_new_one():
    timing = speed.drawing(20, 2)

    assert {"reservoirs", "reservoirs, another radius"} <= set(timing.samples)
    assert all(len(samples) == 2 for samples in timing.samples.values())


def test_a_fit_is_timed_beside_the_dsyrk_in_it():
    timing = speed.over_dsyrk(20, 2048, 2)

    assert {name: len(samples) for name, samples in timing.samples.items()} == {
        "reservoirs": 2, "its dsyrk alone": 2,
    }  # fmt: skip


def test_the_command_prints_a_table_and_keeps_the_samples(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(speed, "jobs", lambda quick: [lambda: speed.states(20, 1)])
    monkeypatch.setattr(speed_training, "jobs", lambda quick: [])

    assert main(["speed", "--quick", "--out", str(tmp_path)]) == 0

    assert "states, N=20" in capsys.readouterr().out
    kept = json.loads((tmp_path / "speed.json").read_text())
    assert len(kept["timings"][0]["samples"]["reservoirs"]) == 1


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_both_sides_of_a_training_job_run(cell):
    size, dtype = (3, 4, 2), torch.float64

    for timing in (
        speed_training.gradient(cell, size, dtype, 1),
        speed_training.product(cell, size, dtype, 1),
    ):
        assert len(timing.samples) == 2
        assert all(seconds > 0 for sample in timing.samples.values() for seconds in sample)
