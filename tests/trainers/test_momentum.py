import numpy as np
import pytest
import reference
import torch
from numpy.testing import assert_allclose

from trainers import SutskeverMomentum
from trainers.training.momentum import autoencoder_schedule, rnn_schedule

A = np.array([[3.0, 0.5], [0.5, 0.2]])
START = [1.0, -2.0]


def gradient(theta):
    return A @ theta


def descend(optimizer_of, n_steps):
    p = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = optimizer_of([p])
    for _ in range(n_steps):
        p.grad = torch.as_tensor(gradient(p.detach().numpy()))
        optimizer.step()
    return p, optimizer


MOMENTA = [0.5, 0.5, 0.9, 0.9, 0.95, 0.2, 0.99, 0.99]


@pytest.mark.parametrize("nesterov", [True, False])
def test_momentum_is_the_published_recursion_while_the_coefficient_changes(nesterov):
    literal = reference.nesterov if nesterov else reference.classical

    p, optimizer = descend(
        lambda params: SutskeverMomentum(
            params, lr=0.05, nesterov=nesterov, schedule=lambda step: MOMENTA[min(step, 7)]
        ),
        8,
    )
    optimizer.settle()

    assert_allclose(p.detach().numpy(), literal(gradient, START, MOMENTA, 0.05), rtol=1e-13)


def test_torch_s_nesterov_is_another_recursion_when_the_coefficient_changes():
    p = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = torch.optim.SGD([p], lr=0.05, momentum=0.5, nesterov=True)
    for mu in MOMENTA:
        optimizer.param_groups[0]["momentum"] = mu
        p.grad = torch.as_tensor(gradient(p.detach().numpy()))
        optimizer.step()

    expected = reference.nesterov(gradient, START, MOMENTA, 0.05)
    assert not np.allclose(p.detach().numpy(), expected, rtol=1e-3)


def test_nesterov_is_classical_with_a_smaller_coefficient_along_each_curvature():
    """Sutskever et al. (2013), theorem 2.1."""
    curvature, mu, rate = 3.0, 0.9, 0.1

    nesterov = reference.nesterov(lambda x: curvature * x, [1.0], [mu] * 20, rate)
    classical = reference.classical(
        lambda x: curvature * x, [1.0], [mu * (1 - rate * curvature)] * 20, rate
    )
    ours, optimizer = descend_1d(curvature, mu, rate)
    optimizer.settle()

    assert_allclose(nesterov, classical, rtol=1e-12)
    assert_allclose(ours.detach().numpy(), nesterov, rtol=1e-12)


def descend_1d(curvature, mu, rate):
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    optimizer = SutskeverMomentum([p], lr=rate, momentum=mu)
    for _ in range(20):
        p.grad = curvature * p.detach()
        optimizer.step()
    return p, optimizer


def test_settling_and_looking_ahead_again_changes_nothing():
    p, optimizer = descend(lambda params: SutskeverMomentum(params, lr=0.05, momentum=0.9), 5)
    before = p.detach().clone()

    optimizer.settle()
    moved = p.detach().clone()
    optimizer.look_ahead()

    assert not torch.equal(moved, before)
    torch.testing.assert_close(p.detach(), before, rtol=1e-15, atol=1e-15)


def test_schedules_have_the_published_values():
    values = [autoencoder_schedule(0.99, step) for step in (0, 249, 250, 750, 10**9)]

    assert_allclose(values, [0.5, 0.5, 0.75, 0.875, 0.99])
    assert [rnn_schedule(0.98, step) for step in (0, 999, 1000)] == [0.9, 0.9, 0.98]
    assert rnn_schedule(0.0, 0) == 0.9  # the first column of their Table 5 too


def test_it_goes_on_from_its_state_dict():
    uninterrupted, _ = descend(lambda params: SutskeverMomentum(params, lr=0.05, momentum=0.9), 8)
    p, optimizer = descend(lambda params: SutskeverMomentum(params, lr=0.05, momentum=0.9), 5)
    q = torch.nn.Parameter(p.detach().clone())
    again = SutskeverMomentum([q], lr=0.05, momentum=0.9)
    again.load_state_dict(optimizer.state_dict())

    for _ in range(3):
        q.grad = torch.as_tensor(gradient(q.detach().numpy()))
        again.step()

    assert torch.equal(q.detach(), uninterrupted.detach())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lr": -1.0}, "lr must be at least 0"),
        ({"momentum": 1.0}, r"momentum must be in \[0, 1\)"),
        ({"schedule": "cosine"}, "one of .*'autoencoder', 'constant', 'rnn'"),
    ],
)
def test_a_bad_setting_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SutskeverMomentum([torch.nn.Parameter(torch.ones(1))], **settings)
