import pickle

import numpy as np
import pytest

from reservoirs import ESNRegressor, __version__, next_step, persistence

WAVE = np.sin(0.2 * np.arange(160))
X, Y = next_step(WAVE)
SMALL = {"n_units": 12, "random_state": 0}


def test_a_pickle_of_another_version_warns():
    data = pickle.dumps(ESNRegressor(**SMALL).fit(X, Y))
    other = "9" * len(__version__)  # as long, since a pickle counts its bytes

    pickle.loads(data)  # warns nothing
    older = data.replace(__version__.encode(), other.encode())

    with pytest.warns(persistence.ModelVersionWarning, match=f"by reservoirs {other}, this is 0"):
        pickle.loads(older)
