"""The compiled loops of a transformed series against the same steps in NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from reservoirs import Reservoir
from reservoirs.forecaster.branch import Branch, Inputs
from reservoirs.forecaster.transforms import Transform

RNG = np.random.default_rng(0)
SALES = 100 + np.cumsum(RNG.random(96))


@pytest.mark.parametrize("inputs", [Inputs(), Inputs(3, 12, 2)], ids=["states", "lags"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compiled_loops_are_those_of_numpy_step_by_step(inputs, dtype):
    y, exog = np.column_stack([SALES, SALES[::-1]]), RNG.standard_normal((96, 1))
    reservoir = Reservoir(n_units=19, leak_rate=0.6, dtype=dtype, topology="orthogonal")
    branch = Branch.measured(Transform((12, 1), log=True), inputs, [reservoir.drawn(3, 0)], y)
    course = branch.follow(y, exog, 0, 96, branch.starts())
    origins, known = np.arange(40, 61), RNG.standard_normal((21, 5, 1))
    width = 19 + branch.n_columns(2) + 1
    readout = 0.3 * RNG.standard_normal((21, 2, width)), 4 * RNG.standard_normal((21, 2))

    values, met = branch.run(course, origins, known, 0.25, [readout], 0)

    together = branch.run_together(course, origins, known, 0.25, readout, 0)
    assert_allclose(together, values, rtol=1e-11)
    assert met.any()
