import numpy as np
import pytest
import reference
import scipy.linalg
from numpy.testing import assert_allclose
from sklearn.model_selection import GridSearchCV

from reservoirs import ESNRegressor, load, next_step, save
from reservoirs.readout import (
    SOLVERS,
    DualRows,
    GramSums,
    QRSums,
    Readout,
    Spectrum,
    row_blocks,
)
from reservoirs.readout import fit_readout as fit_any

SCALES = np.logspace(0, -6, 40)
FEATURES = np.random.default_rng(0).normal(size=(3000, 40)) * SCALES + 5.0
ERRORS = np.random.default_rng(2).normal(size=(3000, 2))
TARGETS = ERRORS + FEATURES[:, :2] - FEATURES[:, -2:] / SCALES[-2:]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def blocks(features=FEATURES, targets=TARGETS, size=1024):
    def stream():
        for first in range(0, len(features), size):
            yield features[first : first + size].copy(), targets[first : first + size]

    return stream


def fit_readout(stream, n_features, n_outputs, **settings):
    n_rows = sum(len(features) for features, _ in stream())
    return fit_any(stream, n_features, n_outputs, n_rows=n_rows, **settings)


def predictions(C, c):
    return FEATURES @ C.T + c


@pytest.mark.parametrize("alpha", [1e2, 1e-2, 1e-6])
@pytest.mark.parametrize("solver", ["auto", "cholesky", "qr"])
def test_every_solver_equals_the_singular_value_solution(alpha, solver):
    readout = fit_readout(blocks(), 40, 2, alpha=alpha, solver=solver)

    C, c = reference.ridge(FEATURES, TARGETS, alpha)
    assert_allclose(readout.coefficients, C, rtol=1e-6, atol=1e-7 * np.abs(C).max())
    assert_allclose(
        predictions(readout.coefficients, readout.intercept), predictions(C, c), atol=1e-6
    )


@pytest.mark.parametrize("alpha", [1e-10, 1e-13, 1e-16])
def test_qr_keeps_its_digits_where_normal_equations_lose_them(alpha, rng):
    ill = rng.normal(size=(2000, 30)) @ (rng.normal(size=(30, 30)) * np.logspace(0, -9, 30))
    targets = ill @ rng.normal(size=(30, 1)) + 1e-6 * rng.normal(size=(2000, 1))

    readout = fit_readout(blocks(ill, targets), 30, 1, alpha=alpha, solver="qr")

    C, c = reference.ridge(ill, targets, alpha)
    fitted, exact = ill @ readout.coefficients.T + readout.intercept, ill @ C.T + c
    error, best = np.std(targets - fitted), np.std(targets - exact)
    assert_allclose(error, best, rtol=0.01)


def test_auto_says_which_method_it_took():
    large = fit_readout(blocks(), 40, 2, alpha=1.0, solver="auto")
    small = fit_readout(blocks(), 40, 2, alpha=1e-14, solver="auto")

    assert large.method == "cholesky"
    assert small.method == "qr"
    assert 1e5 < small.condition < 1e8


@pytest.mark.parametrize("form", [GramSums, QRSums, DualRows])
def test_the_intercept_is_not_penalised(form):
    readout = summed(form).solve(1e12)

    assert_allclose(readout.intercept, TARGETS.mean(axis=0), rtol=1e-3)


@pytest.mark.filterwarnings("ignore:alpha=0.001 is below")
@pytest.mark.parametrize("solver", ["cholesky", "qr", "auto"])
def test_fewer_rows_than_features_is_fine_with_a_penalty(solver, rng):
    features, targets = rng.normal(size=(20, 60)), rng.normal(size=(20, 1))

    readout = fit_readout(blocks(features, targets), 60, 1, alpha=1e-3, solver=solver)

    C, _ = reference.ridge(features, targets, 1e-3)
    assert_allclose(readout.coefficients, C, rtol=1e-6)


def test_auto_keeps_the_rows_where_they_are_fewer_than_the_features(rng):
    features, targets = rng.normal(size=(20, 60)), rng.normal(size=(20, 1))

    readout = fit_readout(blocks(features, targets, 8), 60, 1, alpha=1e-15, solver="auto")

    assert readout.method == "dual"
    assert_allclose(features @ readout.coefficients.T + readout.intercept, targets, atol=1e-9)


FORMS = [GramSums, QRSums, DualRows]


def summed(form, rows=slice(None)):
    sums = form(40, 2)
    for features, targets in blocks(FEATURES[rows], TARGETS[rows])():
        sums.add(features, targets)
    return sums


@pytest.mark.parametrize("form", FORMS)
def test_merged_parts_equal_the_whole(form):
    parts = [summed(form, slice(0, 700)), summed(form, slice(700, 3000))]

    parts[0].merge(parts[1])

    whole = summed(form)
    assert parts[0].n_rows == whole.n_rows == 3000
    assert_allclose(
        predictions(*solution(parts[0], 1e-3)), predictions(*solution(whole, 1e-3)), atol=1e-8
    )


