import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from trainers import ESNInit
from trainers.network.initialization import INITS, initial_weights
from trainers.network.stack import Network


def drawn(init, cell="rnn", n_units=40, **settings):
    network = Network(cell, 3, n_units, 1, 2, **settings)
    flat = initial_weights(network, init, np.array([0.5, -1.0]), np.random.default_rng(0))
    parts, first = {}, 0
    for name, shape in network.shapes.items():
        size = int(np.prod(shape))
        parts[name] = flat[first : first + size].reshape(shape)
        first += size
    return parts


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_an_esn_start_has_15_inputs_per_unit_and_the_chosen_radius(cell):
    weights = drawn(ESNInit(spectral_radius=1.1, input_scale=0.01), cell)

    for block in weights["recurrent_weights_0"].reshape(-1, 40, 40):
        assert_array_equal((block != 0).sum(axis=1), 15)
        assert_allclose(np.abs(np.linalg.eigvals(block)).max(), 1.1, rtol=1e-10)
    assert_allclose(weights["input_weights_0"].std(), 0.01, rtol=0.3)
    assert_array_equal(weights["bias_0"], 0.0)
    assert_array_equal(weights["output_bias"], [0.5, -1.0])


def test_an_orthogonal_start_is_orthogonal_gate_by_gate():
    weights = drawn("orthogonal", "gru")

    for block in weights["recurrent_weights_0"].reshape(3, 40, 40):
        assert_allclose(block @ block.T, np.eye(40), atol=1e-12)


def test_a_sparse_start_has_15_incoming_weights_and_small_inputs():
    weights = drawn("sparse")

    assert_array_equal((weights["recurrent_weights_0"] != 0).sum(axis=1), 15)
    assert_allclose(weights["recurrent_weights_0"].std() * np.sqrt(40), 1.0, rtol=0.2)
    assert np.abs(weights["input_weights_0"]).max() < 1.0


def test_the_default_start_is_that_of_torch():
    weights = drawn("default")

    assert np.abs(np.concatenate([w.ravel() for w in weights.values()])).max() <= 1 / np.sqrt(40)


@pytest.mark.parametrize("init", sorted(INITS))
def test_an_lstm_starts_by_remembering_and_a_learned_state_at_zero(init):
    weights = drawn(init, "lstm", learn_initial_state=True)

    assert_array_equal(weights["bias_0"][40:80], 1.0)
    assert_array_equal(weights["initial_state_0"], 0.0)


def test_an_unknown_start_lists_the_known_ones():
    with pytest.raises(ValueError, match="'default', 'esn', 'orthogonal', 'sampled', 'sparse'"):
        drawn("xavier")
