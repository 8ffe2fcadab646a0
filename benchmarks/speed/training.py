"""The speed suite's training half: our gradients and Gauss-Newton products against plain PyTorch.

Same network, same data, same dtype, one thread; the parts that the estimators are made of are timed
alone, an epoch through the public API.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.speed.timing import Call, Job, Timing, interleaved
from reservoirs import datasets, next_step
from trainers import RNNRegressor
from trainers.network.small import one_thread
from trainers.network.stack import Network
from trainers.network.workspace import Workspace
from trainers.second_order.closure import differentiable_kernels

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
EPOCHS = 10
SMALL, LARGE = (64, 20, 32), (100, 100, 100)  # units, steps, series


class Plain(nn.Module):
    """A recurrent layer of torch and a linear readout."""

    def __init__(self, cell: str, n_units: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.recurrent = LAYERS[cell](1, n_units).to(dtype)
        self.readout = nn.Linear(n_units, 1).to(dtype)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs, (n_steps, batch, 1)."""
        outputs: Tensor = self.readout(self.recurrent(inputs)[0])
        return outputs


def setting(
    cell: str, size: tuple[int, int, int], dtype: torch.dtype
) -> tuple[Network, Plain, Tensor, Tensor, Tensor]:
    """Return our network and theirs, weights, inputs and targets."""
    torch.manual_seed(0)
    n_units, n_steps, batch = size
    network, plain = Network(cell, 1, n_units, 1, 1), Plain(cell, n_units, dtype)
    theta = 0.1 * torch.randn(network.n_weights, dtype=dtype)
    data = torch.randn(2, n_steps, batch, 1, dtype=dtype)
    return network, plain, theta, data[0], data[1]


def title(what: str, cell: str, size: tuple[int, int, int], dtype: torch.dtype) -> str:
    """Return the name of a job for units, steps and series."""
    n_units, n_steps, batch = size
    name = str(dtype).removeprefix("torch.")
    return f"{what}, {cell}, H={n_units} T={n_steps} B={batch}, {name}"


def gradient_calls(
    network: Network, plain: Plain, theta: Tensor, inputs: Tensor, targets: Tensor
) -> dict[str, Call]:
    """Return a gradient of the squared error by ourselves and by torch's autograd."""
    workspace, parameters = Workspace(theta), list(plain.parameters())
    count = inputs.shape[0] * inputs.shape[1]

    def ours() -> Tensor:
        run = network.forward(theta, inputs, workspace=workspace, keep="gradient")
        return network.backward(run, (run.outputs - targets) / count)

    def theirs() -> tuple[Tensor, ...]:
        loss = 0.5 * (plain(inputs) - targets).square().sum() / count
        return torch.autograd.grad(loss, parameters)

    return {"reservoirs": ours, "torch": theirs}


def forward_calls(
    network: Network, plain: Plain, theta: Tensor, inputs: Tensor, targets: Tensor
) -> dict[str, Call]:
    """Return a run of the network by ourselves and by torch, without a graph."""
    workspace = Workspace(theta)

    def theirs() -> Tensor:
        with torch.inference_mode():
            outputs: Tensor = plain(inputs)
            return outputs

    def ours() -> Tensor:
        with torch.inference_mode():
            return network.forward(theta, inputs, workspace=workspace, keep="nothing").outputs

    return {"reservoirs": ours, "torch": theirs}


def gradient(cell: str, size: tuple[int, int, int], dtype: torch.dtype, repeats: int) -> Timing:
    """Time a gradient of the squared error by back-propagation through time.

    The size is units, steps and series.
    """
    calls = gradient_calls(*setting(cell, size, dtype))
    with one_thread(size[0]):
        return interleaved(title("gradient", cell, size, dtype), calls, repeats)


