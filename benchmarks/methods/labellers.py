"""Methods of other libraries that label series."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.methods.base import Method
from benchmarks.methods.peers import load
from benchmarks.tasks.base import Settings, Task
from benchmarks.tasks.data import Array
from benchmarks.tasks.kinds import Labelled


class MiniRocket:
    """MiniRocket of sktime and a ridge classifier, as its authors put them together.

    The seed is that of its biases.
    """

    def __init__(self, seed: int) -> None:
        rocket = load("sktime.transformations.rocket")
        self.alike = rocket.MiniRocketMultivariate(random_state=seed)
        self.ragged = rocket.MiniRocketMultivariateVariable(
            random_state=seed, pad_value_short_series=0.0
        )

    def fit(self, X: list[Array], y: Array) -> Self:
        """Learn from series of one length, or of several."""
        self.transform: Any = self.ragged if len({len(series) for series in X}) > 1 else self.alike
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # short series are of one length padded
            features = self.transform.fit_transform(_nested(X))
        ridge = RidgeClassifierCV(alphas=np.logspace(-3, 3, 10))
        scaler = StandardScaler(with_mean=False)
        self.classifier = make_pipeline(scaler, ridge).fit(features, y)
        self.n_weights = ridge.coef_.size + np.size(ridge.intercept_)
        return self

    def predict(self, X: list[Array]) -> Array:
        """Return a label for every series."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            features = self.transform.transform(_nested(X))
        labels: Array = self.classifier.predict(features)
        return labels


def _nested(X: list[Array]) -> Any:  # noqa: ANN401 - pandas is looked up when it runs
    """Return series in sktime's oldest container, which may be ragged."""
    pandas = load("pandas")
    return pandas.DataFrame([[pandas.Series(column) for column in series.T] for series in X])


def build_minirocket(settings: Settings, task: Task, data: Labelled, seed: int) -> MiniRocket:
    """Return MiniRocket, which has no settings."""
    return MiniRocket(seed)


METHODS = [
    Method(
        "minirocket",
        "MiniRocket",
        build_minirocket,
        colour="#CC79A7",
        on_request=True,
        kinds=(Labelled,),
    )
]
