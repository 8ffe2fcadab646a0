import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch_optimizers import OPTIMIZERS, both, closure_of, make, net, train, weights

from trainers import HessianFree

TESTS = Path(__file__).resolve().parent.parent


def two_processes(folder, how):
    """Return what each of two processes found, by the name of the optimizer."""
    path = os.pathsep.join([str(TESTS.parent), str(TESTS), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(TESTS / "replica.py")]
    running = [
        subprocess.Popen([*command, str(rank), "2", str(folder), how], env=environment)
        for rank in range(2)
    ]
    try:
        assert [process.wait(timeout=300) for process in running] == [0, 0]
    finally:
        for process in running:
            process.kill()
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def trained_alone(kind, seed=0, **settings):
    model = net(seed=seed)
    train(make(kind, model.parameters(), weight_decay=0.01, **settings), model, 4)
    return weights(model)


@pytest.mark.slow
def test_data_parallel_processes_take_the_steps_of_one_with_all_data(tmp_path):
    squares = [torch.full_like(p, 1.5) for p in net().parameters()]

    first, second = two_processes(tmp_path, "wrapped")

    for kind in OPTIMIZERS:
        settings = {"squared_gradients": lambda: squares} if kind is HessianFree else {}
        alone = trained_alone(kind, **settings)
        assert torch.equal(first[kind.__name__], second[kind.__name__])
        torch.testing.assert_close(first[kind.__name__], alone, rtol=1e-9, atol=1e-11)


@pytest.mark.slow
def test_processes_that_train_models_of_their_own_are_left_apart(tmp_path):
    for seed, results in enumerate(two_processes(tmp_path, "apart")):
        for kind in OPTIMIZERS:
            alone = trained_alone(kind, seed)
            torch.testing.assert_close(results[kind.__name__], alone, rtol=1e-12, atol=0)


@both
def test_one_process_alone_has_a_data_parallel_module(kind, tmp_path):
    store = torch.distributed.FileStore(str(tmp_path / "store"), 1)
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        model = net()
        copies = torch.nn.parallel.DistributedDataParallel(model)
        optimizer = make(kind, copies.parameters(), weight_decay=0.01)
        closure = closure_of(optimizer, copies)
        for _ in range(4):
            optimizer.step(closure)
    finally:
        torch.distributed.destroy_process_group()

    assert torch.equal(weights(model), trained_alone(kind))
