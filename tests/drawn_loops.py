"""Closed loops of systems, settings and Pipelines drawn at random: each stays within its bound."""

import warnings
from collections import defaultdict
from functools import cache

import numpy as np
from containers import naming
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

from reservoirs import (
    NVAR,
    ESNRegressor,
    ForecastDivergedWarning,
    NVARRegressor,
    Reservoir,
    SequenceScaler,
    forecast,
    next_step,
)
from reservoirs.datasets import lorenz63, mackey_glass, roessler

CHAOS = {
    "lorenz": lambda: lorenz63(600, random_state=0),
    "roessler": lambda: roessler(600, random_state=0),
    "mackey_glass": lambda: mackey_glass(600, random_state=0).reshape(-1, 1),
}
T = np.arange(600.0)[:, None]
DRAWN = {  # by hand: what has no attractor, or hardly a scale
    "sine": lambda rng: np.sin(rng.uniform(0.02, 1.5) * T),
    "two sines": lambda rng: np.sin(rng.uniform(0.02, 0.5) * T) + np.cos(rng.uniform(0.5, 3) * T),
    "constant": lambda rng: np.full((600, 1), rng.normal()),
    "line": lambda rng: rng.normal() * T + rng.normal(),
    "exponential": lambda rng: np.exp(rng.uniform(-0.02, 0.02) * T),
    "spikes": lambda rng: (rng.random((600, 1)) < 0.05) * rng.exponential(5.0, (600, 1)),
    "white noise": lambda rng: rng.normal(size=(600, rng.integers(1, 4))),
    "random walk": lambda rng: np.cumsum(rng.normal(size=(600, rng.integers(1, 3))), axis=0),
    "logistic map": lambda rng: logistic(rng.uniform(3.5, 4.0), rng.uniform(0.1, 0.9)),
}
UNITS = [(1.0, 0.0), (1.0, 0.0), (1e3, 0.0), (1e-6, 0.0), (1.0, 1e6)]


def logistic(rate, value):
    rows = np.empty((600, 1))
    for row in rows:
        row[0] = value
        value = rate * value * (1 - value)
    return rows


@cache
def chaos(name):
    return CHAOS[name]()


def drawn_series(rng):
    """Return the name of a system and 20 to 600 rows of it, in some units, perhaps noisy."""
    name = rng.choice([*CHAOS, *DRAWN])
    series = chaos(name) if name in CHAOS else DRAWN[name](rng)
    series = series[: rng.integers(20, 600), : rng.integers(1, 4)]
    noise = rng.choice([0.0, 0.05, 0.2]) * rng.normal(size=series.shape)
    series = series if np.ptp(series) == 0 else series + noise * series.std()
    scale, shift = UNITS[rng.integers(len(UNITS))]
    return str(name), scale * series + shift


def drawn_esn(rng, n_rows):
    alpha = "closed_loop" if rng.random() < 0.1 and n_rows > 60 else 10.0 ** rng.uniform(-14, 1)
    return ESNRegressor(
        n_units=int(rng.integers(5, 60)),
        spectral_radius=rng.uniform(0.1, 1.8),
        leak_rate=rng.choice([1.0, rng.uniform(0.05, 1.0)]),
        input_scaling=10.0 ** rng.uniform(-2, 1),
        bias_scaling=rng.uniform(0.0, 2.0),
        topology=str(rng.choice(["random", "cycle", "orthogonal"])),
        dtype=str(rng.choice(["float64", "float64", "float32"])),
        noise=rng.choice([0.0, 0.0, 1e-2]),
        readout_features=str(rng.choice(["state+input", "state", "state+input+squares"])),
        alpha=alpha,
        bound=rng.choice([0.25, 0.25, rng.uniform(0.0, 2.0)]),
        random_state=int(rng.integers(1000)),
    )


def drawn_nvar(rng):
    return NVARRegressor(
        n_delays=int(rng.integers(1, 4)),
        stride=int(rng.integers(1, 3)),
        degree=int(rng.integers(1, 4)),
        alpha=10.0 ** rng.uniform(-12, 1),
        bound=rng.choice([0.25, rng.uniform(0.0, 2.0)]),
    )


