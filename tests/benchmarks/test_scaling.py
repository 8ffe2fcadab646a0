import numpy as np
import pytest

from benchmarks.speed import scaling
from benchmarks.speed.scaling import ClusterModel, Growth
from reservoirs import ESNRegressor


def test_the_exponent_of_a_power_law_is_found():
    sizes = (250, 500, 1000, 2000)

    assert Growth("units", sizes, tuple(1e-6 * n**2 for n in sizes)).exponent == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("what", "size", "expected"),
    [
        ("steps", 200, [(500, [200])]),
        ("units", 30, [(30, [10_000])]),
        ("series", 3, [(500, [1000] * 3)]),
        ("candidates", 2, [(500, [10_000])] * 2),
    ],
)
def test_one_thing_grows_at_a_time(monkeypatch, what, size, expected):
    fits = []

    def fit(self, X, y):
        fits.append((self.n_units, [len(X)] if isinstance(X, np.ndarray) else [*map(len, X)]))

    monkeypatch.setattr(ESNRegressor, "fit", fit)
    scaling._fit(what, size)()

    assert fits == expected


def test_cells_share_the_workers_but_not_the_writer():
    model = ClusterModel(60, start=3.0, cell=1.5, overhead=0.5, write=0.01, seconds={})

    assert model.predict(cells=100, workers=1) == pytest.approx(3.0 + 200.0 + 1.0)
    assert model.predict(cells=100, workers=50) == pytest.approx(3.0 + 4.0 + 1.0)


def test_what_the_model_needs_is_measured():
    measured = scaling.measure_workers(2, (1,))

    assert measured.cell > 0.0
    assert measured.start > measured.write > 0.0
    assert set(measured.seconds) == {1}
