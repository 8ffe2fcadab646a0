import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from reservoirs import ESNRegressor, next_step

matplotlib.use("agg")
WAVE = np.sin(0.2 * np.arange(400))
WAVE.setflags(write=False)


@pytest.fixture
def wave():
    """Return a sine, (400,); models of it were fitted on the first 300 values."""
    return WAVE


@pytest.fixture(scope="session")
def esn():
    """Return a network fitted for forecasting; tests only read it."""
    return ESNRegressor(n_units=30, random_state=0, washout=20).fit(*next_step(WAVE[:300]))


@pytest.fixture
def ax():
    """Return axes of a figure that pyplot does not know."""
    return Figure().subplots()
