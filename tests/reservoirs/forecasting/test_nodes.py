from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from reservoirs import NVAR, ESNRegressor, Reservoir, next_step
from reservoirs.forecasting.nodes import Average, Chain, Foreign, Ours, Union

X, Y = next_step(np.sin(0.3 * np.arange(120)))
SCALER = StandardScaler().fit(X)


@cache
def reservoir():  # fitted by a test, not while tests are collected, which each process does
    return Reservoir(n_units=9, random_state=0).fit(X)


NODES = {
    "reservoir": lambda: Ours(reservoir(), False),
    "nvar": lambda: Ours(NVAR(n_delays=3, degree=2).fit(X), False),
    "foreign": lambda: Foreign("scale", SCALER, "transform"),
    "chain": lambda: Chain([Foreign("scale", SCALER, "transform"), Ours(reservoir(), False)]),
    "union": lambda: Union(
        [Ours(reservoir(), False), Foreign("scale", SCALER, "transform"), Chain([])], [1, 2, 3]
    ),
    "average": lambda: Average(
        [Ours(ESNRegressor(n_units=9, random_state=0).fit(X, Y), True)] * 2, [0.25, 0.75]
    ),
}


def one_by_one(node, rows):
    state, found = node.start(None), []
    for row in rows:
        values, state = node.drive(row[None], state)
        found.append(values[0])
    return np.array(found)


@pytest.mark.parametrize("kind", NODES)
def test_rows_one_by_one_give_what_all_together_give(kind):
    node = NODES[kind]()

    together, _ = node.drive(X, node.start(None))

    assert_allclose(one_by_one(node, X), together, rtol=1e-12, atol=1e-14)
    node.check(X[:4])


def test_a_union_puts_weighted_columns_side_by_side():
    union = Union([Foreign("scale", SCALER, "transform"), Chain([])], [2.0, 1.0])

    values, _ = union.drive(X, union.start(None))

    assert_allclose(values, np.hstack([2.0 * SCALER.transform(X), X]))


def test_a_step_that_mixes_rows_is_named():
    centred = FunctionTransformer(lambda rows: rows - rows.mean()).fit(X)

    with pytest.raises(ValueError, match="step 'centre', a FunctionTransformer, does not take"):
        Foreign("centre", centred, "transform").check(X[:4])


def test_parts_come_in_the_order_of_the_rows():
    chain = Chain([Foreign("scale", SCALER, "transform"), Ours(reservoir(), False)])

    assert list(chain.parts()) == [reservoir()]
    assert [leaf.n_inputs for leaf in chain.leaves()] == [1, 1]
