import pickle

import numpy as np
import pytest

from reservoirs import ESNRegressor, next_step, persistence

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


def test_a_pickle_of_another_version_warns():
    data = pickle.dumps(ESNRegressor(**SMALL).fit(X, Y))

    pickle.loads(data)  # warns nothing
    older = data.replace(
        b"_reservoirs_version\x94\x8c\x050.1.0", b"_reservoirs_version\x94\x8c\x050.0.9"
    )

    with pytest.warns(persistence.ModelVersionWarning, match=r"by reservoirs 0\.0\.9, this is 0"):
        pickle.loads(older)
