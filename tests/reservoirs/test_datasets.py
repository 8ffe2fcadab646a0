import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import solve_ivp

from reservoirs import datasets


@pytest.mark.parametrize("force", ["cos", "multi", "hold", "none"])
def test_the_exact_map_agrees_with_an_integrator(force):
    data = datasets.oscillator(60, eta=0.3, force=force, random_state=1)
    z = np.array([data.x[0], data.v[0]])

    for n in range(59):
        held = data.force[n]
        step = solve_ivp(
            lambda t, z, F=held: (z[1], F - 0.3 * z[1] - z[0]), (0, 0.1), z, rtol=1e-12, atol=1e-12
        )
        z = step.y[:, -1]

    assert_allclose([data.x[-1], data.v[-1]], z, atol=1e-9)


def test_the_euler_step_is_the_notes_recurrent_map():
    data = datasets.oscillator(50, eta=0.1, dt=0.01, method="euler", random_state=2)
    x, v, F = data.x, data.v, data.force

    assert_allclose(x[1:], x[:-1] + 0.01 * v[:-1], rtol=1e-12)
    assert_allclose(v[1:], v[:-1] + 0.01 * (F[:-1] - 0.1 * v[:-1] - x[:-1]), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("dt", [0.1, 0.2])
def test_euler_refuses_a_step_that_does_not_damp(dt):
    with pytest.raises(ValueError, match="only for dt < eta.*lower dt"):
        datasets.oscillator(10, eta=0.1, dt=dt, method="euler")


def test_the_same_seed_gives_the_same_series():
    first = datasets.oscillator(100, random_state=3)
    again = datasets.oscillator(100, random_state=3)

    assert_array_equal(first.x, again.x)


def test_a_held_force_changes_every_twenty_steps():
    force = datasets.oscillator(100, force="hold", random_state=0).force

    assert_array_equal(np.flatnonzero(np.diff(force)) + 1, [20, 40, 60, 80])


def test_the_noisy_notes_series_has_the_floor_of_one_third():
    values = datasets.lagged_sine_noisy(200_000, random_state=0)
    noise = values - np.sin(0.02 * np.arange(200_000))

    assert_allclose(noise.mean(), 1.0, atol=0.01)
    assert_allclose(noise.var(), 1 / 3, atol=0.01)


def test_the_lagged_sine_runs_over_two_periods():
    values = datasets.lagged_sine()

    assert len(values) == 1000
    assert_allclose(values[[0, -1]], 0.0, atol=1e-12)


def test_van_der_pol_settles_on_its_limit_cycle():
    data = datasets.van_der_pol(400, mu=1.0, random_state=0)

    assert_allclose(np.abs(data.x).max(), 2.0, atol=0.02)


def test_noise_is_added_to_the_clean_sine():
    data = datasets.sine(50_000, noise=0.1, random_state=0)

    assert_allclose((data.y - data.clean).std(), 0.1, rtol=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"force": "square"}, "one of .*'cos', 'hold'"),
        ({"force": np.ones(3)}, r"shape \(10,\), got \(3,\)"),
        ({"method": "rk4"}, r"one of \['euler', 'zoh'\]"),
    ],
)
def test_an_unknown_force_or_method_lists_the_known_ones(arguments, message):
    with pytest.raises(ValueError, match=message):
        datasets.oscillator(10, **arguments)


def test_sunspots_say_what_to_install_when_absent(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "statsmodels.datasets", None)

    with pytest.raises(ImportError, match=r"reservoirs\[real-data\]"):
        datasets.sunspots()


def test_lorenz_agrees_between_two_integrators_as_long_as_it_can():
    rk4 = datasets.lorenz63(1001, random_state=0)

    dop = datasets.lorenz63(1001, initial=rk4[0], method="DOP853", tolerance=1e-12)

    assert_allclose(rk4[:301], dop[:301], atol=1e-5)  # chaos multiplies 1e-9 by 10 every 2.5


def test_many_lorenz_series_are_each_their_own():
    starts = datasets.lorenz63(3, n_series=2, random_state=1)[:, 0]

    both = datasets.lorenz63(50, n_series=2, initial=starts)
    second = datasets.lorenz63(50, initial=starts[1])

    assert_allclose(both[1], second, rtol=1e-13)
    assert both.shape == (2, 50, 3)


def test_lorenz_names_the_shape_it_wants():
    with pytest.raises(ValueError, match=r"must have shape \(2, 3\), got \(3,\)"):
        datasets.lorenz63(5, n_series=2, initial=[1.0, 1.0, 1.0])


def test_mackey_glass_obeys_its_delay_equation():
    fine = datasets.mackey_glass(400, tau=17, random_state=0)

    slope = np.gradient(fine)[20:-1]
    late, now = fine[3:-18], fine[20:-1]
    assert_allclose(slope, 0.2 * late / (1 + late**10) - 0.1 * now, atol=0.02)
    assert 0.04 < fine.var() < 0.07


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
        0.08 * d[n + 2] - 0.12 * d[n + 1] + d[n] + 0.18 * d[n - 1] - 0.1 * d[n - 2]
        + 0.091 * d[n - 3] - 0.05 * d[n - 4] + 0.04 * d[n - 5] + 0.03 * d[n - 6] + 0.01 * d[n - 7]
    )  # fmt: skip
    assert_allclose(data.u[n], q + 0.036 * q**2 - 0.011 * q**3, rtol=1e-12)


def test_the_channels_noise_has_the_stated_power():
    clean = datasets.channel_equalization(50_000, snr=400, random_state=0)
    noisy = datasets.channel_equalization(50_000, snr=20, random_state=0)

    assert_allclose(np.std(noisy.u - clean.u) / np.std(clean.u), 0.1, rtol=0.02)


@pytest.mark.parametrize(
    ("generate", "setting"),
    [
        (datasets.sine, {"n_steps": 0}),
        (datasets.narma, {"n_steps": 2.5}),
        (datasets.mackey_glass, {"tau": 0}),
        (datasets.lorenz63, {"dt": 0.0}),
        (datasets.kuramoto_sivashinsky, {"dt": -1.0}),
        (datasets.oscillator, {"dt": np.nan}),
        (datasets.van_der_pol, {"dt": np.nan}),
        (datasets.lorenz96, {"transient": -1.0}),
    ],
)
def test_sizes_that_cannot_be_are_refused(generate, setting):
    with pytest.raises(ValueError, match=f"'{next(iter(setting))}' parameter of .* in the range"):
        generate(**setting)


def test_real_series_name_the_package_they_come_with(monkeypatch):
    monkeypatch.setattr("reservoirs.datasets.real.find_spec", lambda name: None)

    with pytest.raises(ImportError, match="reservoirpy: pip install"):
        datasets.santa_fe()
    with pytest.raises(ImportError, match="sktime: pip install"):
        datasets.japanese_vowels()


def test_japanese_vowels_are_read_from_their_files(tmp_path, monkeypatch):
    folder = tmp_path / "datasets" / "data" / "JapaneseVowels"
    folder.mkdir(parents=True)
    text = "# about\n@classLabel true 1 2\n@data\n1,2,3:4,5,6:2\n7,8:9,10:1\n"
    for part in ("TRAIN", "TEST"):
        (folder / f"JapaneseVowels_{part}.ts").write_text(text)
    monkeypatch.setattr("reservoirs.datasets.real._folder", lambda *names: tmp_path)

    found = datasets.japanese_vowels()

    assert_array_equal(found.train[0], [[1, 4], [2, 5], [3, 6]])
    assert_array_equal(found.test_labels, [1, 0])
