import warnings

import gcv_oracle
import numpy as np
import pytest
import scipy.linalg
from gcv_oracle import GRID, exact_errors, exact_fold_errors, problem
from numpy.testing import assert_allclose

from reservoirs import ESNRegressor, NVARRegressor, next_step
from reservoirs.readout import DualRows, GramSums, QRSums, fit_readout, solve_best

GRIDS = {"wide": GRID, "moderate": 10.0 ** np.arange(-8, 5)}


def fit(features, targets, alphas, solver="auto", folds=None):
    def blocks():
        return iter([(features.copy(), targets)])

    shape = features.shape[1], targets.shape[1]
    return fit_readout(
        blocks, *shape, alpha=alphas, solver=solver, n_rows=len(features), folds=folds
    )


def excess(number, grid, solver):
    """Return whether a choice is that of 50 digits, and how much worse its error is."""
    features, targets = problem(number)
    errors = exact_errors(features, targets, grid)
    chosen = list(grid).index(fit(features, targets, grid, solver).alpha)
    best = min(range(len(grid)), key=errors.__getitem__)
    return chosen == best, float(errors[chosen] / errors[best]) - 1.0


@pytest.mark.parametrize("number", range(0, 300, 10))
def test_the_choice_is_that_of_a_computation_in_50_digits(number):
    solver, grid = ["auto", "qr"][number // 10 % 2], GRIDS[["wide", "moderate"][number // 20 % 2]]

    assert excess(number + number // 10 % 3, grid, solver) == (True, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["auto", "qr"])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_the_choice_is_that_of_50_digits_in_300_problems(grid, solver):
    results = [excess(number, grid, solver) for number in range(300)]

    assert all(same for same, _ in results)
    assert max(worse for _, worse in results) < 0.01


def excess_of_folds(number, grid):
    """Return how much worse the errors of choices by folds are than the best of the grid."""
    features, targets = problem(number)
    errors = exact_fold_errors(features, targets, grid, 3)
    readouts = [fit(features, targets, grid, solver, folds=3) for solver in ("auto", "qr")]
    return max(float(errors[list(grid).index(r.alpha)] / min(errors)) - 1.0 for r in readouts)


def test_folds_choose_as_50_digits_do_but_for_ties():
    for number, grid in ((0, GRID[::3]), (2, GRIDS["moderate"]), (4, GRID[::3])):
        assert excess_of_folds(number, grid) < 1e-12, number


@pytest.mark.slow
def test_folds_choose_as_50_digits_do_in_300_problems():
    for number in range(300):
        for grid in GRIDS.values():
            assert excess_of_folds(number, grid) < 1e-10, number


def test_folds_of_a_gram_matrix_judge_no_penalty_below_its_rounding():
    for number in range(0, 30, 5):
        features, targets = problem(number)
        sums = GramSums(features.shape[1], targets.shape[1])
        sums.add(features.copy(), targets)

        chosen = fit(features, targets, GRID, "cholesky", folds=3)

        assert chosen.alpha >= sums.smallest_alpha()


def test_folds_whose_residuals_cancel_are_judged_by_qr():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(3000, 20))
    targets = 1e3 * features @ rng.normal(size=(20, 1)) + 1e-6 * rng.normal(size=(3000, 1))

    chosen = [
        fit(features, targets, 10.0 ** np.arange(-7, 4), solver, folds=5)
        for solver in ("auto", "qr")
    ]

    assert chosen[0].alpha == chosen[1].alpha
    assert chosen[0].method == "cholesky"  # of the one member that was chosen


@pytest.mark.parametrize("form", [QRSums, DualRows])
@pytest.mark.parametrize("number", [0, 3, 7, 10])
def test_the_error_itself_has_its_digits_where_it_is_tiny(form, number):
    features, targets = problem(number)
    sums = form(features.shape[1], targets.shape[1])
    sums.add(features.copy(), targets)
    spectrum = sums.spectrum()

    errors = np.array([float(e) for e in exact_errors(features, targets, GRID)])

    assert_allclose([spectrum.gcv(alpha) for alpha in GRID], errors, rtol=1e-4)


@pytest.mark.parametrize("number", range(6))
def test_chunks_choose_as_the_whole_does(number):
    X, y = next_step(np.sin(0.2 * np.arange(60 + 40 * number)))
    y = y + [0.0, 1e-6, 1e-2][number % 3] * np.random.default_rng(number).normal(size=len(y))
    model = ESNRegressor(n_units=[20, 150][number // 3], alpha=GRID, random_state=number)

    whole = model.fit(X, y).alpha_
    model = ESNRegressor(**model.get_params())
    for rows in np.array_split(np.arange(len(X)), 3):
        model.partial_fit(X[rows], y[rows])

    states = model.reservoir_.transform(X)
    readout = fit(np.hstack([states, X]), y[:, None], GRID)
    assert model.alpha_ == whole == readout.alpha


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e170, 1e300])
@pytest.mark.parametrize("number", [2, 5])
def test_targets_whose_squares_are_beyond_float64_choose_as_others_do(number, scale):
    features, targets = problem(number)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of the coefficients' own products
        chosen = [fit(features, targets * scale, grid).alpha for grid in GRIDS.values()]

    assert chosen == [fit(features, targets, grid).alpha for grid in GRIDS.values()]


def test_targets_whose_sums_are_beyond_float64_are_refused():
    features, targets = problem(0)

    with np.errstate(all="ignore"), pytest.raises(ValueError, match="targets.*too large"):
        fit(features, np.full_like(targets, 1e308) * [[1.0]], GRID, "qr")


@pytest.mark.parametrize("number", [2, 5])
@pytest.mark.parametrize("solver", ["auto", "qr"])
def test_a_constant_target_has_no_say(number, solver):
    features, targets = problem(number)
    constant = np.full((len(targets), 1), 0.1)

    for grid in GRIDS.values():
        both = fit(features, np.hstack([targets, constant]), grid, solver)
        assert both.alpha == fit(features, targets, grid, solver).alpha


def test_a_gram_matrix_judges_no_penalty_below_its_rounding():
    features, targets = problem(0)
    sums = GramSums(features.shape[1], targets.shape[1])
    sums.add(features.copy(), targets)

    chosen = solve_best(sums, GRID)

    assert sums.judged(GRID) is None
    assert chosen.alpha >= sums.smallest_alpha()


def test_members_that_cholesky_cannot_solve_are_left_out():
    features, targets = problem(0)
    doubled = np.hstack([features, features])

    readout = fit(doubled, targets, np.array([0.0, 1e-30, 1e-6, 1e-2]), "cholesky")

    assert readout.alpha in {1e-6, 1e-2}
    with pytest.warns(scipy.linalg.LinAlgWarning, match="alpha=1e-11 is below"):
        fit(doubled, targets, np.array([0.0, 1e-12, 1e-11]), "cholesky")
    with pytest.raises(scipy.linalg.LinAlgError, match="use solver='qr'"):
        fit(np.zeros_like(features), targets, np.array([0.0, 0.0]), "cholesky")


def test_nvar_chooses_as_50_digits_do():
    series = np.sin(0.3 * np.arange(40)) + 1e-3 * np.random.default_rng(0).normal(size=40)
    X, y = next_step(series)
    model = NVARRegressor(n_delays=2, degree=2, alpha=GRID).fit(X, y)
    z = model.features_.monomials(model.features_.delayed(X)[1:])

    errors = exact_errors(z / np.sqrt(np.mean(z**2, axis=0)), y[1:, None], GRID)

    assert model.alpha_ == GRID[min(range(len(GRID)), key=errors.__getitem__)]


def test_the_oracle_is_the_definition():
    features, targets = problem(2)
    alpha, n = 1e-3, len(features)
    centred, shifted = features - features.mean(axis=0), targets - targets.mean(axis=0)
    hat = centred @ np.linalg.solve(
        centred.T @ centred + alpha * np.eye(centred.shape[1]), centred.T
    )
    relative = np.sum((shifted - hat @ shifted) ** 2, axis=0) / np.sum(shifted**2, axis=0)

    expected = relative.mean() * (n / (n - 1 - np.trace(hat))) ** 2

    assert_allclose(float(gcv_oracle.exact_errors(features, targets, [alpha])[0]), expected)
