import json

import torch

from benchmarks.cli import main
from benchmarks.speed import grid


def test_both_sides_of_every_kind_are_timed_on_one_thread(monkeypatch):
    monkeypatch.setattr(grid, "TURNS", (1, 1))
    n_threads = torch.get_num_threads()

    found = [ratio for ratio, _ in grid.ratios([(3, 4, 2)])]

    assert len(found) == len(grid.CALLS) * len(grid.LAYERS) * len(grid.DTYPES)
    assert all(ratio.ratio > 0 for ratio in found)
    assert torch.get_num_threads() == n_threads
    assert len(grid.summary(found)) == len(found)


def test_the_grid_leaves_out_what_memory_does_not_hold():
    kept = grid.sizes()

    assert (512, 1000, 32) in kept
    assert (512, 1000, 256) not in kept
    assert (16, 1000, 256) in kept


def test_a_summary_is_the_geometric_mean_and_the_worst():
    ratios = [grid.Ratio("forward", "rnn", "float32", (n, 1, 1), r) for n, r in ((1, 0.5), (2, 2))]

    assert grid.summary(ratios) == {("forward", "rnn", "float32"): (1.0, 0.5)}


def test_the_command_prints_every_kind_and_keeps_the_samples(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(grid, "TURNS", (1, 1))
    monkeypatch.setattr(grid, "sizes", lambda: [(3, 4, 2)])

    assert main(["speed", "--grid", "--out", str(tmp_path)]) == 0

    printed = capsys.readouterr().out
    assert all(cell in printed for cell in grid.LAYERS)
    assert "3, 4, 2" in printed
    assert len(json.loads((tmp_path / "grid.json").read_text())["timings"]) == 12
