"""Local models: one patch is the plain model, and space enters by index arrays alone."""

import pickle

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import ESNRegressor, LocalForecaster, backtest, load, next_step, save
from reservoirs.local.checking import warn_of_instability
from reservoirs.local.features import neighbours
from reservoirs.local.grid import given_grid, regular_grid
from reservoirs.local.stream import SEGMENT
from reservoirs.readout import GramSums

SITES = np.arange(16)
TIME = np.arange(1300)[:, None]
# two waves that move at different speeds round the ring
WAVES = np.sin(2 * np.pi * (SITES / 16 - 0.013 * TIME)) + np.cos(
    2 * np.pi * (SITES / 8 + 0.0071 * TIME)
)
READOUT = {"readout_features": "state+input+squares", "leak_rate": 1.0, "spectral_radius": 0.1}
SMALL = ESNRegressor(n_units=20, random_state=3, **READOUT)


def local(estimator=SMALL, *, patch=4, halo=2, **settings):
    return LocalForecaster(estimator, patch=patch, halo=halo, random_state=0, **settings)


@pytest.fixture(scope="module")
def model():
    return local().fit(WAVES)


def test_it_forecasts_waves(model):
    assert_allclose(local().fit(WAVES[:1200]).forecast(100), WAVES[1200:], atol=0.02)
    assert model.loop_errors_.shape == (20, 50)
    assert np.median(model.loop_errors_[:, -1]) < 0.01


@pytest.mark.parametrize("solver", ["cholesky", "qr"])
def test_one_patch_without_halo_is_the_plain_network_bitwise(solver):
    estimator = clone(SMALL).set_params(solver=solver, alpha=1e-4, washout=7)

    whole = local(estimator, patch=16, halo=0, noise=0.0, fan_in=None).fit(WAVES)

    plain = clone(estimator).fit(*next_step(whole.units_.standardised(WAVES)))
    assert_array_equal(whole.model_.coefficients[0], plain.coef_)
    assert_array_equal(whole.last_states_[0][0], plain.last_states_[0])
    ahead = whole.units_.restored(plain.forecast(9))
    assert_allclose(whole.forecast(9), ahead, rtol=1e-10, atol=1e-10)


def test_shared_sums_are_those_of_the_rows_of_all_patches_stacked():
    estimator = clone(SMALL).set_params(alpha=1e-4)

    shared = local(estimator, patch=2, halo=3, noise=0.0, fan_in=None).fit(WAVES[:200])

    rows = shared.units_.standardised(WAVES[:200])
    wide = np.hstack([rows[:, -3:], rows, rows[:, :3]])
    pieces = [wide[:-1, first : first + 8] for first in range(0, 16, 2)]
    targets = [rows[1:, first : first + 2] for first in range(0, 16, 2)]
    plain = clone(estimator).fit(pieces, targets)
    assert_allclose(shared.model_.coefficients[0], plain.coef_, rtol=1e-6, atol=1e-9)


def test_patches_of_their_own_readouts_know_where_they_are():
    place = WAVES[:300] + SITES  # no site is like another

    own = local(shared=False, noise=0.0).fit(place)

    assert own.model_.coefficients.shape[0] == 4
    one = local(patch=np.arange(4)[None], halo=np.arange(14, 22)[None] % 16)
    with pytest.raises(ValueError, match="every column is predicted by one patch"):
        one.fit(place)
    assert_allclose(own.forecast(5), WAVES[300:305] + SITES, atol=0.05)


def test_a_shifted_field_gives_the_shifted_forecast(model):
    ahead = model.forecast(40, context=WAVES[:30])

    shifted = model.forecast(40, context=np.roll(WAVES[:30], 8, axis=1))

    assert_allclose(np.roll(ahead, 8, axis=1), shifted, atol=1e-10)


@pytest.mark.parametrize("cuts", [[1, 5, 300], [SEGMENT, SEGMENT + 1], [600]])
def test_any_cut_into_chunks_gives_the_model_of_all_rows_bitwise(model, cuts):
    chunked = local()

    for chunk in np.split(WAVES, cuts):
        chunked.partial_fit(chunk)

    assert_array_equal(chunked.model_.coefficients, model.model_.coefficients)
    assert_array_equal(chunked.forecast(5), model.forecast(5))


def test_a_chunk_leaves_the_sums_before_it_as_they_are():
    before = local().partial_fit(WAVES[:1200])
    other = clone(before).partial_fit(WAVES[:1200]).partial_fit(WAVES[1200:])
    kept = before.stream_

    before.partial_fit(WAVES[1200:])

    assert kept.row == SEGMENT
    assert kept.sums[0].n_rows == 4 * SEGMENT
    assert_array_equal(before.model_.coefficients, other.model_.coefficients)


