import numpy as np
import pytest
import torch

from benchmarks.methods.registry import METHODS
from benchmarks.protocols.evaluate import evaluate
from benchmarks.tasks import TASKS
from benchmarks.tuning.stored import settings_for
from reservoirs import datasets

# The median over seeds 0 to 4 of what plain_loop returns, with torch 2.13 on one thread. The
# slow test below computes it again.
PLAIN_MEDIAN = 6.6e-6


def plain_loop(seed, window=20, n_units=64, epochs=100):
    """The notes' example as anybody would write it: nn.RNN, DataLoader, Adam."""
    torch.manual_seed(seed)
    series = torch.tensor(datasets.lagged_sine(), dtype=torch.float32)

    def windows(part):
        x = torch.stack([part[i : i + window] for i in range(len(part) - window)])
        return x[..., None], part[window:, None]

    train, valid = windows(series[:800]), windows(series[800:])
    recurrent = torch.nn.RNN(1, n_units, batch_first=True)
    linear = torch.nn.Linear(n_units, 1)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *linear.parameters()], lr=1e-3)
    data = torch.utils.data.TensorDataset(*train)
    loader = torch.utils.data.DataLoader(data, batch_size=32, shuffle=True)
    loss = torch.nn.MSELoss()
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss(linear(recurrent(x)[0][:, -1]), y).backward()
            optimizer.step()
    with torch.no_grad():
        return float(loss(linear(recurrent(valid[0])[0][:, -1]), valid[1]))


def our_example(seed):
    """The harness's row: the start was searched on the training values alone."""
    task, method = TASKS["lagged_sine"], METHODS["notes_rnn"]
    data, settings = task.data("test", seed), settings_for(task, method)
    outcome = evaluate(task, data, method, settings, task.model_seed("test", seed))
    return outcome.metrics["one_step_mse"]


def test_the_lagged_sine_is_learned_as_well_as_by_the_plain_torch_loop():
    assert our_example(0) <= 1.2 * PLAIN_MEDIAN


@pytest.mark.slow
def test_the_median_of_five_seeds_is_as_good_as_that_of_the_plain_torch_loop():
    assert np.median([our_example(seed) for seed in range(5)]) <= 1.2 * PLAIN_MEDIAN


@pytest.mark.slow
def test_the_recorded_median_of_the_plain_torch_loop_repeats():
    assert np.median([plain_loop(seed) for seed in range(5)]) == pytest.approx(
        PLAIN_MEDIAN, rel=0.5
    )
