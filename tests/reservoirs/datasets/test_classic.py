import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import datasets


@pytest.mark.parametrize("order", [10, 20, 30])
def test_narma_obeys_its_recursion(order):
    data = datasets.narma(300, order=order, random_state=3)

    a, b, c, d, squashed = {
        10: (0.3, 0.05, 1.5, 0.1, False),
        20: (0.3, 0.05, 1.5, 0.01, True),
        30: (0.2, 0.04, 1.5, 0.001, False),
    }[order]
    for t in range(100, 110):
        past = data.y[t - order + 1 : t + 1]
        value = (
            a * data.y[t]
            + b * data.y[t] * past.sum()
            + c * data.u[t + 1] * data.u[t - order + 2]
            + d
        )
        assert_allclose(data.y[t + 1], np.tanh(value) if squashed else value, rtol=1e-12)


def test_narma_draws_again_what_diverges():
    draws = [datasets.narma(4000, random_state=seed) for seed in range(60)]

    assert all(np.abs(data.y).max() < 10 for data in draws)
    assert max(data.n_draws for data in draws) > 1


def test_the_channel_is_the_published_one():
    data = datasets.channel_equalization(40, snr=400, random_state=0)

    n, d = 20, data.d
    q = (
        0.08 * d[n + 2]
        - 0.12 * d[n + 1]
        + d[n]
        + 0.18 * d[n - 1]
        - 0.1 * d[n - 2]
        + 0.091 * d[n - 3]
        - 0.05 * d[n - 4]
        + 0.04 * d[n - 5]
        + 0.03 * d[n - 6]
        + 0.01 * d[n - 7]
    )
    assert_allclose(data.u[n], q + 0.036 * q**2 - 0.011 * q**3, rtol=1e-12)


def test_the_channels_noise_has_the_stated_power():
    clean = datasets.channel_equalization(50_000, snr=400, random_state=0)
    noisy = datasets.channel_equalization(50_000, snr=20, random_state=0)

    assert_allclose(np.std(noisy.u - clean.u) / np.std(clean.u), 0.1, rtol=0.02)