@pytest.mark.parametrize("backend", [None, "threading"])
def test_the_number_of_jobs_changes_nothing(backend):
    one = local(patch=1, halo=2).fit(WAVES[:60])

    with parallel_config(backend=backend) if backend else parallel_config():
        two = local(patch=1, halo=2, n_jobs=2).fit(WAVES[:60])

    assert_array_equal(two.model_.coefficients, one.model_.coefficients)


def test_series_never_leak_into_each_other():
    pieces = [WAVES[:300], WAVES[500:700], WAVES[800:810]]

    together = local(noise=0.0).fit(pieces)

    alone = local(noise=0.0).partial_fit(pieces[:1]).partial_fit(pieces[1:])
    assert_array_equal(together.model_.coefficients, alone.model_.coefficients)
    ahead = together.forecast(3, context=[piece[-20:] for piece in pieces])
    assert_array_equal(ahead[1], together.forecast(3, context=pieces[1][-20:]))
    assert [len(f) for f in together.forecast(3)] == [3, 3, 3]


def test_a_model_of_a_narrow_ring_forecasts_a_wide_one(model):
    wide = np.hstack([WAVES, WAVES, WAVES])

    ahead = model.forecast(20, context=wide[:50], grid_shape=(48,))

    narrow = model.forecast(20, context=WAVES[:50])
    assert_allclose(ahead, np.hstack([narrow] * 3), atol=1e-10)
    assert model.n_features_in_ == 16
    with pytest.raises(ValueError, match="needs a context"):
        model.forecast(20, grid_shape=(48,))
    with pytest.raises(ValueError, match="alike"):
        local(shared=False).fit(WAVES[:50]).forecast(2, context=wide, grid_shape=(48,))


def test_predictions_go_on_as_the_loop_does(model):
    predicted, states = model.predict(WAVES[:40], return_state=True)

    assert_allclose(model.predict(WAVES[:40])[:20], model.predict(WAVES[:20]), atol=1e-12)
    assert_allclose(model.forecast(1, context=WAVES[:40])[0], predicted[-1], atol=1e-12)
    resumed = model.predict(WAVES[40:50], initial_state=states[0])
    assert_allclose(resumed, model.predict(WAVES[:50])[40:], atol=1e-12)
    truth, values = backtest(model, WAVES[:60], horizon=5, step=20)
    assert_allclose(values[0], model.forecast(5, context=WAVES[:20]), atol=1e-12)
    assert_array_equal(truth[0], WAVES[20:25])
    assert model.score(WAVES) > 0.999


def test_labels_and_names_go_on():
    index = pd.date_range("2026-01-01", periods=60, freq="h")
    frame = pd.DataFrame(WAVES[:60], index=index, columns=[f"s{i}" for i in SITES])

    ahead = local().fit(frame).forecast(3)

    assert list(ahead.columns) == list(frame.columns)
    assert ahead.index[0] == index[-1] + pd.Timedelta(hours=1)
    assert_allclose(ahead, local().fit(WAVES[:60]).forecast(3))
    streamed = local().partial_fit(frame[:40]).partial_fit(frame[40:])
    assert streamed.forecast(3).index.equals(ahead.index)


def test_it_is_kept_by_files_pickles_and_clones(model, tmp_path):
    streamed = local().partial_fit(WAVES[:100])
    for fitted in (model, streamed):
        save(fitted, tmp_path / "model")

        again, pickled = load(tmp_path / "model"), pickle.loads(pickle.dumps(fitted))

        assert_array_equal(again.forecast(5), fitted.forecast(5))
        assert_array_equal(pickled.forecast(5), fitted.forecast(5))
    assert_array_equal(
        again.partial_fit(WAVES[100:200]).forecast(5),
        streamed.partial_fit(WAVES[100:200]).forecast(5),
    )
    assert clone(model).get_params()["patch"] == 4


def test_drawn_rows_are_a_share_of_all():
    few = local(max_rows=2000, noise=0.0).fit(WAVES)

    assert_allclose(few.forecast(20), local(noise=0.0).fit(WAVES).forecast(20), atol=0.02)
    with pytest.raises(ValueError, match="partial_fit learns from all rows"):
        local(max_rows=2000).partial_fit(WAVES)


def test_an_unstable_model_says_so():
    with pytest.warns(UserWarning, match="after 2 steps.*component_tol or noise, take target"):
        warn_of_instability(np.array([[0.1, 1.5, 2.0], [0.2, 1.1, 3.0]]))

    warn_of_instability(np.array([[0.1, 1.5, 0.9]]))


def test_a_forecast_is_held_within_its_bound():
    growing = WAVES[:100] * 1.05 ** TIME[:100]

    with pytest.warns(UserWarning, match="met its bound"):
        ahead = local().fit(growing).forecast(80)

    reach = growing.max() + 0.25 * np.ptp(growing)
    assert np.isfinite(ahead).all()
    assert ahead.max() <= reach * (1 + 1e-9)


