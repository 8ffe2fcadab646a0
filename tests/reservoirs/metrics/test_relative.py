import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from reservoirs import metrics

TRAIN = np.array([[0.0, 10.0], [1.0, 30.0], [3.0, 20.0], [2.0, 50.0], [6.0, 40.0]])
TRUTH = np.array([[5.0, 50.0], [7.0, 60.0]])
FORECAST = np.array([[4.0, 50.0], [7.0, 90.0]])


def test_mase_divides_by_the_mean_difference_of_the_training_rows():
    # differences of one column 1, 2, 1, 4 (mean 2), of the other 20, 10, 30, 10 (mean 17.5)
    assert metrics.mase(TRUTH[:, 0], FORECAST[:, 0], y_train=TRAIN[:, 0]) == 0.25
    assert_allclose(metrics.mase(TRUTH, FORECAST, y_train=TRAIN), (0.5 / 2 + 15 / 17.5) / 2)


def test_a_season_takes_differences_a_season_apart():
    # two apart: 3, 1, 3
    error = metrics.mase(TRUTH[:, 0], FORECAST[:, 0], y_train=TRAIN[:, 0], season=2)

    assert_allclose(error, 0.5 / (7 / 3))


def test_mase_is_the_same_in_any_unit_and_for_every_container():
    error = metrics.mase(TRUTH, FORECAST, y_train=TRAIN)
    frames = [pd.DataFrame(values, columns=["a", "b"]) for values in (TRUTH, FORECAST, TRAIN)]

    assert_allclose(metrics.mase(7 * TRUTH, 7 * FORECAST, y_train=7 * TRAIN), error)
    assert metrics.mase(*frames[:2], y_train=frames[2]) == error
    assert metrics.mase(TRUTH.tolist(), FORECAST.tolist(), y_train=TRAIN.tolist()) == error
    with pytest.raises(ValueError, match="y_true and y_train must have their columns in one order"):
        metrics.mase(*frames[:2], y_train=frames[2][["b", "a"]])


def test_gaps_in_the_training_rows_leave_their_differences_out():
    gapped, masked = TRAIN[:, 0].copy(), np.ma.array(TRAIN[:, 0])
    gapped[0], masked[0] = np.nan, np.ma.masked

    for rows in (gapped, masked):
        assert_allclose(metrics.mase(TRUTH[:, 0], FORECAST[:, 0], y_train=rows), 0.5 / (7 / 3))


@pytest.mark.parametrize(
    ("train", "season", "message"),
    [
        ([1.0, 2.0], 2, "more rows than a season, got 2 with season=2; pass more"),
        ([1.0], 1, "more rows than a season"),
        ([2.0, 2.0, 2.0], 1, r"change from one season to the next, got .*another season"),
        ([1.0, np.inf], 1, "must be finite"),
        ([1.0, np.nan, 2.0], 1, "without NaN in every output, got none in column 0"),
        (np.ones((5, 2)), 1, "rows of the 1 outputs of y_true"),
        ([], 1, "rows of the 1 outputs of y_true"),
        (["a", "b"], 1, "y_train"),
        (None, 1, "y_train must have rows"),
        (3.0, 1, "y_train must have rows"),
        (
            [np.arange(3.0), np.arange(4.0)],
            1,
            "y_train must be of one series.*each series by itself",
        ),
        ([1.0, 2.0], 0, "season must be an integer >= 1"),
        ([1.0, 2.0], 1.5, "season must be an integer >= 1"),
        ([1.0, 2.0], True, "season must be an integer >= 1"),
    ],
)
def test_training_rows_that_give_no_scale_are_refused(train, season, message):
    with pytest.raises(ValueError, match=message):
        metrics.mase([1.0], [2.0], y_train=train, season=season)


