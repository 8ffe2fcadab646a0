"""Loops on their own output: as the slow loop, in several calls, many together, within bounds."""

import numpy as np
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from packed import INPUTS, matrix, weights

from reservoirs.compiled import closed_loops
from reservoirs.compiled.storage import pack_recurrent


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ["random", "shifts", "dense"])
def test_a_closed_loop_in_several_calls_is_bitwise_that_in_one(kind, dtype, monkeypatch):
    _, W_in, bias, packed = weights(33, dtype)
    packed = packed._replace(recurrent=pack_recurrent(0.5 * matrix(kind, 33), dtype))
    C = np.random.default_rng(3).normal(size=(2, 36))
    arguments = (
        np.ones(2),
        INPUTS[:, :1],
        np.linspace(-1, 1, 33),
        packed,
        (np.array([0.3, 0.2]), np.array([0.1, 0.0])),
        (C, np.array([0.1, -0.1])),
    )
    whole = closed_loops.run_closed_loop(*arguments)

    monkeypatch.setattr(closed_loops, "STEPS_PER_CALL", 7)

    assert_array_equal(closed_loops.run_closed_loop(*arguments), whole)


def test_ctrl_c_ends_a_long_forecast_between_two_calls(monkeypatch):
    n_steps = []

    def interrupted(*arguments):
        n_steps.append(len(arguments[-1]))
        if len(n_steps) == 3:
            raise KeyboardInterrupt
        return arguments[6]

    monkeypatch.setattr(closed_loops, "_closed_loop", interrupted)
    _, _, _, packed = weights(7)
    ones = np.ones(3)

    with pytest.raises(KeyboardInterrupt):
        closed_loops.run_closed_loop(
            ones, np.empty((3_000_000, 0)), np.zeros(7), packed, (ones, ones), (ones, ones)
        )

    assert n_steps == [10_000] * 3


def random_loops(n_loops, n_steps=40, width=36):
    rng = np.random.default_rng(5)
    return (
        rng.normal(size=(n_loops, 2)),
        rng.normal(size=(n_loops, n_steps, 1)),
        rng.normal(size=(n_loops, 33)),
        weights(33)[3],
        (np.array([0.3, 0.2]), np.array([0.1, 0.0])),
        (0.3 * rng.normal(size=(n_loops, 2, width)), rng.normal(size=(n_loops, 2))),
    )


@pytest.mark.parametrize("width", [33, 36, 69])
def test_many_loops_are_those_one_by_one(width):
    first, exog, states, packed, loop, (C, c) = random_loops(6, width=width)
    bounds = np.full(2, -1.5), np.full(2, 2.0)

    together = closed_loops.run_closed_loops(first, exog, states, packed, loop, (C, c), bounds)

    for i, values in enumerate(together):
        alone = closed_loops.run_closed_loop(
            first[i], exog[i], states[i], packed, loop, (C[i], c[i]), bounds
        )
        assert_array_equal(values, alone)
    assert together.min() == -1.5 and together.max() == 2.0


@pytest.mark.parametrize("width", [33, 36, 69])
def test_a_readout_reads_what_it_has_columns_for(width):
    first, exog, states, packed, loop, (C, c) = random_loops(1, n_steps=12, width=width)
    W, W_in, bias, _ = weights(33)

    values = closed_loops.run_closed_loop(first[0], exog[0], states[0], packed, loop, (C[0], c[0]))

    x, y = states[0], first[0]
    for t in range(12):
        u = np.concatenate([y * loop[0] + loop[1], exog[0, t]])
        x = reference.states(u[None], W, W_in, bias, 0.3, x)[0]
        y = C[0] @ np.concatenate([x, u, x**2])[:width] + c[0]
        assert_allclose(values[t], y, rtol=1e-9, atol=1e-9)


def test_a_loop_whose_states_overflow_is_held_too():
    first, exog, states, packed, loop, (C, c) = random_loops(1, n_steps=3000)
    packed = packed._replace(
        recurrent=pack_recurrent(3 * matrix("random", 33), float), activation=True
    )
    bounds = np.full(2, -1.0), np.full(2, 1.0)

    values = closed_loops.run_closed_loop(
        first[0], exog[0], states[0], packed, loop, (C[0], c[0]), bounds
    )

    assert np.isfinite(values).all() and np.abs(values).max() == 1.0
