import numpy as np
import pandas as pd
import pytest
import reference
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array

from reservoirs import Reservoir

SERIES = np.random.default_rng(0).normal(size=(40, 2))
SMALL = {"n_units": 20, "leak_rate": 0.4, "random_state": 0}


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_states_equal_the_slow_loop():
    reservoir = Reservoir(**SMALL).fit(SERIES)

    states = reservoir.transform(SERIES)

    W = reservoir.recurrent_weights_.toarray()
    args = (W, reservoir.input_weights_, reservoir.bias_, 0.4, np.zeros(20))
    assert_allclose(states, reference.states(SERIES, *args), rtol=1e-12, atol=1e-14)


def test_series_never_leak_state_into_each_other():
    reservoir = Reservoir(**SMALL).fit(SERIES)
    a, b = SERIES[:25], SERIES[25:]

    together = reservoir.transform([a, b])

    assert_array_equal(together[0], reservoir.transform(a))
    assert_array_equal(together[1], reservoir.transform(b))


def test_a_3d_array_comes_back_as_one():
    assert Reservoir(**SMALL).fit_transform(SERIES.reshape(4, 10, 2)).shape == (4, 10, 20)


def test_an_initial_state_goes_on_where_another_run_stopped():
    reservoir = Reservoir(**SMALL).fit(SERIES)
    whole = reservoir.transform(SERIES)

    tail = reservoir.transform(SERIES[15:], initial_state=whole[14])

    assert_array_equal(tail, whole[15:])


def test_input_scaling_may_be_one_number_per_feature():
    reservoir = Reservoir(**SMALL, input_scaling=[0.0, 2.0]).fit(SERIES)

    assert_array_equal(reservoir.input_weights_[:, 0], 0.0)
    assert 1.0 < np.abs(reservoir.input_weights_[:, 1]).max() <= 2.0


def test_weights_of_the_user_are_used_as_they_are(rng):
    W, W_in, bias = rng.normal(size=(20, 20)) / 9, rng.normal(size=(20, 2)), rng.normal(size=20)
    own = {"topology": W, "input_scaling": csr_array(W_in), "bias_scaling": bias}

    states = Reservoir(**{**SMALL, **own}).fit_transform(SERIES)

    expected = reference.states(SERIES, W, W_in, bias, 0.4, np.zeros(20))
    assert_allclose(states, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ["cycle", "delay_line", "shifts", "small_world", "orthogonal"])
def test_every_topology_runs_as_the_slow_loop_does(name):
    reservoir = Reservoir(**SMALL, topology=name).fit(SERIES)

    args = (reservoir.recurrent_weights_.toarray(), reservoir.input_weights_, reservoir.bias_)
    expected = reference.states(SERIES, *args, 0.4, np.zeros(20))
    assert_allclose(reservoir.transform(SERIES), expected, rtol=1e-11, atol=1e-13)


def test_weight_streams_are_separate():
    one = Reservoir(**SMALL, input_scaling=1.0).fit(SERIES)
    other = Reservoir(**SMALL, bias_scaling=2.0, input_scaling=0.1).fit(SERIES)

    assert_allclose(other.input_weights_ / 0.1, one.input_weights_)
    assert_array_equal(other.recurrent_weights_.toarray(), one.recurrent_weights_.toarray())


def test_a_data_frame_keeps_its_index_through_set_output():
    frame = pd.DataFrame(SERIES, index=pd.date_range("2020-01-01", periods=40), columns=["a", "b"])

    states = Reservoir(**SMALL).set_output(transform="pandas").fit_transform(frame)

    assert states.index.equals(frame.index)
    assert states.columns[0] == "reservoir0"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"topology": "ring"}, "topology.*'random'"),
        ({"leak_rate": 0.0}, "leak_rate"),
        ({"leak_rate": [0.5, 1.5]}, r"in \(0, 1\].*got \[0.5, 1.5\]"),
        ({"leak_rate": []}, "leak_rate"),
        ({"n_units": 0}, "n_units"),
        ({"input_scaling": [1.0, 2.0, 3.0]}, r"one number per feature \(2,\)"),
        ({"input_scaling": [1.0, np.nan]}, "input_scaling must be finite"),
        ({"bias_scaling": [1.0, 2.0]}, r"b itself with shape \(20,\)"),
        ({"topology": np.ones((3, 3))}, r"shape \(20, 20\), got \(3, 3\)"),
    ],
)
def test_a_bad_setting_is_refused_in_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        Reservoir(**{**SMALL, **settings}).fit(SERIES)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_states_that_overflow_are_refused_with_the_remedy(dtype):
    unstable = Reservoir(
        **{**SMALL, "activation": "identity", "spectral_radius": 9.0, "leak_rate": 1.0}, dtype=dtype
    ).fit(SERIES)

    with pytest.raises(ValueError, match=f"too large for {dtype} before row .* spectral_radius"):
        unstable.transform(np.ones((400, 2)))


