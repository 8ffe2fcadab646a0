import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from reservoirs import ESNRegressor, Reservoir, load, next_step, save
from reservoirs.esn.chunks import ChunkedSums
from reservoirs.readout import BLOCK, QRSums
from reservoirs.sequences import flatten

X, Y = next_step(np.sin(0.3 * np.arange(BLOCK + 200))[:, None])
Y = Y.reshape(-1, 1)


@pytest.fixture
def empty():
    reservoir = Reservoir(n_units=6, random_state=0).fit(X)
    return ChunkedSums(reservoir, QRSums(6 + 1, 1), washout=10, noise=None)


def fed(sums, *borders, new_series=False):
    """Return sums that were fed one series, cut at some rows."""
    sums = extended(sums, 0, borders[0], new_series=True)
    for first, last in zip(borders[:-1], borders[1:], strict=True):
        sums = extended(sums, first, last, new_series=new_series)
    return sums


def extended(sums, first, last, *, new_series=False):
    rows, layout = flatten(X[first:last])
    return sums.extended(rows, Y[first:last], layout, new_series=new_series)


def test_cuts_change_no_bit_and_washed_out_rows_do_not_count(empty):
    whole, cut = fed(empty, len(X)), fed(empty, 3, 50, BLOCK, len(X))

    assert whole.n_rows == cut.n_rows == len(X) - 10
    first, second = (sums.solve(np.array([1e-6])) for sums in (whole, cut))
    assert_array_equal(first.coefficients, second.coefficients)


def test_sums_that_were_extended_stay_as_they_were(empty):
    before = fed(empty, 100)
    expected = before.solve(np.array([1e-6])).coefficients

    extended(before, 100, len(X))

    assert before.n_rows == 90
    assert_array_equal(before.solve(np.array([1e-6])).coefficients, expected)


def test_every_series_begins_at_rest_and_loses_its_washout(empty):
    twice = fed(empty, 100, 200, new_series=True)

    assert twice.n_series == 2
    assert twice.row == 100
    assert twice.n_rows == 2 * 90
    assert_allclose(twice.state, fed(empty, 100, 200).state, atol=1e-3)  # the start is forgotten


def test_the_loop_closes_until_a_row_disagrees_across_the_border_too(empty):
    open_ended = extended(fed(empty, 100), 150, len(X))

    assert fed(empty, 100, 200).closes
    assert fed(empty, 100, 200, new_series=True).closes
    assert not open_ended.closes


def driven(n_steps=2500):
    """Rows and targets of a system whose gain drifts, and the features a readout sees."""
    rng = np.random.default_rng(1)
    inputs = rng.uniform(-1, 1, size=(n_steps, 2))
    drift = np.linspace(1, 3, n_steps)
    return inputs, drift * inputs[:, 0] + 0.3 * rng.normal(size=n_steps)


def weighted_ridge(model, inputs, targets, washout):
    """Return C and c of the weighted least squares, from weights of every row."""
    runs = [model.reservoir_.transform(part)[washout:] for part in inputs]
    states = np.vstack(
        [np.hstack([run, part[washout:]]) for run, part in zip(runs, inputs, strict=True)]
    )
    known = np.concatenate([part[washout:] for part in targets])
    n, width = states.shape
    roots = np.sqrt(model.forgetting ** np.arange(n - 1.0, -1, -1))
    penalty = np.sqrt(model.alpha) * np.eye(width, width + 1)
    rows = np.vstack([roots[:, None] * np.hstack([states, np.ones((n, 1))]), penalty])
    solution = np.linalg.lstsq(rows, np.concatenate([roots * known, np.zeros(width)]))[0]
    return solution[:-1], solution[-1]


@pytest.mark.parametrize("solver", ["auto", "cholesky", "qr"])
@pytest.mark.parametrize("forgetting", [0.97, 0.999])
def test_forgetting_is_weighted_least_squares_however_the_series_are_cut(solver, forgetting):
    X, y = driven()
    model = ESNRegressor(
        n_units=8, solver=solver, forgetting=forgetting, alpha=1e-3, washout=20, random_state=0
    )
    whole = clone(model).fit([X[:1300], X[1300:]], [y[:1300], y[1300:]])
    cut = clone(model)
    for first, last in [(0, 7), (7, 1100), (1100, 1300), (1300, 1301), (1301, 2500)]:
        cut.partial_fit(X[first:last], y[first:last], new_series=first == 1300)
    once = clone(model).partial_fit([X[:1300], X[1300:]], [y[:1300], y[1300:]])

    C, c = weighted_ridge(whole, [X[:1300], X[1300:]], [y[:1300], y[1300:]], 20)

    assert_array_equal(cut.coef_, once.coef_)
    for fitted in (whole, cut):
        assert_allclose(fitted.coef_[0], C, rtol=0, atol=1e-10 * np.abs(C).max())
        assert_allclose(fitted.intercept_[0], c, rtol=0, atol=1e-10 * np.abs(C).max())


def test_forgetting_is_the_textbook_recursion():
    X, y = driven()
    model = ESNRegressor(n_units=5, forgetting=0.97, alpha=0.0, random_state=0).partial_fit(X, y)
    features = np.hstack([model.reservoir_.transform(X), X, np.ones((len(X), 1))])
    # P = I / delta at first, which .97^2500 = 1e-33 is left of
    theta, P = np.zeros(features.shape[1]), np.eye(features.shape[1]) / 1e-2
    for z, target in zip(features, y, strict=True):
        gain = P @ z / (0.97 + z @ P @ z)
        theta, P = theta + gain * (target - theta @ z), (P - np.outer(gain, z @ P)) / 0.97
        P = (P + P.T) / 2

    assert_allclose(model.coef_[0], theta[:-1], rtol=0, atol=1e-10 * np.abs(theta).max())
    assert_allclose(model.intercept_[0], theta[-1], rtol=0, atol=1e-10 * np.abs(theta).max())


def test_a_model_that_forgets_follows_a_drift_and_goes_on_from_a_file(tmp_path):
    X, y = driven(4000)
    errors = {}
    for forgetting in (1.0, 0.99):
        model = ESNRegressor(n_units=20, alpha=1e-3, forgetting=forgetting, random_state=0)
        model.partial_fit(X[:3500], y[:3500])
        errors[forgetting] = np.abs(model.predict(X[3500:]) - y[3500:]).mean()
    save(model, tmp_path / "model.zip")
    again = load(tmp_path / "model.zip").partial_fit(X[3500:], y[3500:])

    assert errors[0.99] < 0.7 * errors[1.0]
    assert_array_equal(again.coef_, model.partial_fit(X[3500:], y[3500:]).coef_)


def test_what_cannot_forget_is_refused():
    X, y = driven(100)
    for alpha in ("closed_loop", [1e-6, 1e-3]):
        model = ESNRegressor(n_units=5, alpha=alpha, forgetting=0.9)
        with pytest.raises(ValueError, match="alpha must be one number|partial_fit"):
            model.partial_fit(X, y)
        with pytest.raises(ValueError, match="alpha must be one number"):
            model.fit(*next_step(X))
    for forgetting in (0.0, 1.5, np.nan):
        with pytest.raises(ValueError, match="forgetting"):
            ESNRegressor(n_units=5, forgetting=forgetting).fit(X, y)