def test_a_forecast_that_is_not_finite_is_infinitely_wrong():
    for lost in (np.nan, np.inf):
        prediction = np.array([lost, 1.0])

        assert metrics.mase([1.0, 2.0], prediction, y_train=[0.0, 1.0]) == np.inf
        assert metrics.skill([1.0, 2.0], prediction, [0.0, 0.0]) == np.inf
        assert metrics.skill([TRUTH, TRUTH], [TRUTH, lost * TRUTH], [FORECAST] * 2) == np.inf


def test_skill_is_a_ratio_of_root_mean_squares():
    # errors 1 and 0 against 3 and 4
    assert_allclose(metrics.skill([0.0, 0.0], [1.0, 0.0], [3.0, 4.0]), 1 / 5)
    assert_allclose(metrics.skill(TRUTH[:, 0], TRUTH[:, 0] + 1, TRUTH[:, 0] + 1), 1.0)
    assert metrics.skill(TRUTH, TRUTH, FORECAST) == 0.0
    assert_allclose(metrics.skill([1e-200], [2e-200], [5e-200]), 1 / 4)


def test_skill_is_a_geometric_mean_over_outputs_and_forecasts():
    truth, baseline = np.zeros((3, 2)), np.ones((3, 2))

    assert_allclose(metrics.skill(truth, baseline * [0.5, 8.0], baseline), 2.0)
    several = metrics.skill(
        [truth, truth[:1]], [baseline / 2, baseline[:1] * 8], [baseline] * 1 + [baseline[:1]]
    )
    assert_allclose(several, 2.0)


def test_lists_of_rows_are_one_forecast():
    assert_allclose(metrics.skill(TRUTH.tolist(), (TRUTH + 1).tolist(), (TRUTH + 2).tolist()), 0.5)


def test_baselines_that_nothing_can_be_compared_with_are_refused():
    for baseline, message in [
        (TRUTH, "wrong somewhere in every output"),
        (TRUTH + [0, 1], "wrong somewhere in every output"),
        (TRUTH * np.nan, "must be finite"),
        (TRUTH[:1], "y_true and baseline must have the same shape"),
    ]:
        with pytest.raises(ValueError, match=message):
            metrics.skill(TRUTH, FORECAST, baseline)
    with pytest.raises(ValueError, match="list of 2 forecasts.* got 1 and ndarray"):
        metrics.skill([TRUTH, TRUTH], [FORECAST], TRUTH)


def test_what_a_backtest_returns_is_one_series_and_many_forecasts():
    rng = np.random.default_rng(0)
    truth, found, simple = rng.standard_normal((3, 4, 5, 2))
    labels = [range(4), pd.date_range("2020-01-01", periods=5)]
    index = pd.MultiIndex.from_product(labels, names=["origin", None])
    frames = [pd.DataFrame(v.reshape(20, 2), index=index) for v in (truth, found, simple)]

    flat = metrics.mase(truth.reshape(20, 2), found.reshape(20, 2), y_train=TRAIN)
    listed = metrics.skill(list(truth), list(found), list(simple))
    for one, two, three in ((truth, found, simple), frames):
        assert_allclose(metrics.mase(one, two, y_train=TRAIN), flat)
        assert_allclose(metrics.skill(one, two, three), listed)
        assert_allclose(metrics.skill([one, one], [two, two], [three, three]), listed)


def test_series_of_a_panel_are_not_compared_with_each_other():
    """Differences across the border of two series were errors of the naive forecast."""
    panel = pd.concat({"a": pd.DataFrame(TRAIN), "b": 1e6 + pd.DataFrame(TRAIN)}, names=["name"])
    parts = [panel.loc[name] for name in ("a", "b")]

    with pytest.raises(ValueError, match="y_true must be of one series"):
        metrics.mase(panel, panel + 1, y_train=panel)
    with pytest.raises(ValueError, match="y_train must be of one series"):
        metrics.mase(parts[0], parts[0], y_train=panel)
    ours, theirs = [p + [1, 3] for p in parts], [p + [4, 4] for p in parts]
    frames = [panel, *(pd.concat(p, keys=["a", "b"]) for p in (ours, theirs))]
    assert_allclose(metrics.skill(*frames), metrics.skill(parts, ours, theirs))