@pytest.mark.parametrize("size", [1, 100, 1024])
@pytest.mark.parametrize("jump", [3.0, 100.0])
def test_sums_follow_a_mean_that_moves(jump, size, rng):
    drift = jump * np.repeat([0.0, 1.0, -0.5], 1000)[:, None]
    features = rng.normal(size=(3000, 10)) + drift * np.arange(1.0, 11.0)
    targets = features[:, :2] - features[:, 2:4] + rng.normal(size=(3000, 2))

    readout = fit_readout(
        blocks(features, targets, size), 10, 2, alpha=1e-3 * jump**2, solver="cholesky"
    )

    C, c = reference.ridge(features, targets, 1e-3 * jump**2)
    assert_allclose(readout.coefficients, C, rtol=1e-7, atol=1e-9)
    assert_allclose(readout.intercept, c, rtol=1e-6, atol=1e-9 * jump)
    assert_allclose(readout.feature_mean, features.mean(axis=0), atol=1e-12 * jump)


def test_sums_follow_targets_that_leave_steady_features():
    targets = TARGETS + 1e9 * (np.arange(3000) >= 3)[:, None]
    sums = GramSums(40, 2)

    for block in blocks(targets=targets, size=3)():
        sums.add(*block)

    exact = targets.astype(np.longdouble)
    totals = np.sum((exact - exact.mean(axis=0)) ** 2, axis=0)
    assert_allclose(sums.spectrum().totals, totals.astype(float), rtol=1e-13)


def test_empty_sums_merge_with_any():
    sums, whole = GramSums(40, 2), summed(GramSums)

    sums.merge(GramSums(40, 2))
    sums.merge(whole)
    sums.merge(GramSums(40, 2))

    assert_allclose(sums.solve(1e-3).coefficients, whole.solve(1e-3).coefficients, rtol=1e-12)


def solution(sums, alpha):
    readout = sums.solve(alpha)
    return readout.coefficients, readout.intercept


