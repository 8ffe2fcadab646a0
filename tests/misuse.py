"""Random calls, most of them wrong, drawn by hypothesis."""

import warnings

import numpy as np
import pandas as pd
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError

from reservoirs import forecast, next_step

DOCUMENTED = (ValueError, TypeError, NotFittedError)
WAVE = np.sin(0.3 * np.arange(60))
X, Y = next_step(WAVE)
LISTED = [X[:20], X[20:45], X[45:]]
DATA = [
    X,
    Y,
    LISTED,
    np.stack([X[:20], X[20:40]]),
    X.tolist(),
    X[:1],
    X[:0],
    X[:, :0],
    X[:3],
    np.full_like(X, np.nan),
    np.full_like(X, np.inf),
    X * 1e300,
    X.astype(object),
    X.astype(str),
    X.astype(np.float32),
    X.astype(int),
    X > 0,
    X + 1j,
    np.hstack([X, X]),
    pd.DataFrame(X),
    pd.Series(Y),
    scipy.sparse.csr_array(X),
    [X[:20], X[20:40, 0]],
    [X[:20], np.hstack([X, X])],
    [],
    [[]],
    None,
    3,
    "text",
    {"a": 1},
    np.zeros((2, 3, 4, 5)),
    X[::-1],
    X[::2],
    np.asfortranarray(np.hstack([X, X])),
    [X[:20], None],
]
TARGETS = [
    Y,
    Y[:, None],
    np.hstack([X, X]),
    Y > 0,
    np.where(Y > 0, "up", "down"),
    LISTED,
    [y[:, 0] for y in LISTED],
    [0, 1, 0],
    ["a", "b", "a"],
    Y[:-1],
    Y * np.nan,
    None,
    0,
    Y.tolist(),
    np.ones(len(Y)),
    np.stack([Y[:20], Y[20:40]]),
    pd.Series(Y),
    Y.astype(object),
    [1.5, 2.5, 3.5],
]
NUMBERS = st.sampled_from(
    [-1, 0, 1, 2, 7, 1e9, 0.5, -0.5, np.nan, np.inf, None, "5", True, [1], 1e-300]
)
CALLS = st.sampled_from(
    [
        "fit",
        "partial_fit",
        "predict",
        "score",
        "forecast",
        "backtest",
        "transform",
        "predict_proba",
        "context",
        "state",
        "function",
    ]
)
WORDS = st.sampled_from(
    ["random", "gru", "qr", "mean", "both", "last", "float32", "sgd", "esn", ""]
)


def attempt(model, call, data, target, number):
    if call == "fit":
        return model.fit(data, target)
    if call == "partial_fit":
        return model.partial_fit(data, target)
    if call == "score":
        return model.score(data, target)
    if call == "forecast":
        return model.forecast(number if number != 1e9 else 5, context=data)
    if call == "backtest":
        return model.backtest(data, horizon=number, step=number)
    if call == "function":
        return forecast(model, 3, exog=data)
    if call == "context":
        return model.predict(X, context=data)
    if call == "state":
        return model.predict(X, initial_state=data)
    return getattr(model, call)(data)


def one_misuse(kind, names, values, steps, fitted):
    model = kind()
    small = {"n_units": 5, "max_iter": 2}
    model.set_params(**{name: small[name] for name in small if hasattr(model, name)})
    settings_ = dict(zip(names, values, strict=False))
    if settings_.get("n_units") == 1e9 or settings_.get("n_delays") == 1e9:
        return  # no mistake: a machine with that much memory would do it
    if fitted:
        model.fit(X, Y > 0 if is_classifier(model) else Y)
    model.set_params(**settings_)
    for call, data, target, number in steps:
        if not hasattr(model, call) and call not in ("context", "state", "function"):
            continue
        if not hasattr(model, "predict") and call in ("context", "state"):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = attempt(model, call, DATA[data], TARGETS[target], number)
        except DOCUMENTED as error:
            assert len(str(error)) > 10
            continue
        bounded = hasattr(model, "n_units")  # monomials overflow, and NumPy warns of it
        if call in ("predict", "context", "state") and isinstance(found, np.ndarray) and bounded:
            assert found.dtype.kind not in "fc" or np.isfinite(found).all()


@st.composite
def misuses(draw, models):
    kind = draw(st.sampled_from(list(models)))
    names = draw(st.lists(st.sampled_from(sorted(models[kind])), max_size=2, unique=True))
    values = [draw(st.one_of(NUMBERS, WORDS)) for _ in names]
    step = st.tuples(
        CALLS, st.integers(0, len(DATA) - 1), st.integers(0, len(TARGETS) - 1), NUMBERS
    )
    return kind, names, values, draw(st.lists(step, min_size=1, max_size=4)), draw(st.booleans())


def assert_misuses_are_answered(models, times):
    """Check so many random uses of models, {class: names of settings}."""

    @settings(
        max_examples=times, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(misuses(models))
    def run(misuse):
        one_misuse(*misuse)

    run()