def test_a_reservoir_of_float32_and_a_grid_of_penalties():
    estimator = clone(SMALL).set_params(dtype="float32", alpha=[1e-6, 1e-2])

    fitted = local(estimator).fit(WAVES[:300])

    assert fitted.alpha_ in (1e-6, 1e-2)
    assert_allclose(fitted.forecast(5), WAVES[300:305], atol=0.05)


def test_windows_of_a_ring():
    grid = regular_grid((6,), 1, 2, 2, "periodic")

    assert_array_equal(grid.outputs, [[0, 1], [2, 3], [4, 5]])
    assert_array_equal(grid.inputs, [[4, 5, 0, 1, 2, 3], [0, 1, 2, 3, 4, 5], [2, 3, 4, 5, 0, 1]])


@pytest.mark.parametrize(("boundary", "left"), [("clip", 0), ("nan", -1), ("periodic", 3)])
def test_what_lies_beyond_the_border(boundary, left):
    grid = regular_grid((4,), 1, 2, 1, boundary)

    assert_array_equal(grid.inputs[0], [left, 0, 1, 2])
    read = grid.windows(np.arange(1.0, 5.0)[None])[0, 0]
    assert_array_equal(read, [0.0 if left < 0 else left + 1.0, 1.0, 2.0, 3.0])


def test_a_plane_of_channels():
    grid = regular_grid((4, 6), 2, (2, 3), 1, "periodic")

    sites = np.arange(48).reshape(4, 6, 2)
    assert_array_equal(grid.outputs[0], sites[:2, :3].ravel())
    assert_array_equal(grid.inputs[3], np.roll(sites, (-1, -2), (0, 1))[:4, :5].ravel())
    field = np.random.default_rng(0).standard_normal((3, 48))
    assert_array_equal(grid.joined(grid.inner(field)), field)


def test_a_graph_is_given_by_its_index_arrays():
    around = (SITES[:, None] + np.arange(-2, 3)) % 16

    graph = local(patch=SITES[:, None], halo=around).fit(WAVES[:60])

    assert_array_equal(graph.inputs_, around)
    ring = local(patch=1, halo=2).fit(WAVES[:60])
    assert_array_equal(graph.model_.coefficients, ring.model_.coefficients)
    with pytest.raises(ValueError, match="a row for each patch"):
        local(patch=SITES[:, None], halo=around[1:]).fit(WAVES[:100])
    with pytest.raises(ValueError, match=r"\[0, 16\)"):
        given_grid(around + 1, SITES[:, None], 16, 1)


def test_units_read_neighbours():
    chosen = neighbours(np.arange(5.0)[:, None], 3)

    assert_array_equal(np.flatnonzero(chosen[2]), [1, 2, 3])
    assert_array_equal(chosen.sum(axis=1), 3)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"patch": 5}, "do not fill the 16 sites.*take a patch of 1, 2, 4, 8, 16"),
        ({"grid_shape": (3, 5)}, "has 15 columns, got 16"),
        ({"halo": (1, 2)}, "halo must be an integer, or one for each of the 1 axes"),
        ({"patch": 0}, "patch must be >= 1"),
        ({"estimator": ESNRegressor(noise=0.1)}, "estimator has noise=0.1; leave it at 0.0"),
        ({"estimator": ESNRegressor(alpha="closed_loop")}, "a number or a grid"),
        ({"estimator": ESNRegressor(n_units=0)}, "n_units"),
        ({"boundary": "open"}, "boundary"),
    ],
)
def test_what_cannot_be_is_refused(settings, match):
    with pytest.raises(ValueError, match=match):
        local(**settings).fit(WAVES[:20])


def test_intervals_states_and_rows_that_are_none(model):
    with pytest.raises(ValueError, match="no intervals"):
        model.forecast(3, level=80)
    with pytest.raises(ValueError, match="initial_state must be None or"):
        model.predict(WAVES, initial_state="zero")
    with pytest.raises(ValueError, match="takes the series alone"):
        local().fit(WAVES[:-1], WAVES[1:])
    with pytest.raises(ValueError, match="two rows"):
        local().fit([WAVES[:5], WAVES[:1]])
    with pytest.raises(ValueError, match="sample_weight"):
        model.score(WAVES, sample_weight=np.ones(1300))


def test_sums_about_one_centre_are_added():
    rng = np.random.default_rng(0)
    Z, Y = rng.standard_normal((50, 3)) + 5, rng.standard_normal((50, 1))
    centres = Z.mean(axis=0), Y.mean(axis=0)
    whole, *parts = (GramSums(3, 1, centres) for _ in range(3))

    whole.add(Z.copy(), Y)
    for part, rows in zip(parts, (slice(0, 20), slice(20, 50)), strict=True):
        part.add(Z[rows].copy(), Y[rows])
    parts[0].merge(parts[1])

    assert_allclose(parts[0].solve(0.1).coefficients, whole.solve(0.1).coefficients, rtol=1e-12)
    assert_allclose(parts[0].solve(0.1).intercept, whole.solve(0.1).intercept, rtol=1e-12)
