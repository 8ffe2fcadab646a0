import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge

from reservoirs import ESNClassifier, ESNRegressor, Reservoir, load, save
from reservoirs.esn.features import Noise
from reservoirs.esn.pooling import POOLINGS, Pooling, pooling_names, training_medians
from reservoirs.esn.reading import READINGS, Reading
from reservoirs.sequences import Layout

RNG = np.random.default_rng(0)
SERIES = [RNG.normal(size=(n, 2)) for n in RNG.integers(15, 40, size=24)]
LABELS = np.arange(24) % 3
SLOW = {  # one column of one series, and the median of the column
    "last": lambda values, median: values[-1],
    "mean": lambda values, median: sum(values) / len(values),
    "deviation": lambda values, median: (
        (sum((v - sum(values) / len(values)) ** 2 for v in values) / len(values)) ** 0.5
    ),
    "share_above_median": lambda values, median: sum(v > median for v in values) / len(values),
}
SEVERAL = ("share_above_median", "last", "deviation")


def slow_features(series, model, names, bidirectional, washout, reading):
    """Return the pooled features of all series, value by value."""
    reservoir, read = model.reservoir_, READINGS[reading]
    directions = (1, -1) if bidirectional else (1,)

    def rows(one):
        return read.columns(np.hstack([reservoir.transform(one), one]), 6)[washout:]

    medians = np.median(np.concatenate([rows(one) for one in series]), axis=0)
    return [
        [
            SLOW[name](list(column), median)
            for step in directions
            for name in names
            for column, median in zip(rows(one[::step]).T, medians, strict=True)
        ]
        for one in series
    ]


@pytest.mark.parametrize("kind", [ESNClassifier, ESNRegressor])
@pytest.mark.parametrize("pooling", [*POOLINGS, "both", SEVERAL])
@pytest.mark.parametrize(("bidirectional", "reading"), [(False, "state+input"), (True, "state")])
def test_a_pooled_readout_is_ridge_regression_on_slow_features(
    kind, pooling, bidirectional, reading
):
    plain = {} if kind is ESNRegressor else {"standardize": False}
    model = kind(
        **plain,
        n_units=6,
        pooling=pooling,
        bidirectional=bidirectional,
        readout_features=reading,
        washout=3,
        alpha=1e-2,
        random_state=0,
    ).fit(SERIES, LABELS)

    names = {"both": ("last", "mean")}.get(pooling, np.ravel(pooling).tolist())
    features = np.array(slow_features(SERIES, model, names, bidirectional, 3, reading))
    targets = LABELS[:, None] if kind is ESNRegressor else 2.0 * (LABELS[:, None] == range(3)) - 1
    ridge = Ridge(alpha=1e-2, solver="svd").fit(features, targets)
    assert_allclose(model.coef_, np.atleast_2d(ridge.coef_), rtol=1e-7, atol=1e-9)
    assert_allclose(model.intercept_, ridge.intercept_, rtol=1e-7, atol=1e-9)


def test_several_poolings_stand_side_by_side():
    reservoir, reading = Reservoir(n_units=6).drawn(2, seed=0), Reading()
    medians = np.zeros(8)
    alone = [Pooling((name,), False, 0, reading, medians) for name in SEVERAL]

    together = Pooling(SEVERAL, False, 0, reading, medians)

    assert_array_equal(
        together.features(reservoir, SERIES[0], np.zeros(6))[0],
        np.concatenate([p.features(reservoir, SERIES[0], np.zeros(6))[0] for p in alone]),
    )


def test_medians_of_many_rows_are_those_of_a_sample_whatever_the_order():
    series = [np.cumsum(RNG.normal(size=(n, 1)), axis=0) for n in (9000, 1, 3000)]
    reservoir = Reservoir(n_units=6).drawn(1, seed=0)
    pooling = Pooling(("mean",), False, 0, Reading())

    def medians(order):
        picked = [series[i] for i in order]
        layout = Layout("list", tuple(map(len, picked)))
        noise = Noise(0, 0.0, 6)
        return training_medians(pooling, reservoir, np.concatenate(picked), layout, noise, None)

    exact = np.median(
        np.concatenate([np.hstack([reservoir.transform(x), x]) for x in series]), axis=0
    )
    assert_array_equal(medians([0, 1, 2]), medians([2, 0, 1]))
    assert_allclose(medians([0, 1, 2]), exact, atol=0.02 * np.abs(exact).max())


def test_the_medians_are_saved_and_go_with_the_pooling(tmp_path):
    model = ESNClassifier(n_units=20, pooling=["mean", "share_above_median"], random_state=0)
    model.fit(SERIES, LABELS)

    save(model, tmp_path / "model")

    loaded = load(tmp_path / "model")
    assert_array_equal(loaded.medians_, model.medians_)
    assert_array_equal(loaded.decision_function(SERIES), model.decision_function(SERIES))
    assert not hasattr(model.set_params(pooling="mean").fit(SERIES, LABELS), "medians_")


@pytest.mark.parametrize("pooling", ["median", ["mean", "median"], [], ["mean", 3]])
def test_an_unknown_pooling_is_refused_with_those_there_are(pooling):
    with pytest.raises(ValueError, match=r"pooling.*share_above_median"):
        ESNClassifier(n_units=5, pooling=pooling).fit(SERIES, LABELS)


def test_both_is_the_last_and_the_mean():
    assert pooling_names("both") == ("last", "mean")