def compiled_loop(rng, series):
    """Return a model whose loop is compiled, itself or behind scalers."""
    model = drawn_nvar(rng) if rng.random() < 0.3 else drawn_esn(rng, len(series))
    scaler = rng.choice([None, StandardScaler(), MinMaxScaler((-1, 1)), SequenceScaler()])
    kind = "nvar" if isinstance(model, NVARRegressor) else "esn"
    return (kind, model) if scaler is None else (f"{kind}, scaled", make_pipeline(scaler, model))


def other_loop(rng, series):
    """Return a model whose loop is stepped in Python, through several objects."""
    esn = drawn_esn(rng, len(series)).set_params(alpha=10.0 ** rng.uniform(-8, 0))
    states = Reservoir(n_units=20, spectral_radius=rng.uniform(0.5, 1.5), random_state=0)
    models = {
        "states, ridge": make_pipeline(StandardScaler(), states, Ridge(10.0 ** rng.uniform(-8, 0))),
        "deep": make_pipeline(MinMaxScaler((-1, 1)), states, esn),
        "delays, esn": make_pipeline(StandardScaler(), NVAR(n_delays=2, degree=2), esn),
        "powers, esn": make_pipeline(SequenceScaler(), PolynomialFeatures(2), esn),
        "target": TransformedTargetRegressor(esn, transformer=StandardScaler()),
    }
    kind = str(rng.choice(list(models)))
    return kind, models[kind]


def assert_the_loop_holds(draw, seed, n_steps, shares):
    """Forecast a drawn case; count whether it met its bound, and whether it diverged without."""
    rng = np.random.default_rng(seed)
    system, series = drawn_series(rng)
    kind, model = draw(rng, series)
    with_exog = rng.random() < 0.3
    force = np.sin(0.1 * np.arange(len(series) + n_steps))[:, None] if with_exog else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of unscaled inputs and rounding, which are meant here
        try:
            model.fit(*next_step(series, None if force is None else force[: len(series)]))
        except ValueError as error:
            assert "too large" in str(error), error
            shares[kind, "refused"].append(True)
            return
    ahead = None if force is None else force[len(series) - 1 : len(series) - 1 + n_steps]
    held, met = observed_forecast(model, n_steps, ahead)
    free, diverged = observed_forecast(model, n_steps, ahead, bound=None)
    assert np.isfinite(held).all(), system
    margin = bound_of(model)
    low, high = series.min(axis=0), series.max(axis=0)
    slack = margin * (high - low) + 2e-9 * np.abs(series).max(axis=0) + 1e-300
    assert (held >= low - slack).all() and (held <= high + slack).all(), system
    shares[kind, "met its bound"].append(met)
    shares[kind, "diverged without"].append(diverged or not np.isfinite(free).all())


def bound_of(model):
    """Return the bound of the regressor inside, or that of forecasts where it has none."""
    if hasattr(model, "steps"):
        model = model.steps[-1][1]
    return getattr(getattr(model, "regressor", model), "bound", 0.25)


def observed_forecast(model, n_steps, exog, **bound):
    """Return a forecast, (n_steps, n_outputs), and whether it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows = forecast(model, n_steps, exog=exog, **bound)
    told = any(issubclass(w.category, ForecastDivergedWarning) for w in caught)
    assert {w.category for w in caught} <= {ForecastDivergedWarning, ConvergenceWarning}
    return rows.reshape(n_steps, -1), told


def run_all(draw, seeds, n_steps):
    """Forecast a case per seed, and print the share of each kind that met its bound."""
    shares = defaultdict(list)
    for seed in seeds:
        with naming(seed):
            assert_the_loop_holds(draw, seed, n_steps, shares)
    for (kind, what), values in sorted(shares.items()):
        print(f"{kind:>14} {what:>17}: {sum(values)} of {len(values)}")  # noqa: T201 - read with -s
