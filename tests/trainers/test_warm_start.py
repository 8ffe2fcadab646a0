"""A warm start goes on with the columns that it began with, or is refused and changes nothing."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from trainers import RNNClassifier, RNNRegressor

ROWS = np.random.default_rng(0).normal(size=(40, 3))
Y = ROWS[:, 0]
SMALL = {"n_units": 3, "max_iter": 1, "warm_start": True, "random_state": 0}


def named(*columns):
    return pd.DataFrame(ROWS[:, : len(columns)], columns=list(columns))


@pytest.mark.parametrize("kind", [RNNRegressor, RNNClassifier])
@pytest.mark.parametrize("solver", ["adam", "hessian_free"])
def test_other_columns_are_refused_and_the_model_is_kept(kind, solver):
    y = Y > 0 if kind is RNNClassifier else Y
    template = kind(solver=solver, **SMALL)
    for before, after in [
        (ROWS[:, :1], ROWS[:, :2]), (ROWS, ROWS[:, :2]), (named("a", "b"), named("b", "a")),
        (named("a", "b"), named("a", "c")), (named("a", "b"), named("a")),
    ]:  # fmt: skip
        model = clone(template).fit(before, y)
        kept = pickle.dumps(vars(model))

        with pytest.raises(ValueError, match="warm_start=True goes on.*had columns: .*; got"):
            model.fit(after, y)

        assert pickle.dumps(vars(model)) == kept
        assert model.set_params(warm_start=False).fit(after, y).n_features_in_ == after.shape[1]


def test_the_same_columns_go_on():
    for before, after in [
        (ROWS, ROWS[:30]), (named("a", "b"), named("a", "b")), (named("a", "b"), ROWS[:, :2])
    ]:  # fmt: skip
        model = RNNRegressor(**SMALL).fit(before, Y)

        model.fit(after, Y[: len(after)])

        assert model.n_iter_ == 2
        assert_array_equal(model.predict(after).shape, (len(after),))
