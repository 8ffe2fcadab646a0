"""What the tests of the two torch optimizers share: small models, closures, files."""

import io

import pytest
import torch
from torch import nn

from trainers import HessianFree, SutskeverMomentum

OPTIMIZERS = [SutskeverMomentum, HessianFree]
both = pytest.mark.parametrize("kind", OPTIMIZERS)


def data(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(20, 3, generator=generator, dtype=dtype)
    return inputs, torch.randn(20, 2, generator=generator, dtype=dtype)


def net(seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).to(dtype)


def make(kind, parameters, **settings):
    """Return an optimizer that takes steps which are neither tiny nor long to compute."""
    usual = {"lr": 0.1} if kind is SutskeverMomentum else {"lr": 1.0, "max_cg": 6}
    return kind(parameters, **{**usual, **settings})


def closure_of(optimizer, model, forward=None, loss=nn.functional.mse_loss):
    """Return the closure that the optimizer asks for."""
    dtype = next(model.parameters()).dtype
    inputs, targets = data(dtype if dtype.is_floating_point else torch.float64)
    forward = forward or model

    def with_outputs():
        outputs = forward(inputs)
        return loss(outputs, targets), outputs

    def backward():
        optimizer.zero_grad()
        value, _ = with_outputs()
        value.backward()
        return value

    return with_outputs if isinstance(optimizer, HessianFree) else backward


def train(optimizer, model, n_steps=3, **how):
    closure = closure_of(optimizer, model, **how)
    losses = [optimizer.step(closure) for _ in range(n_steps)]
    return [loss.item() if isinstance(loss, torch.Tensor) else loss for loss in losses]


def weights(model):
    return torch.cat([p.detach().to_dense().flatten().clone() for p in model.parameters()])


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)
