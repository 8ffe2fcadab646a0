import numpy as np
import pandas as pd
import pytest
from forecasters import ESN, F, S, T, fitted
from numpy.testing import assert_array_equal

from reservoirs import ESNRegressor, next_step
from reservoirs.forecasting import TrainingEnd, check_outputs, record_training_end, upgrade_state
from reservoirs.sequences import Layout
from reservoirs.targets import Targets

ROWS = np.array([[1.0, 0.0], [-3.0, 0.0], [2.0, 0.0], [5.0, 0.0], [4.0, 0.0]])
TWO_SERIES = Layout("list", (3, 2))


def test_the_last_target_of_every_series_is_recorded():
    targets = Targets(ROWS, "per_step", flat=False)

    end = record_training_end(ROWS, targets, TWO_SERIES, ROWS, ROWS, loop=None)

    assert_array_equal(end.last_observations, ROWS[[2, 4]])
    assert end.target_size == 5.0
    assert_array_equal(end.target_deviation, [ROWS[:, 0].std(), 1.0])
    assert (end.n_outputs, end.target_kind) == (2, "per_step")


def test_targets_per_series_leave_no_observation_to_go_on_from():
    targets = Targets(ROWS[:2], "per_series", flat=False)

    end = record_training_end(ROWS, targets, TWO_SERIES, ROWS, ROWS[:2], loop=None)

    assert end.last_observations is None
    assert end.target_kind == "per_series"


@pytest.mark.parametrize(
    ("y", "names"),
    [
        (pd.DataFrame(ROWS, columns=["a", "b"]), ["a", "b"]),
        (pd.Series(ROWS[:, 0], name="a"), ["a"]),
        (pd.Series(ROWS[:, 0]), [0]),
        (ROWS, None),
    ],
)
def test_outputs_are_named_as_the_columns_of_y(y, names):
    targets = Targets(ROWS, "per_step", flat=False)

    assert record_training_end(ROWS, targets, TWO_SERIES, ROWS, y, loop=None).output_names == names


def test_a_chunk_with_other_outputs_is_refused():
    end = record_training_end(
        ROWS, Targets(ROWS, "per_step", False), TWO_SERIES, ROWS, ROWS, loop=None
    )

    with pytest.raises(ValueError, match="y has 1 outputs per_step, earlier chunks had 2 per_step"):
        check_outputs(Targets(ROWS[:, :1], "per_step", True), end)


def test_a_fitted_model_shows_its_training_end_as_read_only_attributes():
    model = ESNRegressor(n_units=8, random_state=0).fit(*next_step(np.sin(np.arange(30.0))))

    assert isinstance(model.training_end_, TrainingEnd)
    assert model.n_outputs_ == 1
    assert model.layout_.lengths == (29,)
    assert_array_equal(model.loop_, [[1.0], [0.0]])
    with pytest.raises(AttributeError):
        model.loop_ = None


def test_the_attributes_of_0_1_0_become_one_training_end():
    layout = Layout("single", (5,))
    old = {
        "coef_": ROWS, "target_kind_": "per_step", "flat_targets_": True, "n_outputs_": 1,
        "loop_": None, "target_size_": 3.0, "target_deviation_": np.ones(1),
        "output_names_": ["a"], "layout_": layout, "last_observations_": np.ones((1, 1)),
    }  # fmt: skip

    new = upgrade_state(old)

    assert set(new) == {"bound", "coef_", "exog_align", "target_kind_", "training_end_"}
    assert new["training_end_"] == TrainingEnd(
        None, old["last_observations_"], layout, ["a"], True, 3.0, old["target_deviation_"]
    )
    assert upgrade_state(new) == new


def test_a_stream_of_one_row_of_0_1_0_goes_on():
    end = upgrade_state({"n_outputs_": 2})["training_end_"]

    check_outputs(Targets(ROWS, "per_step", False), end)


def test_targets_that_are_not_the_next_input_cannot_be_forecast():
    model = fitted(ESN).fit(np.hstack([S[:T], F[:T]]), F[:T] ** 2)

    with pytest.raises(ValueError, match="loop cannot close.*next_step"):
        model.forecast(5, exog=F[:5])


def test_targets_per_series_cannot_be_forecast():
    model = fitted(ESN).fit([S[:50], S[50:90]], [0.0, 1.0])

    with pytest.raises(ValueError, match="targets per step"):
        model.forecast(5)


def test_columns_of_y_in_another_order_are_not_scored():
    both = pd.DataFrame({"a": np.sin(0.3 * np.arange(60)), "b": np.cos(0.2 * np.arange(60))})
    X, y = next_step(both)
    model = ESNRegressor(n_units=9, random_state=0).fit(X, y)

    with pytest.raises(ValueError, match=r"\['b', 'a'\], and fit had \['a', 'b'\]"):
        model.score(X, y[["b", "a"]])
    assert model.score(X, y.set_axis(["p", "q"], axis=1)) == model.score(X, y)


def test_the_deviation_of_huge_targets_is_finite():
    X, y = next_step(np.sin(0.3 * np.arange(60)))
    model = ESNRegressor(n_units=9, random_state=0)
    expected = model.fit(X, y).training_end_.target_deviation

    found = model.fit(X, 1e155 * y).training_end_.target_deviation

    np.testing.assert_allclose(found, 1e155 * expected, rtol=1e-12)
