"""Ridge regression and its generalised cross-validation in 50 digits, from the definition."""

import mpmath
import numpy as np

GRID = 10.0 ** np.arange(-18, 3)


def exact_errors(features, targets, alphas):
    """Return the GCV error of every penalty, relative to the targets' variance, mpmath numbers.

    n |a (K + a)^-1 y|^2 / tr(a (K + a)^-1 - 1 1'/n)^2 / |y|^2, K = X X' of the centred rows
    """
    with mpmath.workdps(60):
        n = len(features)
        # One more column of targets each: the projections of all of them from one decomposition.
        X, Y = _centred(features), _centred(targets)
        if X.cols >= n:
            values, U = mpmath.eigsy(X * X.T)
            explained = sorted(range(n), key=lambda i: values[i])[1:]  # without the constant
        else:
            values, V = mpmath.eigsy(X.T * X)
            explained, U = range(X.cols), X * V
            for i in explained:
                U[:, i] = U[:, i] / mpmath.sqrt(values[i])
        eigenvalues = [values[i] for i in explained]
        free = n - 1 - len(eigenvalues)
        projected = U.T * Y
        squares = [[projected[i, j] ** 2 for i in explained] for j in range(Y.cols)]
        totals = [sum(Y[t, j] ** 2 for t in range(n)) for j in range(Y.cols)]
        return [_error(mpmath.mpf(a), eigenvalues, squares, totals, n, free) for a in alphas]


def exact_fold_errors(features, targets, alphas, n_folds):
    """Return the squared error of every penalty on contiguous folds that were left out.

    sum over folds of |y - my - (x - mx) V (L + a)^-1 V' X'Y|^2, G = X'X = V L V' of the other rows
    """
    edges = np.linspace(0, len(features), n_folds + 1).astype(int)
    errors = [0] * len(alphas)
    with mpmath.workdps(60):
        for first, last in zip(edges[:-1], edges[1:], strict=True):
            kept = np.r_[0:first, last : len(features)]
            (X, X_out), (Y, Y_out) = (_parted(a, kept, first, last) for a in (features, targets))
            values, V = mpmath.eigsy(X.T * X)
            cross, outside = V.T * (X.T * Y), X_out * V
            for i, alpha in enumerate(alphas):
                shrunk = cross.copy()
                for k, value in enumerate(values):
                    shrunk[k, :] = cross[k, :] / (value + mpmath.mpf(alpha))
                errors[i] += sum(e**2 for e in Y_out - outside * shrunk)
    return errors


def _parted(rows, kept, first, last):
    """Return the rows kept and those left out, both about the mean of those kept."""
    mean = [sum(mpmath.mpf(v) for v in rows[kept, j]) / len(kept) for j in range(rows.shape[1])]
    parts = rows[kept], rows[first:last]
    return [
        mpmath.matrix([[mpmath.mpf(v) - m for v, m in zip(row, mean, strict=True)] for row in part])
        for part in parts
    ]


def _error(alpha, eigenvalues, squares, totals, n, free):
    kept = [alpha / (value + alpha) for value in eigenvalues]
    relative = 0
    for of_output, total in zip(squares, totals, strict=True):
        outside = total - sum(of_output) if free else 0
        remaining = sum(k * k * square for k, square in zip(kept, of_output, strict=True))
        relative += (outside + remaining) / total / len(totals)
    return relative * (n / (free + sum(kept))) ** 2


def _centred(rows):
    matrix = mpmath.matrix(rows.tolist())
    for j in range(matrix.cols):
        mean = sum(matrix[t, j] for t in range(matrix.rows)) / matrix.rows
        for t in range(matrix.rows):
            matrix[t, j] -= mean
    return matrix


def problem(number):
    """Return features and targets: a small reservoir driven by sines, with noise in the targets.

    A third each is free of noise, has 1e-6 and 1e-2 of it; half have more rows than features.
    """
    rng = np.random.default_rng(number)
    noise, wide = [0.0, 1e-6, 1e-2][number % 3], bool(number // 3 % 2)
    n_units, n_rows = (12, int(rng.integers(5, 12))) if wide else (7, int(rng.integers(12, 50)))
    W, b = rng.normal(size=(n_units, n_units)), rng.uniform(-1, 1, n_units)
    W *= rng.uniform(0.1, 1.2) / np.abs(np.linalg.eigvals(W)).max()
    w_in, n_outputs = rng.uniform(-1, 1, n_units), int(rng.integers(1, 3))
    series = np.sin(rng.uniform(0.1, 0.5) * np.arange(n_rows + 101))
    series += rng.integers(0, 2) * np.cos(rng.uniform(0.1, 1.0) * np.arange(n_rows + 101))
    states, x = [], np.zeros(n_units)
    for value in series[:-1]:
        x = np.tanh(W @ x + w_in * value + b)
        states.append(np.append(x, value))
    targets = np.column_stack([series[1:], series[1:] ** 2])[-n_rows:, :n_outputs]
    return np.array(states)[-n_rows:], targets + noise * rng.normal(size=targets.shape)
