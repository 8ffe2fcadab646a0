import numpy as np
import pytest

from reservoirs import datasets


@pytest.mark.parametrize(
    ("generate", "setting"),
    [
        (datasets.sine, {"n_steps": 0}),
        (datasets.narma, {"n_steps": 2.5}),
        (datasets.mackey_glass, {"tau": 0}),
        (datasets.lorenz63, {"dt": 0.0}),
        (datasets.kuramoto_sivashinsky, {"dt": -1.0}),
        (datasets.oscillator, {"dt": np.nan}),
        (datasets.van_der_pol, {"dt": np.nan}),
        (datasets.lorenz96, {"transient": -1.0}),
    ],
)
def test_sizes_that_cannot_be_are_refused(generate, setting):
    with pytest.raises(ValueError, match=f"'{next(iter(setting))}' parameter of .* in the range"):
        generate(**setting)