def test_units_without_recurrence_are_a_random_layer():
    layer = Reservoir(**{**SMALL, "topology": np.zeros((20, 20)), "leak_rate": 1.0}).fit(SERIES)

    states = layer.transform(SERIES)

    assert_allclose(states, np.tanh(SERIES @ layer.input_weights_.T + layer.bias_), rtol=1e-13)


def test_a_typo_is_a_type_error():
    with pytest.raises(TypeError, match="spectral_radios"):
        Reservoir(spectral_radios=0.9)


@pytest.mark.parametrize("state", [np.zeros(3), np.full(20, np.nan)])
def test_a_bad_initial_state_is_refused(state):
    reservoir = Reservoir(**SMALL).fit(SERIES)

    with pytest.raises(ValueError, match="initial_state must"):
        reservoir.transform(SERIES, initial_state=state)


def test_weights_that_are_exchanged_are_never_stale():
    reservoir = Reservoir(**SMALL).fit(SERIES)
    before = reservoir.transform(SERIES)

    reservoir.input_weights_ = 2 * reservoir.input_weights_
    doubled = reservoir.transform(SERIES)
    reservoir.input_weights_ *= 0.5  # in place: the new array is the user's, and writeable
    again = reservoir.transform(SERIES)

    assert not np.allclose(doubled, before)
    assert_array_equal(again, before)


def test_drawn_weights_are_read_only():
    reservoir = Reservoir(**SMALL).fit(SERIES)

    with pytest.raises(ValueError, match="read-only"):
        reservoir.bias_[0] = 1.0


def test_a_matrix_of_the_user_stays_writeable():
    own = csr_array(np.eye(20))

    Reservoir(**SMALL, topology=own).fit(SERIES)

    own.data[0] = 2.0


def test_a_linear_reservoir_adds_up():
    linear = Reservoir(n_units=20, activation="identity", bias_scaling=0.0, random_state=0)
    first, second = np.random.default_rng(0).normal(size=(2, 30, 2))

    states = [linear.fit(X).transform(X) for X in (first, second, first + second)]

    assert_allclose(states[0] + states[1], states[2], atol=1e-12)


def test_changing_the_activation_is_seen_without_a_new_fit():
    reservoir = Reservoir(n_units=20, random_state=0).fit(np.ones((5, 1)))
    before = reservoir.transform(np.ones((5, 1)))

    after = reservoir.set_params(activation="identity").transform(np.ones((5, 1)))

    assert np.abs(after - before).max() > 0.01


def test_states_of_many_series_are_the_same_in_threads(rng):
    series = [rng.normal(size=(20 + i, 2)) for i in range(6)]

    one = Reservoir(**SMALL).fit(series).transform(series)
    two = Reservoir(**SMALL, n_jobs=2).fit(series).transform(series)

    for a, b in zip(one, two, strict=True):
        assert_array_equal(a, b)


def test_a_drawn_reservoir_is_another_one_with_weights():
    settings = Reservoir(n_units=10, random_state=3)

    drawn = settings.drawn(2, seed=7)

    expected = Reservoir(n_units=10, random_state=7).fit(np.ones((3, 2)))
    assert_array_equal(drawn.input_weights_, expected.input_weights_)
    assert drawn.random_state == 7
    assert not hasattr(settings, "bias_")
    assert settings.random_state == 3