def product(cell: str, size: tuple[int, int, int], dtype: torch.dtype, repeats: int) -> Timing:
    """Time a Gauss-Newton product of the squared error, forward pass known.

    The size is units, steps and series.
    """
    network, plain, theta, inputs, _ = setting(cell, size, dtype)
    run, workspace, v = network.forward(theta, inputs), Workspace(theta), torch.randn_like(theta)
    count = size[1] * size[2]
    names = dict(plain.named_parameters())
    values = {name: p.detach() for name, p in names.items()}
    along = {name: torch.randn_like(p) for name, p in values.items()}

    def outputs(weights: dict[str, Tensor]) -> Any:  # noqa: ANN401 - a torch module
        return functional_call(plain, weights, (inputs,))

    def ours() -> Tensor:
        r_outputs, _ = network.r_forward(run, v, workspace)
        return network.backward(run, r_outputs / count, workspace=workspace)

    def theirs() -> Any:  # noqa: ANN401 - a torch module
        tangent: Any = jvp(outputs, (values,), (along,))[1]
        return vjp(outputs, values)[1](tangent / count)

    calls: dict[str, Call] = {"reservoirs": ours, "torch.func jvp + vjp": theirs}
    with differentiable_kernels(), one_thread(size[0]):  # fused kernels have no forward mode
        return interleaved(title("Gauss-Newton product", cell, size, dtype), calls, repeats)


def lagged_sine_epoch(repeats: int) -> Timing:
    """Time an epoch of the notes' sine forecast: 20 lags, 64 units, batches of 32, Adam."""
    series = datasets.lagged_sine()[:800]
    model = RNNRegressor(
        n_units=64,
        window=20,
        max_iter=EPOCHS,
        batch_size=32,
        learning_rate=1e-3,
        standardize=False,
        random_state=0,
    )
    X, y = series[:-1, None], series[1:]
    # The last window has no target.
    windows = torch.tensor(np.lib.stride_tricks.sliding_window_view(series, 20)[:-1].copy())
    data = TensorDataset(windows[..., None].float(), torch.tensor(series[20:, None]).float())
    loader = DataLoader(data, batch_size=32, shuffle=True)
    layer, readout = nn.RNN(1, 64, batch_first=True), nn.Linear(64, 1)
    optimizer = torch.optim.Adam([*layer.parameters(), *readout.parameters()], lr=1e-3)

    def theirs() -> None:
        for _ in range(EPOCHS):
            for inputs, targets in loader:
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(readout(layer(inputs)[0][:, -1]), targets)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()

    calls: dict[str, Call] = {"reservoirs": lambda: model.fit(X, y), "plain PyTorch loop": theirs}
    return interleaved(f"{EPOCHS} epochs of the 20-lag sine, H=64, batch 32", calls, repeats)


def closed_loop(cell: str, repeats: int) -> Timing:
    """Time a free run of 200 steps of a network of 50 units, beside torch's layer step by step."""
    series = np.sin(0.2 * np.arange(400))[:, None]
    model = RNNRegressor(cell=cell, n_units=50, max_iter=1, standardize=False, random_state=0)
    model.fit(*next_step(series))
    layer, readout = LAYERS[cell](1, 50), nn.Linear(50, 1)

    def theirs() -> None:
        row, state = torch.zeros(1, 1), None
        with torch.inference_mode():
            for _ in range(200):
                output, state = layer(row, state)
                row = readout(output)

    calls: dict[str, Call] = {
        "reservoirs": lambda: model.forecast(200),
        "torch, step by step": theirs,
    }
    with one_thread(50):
        return interleaved(f"closed loop, {cell}, 50 units", calls, repeats, 200)


def jobs(quick: bool) -> list[Job]:
    """Return the jobs.

    `quick` takes small sizes only, a few seconds. Each job returns a timing.
    """
    suite: list[Job] = [partial(lagged_sine_epoch, 9)]
    for cell in ("rnn",) if quick else LAYERS:
        suite.append(partial(closed_loop, cell, 9))
        for size in (SMALL,) if quick else (SMALL, LARGE):
            for dtype in (torch.float64, torch.float32):
                repeats = 40 if size == SMALL else 7
                suite.append(partial(gradient, cell, size, dtype, repeats))
                suite.append(partial(product, cell, size, dtype, repeats))
    return suite
