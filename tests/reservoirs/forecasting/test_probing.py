import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, SplineTransformer

from reservoirs import ESNRegressor, forecast, next_step
from reservoirs.forecasting.probing import beside, same_columns, targets_agree

T = np.arange(160)
S, FORCE = np.sin(0.3 * T), np.cos(0.2 * np.arange(170))[:, None]
TARGETS = S[:20, None]
MIX = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])


def agrees(drive, rows):
    return targets_agree(drive, rows, TARGETS, 1.5 * TARGETS[::-1] + 1.0, 1)


@pytest.mark.parametrize(
    "drive",
    [
        lambda rows: rows,
        lambda rows: rows @ MIX + 4.0,
        lambda rows: np.hstack([rows[:, :1] ** 2, rows[:, :1] * rows[:, 1:], rows]),
        lambda rows: np.hstack([rows[:, :1], rows[:, 1:] < -0.7]),  # all probes are of one bin
    ],
    ids=["as it is", "all columns mixed", "products", "bins"],
)
def test_targets_agree_with_their_rows_alone(drive):
    rows = drive(np.hstack([TARGETS, FORCE[:20]]))

    assert agrees(drive, rows)
    assert not agrees(drive, drive(np.hstack([TARGETS[::-1], FORCE[:20]])))


def test_what_cannot_be_seen_agrees():
    def total(rows):  # some input gives any of them
        return rows.sum(axis=1, keepdims=True)

    assert agrees(total, np.ones((20, 1)))
    assert agrees(lambda rows: rows, np.ones((20, 5)))


def test_columns_are_the_same_up_to_rounding():
    values = np.hstack([TARGETS, 1e6 + TARGETS])

    assert same_columns(values * (1 + 1e-9), values).all()
    assert same_columns(values + [[1e-3, 0]], values).tolist() == [False, True]
    assert beside(TARGETS, np.array([2.0, 3.0])).shape == (20, 3)


@pytest.mark.parametrize("step", [PCA(2), FunctionTransformer(lambda X: X @ MIX)])
def test_a_loop_that_cannot_close_is_seen_behind_a_step_that_mixes_columns(step):
    rows, targets = next_step(np.column_stack([np.cos(0.2 * T), S]))
    model = make_pipeline(step, ESNRegressor(n_units=20, random_state=0))
    right = model.fit(*next_step(S, FORCE[:160]))
    assert np.isfinite(forecast(right, 3, exog=FORCE[159:162])).all()

    wrong = model.fit(rows, targets[:, 1])  # the second column, not the first, is the target
    with pytest.raises(ValueError, match="the loop cannot close"):
        forecast(wrong, 3, exog=FORCE[159:162])


def test_splines_of_inputs_are_not_taken_for_those_of_the_series():
    model = make_pipeline(SplineTransformer(), ESNRegressor(n_units=20, random_state=0))

    assert len(forecast(model.fit(*next_step(S, FORCE[:160])), 3, exog=FORCE[159:162])) == 3


def test_parts_that_take_inputs_of_different_rows_are_refused():
    X, y = next_step(S, FORCE[:160])
    aligns = ["observation", "target"]
    parts = [(align, ESNRegressor(n_units=9, random_state=0, exog_align=align)) for align in aligns]

    with pytest.raises(ValueError, match=r"different rows.*exog_align=\['observation', 'target'\]"):
        forecast(VotingRegressor(parts).fit(X, y), 3, exog=FORCE[159:162])
    assert len(forecast(VotingRegressor(parts).fit(*next_step(S)), 3)) == 3
