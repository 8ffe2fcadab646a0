import numpy as np
import pandas as pd
import pytest
from forecasters import F, S, T, each_model
from numpy.testing import assert_array_equal
from sklearn.base import clone

from reservoirs import backtest, next_step


def test_next_step_pairs_every_row_with_the_following_observation():
    X, y = next_step(S[:10], F)

    assert_array_equal(X, np.hstack([S[:9], F[:9]]))
    assert_array_equal(y, S[1:10])


def test_next_step_keeps_a_1d_series_1d():
    X, y = next_step(np.arange(5.0))

    assert X.shape == (4, 1)
    assert_array_equal(y, [1, 2, 3, 4])


def test_next_step_takes_many_series():
    inputs, targets = next_step([S[:5], S[5:12]], [F[:5], F[5:12]])
    stack, _ = next_step(np.ones((3, 5, 2)))

    assert [x.shape for x in inputs] == [(4, 2), (6, 2)]
    assert [y.shape for y in targets] == [(4, 1), (6, 1)]
    assert stack.shape == (3, 4, 2)


@pytest.mark.parametrize(
    ("series", "exog", "message"),
    [
        (np.ones(1), None, "at least 2 steps"),
        (np.ones(5), np.ones(3), "at least n_steps - 1 = 4 rows.*got 3"),
        ([np.ones((5, 1))], [], "one array per series, 1, got 0"),
    ],
)
def test_next_step_refuses_what_does_not_fit(series, exog, message):
    with pytest.raises(ValueError, match=message):
        next_step(series, exog)


@pytest.mark.parametrize("align", ["observation", "target"])
@each_model
def test_dates_choose_the_row_of_exog_by_its_alignment(model, align):
    hours = pd.date_range("2024", periods=T + 40, freq="h")
    series = pd.DataFrame({"y": S[:T, 0]}, index=hours[:T])
    force = pd.DataFrame({"f": np.sin(0.7 * np.arange(T + 40))}, index=hours)
    model = clone(model).set_params(exog_align=align).fit(*next_step(series, force, align=align))
    first = T - 1 if align == "observation" else T

    by_date = model.forecast(9, exog=force)
    by_position = model.forecast(9, exog=force.to_numpy()[first : first + 9])

    assert_array_equal(by_date, by_position)
    truth, found = backtest(model, series, horizon=3, step=60, exog=force)
    again = backtest(model, series.to_numpy(), horizon=3, step=60, exog=force.to_numpy()[:T])
    assert_array_equal(found.to_numpy().ravel(), again[1].ravel())
    assert len(truth) == again[0].size


def test_a_series_that_is_too_short_is_named():
    frame = pd.DataFrame({"y": np.arange(5.0)})
    with pytest.raises(ValueError, match=r"series, of 'B' must .* got shape \(1, 1\)"):
        next_step(pd.concat([frame, frame[:1]], keys=["A", "B"]))
    with pytest.raises(ValueError, match="series, of 1 must "):
        next_step([np.ones((4, 1)), np.ones((1, 1))])