@pytest.mark.parametrize("form", FORMS)
def test_the_residual_of_another_readout_is_exact(form):
    readout = summed(QRSums, slice(0, 1500)).solve(1e-2)

    held_out = summed(form, slice(1500, 3000)).residual(readout)

    fitted = predictions(readout.coefficients, readout.intercept)[1500:]
    assert_allclose(held_out, np.sum((TARGETS[1500:] - fitted) ** 2, axis=0), rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("alpha", [1e-4, 1.0, 1e3])
def test_gcv_equals_its_definition(form, alpha):
    centred, shifted = FEATURES - FEATURES.mean(axis=0), TARGETS - TARGETS.mean(axis=0)
    hat = centred @ np.linalg.solve(centred.T @ centred + alpha * np.eye(40), centred.T)
    residual = np.sum((shifted - hat @ shifted) ** 2, axis=0) / np.sum(shifted**2, axis=0)
    expected = residual.mean() * (3000 / (3000 - 1 - np.trace(hat))) ** 2

    assert_allclose(summed(form).spectrum().gcv(alpha), expected, rtol=1e-5)


@pytest.mark.parametrize("solver", ["cholesky", "qr"])
def test_contiguous_folds_choose_as_brute_force_does(solver, rng):
    alphas = np.logspace(-2, 5, 8)
    noisy = TARGETS + 20 * rng.normal(size=TARGETS.shape)
    folds = np.array_split(np.arange(3000), 5)
    errors = []
    for alpha in alphas:
        error = 0.0
        for fold in folds:
            kept = np.setdiff1d(np.arange(3000), fold)
            C, c = reference.ridge(FEATURES[kept], noisy[kept], alpha)
            error += np.sum((noisy[fold] - FEATURES[fold] @ C.T - c) ** 2)
        errors.append(error)

    stream = blocks(targets=noisy)
    readout = fit_readout(stream, 40, 2, alpha=alphas, solver=solver, folds=5)

    assert readout.alpha == alphas[np.argmin(errors)]


def test_a_forced_method_that_loses_digits_warns_with_the_remedy():
    with pytest.warns(scipy.linalg.LinAlgWarning, match="use solver='auto' or 'qr', or a larger"):
        fit_readout(blocks(), 40, 2, alpha=1e-14, solver="cholesky")


def test_alpha_zero_gives_the_smallest_least_squares_solution():
    doubled = np.hstack([FEATURES[:, :5], FEATURES[:, :5]])

    readout = fit_readout(blocks(doubled), 10, 2, alpha=0.0, solver="qr")

    assert_allclose(readout.coefficients[:, :5], readout.coefficients[:, 5:], rtol=1e-6)


def test_a_singular_gram_names_the_remedy():
    doubled = np.hstack([FEATURES[:, :5], FEATURES[:, :5]])

    with pytest.raises(scipy.linalg.LinAlgError, match="use solver='qr', or a larger alpha"):
        fit_readout(blocks(np.zeros_like(doubled)), 10, 2, alpha=0.0, solver="cholesky")


class NormalEquations:
    """A readout of somebody's own: uncentred normal equations with a column of ones."""

    def __init__(self, n_features, n_outputs):
        self.products = np.zeros((1 + n_features + n_outputs, 1 + n_features + n_outputs))
        self.n_features = n_features

    @property
    def n_rows(self):
        return int(self.products[0, 0])

    def add(self, features, targets):
        rows = np.hstack([np.ones((len(features), 1)), features, targets])
        self.products += rows.T @ rows

    def merge(self, other):
        self.products += other.products

    def is_finite(self):
        return bool(np.isfinite(self.products).all())

    def centred(self):
        n, m = self.n_features, self.products[1:, 0] / self.n_rows
        moments = self.products[1:, 1:] - self.n_rows * np.multiply.outer(m, m)
        return moments[:n, :n], moments[:n, n:], moments[n:, n:], m

    def solve(self, alpha):
        gram, cross, _, means = self.centred()
        solution = np.linalg.solve(gram + alpha * np.eye(self.n_features), cross)
        return Readout.from_centred(
            solution,
            feature_mean=means[: self.n_features],
            target_mean=means[self.n_features :],
            method="mine",
            alpha=alpha,
            condition=1.0,
        )

    def spectrum(self):
        gram, cross, totals, _ = self.centred()
        values, vectors = np.linalg.eigh(gram)
        return Spectrum(values, (vectors.T @ cross) ** 2, np.diag(totals), self.n_rows)

    def residual(self, readout):
        combined = np.vstack(
            [-readout.intercept[None], -readout.coefficients.T, np.eye(len(readout.intercept))]
        )
        return np.einsum("fo,fg,go->o", combined, self.products, combined)


@pytest.fixture
def mine(monkeypatch):
    monkeypatch.setitem(SOLVERS, "mine", NormalEquations)


@pytest.mark.parametrize("alpha_cv", [None, 3])
def test_a_new_readout_is_one_class_and_one_entry_and_fits_in_every_way(mine, alpha_cv, tmp_path):
    X, y = next_step(np.sin(0.2 * np.arange(400)) + np.cos(0.31 * np.arange(400)))
    settings = {"n_units": 20, "alpha": [1e-2, 1e-1, 10.0], "random_state": 0}
    own = ESNRegressor(**settings, solver="mine", alpha_cv=alpha_cv).fit(X, y)
    known = ESNRegressor(**settings, solver="cholesky", alpha_cv=alpha_cv).fit(X, y)

    save(own, tmp_path / "model")

    assert own.readout_.method == "mine"
    assert own.alpha_ == known.alpha_
    assert_allclose(own.forecast(5), known.forecast(5), rtol=1e-6)
    assert_allclose(load(tmp_path / "model").forecast(5), own.forecast(5), rtol=1e-14)


def test_a_new_readout_learns_chunk_by_chunk_and_through_a_file(mine, tmp_path):
    X, y = next_step(np.sin(0.2 * np.arange(400)) + np.cos(0.31 * np.arange(400)))
    settings = {"n_units": 20, "alpha": [1e-2, 1e-1, 10.0], "solver": "mine", "random_state": 0}
    at_once = ESNRegressor(**settings).partial_fit(X, y)

    half = ESNRegressor(**settings).partial_fit(X[:150], y[:150])
    save(half, tmp_path / "model")
    resumed = load(tmp_path / "model").partial_fit(X[150:], y[150:])

    assert_allclose(resumed.coef_, at_once.coef_, rtol=1e-14)
    assert resumed.alpha_ == at_once.alpha_


def test_a_new_readout_can_be_searched_and_named_in_errors(mine):
    X, y = next_step(np.sin(0.2 * np.arange(200)))
    model = ESNRegressor(n_units=20, alpha=1e-2, random_state=0)

    search = GridSearchCV(model, {"solver": ["mine", "qr"]}, cv=2).fit(X, y)

    scores = search.cv_results_["mean_test_score"]
    assert_allclose(scores[0], scores[1], rtol=1e-6)
    with pytest.raises(ValueError, match="'mine'"):
        ESNRegressor(solver="unknown").fit(X, y)


@pytest.mark.parametrize("solver", ["cholesky", "qr", "mine", "auto"])
def test_features_beyond_float64_are_refused_by_every_solver(mine, solver):
    features, targets = np.full((50, 3), 1e200), np.ones((50, 1))
    features[::2] *= -1e108

    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ValueError, match="too large for float64"),
    ):
        fit_readout(blocks(features, targets), 3, 1, alpha=1.0, solver=solver)


def test_blocks_end_at_fixed_rows_wherever_the_data_begin():
    whole = [list(range(5000))[part] for part in row_blocks(5000)]
    pieces = list(row_blocks(1500, first_row=1000))

    assert [len(part) for part in whole] == [1024, 1024, 1024, 1024, 904]
    assert pieces == [slice(0, 24), slice(24, 1048), slice(1048, 1500)]
    assert list(row_blocks(0)) == []
