"""Settings changed after a fit: other values, the ways to answer, and what must hold of both."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reservoirs import IntrinsicPlasticity, forecast, load, next_step, save

X, Y = next_step(np.sin(0.3 * np.arange(60)))
OTHER = {  # a valid value that no estimator above has
    "n_units": 7, "spectral_radius": 0.3, "leak_rate": 0.25, "input_scaling": 0.9,
    "bias_scaling": 0.1, "degree": 3, "topology": "cycle", "activation": "identity", "noise": 0.1,
    "alpha": 0.5, "alpha_cv": 3, "solver": "qr", "washout": 2, "pooling": "mean",
    "bidirectional": True, "initial_state": "zero", "dtype": "float32", "n_jobs": 2,
    "random_state": 5, "n_delays": 3, "stride": 2, "per_series": True, "with_mean": False,
    "with_std": False,
    "cell": "gru", "n_layers": 2, "init": "orthogonal", "window": 5, "truncation": 7,
    "max_iter": 3, "batch_size": 5, "learning_rate": 0.3, "clip_norm": 1.0,
    "vanishing_penalty": 0.2, "learn_initial_state": True, "hidden_bias": False, "n_scored": 2,
    "validation_fraction": 0.3, "early_stopping": True, "tol": 0.1, "n_iter_no_change": 3,
    "warm_start": True, "verbose": 1, "standardize": False, "device": "cpu",
    "exog_align": "target", "class_weight": "balanced", "bound": 0.5,
    "alpha_horizon": 9, "forgetting": 0.9, "readout_features": "state",
    "interval_origins": 12, "loss": "huber", "quantiles": (0.1, 0.5, 0.9), "readout": "ridge",
    "weight_decay": 0.1, "input_noise": 0.1, "dropout": 0.1, "schedule": "cosine",
    "teacher_forcing": 0.5,
    "mixing": 0.3, "intrinsic_plasticity": IntrinsicPlasticity(n_passes=1),
    "form": "rate", "dt": 0.5, "order": 4, "substeps": 2, "n_terms": 3,
}  # fmt: skip


def fit(model):
    """Fit an estimator to a sine, or to its sign."""
    return model.fit(X, Y > 0 if is_classifier(model) else Y)


def uses(model):
    """Every way in which a fitted estimator answers."""
    if hasattr(model, "transform"):
        yield model.transform
    if hasattr(model, "inverse_transform"):
        yield model.inverse_transform
    if hasattr(model, "predict"):
        yield model.predict
        yield lambda rows: model.score(rows, model.predict(rows))
    if hasattr(model, "predict_proba"):
        yield model.predict_proba
    if hasattr(model, "forecast"):
        yield lambda rows: model.forecast(3)
        yield lambda rows: model.backtest(rows, horizon=2, step=5)
        yield lambda rows: forecast(make_pipeline(StandardScaler().fit(rows), model), 3)


def check_change(fitted, name, value, *, free):
    """Check that a changed setting is obeyed if free, else refused until it is changed back."""
    model = copy.deepcopy(fitted)
    old = getattr(model, name)
    model.set_params(**{name: value})

    for use in [*uses(model)][: 1 if free else None]:
        if free:
            use(X)
            continue
        with pytest.raises(ValueError, match=f"^{name} was changed after fit, from .*: fit again"):
            use(X)

    answer = next(uses(model.set_params(**{name: old})))
    assert np.array_equal(answer(X), next(uses(copy.deepcopy(fitted)))(X))


def check_new_fit(fitted, name, value):
    """Check that a new fit takes a new setting."""
    model = fit(copy.deepcopy(fitted).set_params(**{name: value}))

    next(uses(model))(X)


def check_copies(fitted, name, path):
    """Check that a change is seen through pickles, and refused by files."""
    model = copy.deepcopy(fitted)
    save(model, path)
    for answering in (pickle.loads(pickle.dumps(model)), load(path)):
        assert np.array_equal(next(uses(answering))(X), next(uses(model))(X))
        with pytest.raises(ValueError, match=f"{name} was changed after fit"):
            next(uses(answering.set_params(**{name: OTHER[name]})))(X)

    changed = pickle.loads(pickle.dumps(model.set_params(**{name: OTHER[name]})))

    with pytest.raises(ValueError, match=f"{name} was changed after fit"):
        next(uses(changed))(X)
    with pytest.raises(ValueError, match=f"{name} was changed after fit"):
        save(changed, path)
